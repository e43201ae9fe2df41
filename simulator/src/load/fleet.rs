//! The devices of a load: where they are at a moment, and their messages as bytes that only need a few digits
//! filled in.
//!
//! Victims' devices lie still. Wearers walk up and down 3 km away, except for some who come nearer at a known
//! moment: from 1,200 m to 800 m at 40 m/s, in a straight line, so that exactly one alarm is due for each.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::json;
use zones::Position;

use crate::clock::TimeText;
use crate::orders::{Order, Party, advised_zone, contacts, validity};

/// Metres in a degree of latitude, about; only what a distance is compared with needs to be exact.
const METRES_PER_DEGREE: f64 = 111_250.0;
/// Distance of a wearer who keeps away, in metres.
const AWAY_M: f64 = 3_500.0;
/// Where an approach begins and ends, in metres.
const APPROACH_M: (f64, f64) = (1_200.0, 800.0);
/// Its speed; below what the service holds for impossible.
const APPROACH_MPS: f64 = 40.0;
/// Milliseconds an approach takes.
pub(super) const APPROACH_MS: i64 = ((APPROACH_M.0 - APPROACH_M.1) / APPROACH_MPS * 1_000.0) as i64;
/// The threshold of the orders: an alarm is due from the first fix that is this near.
const ALARM_M: f64 = 1_000.0;

/// A wearer who comes nearer.
#[derive(Debug)]
pub(super) struct Approach {
    /// When it begins, in milliseconds since 1970 UTC.
    begins: i64,
    /// Microseconds after the start of the load at which the first fix within the threshold was sent; 0 before.
    crossed_us: AtomicU64,
}

impl Approach {
    /// When the alarm became due, in microseconds after the start of the load.
    pub(super) fn due_us(&self) -> Option<u64> {
        Some(self.crossed_us.load(Relaxed)).filter(|us| *us > 0)
    }
}

/// All devices.
#[derive(Debug)]
pub(super) struct Fleet {
    pairs: usize,
    approaches: Vec<Approach>,
}

/// What a place is drawn from: pairs lie scattered over the country.
fn victim_at(pair: usize) -> (f64, f64) {
    // Multiples of the golden ratio and of √2, without their whole part, fill a square evenly.
    let part = |factor: f64| (pair as f64 * factor).fract();
    (51.7 + 1.2 * part(0.618_033_988_749_895), 4.9 + 1.4 * part(std::f64::consts::SQRT_2))
}

/// Name of a pair's order, people and devices.
fn name(prefix: &str, pair: usize) -> String {
    format!("{prefix}-load-{:06}", pair + 1)
}

/// The pair of a name such as `wearer-load-000012`.
pub(super) fn pair_of(name: &str) -> Option<usize> {
    let number: usize = name.rsplit_once("-load-")?.1.parse().ok()?;
    number.checked_sub(1)
}

impl Fleet {
    /// `pairs` pairs, the first of whom approach, one after the other between two moments.
    pub(super) fn new(pairs: usize, approaches: usize, first: i64, last: i64) -> Self {
        let gap = (last - first).max(0) / (approaches.cast_signed() as i64).max(1);
        let approach = |i: i64| Approach { begins: first + i * gap, crossed_us: AtomicU64::new(0) };
        Self { pairs, approaches: (0..approaches.min(pairs).cast_signed() as i64).map(approach).collect() }
    }

    /// Number of devices.
    pub(super) fn devices(&self) -> usize {
        2 * self.pairs
    }

    /// The approach of a pair.
    pub(super) fn approach(&self, pair: usize) -> Option<&Approach> {
        self.approaches.get(pair)
    }

    /// All approaches; that of pair `p` at index `p`.
    pub(super) fn approaches(&self) -> &[Approach] {
        &self.approaches
    }

    /// Latitude and longitude of a device in 10⁻⁷ degree.
    fn place(&self, device: usize, now: i64) -> (i64, i64) {
        let pair = device / 2;
        let (lat, lon) = victim_at(pair);
        let away_m = match (device.is_multiple_of(2), self.approach(pair)) {
            (false, _) => 0.0,
            (true, None) => AWAY_M + walk_m(now),
            (true, Some(approach)) => {
                let gone = (now - approach.begins).max(0) as f64 / 1_000.0 * APPROACH_MPS;
                (APPROACH_M.0 - gone).max(APPROACH_M.1)
            }
        };
        // To the north, where a degree is nearly the same everywhere.
        (((lat + away_m / METRES_PER_DEGREE) * 1e7) as i64, (lon * 1e7) as i64)
    }

