//! Pairs, their zones, and how they move: most wearers are 5 to 40 km away from everything, one in ten is near
//! or within a zone or the victim's warning distance, and some of those come and go.

use std::sync::Arc;

use zones::geodesy;
use zones::geometry::Shape;
use zones::order::{Contacts, LegalBasis, Order, Party, Proximity, Risk, Victim, Zone, ZoneKind};
use zones::{
    DeviceId, Engine, Fix, Input, Millis, OrderId, PersonId, Position, Role, Source, Timestamp, ZoneId,
};

/// 2026-11-21T00:00:00Z.
pub(crate) const START: i64 = 1_795_219_200_000;

/// Every device reports once in so many milliseconds.
pub(crate) const INTERVAL: i64 = 60_000;

/// How long a message travels, in milliseconds.
const TRAVEL: i64 = 1_500;

const ZONE_RADIUS_M: f64 = 5_000.0;

/// A device and how its carrier moves: to and fro on a straight line.
pub(crate) struct Mover {
    pub(crate) role: Role,
    pub(crate) device: DeviceId,
    middle: Position,
    bearing_deg: f64,
    swing_m: f64,
    speed_mps: f64,
    phase_s: f64,
}

impl Mover {
    /// The fix that the device sends in a round, and its time of arrival.
    pub(crate) fn fix(&self, at: i64) -> (Timestamp, Fix) {
        let way_m = ((at - START) as f64 / 1_000.0 + self.phase_s) * self.speed_mps;
        let turn = way_m.rem_euclid(4.0 * self.swing_m);
        let along_m = if turn < 2.0 * self.swing_m { turn - self.swing_m } else { 3.0 * self.swing_m - turn };
        let (east, north) = self.bearing_deg.to_radians().sin_cos();
        let lat = self.middle.lat_deg() + along_m * north / 111_200.0;
        let lon =
            self.middle.lon_deg() + along_m * east / (111_300.0 * self.middle.lat_deg().to_radians().cos());
        let fix = Fix {
            accuracy_m: Some(5.0 + (along_m.abs() % 20.0) as f32),
            speed_mps: Some(self.speed_mps as f32),
            source: Some(Source::Gnss),
            ..Fix::new(Timestamp::from_millis(at - TRAVEL), Position::new(lat, lon).unwrap())
        };
        (Timestamp::from_millis(at), fix)
    }
}

/// A fix as the decoder hands it on: what it needs lies in one place.
pub(crate) struct Report {
    pub(crate) arrived: Timestamp,
    pub(crate) role: Role,
    pub(crate) device: DeviceId,
    pub(crate) fix: Fix,
}

/// Numbers that look thrown, and are the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}

fn party(person: &str, device: Option<&str>, residence: Position, fix_interval: Millis) -> Party {
    Party {
        person: PersonId::new(person).unwrap(),
        device: device.map(|device| DeviceId::new(device).unwrap()),
        residence: Some(residence),
        fix_interval,
        receipts: true,
        owntracks: None,
    }
}

fn zone(id: &str, center: Position, victim: Option<PersonId>) -> Zone {
    Zone {
        zone: ZoneId::new(id).unwrap(),
        kind: ZoneKind::Exclusion,
        shape: Shape::circle(center, ZONE_RADIUS_M).unwrap(),
        victim,
        buffer_m: 500.0,
        schedule: None,
        deviation: None,
        protects: Some(center),
    }
}

fn order(id: &str, wearer: Party, victims: Vec<Victim>, zones: Vec<Zone>) -> Arc<Order> {
    Arc::new(Order {
        order: OrderId::new(id).unwrap(),
        legal_basis: LegalBasis::SpecialCondition,
        valid_from: Timestamp::from_millis(START - 86_400_000),
        valid_until: Timestamp::from_millis(START + 90 * 86_400_000),
        risk: Some(Risk::High),
        wearer,
        victims,
        zones,
        desk: None,
        tell_desk: true,
        contacts: Contacts::default(),
        call_order: Vec::new(),
    })
}

/// A place in the Netherlands, or near it.
fn somewhere(chance: &mut Chance) -> Position {
    Position::new(chance.between(51.5, 53.2), chance.between(4.5, 6.8)).unwrap()
}

