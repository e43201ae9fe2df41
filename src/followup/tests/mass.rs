//! Many devices silent at once: one incident for all, and nothing dropped.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;
use zones::order::Risk;
use zones::{AlertKind, DeskId, Level, Millis, OrderId, PersonId};

use super::case::{Case, operator, since_start, supervisor, t};
use crate::followup::{
    About, Change, Command, Condition, Effect, Event, FollowUp, Incident, Outcome, Raised, Rules, State,
};

pub(super) fn id(n: u32) -> Uuid {
    Uuid::from_u128(u128::from(n) + 50_000)
}

/// The silence of the `n`-th ankle monitor, in an order of its own.
pub(super) fn silence(n: u32, level: Level) -> Raised {
    Raised {
        alert: Uuid::new_v5(&id(n), level.as_str().as_bytes()),
        incident: id(n),
        watch: format!("ord-{n}/silence/am-{n}").parse().ok(),
        kind: AlertKind::Silence,
        level,
        stands: level,
        late: false,
        test: false,
        order: OrderId::new(&format!("ord-{n}")).unwrap(),
        wearer: PersonId::new(&format!("w-{n}")).unwrap(),
        victim: None,
        risk: Some(Risk::Medium),
        victim_device: None,
        desk: DeskId::new("rotterdam").ok(),
        told_desk: level == Level::Alarm,
        desk_by_hand: false,
        held: false,
        second_road: false,
        devices: 1_000,
        last_distance_m: Some(n * 100),
        case_contact: None,
        call_order: Vec::new(),
    }
}

/// What the machine hears of a silence: whether its desk is told by itself is asked of it first.
fn asked(machine: &FollowUp, raised: Raised) -> Event {
    let held = raised.told_desk
        && machine.holds_back(raised.incident, raised.level, raised.risk, raised.last_distance_m);
    Event::Alert(Box::new(Raised { held, told_desk: raised.told_desk && !held, ..raised }))
}

impl Case {
    pub(super) fn say(&mut self, seconds: i64, n: u32, level: Level) {
        self.hear(seconds, silence(n, level));
    }

    pub(super) fn hear(&mut self, seconds: i64, raised: Raised) {
        self.at(seconds, Event::Tick).unwrap();
        let event = asked(&self.machine, raised);
        self.at(seconds, event).unwrap();
    }

    /// Silences of devices, one after the other within a second.
    pub(super) fn fall_silent(&mut self, seconds: i64, of: std::ops::Range<u32>) {
        for n in of {
            self.say(seconds, n, Level::Warning);
        }
    }

    pub(super) fn mass(&self) -> (Uuid, &Incident) {
        let all: Vec<_> =
            self.machine.incidents().filter(|(_, one)| one.kind == AlertKind::MassSilence).collect();
        assert_eq!(all.len(), 1, "one for all");
        all[0]
    }

    /// Who was told of which silence, after so many effects.
    pub(super) fn rung(&self, from: usize) -> Vec<(i64, Uuid)> {
        let notices = self.effects[from..].iter().filter_map(|effect| match effect {
            Effect::Notice(notice) => Some((since_start(notice.at), notice.incident)),
            _ => None,
        });
        notices.collect()
    }

    fn own_levels(&self) -> Vec<(Level, About)> {
        let own = self.effects.iter().filter_map(|effect| match effect {
            Effect::Raise(own) => Some((own.level, own.about)),
            _ => None,
        });
        own.collect()
    }
}

#[test]
fn the_twentieth_within_two_minutes_makes_one_incident_of_all() {
    let mut case = Case::new();
    case.fall_silent(0, 0..19);
    assert_eq!(case.rung(0).len(), 19, "each is one of its own so far");
    assert!(case.own_levels().is_empty());
    let before = case.effects.len();
    case.fall_silent(60, 19..200);
    let (mass, incident) = case.mass();
    assert_eq!(case.rung(before), [(60, mass)], "one ring, however many follow");
    assert_eq!((incident.worst, incident.condition), (Level::Warning, Condition::Active));
    assert_eq!(case.own_levels(), [(Level::Warning, About::Silent { devices: 20 })]);
    let parts = case.machine.incidents().filter(|(_, one)| one.part_of == Some(mass)).count();
    assert_eq!((parts, case.machine.silent_under(mass)), (200, 200), "those of before are in it too");
    // What nobody takes on goes up, once for all: with how many there are by then, and no word of who.
    case.told_until(361);
    let told = case.notices().last().unwrap();
    assert_eq!((told.incident, told.devices), (mass, Some(200)));
    assert!(case.rung(before).iter().all(|(_, incident)| *incident == mass));
    assert_eq!(case.machine.incident(id(5)).unwrap().next_step_at(), None, "its clock rests");
}

