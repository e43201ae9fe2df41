//! The one law, for everything that can happen in whatever order: alarms of all kinds, of watches and of devices, alone
//! and by the dozen, told to whomever, under rules that a restart may change.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;
use zones::order::{Callee, Risk};
use zones::{AlertKind, DeskId, DeviceId, Level, Millis, OrderId};

use super::case::{alert_id, incident_id, operator, raised, since_start, supervisor, t};
use super::laws::{Stored, command, level, rules};
use super::mass::silence;
use crate::followup::{
    Command, Condition, DeskState, Effect, Event, FollowUp, Incident, Noted, Raised, Rules, StaffRole,
    VictimState,
};

/// Kinds that the engine raises of one watch.
const KINDS: [AlertKind; 9] = [
    AlertKind::ExclusionZone,
    AlertKind::InclusionZone,
    AlertKind::VictimProximity,
    AlertKind::Aware,
    AlertKind::Tamper,
    AlertKind::Silence,
    AlertKind::Battery,
    AlertKind::Jamming,
    AlertKind::OrderExpiry,
];

/// A group that has ended lets go of a hundred devices every 50 ms; in a world of these moves there are fewer.
const LETS_GO_WITHIN: Millis = Millis::from_secs(1);

/// Longest time without a ring about an alarm, under all rules that are drawn: who did something has a quarter of an
/// hour. The end of an order, for which nobody need run, has its own steps.
const RINGS_WITHIN: Millis = Millis::from_secs(901);

#[derive(Debug, Clone)]
enum Move {
    /// An alert of one of four watches; its first incident, or one that its watch opened after that.
    Alert(Box<Told>),
    /// Many devices fall silent, or are heard again.
    Silences(u32, u32, Level),
    /// Somebody does something about the so manieth incident of those there are.
    Person(usize, Command, u8, Option<u8>),
    Desk(usize, DeskState, bool),
    Victim(u8, u32, VictimState),
    Duty(StaffRole, bool, i64),
    Undelivered(usize, &'static str),
    Repeated(usize),
    OrderGone(u8),
    Away(i64),
    /// The service stops, and goes on under these rules.
    Restart(Box<Rules>),
    Pass,
}

/// What an alert says, and whom it was told.
#[derive(Debug, Clone)]
struct Told {
    watch: u8,
    later: bool,
    revision: u32,
    level: Level,
    past: bool,
    test: bool,
    device: bool,
    second_road: bool,
    /// Whether the desk was told; it is for the operator to telephone; it is another one.
    desk: (bool, bool, bool),
    /// It rests on an order that takes over.
    successor: bool,
    calls: usize,
    risk: Option<Risk>,
}

fn told() -> impl Strategy<Value = Told> {
    let risk = prop::sample::select(vec![None, Some(Risk::Low), Some(Risk::High)]);
    let to = (any::<bool>(), any::<bool>(), any::<(bool, bool, bool)>());
    let rarely = || prop::bool::weighted(0.1);
    (
        (0..4_u8, rarely(), 1..6_u32, level()),
        (prop::bool::weighted(0.2), rarely(), rarely()),
        to,
        (0..4_usize, risk),
    )
        .prop_map(|((watch, later, revision, level), (past, test, successor), to, (calls, risk))| Told {
            watch,
            later,
            revision,
            level,
            past,
            test,
            device: to.0,
            second_road: to.1,
            desk: to.2,
            successor,
            calls,
            risk,
        })
}

fn one() -> impl Strategy<Value = Move> {
    let of = 0..40_usize;
    let desk_state = prop::sample::select(DeskState::ALL);
    let channel = prop::sample::select(vec!["desk_mqtt", "victim_mqtt", "email"]);
    prop_oneof![
        6 => told().prop_map(|told| Move::Alert(Box::new(told))),
        3 => (0..25_u32, 1..30_u32, level()).prop_map(|(from, many, level)| Move::Silences(from, many, level)),
        6 => (of.clone(), command(), 0..3_u8, prop::option::of(0..2_u8))
            .prop_map(|(n, command, who, key)| Move::Person(n, command, who, key)),
        2 => (of.clone(), desk_state, any::<bool>()).prop_map(|(n, state, own)| Move::Desk(n, state, own)),
        1 => (0..4_u8, 1..6_u32, prop::sample::select(VictimState::ALL))
            .prop_map(|(n, revision, state)| Move::Victim(n, revision, state)),
        2 => (prop::sample::select(StaffRole::ALL), any::<bool>(), 0..100_000_i64)
            .prop_map(|(role, somebody, until_s)| Move::Duty(role, somebody, until_s)),
        1 => (of.clone(), channel).prop_map(|(n, channel)| Move::Undelivered(n, channel)),
        1 => of.prop_map(Move::Repeated),
        1 => (0..4_u8).prop_map(Move::OrderGone),
        1 => (1..20_000_i64).prop_map(Move::Away),
        2 => rules().prop_map(|rules| Move::Restart(Box::new(rules))),
        2 => Just(Move::Pass),
    ]
}

/// A machine, its store, and the kinds of its four watches.
struct World {
    machine: FollowUp,
    stored: Stored,
    rules: Rules,
    kinds: Vec<AlertKind>,
    now_s: i64,
}

impl World {
    fn new(rules: Rules, kinds: Vec<AlertKind>) -> Self {
        let mut machine = FollowUp::new(rules.clone());
        // It begins now, and not where years begin to be counted.
        machine.handle(t(0), Event::Tick).unwrap();
        Self { machine, stored: Stored::default(), rules, kinds, now_s: 0 }
    }

