//! A case to tell stories with: one order, a wearer, a victim, places in metres from a village square.

use std::sync::Arc;

use crate::geometry::Shape;
use crate::order::{Contacts, LegalBasis, Order, Party, Proximity, Risk, Schedule, Victim, Zone, ZoneKind};
use crate::*;

/// Everything happens around here.
const SQUARE: (f64, f64) = (52.2, 5.6);
/// 2026-11-02T19:00:00Z, a Monday evening.
pub(super) const START: i64 = 1_793_646_000;

/// Seconds into the story.
pub(super) fn t(secs: i64) -> Timestamp {
    Timestamp::from_millis((START + secs) * 1_000)
}

/// A place so many metres east and north of the square; good to a few centimetres here.
pub(super) fn place(east_m: f64, north_m: f64) -> Position {
    let lat = SQUARE.0 + north_m / 111_270.0;
    Position::new(lat, SQUARE.1 + east_m / (111_320.0 * SQUARE.0.to_radians().cos() * 1.0021)).unwrap()
}

pub(super) fn party(person: &str, device: Option<&str>) -> Party {
    Party {
        person: PersonId::new(person).unwrap(),
        device: device.map(|d| DeviceId::new(d).unwrap()),
        residence: None,
        fix_interval: policy::FIX_INTERVAL,
        receipts: false,
        owntracks: None,
    }
}

pub(super) fn order(id: &str) -> Order {
    Order {
        order: OrderId::new(id).unwrap(),
        legal_basis: LegalBasis::Sv509hh,
        valid_from: t(-86_400),
        valid_until: t(30 * 86_400),
        risk: Some(Risk::High),
        wearer: party("wearer", Some("am")),
        victims: Vec::new(),
        zones: Vec::new(),
        desk: None,
        tell_desk: true,
        contacts: Contacts::default(),
        call_order: Vec::new(),
    }
}

/// 1,000 m alarm, 2,000 m warning.
pub(super) fn with_victim(mut order: Order) -> Order {
    let proximity = Some(Proximity { alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 0.0 });
    order.victims.push(Victim::new(party("victim", Some("vd")), proximity));
    order
}

/// A circle around the square.
pub(super) fn with_zone(mut order: Order, kind: ZoneKind, radius_m: f64, buffer_m: f64) -> Order {
    order.zones.push(Zone {
        zone: ZoneId::new(&format!("zone-{}", order.zones.len())).unwrap(),
        kind,
        shape: Shape::circle(place(0.0, 0.0), radius_m).unwrap(),
        victim: None,
        buffer_m,
        schedule: None,
        deviation: None,
        protects: None,
    });
    order
}

pub(super) fn on_schedule(mut order: Order, schedule: Schedule) -> Order {
    order.zones.last_mut().unwrap().schedule = Some(Box::new(schedule));
    order
}

/// The engine and what it said.
pub(super) struct Case {
    pub(super) engine: Engine,
    pub(super) alerts: Vec<Alert>,
    pub(super) decisions: Vec<Decision>,
    pub(super) protection: Vec<Protection>,
    /// Intervals in seconds that the ankle monitor was told, and until when.
    pub(super) commands: Vec<(i64, Timestamp)>,
    pub(super) notes: Vec<Note>,
}

impl Case {
    pub(super) fn of(orders: impl IntoIterator<Item = Order>) -> Self {
        let mut case = Self {
            engine: Engine::new(),
            alerts: Vec::new(),
            decisions: Vec::new(),
            protection: Vec::new(),
            commands: Vec::new(),
            notes: Vec::new(),
        };
        for order in orders {
            case.at(0, Input::Order(Arc::new(order))).unwrap();
        }
        case
    }

    pub(super) fn at(&mut self, secs: i64, input: Input<'_>) -> Result<Outcome, Refused> {
        let outcome = self.engine.handle(t(secs), input);
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Alert(alert) => self.alerts.push(*alert),
                Effect::Decision(decision) => self.decisions.push(decision),
                Effect::Protection { protection, .. } => self.protection.push(protection),
                Effect::Noted(note) => self.notes.push(note),
                Effect::Command { fix_interval_s, until, .. } => self.commands.push((fix_interval_s, until)),
            }
        }
        outcome
    }

    /// A fix that arrives a second after it was taken.
    pub(super) fn fix(&mut self, role: Role, secs: i64, at: Position, accuracy_m: f32) -> Outcome {
        let fix = Fix { accuracy_m: Some(accuracy_m), ..Fix::new(t(secs), at) };
        let device = if role == Role::Wearer { "am" } else { "vd" };
        self.at(secs + 1, Input::Fix { role, device, fix }).unwrap()
    }

    pub(super) fn wearer(&mut self, secs: i64, east_m: f64, north_m: f64) {
        self.fix(Role::Wearer, secs, place(east_m, north_m), 8.0);
    }

    pub(super) fn victim(&mut self, secs: i64, east_m: f64, north_m: f64) {
        self.fix(Role::Victim, secs, place(east_m, north_m), 8.0);
    }

    /// What was said since the last time, in short: kind, level, certainty.
    pub(super) fn said(&mut self) -> Vec<(AlertKind, Level, Certainty)> {
        self.alerts.drain(..).map(|a| (a.kind, a.level, a.certainty)).collect()
    }

    /// The same without certainty.
    pub(super) fn levels(&mut self) -> Vec<(AlertKind, Level)> {
        self.said().into_iter().map(|(kind, level, _)| (kind, level)).collect()
    }
}