#[test]
fn the_worst_of_them_makes_it_an_alarm_once() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    let before = case.effects.len();
    for n in 0..30 {
        case.say(600, n, Level::Alarm);
    }
    let (mass, incident) = case.mass();
    assert_eq!((incident.worst, incident.state), (Level::Alarm, State::New));
    let levels: Vec<Level> = case.own_levels().into_iter().map(|(level, _)| level).collect();
    assert_eq!(levels, [Level::Warning, Level::Alarm]);
    let at_600 = case.rung(before).into_iter().filter(|(at, _)| *at == 600).collect::<Vec<_>>();
    assert_eq!(at_600, [(600, mass)]);
    case.told_until(4_000);
    assert!(case.rung(before).iter().all(|(_, incident)| *incident == mass), "no desk clock of each either");
}

#[test]
fn who_is_silent_still_when_it_ends_has_a_clock_of_its_own() {
    let mut case = Case::new();
    case.fall_silent(0, 0..40);
    for n in 0..40 {
        case.say(600, n, Level::Alarm);
    }
    for n in 0..30 {
        case.say(700, n, Level::Clear);
    }
    let (mass, incident) = case.mass();
    assert_eq!(incident.condition, Condition::Active, "ten are silent still");
    case.told_until(799);
    let before = case.effects.len();
    case.say(800, 30, Level::Clear);
    assert_eq!(case.machine.incident(mass).unwrap().condition, Condition::Cleared);
    assert_eq!(case.rung(before), (31..40).map(|n| (800, id(n))).collect::<Vec<_>>());
    for n in 31..40 {
        assert_eq!(case.machine.incident(id(n)).unwrap().next_step_at(), Some(t(830)), "{n}");
    }
    // Its own clock goes all the way, and so does that of the group, which nobody has taken on.
    case.told_until(1_000);
    let told = case.rung(before);
    assert!(told.contains(&(920, id(35))) && told.iter().any(|(at, one)| *at > 900 && *one == mass));
    assert!(told.iter().all(|(_, one)| *one != id(3)), "what was heard again waits for the group");
}

#[test]
fn what_is_heard_again_is_resolved_with_the_group_and_what_is_silent_is_not() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    let anna = operator("Anna");
    let mine = Event::Command { incident: id(2), actor: anna, command: Command::Acknowledge, key: None };
    case.at(50, mine).unwrap();
    for n in 0..10 {
        case.say(100, n, Level::Clear);
    }
    let (mass, _) = case.mass();
    let before = case.effects.len();
    let command = Command::Resolve { outcome: Outcome::DeviceRecovered, note: None };
    let resolve = Event::Command { incident: mass, actor: supervisor("Sam"), command, key: None };
    case.at(200, resolve).unwrap();
    let state = |n: u32| {
        let one = case.machine.incident(id(n)).unwrap();
        (one.state, one.outcome, one.resolved_by.clone())
    };
    assert_eq!(state(1), (State::Resolved, Some(Outcome::DeviceRecovered), Some("Sam".to_owned())));
    assert_eq!(state(2).0, State::Acknowledged, "somebody has this one");
    assert_eq!(state(20).0, State::New);
    assert_eq!(case.rung(before), (10..30).map(|n| (200, id(n))).collect::<Vec<_>>());
    assert_eq!(case.machine.incident(mass).unwrap().condition, Condition::Cleared);
    let told: Vec<Uuid> = case.effects[before..]
        .iter()
        .filter_map(|effect| match effect {
            Effect::Resolved { incident, .. } => Some(*incident),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 10, "the engine hears of nine and of the group: {told:?}");
    // The next time is another.
    case.fall_silent(10_000, 100..130);
    assert_eq!(case.machine.incidents().filter(|(_, one)| one.kind == AlertKind::MassSilence).count(), 2);
}