    fn alert(&self, told: &Told) -> Raised {
        let Told { watch: n, level, .. } = *told;
        let kind = self.kinds[usize::from(n)];
        let watch = match kind {
            AlertKind::VictimProximity => format!("ord-{n}/pair/v-{n}"),
            AlertKind::ExclusionZone | AlertKind::InclusionZone => format!("ord-{n}/zone/z-{n}"),
            kind => format!("ord-{n}/{}/am-{n}", kind.as_str()),
        };
        let of = if told.later { n + 4 } else { n };
        let (told_desk, by_hand, other_desk) = told.desk;
        let plain = raised(of, told.revision, level);
        Raised {
            kind,
            watch: watch.parse().ok(),
            order: OrderId::new(&if told.successor { format!("next-{n}") } else { format!("ord-{n}") })
                .unwrap(),
            stands: if told.past { Level::Clear } else { level },
            late: told.past,
            test: told.test && kind == AlertKind::Aware,
            victim_device: DeviceId::new(&format!("vd-{n}")).ok().filter(|_| told.device),
            second_road: told.second_road,
            desk: DeskId::new(if other_desk { "delft" } else { "rotterdam" }).ok(),
            told_desk: told_desk && !by_hand && level == Level::Alarm,
            desk_by_hand: by_hand,
            call_order: [Callee::Wearer, Callee::Victim, Callee::Police][..told.calls.min(3)].to_vec(),
            risk: told.risk,
            case_contact: (told.calls == 3).then(|| "Anna".to_owned()),
            ..plain
        }
    }

    /// The so manieth incident of those there are.
    fn nth(&self, n: usize) -> Uuid {
        let count = self.machine.incidents().count().max(1);
        self.machine.incidents().nth(n % count).map_or(incident_id(0), |(id, _)| id)
    }

    /// The events that a move is made of; none for a restart.
    fn events(&self, one: &Move) -> Vec<Event> {
        let at = t(self.now_s);
        vec![match one {
            Move::Alert(told) => Event::Alert(Box::new(self.alert(told))),
            Move::Silences(from, many, level) => {
                let all = *from..from + many;
                return all.map(|n| Event::Alert(Box::new(silence(n, *level)))).collect();
            }
            Move::Person(n, command, who, key) => Event::Command {
                incident: self.nth(*n),
                actor: [operator("Anna"), operator("Bea"), supervisor("Sam")][usize::from(*who)].clone(),
                command: command.clone(),
                key: key.map(|key| key.to_string()),
            },
            Move::Desk(n, state, own) => Event::DeskReceipt {
                desk: DeskId::new(if *own { "rotterdam" } else { "delft" }).unwrap(),
                incident: self.nth(*n),
                state: *state,
                reference: None,
                reason: None,
                at,
            },
            Move::Victim(n, revision, state) => Event::VictimReceipt {
                device: DeviceId::new(&format!("vd-{n}")).unwrap(),
                alert: alert_id(*n, *revision),
                state: *state,
                at,
            },
            Move::Duty(role, somebody, until_s) => Event::Duty {
                actor: supervisor("Sam"),
                role: *role,
                people: if *somebody { vec!["Dee".to_owned()] } else { Vec::new() },
                until: t(self.now_s + until_s),
            },
            Move::Undelivered(n, channel) => {
                Event::Undelivered { incident: self.nth(*n), channel, recipient: "x".to_owned() }
            }
            Move::Repeated(n) => {
                let what = Noted::Repeated(zones::DeviceEventKind::StrapTamper);
                Event::Noted { incident: self.nth(*n), what }
            }
            Move::OrderGone(n) => Event::OrderGone(OrderId::new(&format!("ord-{n}")).unwrap()),
            Move::Away(gap_s) => Event::Away { until: self.machine.clock() + Millis::from_secs(*gap_s) },
            Move::Pass => Event::Tick,
            Move::Restart(_) => return Vec::new(),
        }]
    }

