//! What the engine is told.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::WatchKey;
use crate::order::Order;
use crate::{Fix, Invalid, OrderId, Position, Timestamp};

/// Which of the two parties a device belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Wears the ankle monitor.
    Wearer,
    /// Carries the victim device.
    Victim,
}

impl Role {
    /// The word in topics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wearer => "wearer",
            Self::Victim => "victim",
        }
    }
}

/// What a device says about itself (topic `status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceEventKind {
    /// The strap was cut or opened.
    StrapTamper,
    /// The case was opened.
    CaseTamper,
    /// The battery is low.
    BatteryLow,
    /// The battery is nearly empty.
    BatteryCritical,
    /// The device is being charged.
    Charging,
    /// Radio jamming was measured.
    Jamming,
    /// The device is shielded from the sky and the network.
    Shielded,
    /// The device was switched off.
    Shutdown,
    /// The device was started again.
    Restart,
    /// The home beacon or the paired phone is out of reach.
    BeaconLost,
    /// The home beacon or the paired phone is back.
    BeaconFound,
}

/// A device event with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEvent {
    /// When it happened, by the device's clock.
    pub at: Timestamp,
    /// What happened.
    pub event: DeviceEventKind,
}

/// A press of the panic button.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "AwareJson")]
pub struct Aware {
    /// When it was pressed, by the device's clock.
    pub pressed_at: Timestamp,
    /// Where, if the device knew.
    pub position: Option<Position>,
    /// 68 % radius of that position in metres.
    pub accuracy_m: Option<f32>,
    /// A test of the button: rings nobody.
    pub test: bool,
}

/// An attempt to cancel a press of the panic button. The code that was typed is not in it, only what came of the
/// comparison, so that neither the engine nor the journal ever holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwareCancel {
    /// When, by the device's clock.
    pub at: Timestamp,
    /// What the code was.
    pub code: CodeCheck,
}

/// A typed code against those of the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeCheck {
    /// It is hers.
    Right,
    /// It is not, or none was typed.
    Wrong,
    /// No order in force gives her one.
    None,
}

#[derive(Deserialize)]
struct AwareJson {
    pressed_at: Timestamp,
    lat: Option<f64>,
    lon: Option<f64>,
    accuracy_m: Option<f32>,
    #[serde(default)]
    test: bool,
}

/// An unusable position never costs the press itself: it is left out.
impl TryFrom<AwareJson> for Aware {
    type Error = Invalid;
    fn try_from(json: AwareJson) -> Result<Self, Invalid> {
        let position = match (json.lat, json.lon) {
            (Some(lat), Some(lon)) => Position::new(lat, lon).ok(),
            _ => None,
        };
        Ok(Self {
            pressed_at: json.pressed_at,
            position,
            accuracy_m: json.accuracy_m.filter(|m| m.is_finite() && *m > 0.0),
            test: json.test,
        })
    }
}

/// One thing the engine is told. Texts are borrowed: the hot road allocates nothing.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// A position report of a device.
    Fix {
        /// The party the device belongs to.
        role: Role,
        /// The device's id.
        device: &'a str,
        /// The report.
        fix: Fix,
    },
    /// A device said something about itself.
    Device {
        /// The party the device belongs to.
        role: Role,
        /// The device's id.
        device: &'a str,
        /// What it said.
        event: DeviceEvent,
    },
    /// A device came on line or went (its last will).
    Online {
        /// The party the device belongs to.
        role: Role,
        /// The device's id.
        device: &'a str,
        /// Whether it is on line.
        online: bool,
    },
    /// The panic button of a victim device was pressed.
    Aware {
        /// The victim device's id.
        device: &'a str,
        /// The press.
        aware: Aware,
    },
    /// Somebody wants to cancel a press.
    AwareCancel {
        /// The victim device's id.
        device: &'a str,
        /// The attempt.
        cancel: AwareCancel,
    },
    /// An order is registered, or replaces the one with the same id.
    Order(Arc<Order>),
    /// An order is withdrawn.
    OrderWithdrawn(OrderId),
    /// An incident was resolved: the next alert of its watch opens another.
    IncidentClosed {
        /// The watch whose incident it is.
        watch: WatchKey,
        /// The incident.
        incident: Uuid,
    },
    /// The service can hear devices (`true`) or cannot (`false`: it was down, or its broker is away). Nobody's
    /// silence counts while it cannot.
    Hearing(bool),
    /// Nothing but the passing of time.
    Tick,
}