    /// Notes when a fix that is being sent makes an alarm due.
    fn note(&self, device: usize, (lat_e7, lon_e7): (i64, i64), since_start_us: u64) {
        let Some(approach) = self.approach(device / 2).filter(|_| device.is_multiple_of(2)) else { return };
        if approach.crossed_us.load(Relaxed) > 0 {
            return;
        }
        let position = |(lat, lon): (i64, i64)| Position::new(lat as f64 / 1e7, lon as f64 / 1e7);
        let (wearer, victim) = (position((lat_e7, lon_e7)), position(self.place(device + 1, 0)));
        if let (Ok(wearer), Ok(victim)) = (wearer, victim)
            && zones::geodesy::distance_m(wearer, victim) <= ALARM_M
        {
            approach.crossed_us.store(since_start_us.max(1), Relaxed);
        }
    }

    /// The orders that make the service expect this fleet.
    pub(super) fn orders(pairs: usize, start: i64, receipts: bool) -> impl Iterator<Item = Order> {
        let (valid_from, valid_until) = validity(start);
        (0..pairs).map(move |pair| {
            let (lat, lon) = victim_at(pair);
            // Homes lie far from where the devices are, and from each other: of the load's people only the
            // approaches are to raise alarms.
            let party = |person: &str, device: &str, north: f64, proximity| Party {
                person: name(person, pair),
                device: name(device, pair),
                residence: [round(lon), round(lat + north)],
                // A load says nothing about silence.
                fix_interval_s: 3_600,
                receipts,
                proximity,
            };
            let near = json!({"alarm_m": 1000, "warning_m": 2000, "warning_s": 0});
            let victim = party("victim", "vd", 0.2, Some(near));
            Order {
                order: name("ord", pair),
                legal_basis: "sv_509hh",
                valid_from: valid_from.clone(),
                valid_until: valid_until.clone(),
                risk: "medium",
                zones: advised_zone(&name("zone", pair), &victim.person, victim.residence),
                wearer: party("wearer", "am", -0.2, None),
                victims: [victim],
                desk: "load".to_owned(),
                contacts: contacts(),
            }
        })
    }
}