/// How far a wearer is from the victim's home, in the middle and to either side of it.
fn habit(i: usize, chance: &mut Chance) -> (f64, f64) {
    match i % 50 {
        // Over the edge of the zone and back.
        0..=2 => (ZONE_RADIUS_M, chance.between(300.0, 2_000.0)),
        // Into the victim's neighbourhood and back.
        3 => (2_500.0, 2_000.0),
        // Lives in the buffer.
        4 => (ZONE_RADIUS_M + 250.0, 100.0),
        _ => (ZONE_RADIUS_M + chance.between(6_000.0, 40_000.0), 1_000.0),
    }
}

/// So many pairs with two zones each: the victim's home and work.
pub(crate) fn pairs(count: usize) -> (Vec<Arc<Order>>, Vec<Mover>) {
    let mut chance = Chance(1);
    let (mut orders, mut movers) = (Vec::with_capacity(count), Vec::with_capacity(2 * count));
    for i in 0..count {
        let home = somewhere(&mut chance);
        let bearing = chance.between(0.0, 360.0);
        let (away_m, swing_m) = habit(i, &mut chance);
        // The work place lies on the other side, so that it brings nobody nearer than meant.
        let work = geodesy::offset(home, bearing + 180.0, chance.between(3_000.0, 15_000.0));
        let his = geodesy::offset(home, bearing, away_m);
        let (am, vd) = (format!("am-{i:06}"), format!("vd-{i:06}"));
        let wearer = party(&format!("wearer-{i:06}"), Some(&am), his, Millis(INTERVAL));
        let victim = party(&format!("victim-{i:06}"), Some(&vd), home, Millis(INTERVAL));
        let protects = Some(victim.person.clone());
        let zones = vec![zone("home", home, protects.clone()), zone("work", work, protects)];
        let proximity = Some(Proximity { alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 300.0 });
        orders.push(order(&format!("ord-{i:06}"), wearer, vec![Victim::new(victim, proximity)], zones));
        let mut mover = |role, device: &str, middle, swing_m| Mover {
            role,
            device: DeviceId::new(device).unwrap(),
            middle,
            bearing_deg: bearing,
            swing_m,
            speed_mps: chance.between(0.5, 14.0),
            phase_s: chance.between(0.0, 10_000.0),
        };
        movers.push(mover(Role::Wearer, &am, his, swing_m));
        movers.push(mover(Role::Victim, &vd, home, 300.0));
    }
    (orders, movers)
}

/// Other people's orders, with two zones each and nobody who reports: their silence is not yet due.
pub(crate) fn others(zones: usize) -> impl Iterator<Item = Arc<Order>> {
    let mut chance = Chance(2);
    (0..zones / 2).map(move |i| {
        let (a, b) = (somewhere(&mut chance), somewhere(&mut chance));
        let device = format!("other-{i:06}");
        let wearer = party(&format!("o-{i:06}"), Some(&device), a, Millis::from_secs(3_600));
        order(&format!("oth-{i:06}"), wearer, Vec::new(), vec![zone("a", a, None), zone("b", b, None)])
    })
}

/// One round of fixes in order of arrival, every device once, neighbours in the register far apart.
pub(crate) fn round(movers: &[Mover], number: usize, fixes: &mut Vec<Report>) {
    let count = movers.len();
    // A stride that shares no factor with the count meets each of them once.
    let stride = (count * 5 / 8..=2 * count).find(|stride| gcd(*stride, count) == 1).unwrap_or(1);
    fixes.clear();
    fixes.extend((0..count).map(|k| {
        let mover = &movers[k * stride % count];
        let at = START + number as i64 * INTERVAL + k as i64 * INTERVAL / count as i64;
        let (arrived, fix) = mover.fix(at);
        Report { arrived, role: mover.role, device: mover.device.clone(), fix }
    }));
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// An engine that knows these orders.
pub(crate) fn engine(orders: impl IntoIterator<Item = Arc<Order>>) -> Engine {
    let mut engine = Engine::new();
    for order in orders {
        engine.handle(Timestamp::from_millis(START), Input::Order(order)).unwrap();
        while engine.poll_effect().is_some() {}
    }
    engine.take_changes();
    engine
}
