//! What devices send, and its JSON.

use zones::Role;

use crate::clock::TimeText;
use crate::json::{push_decimal, push_whole};

/// Where a device has a position from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Satellites.
    Gnss,
    /// Wireless networks.
    Wifi,
    /// A cell tower.
    Cell,
    /// The beacon at home.
    Beacon,
}

/// One fix as the device reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SentFix {
    /// By the device's clock, in milliseconds since 1970 UTC.
    pub(crate) fixed_at: i64,
    /// Latitude in 10⁻⁷ degree.
    pub(crate) lat_e7: i32,
    /// Longitude in 10⁻⁷ degree.
    pub(crate) lon_e7: i32,
    /// 68 % radius in tenths of a metre; 0 is left out.
    pub(crate) accuracy_dm: u32,
    /// Speed in centimetres per second, and course in tenths of a degree; `None` is left out.
    pub(crate) motion: Option<(u16, u16)>,
    /// Where the position is from.
    pub(crate) origin: Origin,
    /// Charge in percent; `None` is left out, with the number.
    pub(crate) battery_pct: Option<u8>,
    /// The device's running number.
    pub(crate) seq: u32,
    /// Not sent: the usual error of such a reading, as a standard deviation of one axis in metres.
    pub(crate) sigma_m: f32,
}

/// What a device says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// The strap was cut.
    StrapTamper,
    /// 15 % left.
    BatteryLow,
    /// 5 % left.
    BatteryCritical,
    /// It hangs on its charger.
    Charging,
    /// It switched itself off.
    Shutdown,
    /// It was started again.
    Restart,
}

impl Event {
    /// The word of the contract.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::StrapTamper => "strap_tamper",
            Self::BatteryLow => "battery_low",
            Self::BatteryCritical => "battery_critical",
            Self::Charging => "charging",
            Self::Shutdown => "shutdown",
            Self::Restart => "restart",
        }
    }
}

/// Content of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// One fix.
    Fix(SentFix),
    /// What was kept while there was no network.
    Backlog(Box<[SentFix]>),
    /// A status event, with its time by the device's clock.
    Status(Event, i64),
    /// On line, or the broker's last will for it.
    Online(bool),
    /// The panic button, with the fix of that moment.
    Aware(SentFix),
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// When it arrives, in milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// Index of the device.
    pub(crate) device: u32,
    /// Counts the messages of the device: with `at` and `device` it makes the order of arrival total.
    pub(crate) number: u32,
    /// What it says.
    pub(crate) body: Body,
}

impl Sent {
    /// What messages are sorted by.
    pub(crate) fn order(&self) -> (i64, u32, u32) {
        (self.at, self.device, self.number)
    }
}

impl Body {
    /// Last part of the topic, and the key of a line of replay input.
    pub(crate) const fn topic(&self) -> &'static str {
        match self {
            Self::Fix(_) | Self::Backlog(_) => "fix",
            Self::Status(..) => "status",
            Self::Online(_) => "online",
            Self::Aware(_) => "aware",
        }
    }

    /// Number of fixes in it.
    pub(crate) fn fixes(&self) -> u64 {
        match self {
            Self::Fix(_) => 1,
            Self::Backlog(fixes) => fixes.len() as u64,
            _ => 0,
        }
    }

    /// Appends the payload.
    pub(crate) fn push_json(&self, to: &mut Vec<u8>, time: &mut TimeText) {
        match self {
            Self::Fix(fix) => push_fix(to, fix, time),
            Self::Backlog(fixes) => {
                for (i, fix) in fixes.iter().enumerate() {
                    to.push(if i == 0 { b'[' } else { b',' });
                    push_fix(to, fix, time);
                }
                to.push(b']');
            }
            Self::Status(event, at) => {
                to.extend_from_slice(b"{\"at\":\"");
                time.push(to, *at);
                to.extend_from_slice(b"\",\"event\":\"");
                to.extend_from_slice(event.word().as_bytes());
                to.extend_from_slice(b"\"}");
            }
            Self::Online(online) => to.push(if *online { b'1' } else { b'0' }),
            Self::Aware(fix) => {
                to.extend_from_slice(b"{\"pressed_at\":\"");
                time.push(to, fix.fixed_at);
                to.push(b'"');
                push_place(to, fix);
                to.push(b'}');
            }
        }
    }
}

fn push_fix(to: &mut Vec<u8>, fix: &SentFix, time: &mut TimeText) {
    to.extend_from_slice(b"{\"fixed_at\":\"");
    time.push(to, fix.fixed_at);
    to.push(b'"');
    push_place(to, fix);
    if let Some((speed, course)) = fix.motion {
        to.extend_from_slice(b",\"speed_mps\":");
        push_decimal(to, i64::from(speed), 2);
        to.extend_from_slice(b",\"course_deg\":");
        push_decimal(to, i64::from(course), 1);
    }
    to.extend_from_slice(match fix.origin {
        Origin::Gnss => b",\"source\":\"gnss\"",
        Origin::Wifi => b",\"source\":\"wifi\"",
        Origin::Cell => b",\"source\":\"cell\"",
        Origin::Beacon => b",\"source\":\"beacon\"",
    });
    if let Some(battery) = fix.battery_pct {
        to.extend_from_slice(b",\"battery_pct\":");
        push_whole(to, u64::from(battery));
        to.extend_from_slice(b",\"seq\":");
        push_whole(to, u64::from(fix.seq));
    }
    to.push(b'}');
}

fn push_place(to: &mut Vec<u8>, fix: &SentFix) {
    to.extend_from_slice(b",\"lat\":");
    push_decimal(to, i64::from(fix.lat_e7), 7);
    to.extend_from_slice(b",\"lon\":");
    push_decimal(to, i64::from(fix.lon_e7), 7);
    if fix.accuracy_dm > 0 {
        to.extend_from_slice(b",\"accuracy_m\":");
        push_decimal(to, i64::from(fix.accuracy_dm), 1);
    }
}

/// The role of a device index: wearers have the even ones.
pub(crate) const fn role_of(device: u32) -> Role {
    if device.is_multiple_of(2) { Role::Wearer } else { Role::Victim }
}