#[test]
fn what_is_an_alarm_from_the_beginning_rings_by_itself_too() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    let before = case.effects.len();
    case.say(10, 30, Level::Alarm);
    let (mass, incident) = case.mass();
    assert_eq!(incident.worst, Level::Alarm);
    assert_eq!(case.rung(before), [(10, id(30)), (10, mass)]);
    assert_eq!(case.machine.incident(id(30)).unwrap().part_of, Some(mass));
}

#[test]
fn some_always_fall_silent_and_one_device_is_one() {
    let mut case = Case::new();
    for n in 0..40_u32 {
        case.say(i64::from(n) * 7, n, Level::Warning);
    }
    assert!(case.own_levels().is_empty(), "eighteen in two minutes");
    let mut case = Case::new();
    for n in 0..60 {
        let of_one = format!("ord-{n}/silence/vd-{}", n % 19).parse().ok();
        let raised = Raised { watch: of_one, ..silence(n, Level::Warning) };
        case.at(0, Event::Alert(Box::new(raised))).unwrap();
    }
    assert!(case.own_levels().is_empty(), "nineteen devices in sixty orders");
    let mut case = Case::new();
    for n in 0..40 {
        let raised = Raised { devices: 20_499, ..silence(n, Level::Warning) };
        case.at(0, Event::Alert(Box::new(raised))).unwrap();
        assert_eq!(case.own_levels().len(), usize::from(n == 39), "a large site has more of them: {n}");
    }
}

#[test]
fn later_ones_ring_by_themselves_and_an_order_that_ends_does_not_end_it() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    let (mass, order) = (case.mass().0, case.mass().1.order.clone());
    let before = case.effects.len();
    case.say(1_000, 50, Level::Warning);
    assert!(case.rung(before).contains(&(1_000, id(50))), "long after the others it is a matter of its own");
    assert_eq!(case.machine.incident(id(50)).unwrap().part_of, None);
    case.at(1_010, Event::OrderGone(order)).unwrap();
    assert_eq!(case.machine.incident(mass).unwrap().condition, Condition::Active);
    assert_eq!(case.machine.silent_under(mass), 29);
}

#[test]
fn a_large_group_is_let_go_a_hundred_at_a_time_also_across_a_restart() {
    let mut case = Case::new();
    case.fall_silent(0, 0..350);
    for n in 0..120 {
        case.say(100, n, Level::Clear);
    }
    let (mass, _) = case.mass();
    let before = case.effects.len();
    let command = Command::Resolve { outcome: Outcome::DeviceRecovered, note: None };
    let resolve = Event::Command { incident: mass, actor: supervisor("Sam"), command, key: None };
    case.at(200, resolve).unwrap();
    let open = |case: &Case| {
        let of_mass = case.machine.incidents().filter(|(_, one)| one.part_of == Some(mass) && one.is_open());
        of_mass.count()
    };
    assert_eq!((case.rung(before).len(), open(&case)), (100, 250), "a hundred ring, a hundred are done with");
    assert_eq!(case.machine.poll_deadline(), Some(t(200) + Millis(50)));
    let rows: Vec<_> = case.machine.incidents().map(|(id, row)| (id, row.clone())).collect();
    case.machine = FollowUp::restore(Rules::default(), case.machine.clock(), rows, []);
    assert!(case.machine.poll_deadline() <= Some(t(200) + Millis(50)));
    case.told_until(201);
    assert_eq!((case.rung(before).len(), open(&case)), (230, 230));
    let mut rung: Vec<Uuid> = case.rung(before).into_iter().map(|(_, incident)| incident).collect();
    rung.sort();
    assert_eq!(rung, (120..350).map(id).collect::<Vec<_>>(), "each once");
}

/// One thing that happens so many seconds after the one before.
#[derive(Debug, Clone)]
enum Move {
    Say(u32, u32, Level),
    Person(bool, Option<u32>, Command),
    Pass,
}

fn moves() -> impl Strategy<Value = Vec<(i64, Move)>> {
    let resolve = |outcome| Command::Resolve { outcome, note: Some("a note".to_owned()) };
    let command = prop_oneof![
        Just(Command::Acknowledge),
        Just(resolve(Outcome::DeviceFault)),
        Just(resolve(Outcome::DeviceRecovered)),
    ];
    let level = prop_oneof![3 => Just(Level::Warning), 2 => Just(Level::Alarm), 3 => Just(Level::Clear)];
    let one = prop_oneof![
        6 => (0..30_u32, 1..30_u32, level).prop_map(|(from, many, level)| Move::Say(from, from + many, level)),
        2 => (any::<bool>(), prop::option::of(0..50_u32), command)
            .prop_map(|(supervisor, of, command)| Move::Person(supervisor, of, command)),
        1 => Just(Move::Pass),
    ];
    prop::collection::vec((prop_oneof![0..5_i64, 5..200_i64, 200..5_000_i64], one), 1..25)
}