    fn make(&mut self, after_s: i64, one: &Move) {
        self.now_s += after_s;
        for event in self.events(one) {
            // Much of it is refused.
            let _ = self.machine.handle(t(self.now_s), event);
        }
        if let Move::Away(gap_s) = one {
            // Whoever is back goes on from there.
            let back = self.machine.clock() + Millis::from_secs(*gap_s);
            self.machine.handle(back, Event::Tick).unwrap();
            self.now_s = self.now_s.max(since_start(back));
        }
        self.stored.take(&mut self.machine);
        while self.machine.poll_effect().is_some() {}
        if let Move::Restart(rules) = one {
            self.rules.clone_from(rules);
            self.machine = self.stored.restored(self.rules.clone(), &self.machine);
            // What these rules would have had done before is done first thing.
            self.machine.handle(self.machine.clock(), Event::Tick).unwrap();
            self.stored.take(&mut self.machine);
            while self.machine.poll_effect().is_some() {}
        }
    }

    /// The alarms that nobody has resolved.
    fn alarms(&self) -> impl Iterator<Item = (Uuid, &Incident)> {
        self.machine.incidents().filter(|(_, one)| one.is_open() && one.worst == Level::Alarm)
    }

    /// Alarms of which nobody is told any more, were nothing to happen but time passing: as a store taken up now shows.
    fn silent(&self) -> Vec<Uuid> {
        let mut ahead = self.stored.restored(self.rules.clone(), &self.machine);
        ahead.handle(self.machine.clock() + RINGS_WITHIN, Event::Tick).unwrap();
        let told: BTreeSet<Uuid> = std::iter::from_fn(|| ahead.poll_effect())
            .filter_map(|effect| match effect {
                Effect::Notice(notice) => Some(notice.incident),
                _ => None,
            })
            .collect();
        let hurried = self.alarms().filter(|(_, one)| one.kind != AlertKind::OrderExpiry);
        let rings = |id: &Uuid, one: &Incident| {
            let group = one.part_of.filter(|_| one.is_resting());
            told.contains(id) || group.is_some_and(|mass| told.contains(&mass))
        };
        hurried.filter(|(id, one)| !rings(id, one)).map(|(id, _)| id).collect()
    }

    /// Silences that wait for ever in a group that has ended, or that somebody has resolved: their clocks rest, and nobody
    /// wakes them. As a store taken up now shows.
    fn kept(&self) -> Vec<Uuid> {
        let mut ahead = self.stored.restored(self.rules.clone(), &self.machine);
        let until = self.machine.clock() + LETS_GO_WITHIN;
        while let Some(next) = ahead.poll_deadline().filter(|next| *next <= until) {
            ahead.handle(next, Event::Tick).unwrap();
        }
        let lasts = |mass: &Incident| mass.is_open() && mass.condition == Condition::Active;
        let waits_in_vain = |one: &Incident| {
            let mass = one.part_of.and_then(|mass| ahead.incident(mass));
            // What was heard again waits until somebody says what became of the group.
            let may = |mass: &Incident| lasts(mass) || (one.silent_since.is_none() && mass.is_open());
            one.is_open() && one.is_resting() && !mass.is_some_and(may)
        };
        ahead.incidents().filter(|(_, one)| waits_in_vain(one)).map(|(id, _)| id).collect()
    }

    /// Alarms that have no clock, neither their own nor that of the group they wait in.
    fn stopped(&self) -> Vec<Uuid> {
        let now = self.machine.clock();
        let runs = |one: &Incident| one.next_step_at().is_some_and(|next| next > now);
        let waits = |one: &Incident| {
            let mass = one.part_of.filter(|_| one.is_resting()).and_then(|mass| self.machine.incident(mass));
            // A group that has ended lets go of its devices a few at a time.
            let settles = self.machine.poll_deadline().is_some_and(|next| next - now <= Millis(50));
            mass.is_some_and(|mass| mass.is_open() && runs(mass)) || (one.is_resting() && settles)
        };
        self.alarms().filter(|(_, one)| !runs(one) && !waits(one)).map(|(id, _)| id).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// After every move each unresolved alarm has a clock that runs, and somebody of staff is told of it in time; and no
    /// group that has ended keeps a device.
    #[test]
    fn whatever_happens_no_unresolved_alarm_is_without_a_running_clock(
        rules in rules(),
        kinds in prop::collection::vec(prop::sample::select(KINDS.to_vec()), 4),
        moves in prop::collection::vec(
            (prop_oneof![2 => 0..30_i64, 2 => 30..2_000_i64, 1 => 2_000..100_000_i64, 1 => -500..0_i64], one()),
            1..30,
        ),
    ) {
        let mut world = World::new(rules, kinds);
        for (after_s, one) in &moves {
            world.make(*after_s, one);
            for id in world.stopped().into_iter().chain(world.silent()) {
                prop_assert!(false, "{id} is nobody's after {one:?}: {:?}", world.machine.incident(id));
            }
            for id in world.kept() {
                prop_assert!(false, "{id} is never let go after {one:?}: {:?}", world.machine.incident(id));
            }
        }
    }
}