fn round(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// Up and down 100 m at 1.4 m/s.
fn walk_m(now: i64) -> f64 {
    let way = (now as f64 / 1_000.0 * 1.4).rem_euclid(400.0);
    if way < 200.0 { way - 100.0 } else { 300.0 - way }
}

/// Length of the part of a payload that changes: time, latitude and longitude.
const FORM: &[u8] = b"{\"fixed_at\":\"2026-01-01T00:00:00.000Z\",\"lat\":52.0000000,\"lon\":5.0000000,\"accuracy_m\":8.0,\"speed_mps\":1.30,\"course_deg\":271.0,\"source\":\"gnss\",\"battery_pct\":71,\"seq\":         0}";
const TIME_AT: usize = 13;
const LAT_AT: usize = 45;
const LON_AT: usize = 62;
const SEQ_END: usize = FORM.len() - 1;

/// A device's QoS 1 PUBLISH packet, ready but for packet id, time, place and number.
#[derive(Debug)]
pub(super) struct Template {
    device: usize,
    packet: Vec<u8>,
    id_at: usize,
    last_ms: i64,
    seq: u64,
}

impl Template {
    /// For topics that begin with `prefix`.
    pub(super) fn new(prefix: &str, device: usize) -> Self {
        let (role, short) = if device.is_multiple_of(2) { ("wearer", "am") } else { ("victim", "vd") };
        let topic = format!("{prefix}/{role}/{}/fix", name(short, device / 2));
        // Fixed header 0x32: PUBLISH, QoS 1. The remaining length takes two bytes from 128 up (MQTT 5, 1.5.5).
        let length = 2 + topic.len() + 2 + 1 + FORM.len();
        let mut packet = vec![0x32, (length % 128) as u8 | 0x80, (length / 128) as u8];
        packet.extend_from_slice(&(topic.len() as u16).to_be_bytes());
        packet.extend_from_slice(topic.as_bytes());
        let id_at = packet.len();
        packet.extend_from_slice(&[0, 0, 0]);
        packet.extend_from_slice(FORM);
        Self { device, packet, id_at, last_ms: 0, seq: 0 }
    }

    /// Appends the packet as of `now` (milliseconds since 1970 UTC). Two fixes of a device never have the same
    /// time, so a device that sends more than one a millisecond runs ahead.
    pub(super) fn push(
        &mut self,
        to: &mut Vec<u8>,
        id: u16,
        now: i64,
        since_start_us: u64,
        fleet: &Fleet,
        time: &mut TimeText,
    ) {
        self.last_ms = now.max(self.last_ms + 1);
        self.seq += 1;
        let place = fleet.place(self.device, self.last_ms);
        fleet.note(self.device, place, since_start_us);
        let first = to.len();
        to.extend_from_slice(&self.packet);
        let payload = first + self.id_at + 3;
        to[first + self.id_at..first + self.id_at + 2].copy_from_slice(&id.to_be_bytes());
        let mut text = Vec::with_capacity(24);
        time.push(&mut text, self.last_ms);
        to[payload + TIME_AT..payload + TIME_AT + text.len()].copy_from_slice(&text);
        put(&mut to[payload + LAT_AT + 3..payload + LAT_AT + 10], place.0 % 10_000_000);
        put(&mut to[payload + LAT_AT..payload + LAT_AT + 2], place.0 / 10_000_000);
        put(&mut to[payload + LON_AT + 2..payload + LON_AT + 9], place.1 % 10_000_000);
        put(&mut to[payload + LON_AT..=payload + LON_AT], place.1 / 10_000_000);
        put_blank(&mut to[..payload + SEQ_END], self.seq);
    }
}

/// Writes a number with leading zeros.
fn put(to: &mut [u8], number: i64) {
    let mut rest = number;
    for digit in to.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Writes a number against the end, over blanks.
fn put_blank(to: &mut [u8], number: u64) {
    let mut rest = number;
    for digit in to.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use rumqttc::v5::mqttbytes::v5::Packet;

    #[test]
    fn packets_are_publishes_whose_fixes_read_back() {
        let fleet = Fleet::new(3, 1, 1_000_000, 2_000_000);
        let mut time = TimeText::default();
        let mut bytes = Vec::new();
        let mut templates: Vec<_> = (0..6).map(|device| Template::new("afstand/v1", device)).collect();
        for round in 0..12_u16 {
            for template in &mut templates {
                template.push(&mut bytes, round + 1, 1_793_599_200_007, 5, &fleet, &mut time);
            }
        }
        let mut stream = BytesMut::from(bytes.as_slice());
        let mut seen = 0;
        while !stream.is_empty() {
            let Packet::Publish(publish) = Packet::read(&mut stream, None).unwrap() else { panic!() };
            let device = seen % 6;
            let role = ["wearer", "victim"][device % 2];
            let topic =
                format!("afstand/v1/{role}/{}-load-{:06}/fix", ["am", "vd"][device % 2], device / 2 + 1);
            assert_eq!(std::str::from_utf8(&publish.topic).unwrap(), topic);
            assert_eq!(usize::from(publish.pkid), seen / 6 + 1);
            let fix: zones::Fix = serde_json::from_slice(&publish.payload).unwrap();
            assert_eq!(fix.seq, Some(seen as u64 / 6 + 1));
            assert_eq!(fix.fixed_at.as_millis(), 1_793_599_200_007 + i64::try_from(seen).unwrap() / 6);
            let (lat, lon) = fleet.place(device, fix.fixed_at.as_millis());
            assert!((fix.position.lat_deg() * 1e7 - lat as f64).abs() < 0.5);
            assert!((fix.position.lon_deg() * 1e7 - lon as f64).abs() < 0.5);
            seen += 1;
        }
        assert_eq!(seen, 72);
    }

    #[test]
    fn an_alarm_is_due_when_and_only_when_somebody_comes_near() {
        let fleet = Fleet::new(4, 2, 10_000, 10_000);
        let mut time = TimeText::default();
        let mut templates: Vec<_> = (0..8).map(|device| Template::new("x", device)).collect();
        let mut send = |now: i64| {
            for template in &mut templates {
                template.push(&mut Vec::new(), 1, now, now as u64, &fleet, &mut time);
            }
            fleet.approaches().iter().filter(|a| a.due_us().is_some()).count()
        };
        assert_eq!(send(9_000), 0);
        // 4.9 s at 40 m/s from 1,200 m: 1,004 m; half a second later 984 m. A degree is taken as 0.02 % too long.
        assert_eq!(send(14_900), 0);
        assert_eq!(send(15_400), 2);
        assert_eq!(send(60_000), 2);
        assert_eq!(pair_of("wearer-load-000002"), Some(1));
        assert_eq!(pair_of("wearer-0002"), None);
    }
}