fn play(machine: &mut FollowUp, one: &Move, now_s: i64) -> Vec<Effect> {
    match one {
        Move::Say(from, to, level) => {
            for n in *from..(*to).min(50) {
                machine.handle(t(now_s), Event::Tick).unwrap();
                let event = asked(machine, silence(n, *level));
                machine.handle(t(now_s), event).unwrap();
            }
        }
        Move::Person(is_supervisor, of, command) => {
            let newest = machine.incidents().filter(|(_, one)| one.kind == AlertKind::MassSilence);
            let mass = newest.max_by_key(|(_, one)| one.opened_at).map(|(mass, _)| mass);
            let actor = if *is_supervisor { supervisor("Sam") } else { operator("Anna") };
            let Some(incident) = of.map(id).or(mass) else { return Vec::new() };
            // Much of it is refused: it is not there, or done already.
            let _ = machine
                .handle(t(now_s), Event::Command { incident, actor, command: command.clone(), key: None });
        }
        Move::Pass => machine.handle(t(now_s), Event::Tick).map(|_| ()).unwrap(),
    }
    std::iter::from_fn(|| machine.poll_effect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every open alarm has a clock that runs, its own or that of the group it waits in; and a store between any two
    /// moves makes no difference.
    #[test]
    fn nothing_is_dropped_and_a_restart_changes_nothing(moves in moves(), stop in 0..25_usize) {
        let mut machine = FollowUp::new(Rules::default());
        let mut restored: Option<FollowUp> = None;
        let mut stored = BTreeMap::new();
        let mut now_s = 0;
        for (n, (after_s, one)) in moves.iter().enumerate() {
            now_s += after_s;
            let said = play(&mut machine, one, now_s);
            if let Some(other) = &mut restored {
                prop_assert_eq!(&play(other, one, now_s), &said, "{:?}", one);
            }
            machine.drain_changes(|change| match change {
                Change::Incident(id, row) => _ = stored.insert(id, postcard::to_allocvec(row).unwrap()),
                Change::Forgotten(id) => _ = stored.remove(&id),
                Change::Duty(..) => {}
            });
            if n == stop {
                let read = |(id, row): (&Uuid, &Vec<u8>)| (*id, postcard::from_bytes(row).unwrap());
                restored = Some(FollowUp::restore(Rules::default(), machine.clock(), stored.iter().map(read), []));
            }
            for (id, incident) in machine.incidents().filter(|(_, one)| one.is_open()) {
                if incident.worst < Level::Alarm {
                    continue;
                }
                let its_group = incident.part_of.and_then(|mass| machine.incident(mass));
                let clock = incident.next_step_at().or_else(|| {
                    its_group.filter(|mass| mass.is_open() && mass.worst == Level::Alarm)?.next_step_at()
                });
                prop_assert!(clock > Some(machine.clock()), "{id} after {one:?}: {incident:?}");
            }
        }
        let lost = machine.incidents().filter(|(_, one)| {
            one.kind == AlertKind::Silence && one.is_open() && one.condition == Condition::Active
        });
        let lost: Vec<Uuid> = lost.map(|(id, _)| id).collect();
        machine.handle(t(now_s) + Millis::from_secs(4_000), Event::Tick).unwrap();
        let rung: Vec<Uuid> = std::iter::from_fn(|| machine.poll_effect())
            .filter_map(|effect| match effect {
                Effect::Notice(notice) => Some(notice.incident),
                _ => None,
            })
            .collect();
        for id in lost {
            let one = machine.incident(id).unwrap();
            let rings = rung.contains(&id) || one.part_of.is_some_and(|mass| rung.contains(&mass));
            let had = one.state != State::New && one.worst < Level::Alarm;
            let group_had = one.part_of.and_then(|mass| machine.incident(mass)).is_some_and(|mass| {
                mass.state != State::New && mass.worst < Level::Alarm
            });
            prop_assert!(rings || had || group_had, "{id} is silent, and nobody hears of it: {one:?}");
        }
    }
}
