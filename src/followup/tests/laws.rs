//! What holds for every sequence of events.

use proptest::prelude::*;
use uuid::Uuid;
use zones::{DeskId, DeviceId, Level, Millis, OrderId};

use super::case::{alert_id, incident_id, operator, raised, supervisor, t};
use super::duty::{duty, in_the_evening};
use crate::followup::{
    Action, Change, Command, Condition, DeskState, DutyRow, Effect, Event, FollowUp, Incident, Noted,
    Outcome, Policy, Raised, Recipient, Rules, StaffRole, Step, Unless, VictimState, What,
};

/// One thing that happens so many seconds after the one before.
#[derive(Debug, Clone)]
struct Move {
    after_s: i64,
    event: Event,
}

const INCIDENTS: u8 = 3;
const ALERTS: u32 = 6;

pub(super) fn level() -> impl Strategy<Value = Level> {
    prop_oneof![1 => Just(Level::Warning), 3 => Just(Level::Alarm), 2 => Just(Level::Clear)]
}

pub(super) fn command() -> impl Strategy<Value = Command> {
    let note = || prop_oneof![Just(None), Just(Some("a note".to_owned()))];
    prop_oneof![
        3 => Just(Command::Acknowledge),
        1 => (prop::sample::select(Action::ALL), note()).prop_map(|(action, note)| Command::Act { action, note }),
        1 => Just(Command::Note { text: "seen".to_owned() }),
        1 => prop::sample::select(StaffRole::ALL)
            .prop_map(|to| Command::Escalate { to, reason: "too much".to_owned() }),
        3 => (prop::sample::select(Outcome::ALL), note())
            .prop_map(|(outcome, note)| Command::Resolve { outcome, note }),
        1 => prop::sample::select(vec!["officer_reviewed", "prosecutor_informed", "prayed"])
            .prop_map(|step| Command::Step { step: step.to_owned(), note: None }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let of = 0..INCIDENTS;
    let actor = prop_oneof![Just(operator("Anna")), Just(operator("Bea")), Just(supervisor("Sam"))];
    prop_oneof![
        4 => (of.clone(), 1..=ALERTS, level(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(n, revision, level, desk, device, second)| {
            let mut raised = raised(n, revision, level);
            raised.told_desk &= desk;
            raised.victim_device = raised.victim_device.filter(|_| device);
            raised.second_road = second;
            Event::Alert(Box::new(raised))
        }),
        1 => (of.clone(), 1..=ALERTS, prop::sample::select(VictimState::ALL)).prop_map(|(n, revision, state)| {
            let device = DeviceId::new(&format!("vd-{n}")).unwrap();
            Event::VictimReceipt { device, alert: alert_id(n, revision), state, at: t(0) }
        }),
        2 => (of.clone(), prop::sample::select(DeskState::ALL), prop::sample::select(vec!["rotterdam", "delft"])).prop_map(
            |(n, state, desk)| {
                let desk = DeskId::new(desk).unwrap();
                let incident = incident_id(n);
                Event::DeskReceipt { desk, incident, state, reference: None, reason: None, at: t(0) }
            }
        ),
        5 => (of.clone(), actor, command(), prop_oneof![Just(None), Just(Some("k".to_owned()))]).prop_map(
            |(n, actor, command, key)| Event::Command { incident: incident_id(n), actor, command, key }
        ),
        1 => (prop::sample::select(StaffRole::ALL), any::<bool>()).prop_map(|(role, somebody)| {
            let people = if somebody { vec!["Dee".to_owned()] } else { Vec::new() };
            Event::Duty { actor: supervisor("Sam"), role, people, until: t(90_000) }
        }),
        1 => (of.clone(), prop::sample::select(vec!["desk_mqtt", "victim_mqtt"])).prop_map(|(n, channel)| {
            Event::Undelivered { incident: incident_id(n), channel, recipient: "x".to_owned() }
        }),
        1 => of.clone().prop_map(|n| {
            let what = Noted::Repeated(zones::DeviceEventKind::StrapTamper);
            Event::Noted { incident: incident_id(n), what }
        }),
        1 => of.clone().prop_map(|n| {
            let test = raised(n + INCIDENTS, 1, Level::Warning);
            Event::Alert(Box::new(Raised { test: true, ..test }))
        }),
        1 => of.prop_map(|n| Event::OrderGone(OrderId::new(&format!("ord-{n}")).unwrap())),
        1 => Just(Event::Tick),
    ]
}

/// What happens to one watch.
#[derive(Debug, Clone, Copy)]
enum Watched {
    Stands(Level),
    Late(Level),
    Resolved,
}

fn watched() -> impl Strategy<Value = Watched> {
    let late = prop_oneof![Just(Level::Warning), Just(Level::Alarm)];
    prop_oneof![4 => level().prop_map(Watched::Stands), 1 => late.prop_map(Watched::Late), 2 => Just(Watched::Resolved)]
}

/// From no time to days; clocks are also set back.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let after = prop_oneof![Just(0), 1..30_i64, 30..2_000_i64, 2_000..100_000_i64, -500..0_i64];
    prop::collection::vec((after, event()).prop_map(|(after_s, event)| Move { after_s, event }), 1..40)
}

/// Rules of every kind that settings may hold.
pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let staffed = prop::collection::vec((prop::sample::select(StaffRole::ALL), any::<bool>()), 0..4);
    (staffed, 1..400_i64, 60..900_i64, any::<bool>()).prop_map(|(staffed, wait_s, repeat_s, own)| {
        let duty = staffed.into_iter().map(|(role, evening)| {
            let name = format!("the {role}");
            if evening { in_the_evening(role, &[&name]) } else { duty(role, &[&name]) }
        });
        // Anna can be reached; Bea has a token, and no telephone.
        let contacts = vec!["Anna".to_owned()];
        let mut rules = Rules { duty: duty.collect(), contacts, ..Rules::default() };
        if own {
            let step = |after, unless, repeat| Step {
                after: Millis::from_secs(after),
                unless,
                tell: vec![Recipient::Operator, Recipient::VictimSecond],
                task: None,
                repeat,
            };
            let (wait, repeat) = (Millis::from_secs(wait_s), Some(Millis::from_secs(repeat_s)));
            let alarm = Policy {
                ring_again: wait,
                steps: vec![
                    step(0, None, None),
                    step(wait_s, Some(Unless::Displayed), repeat),
                    step(wait_s, Some(Unless::Acknowledged), repeat),
                    step(wait_s, Some(Unless::Accepted), None),
                ],
                ..Policy::of_level(Level::Alarm)
            };
            alarm.check().unwrap();
            rules.policies = vec![alarm];
        }
        rules
    })
}

/// Plays moves; what followed from each, the rows that are left, and the machine.
fn play(machine: &mut FollowUp, moves: &[Move], mut now_s: i64) -> (Vec<Vec<Effect>>, i64) {
    let mut said = Vec::new();
    for Move { after_s, event } in moves {
        now_s += after_s;
        let _ = machine.handle(t(now_s), event.clone());
        said.push(std::iter::from_fn(|| machine.poll_effect()).collect());
    }
    (said, now_s)
}

/// What a store holds of it: rows in their binary form, as they were handed out over time.
#[derive(Default)]
pub(super) struct Stored {
    incidents: std::collections::BTreeMap<Uuid, Vec<u8>>,
    duty: std::collections::BTreeMap<StaffRole, DutyRow>,
}

impl Stored {
    pub(super) fn take(&mut self, machine: &mut FollowUp) {
        machine.drain_changes(|change| match change {
            Change::Incident(id, row) => {
                self.incidents.insert(id, postcard::to_allocvec(row).unwrap());
            }
            Change::Forgotten(id) => {
                self.incidents.remove(&id);
            }
            Change::Duty(role, row) => {
                self.duty.insert(role, row.clone());
            }
        });
    }

    pub(super) fn restored(&self, rules: Rules, machine: &FollowUp) -> FollowUp {
        let read = |(id, bytes): (&Uuid, &Vec<u8>)| (*id, postcard::from_bytes::<Incident>(bytes).unwrap());
        FollowUp::restore(rules, machine.clock(), self.incidents.iter().map(read), self.duty.clone())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The law that the others serve.
    #[test]
    fn no_unresolved_alarm_is_without_a_running_clock(rules in rules(), moves in moves()) {
        let mut machine = FollowUp::new(rules);
        let mut now_s = 0;
        for one in &moves {
            (_, now_s) = play(&mut machine, std::slice::from_ref(one), now_s);
            for (id, incident) in machine.incidents() {
                if incident.worst == Level::Alarm && incident.is_open() {
                    let next = incident.next_step_at();
                    prop_assert!(next.is_some(), "{id} after {one:?}: {incident:?}");
                    prop_assert!(next > Some(machine.clock()), "{id}: {next:?} is past");
                }
            }
        }
        // And it rings: whatever was done or not, within a quarter of an hour somebody of staff is told.
        let open: Vec<Uuid> = machine
            .incidents()
            .filter(|(_, one)| one.worst == Level::Alarm && one.is_open())
            .map(|(id, _)| id)
            .collect();
        machine.handle(machine.clock() + Millis::from_secs(901), Event::Tick).unwrap();
        let told: Vec<Effect> = std::iter::from_fn(|| machine.poll_effect()).collect();
        for id in open {
            let rings = told.iter().any(|effect| matches!(effect, Effect::Notice(one) if one.incident == id));
            prop_assert!(rings, "{id} is silent: {:?}", machine.incident(id));
        }
    }

    #[test]
    fn a_restart_anywhere_changes_nothing(rules in rules(), moves in moves(), at in 0..30_usize) {
        let at = at.min(moves.len());
        let mut whole = FollowUp::new(rules.clone());
        let (mut stored, mut now_s) = (Stored::default(), 0);
        for one in &moves[..at] {
            (_, now_s) = play(&mut whole, std::slice::from_ref(one), now_s);
            stored.take(&mut whole);
        }
        let mut again = stored.restored(rules, &whole);
        prop_assert_eq!(again.poll_deadline(), whole.poll_deadline());
        prop_assert_eq!(play(&mut whole, &moves[at..], now_s), play(&mut again, &moves[at..], now_s));
        prop_assert!(whole.incidents().eq(again.incidents()));
    }

    #[test]
    fn the_same_happens_whenever_it_is_woken(rules in rules(), moves in moves(), ticks in prop::collection::vec(1..5_000_i64, 0..30)) {
        let flat = |said: Vec<Vec<Effect>>| said.into_iter().flatten().collect::<Vec<_>>();
        let mut plain = FollowUp::new(rules.clone());
        let (mut want, now_s) = play(&mut plain, &moves, 0);
        let mut woken = FollowUp::new(rules);
        let (mut said, mut clock_s, mut tick) = (Vec::new(), 0, ticks.iter().cycle());
        for one in &moves {
            // Woken as often as it wants to be and at odd times, never past the next event.
            let until = t(clock_s + one.after_s);
            while let Some(due) = woken.poll_deadline().filter(|due| *due < until) {
                let late = Millis(ticks.first().map_or(0, |_| *tick.next().unwrap_or(&0)));
                woken.handle((due + late).min(until), Event::Tick).unwrap();
            }
            let (more, now) = play(&mut woken, std::slice::from_ref(one), clock_s);
            said.extend(more);
            clock_s = now;
        }
        let end = t(now_s.max(clock_s) + 4_000);
        for (machine, all) in [(&mut plain, &mut want), (&mut woken, &mut said)] {
            machine.handle(end, Event::Tick).unwrap();
            all.push(std::iter::from_fn(|| machine.poll_effect()).collect());
        }
        prop_assert_eq!(flat(want), flat(said));
    }

    /// A timeline says of nobody that he was told who is not told, and nobody is told without a line.
    #[test]
    fn who_was_told_is_told(rules in rules(), moves in moves()) {
        let mut machine = FollowUp::new(rules);
        let (mut now_s, mut counts) = (0, std::collections::BTreeMap::<_, (u32, u32)>::new());
        for one in &moves {
            let (said, now) = play(&mut machine, std::slice::from_ref(one), now_s);
            now_s = now;
            for effect in said.into_iter().flatten() {
                match effect {
                    Effect::Entry(line) => match line.what {
                        What::Told { people, .. } | What::Rang { people, .. } => {
                            counts.entry((line.incident, line.at, people)).or_default().0 += 1;
                        }
                        What::ToldSecondChannel { .. } => {
                            counts.entry((line.incident, line.at, vec!["her".to_owned()])).or_default().0 += 1;
                        }
                        _ => {}
                    },
                    Effect::Notice(one) => {
                        let unknown = one.to.iter().find(|name| ["Bea", "Sam"].contains(&name.as_str()));
                        prop_assert_eq!(unknown, None, "nobody can reach them");
                        counts.entry((one.incident, one.at, one.to)).or_default().1 += 1;
                    }
                    // That it is over stands in the line of the end.
                    Effect::SecondChannel { incident, at, over: false, .. } => {
                        prop_assert!(machine.incident(incident).is_none_or(|one| one.victim_device.is_some()));
                        counts.entry((incident, at, vec!["her".to_owned()])).or_default().1 += 1;
                    }
                    _ => {}
                }
            }
        }
        for (about, (lines, told)) in counts {
            prop_assert_eq!(lines, told, "{:?}", about);
        }
    }

    /// An incident lasts as long as its watch stands and adds to it, and no longer: whatever was found late, whoever
    /// resolved what when.
    #[test]
    fn no_incident_lasts_for_ever(moves in prop::collection::vec((1..500_i64, watched()), 1..40)) {
        let mut machine = FollowUp::new(Rules::default());
        // What the engine does with a watch, as its own tests tell it.
        let (mut now_s, mut opened, mut closed, mut stands) = (0, 0_u8, true, Level::Clear);
        for (n, (after_s, one)) in moves.into_iter().enumerate() {
            now_s += after_s;
            let level = match one {
                Watched::Stands(level) => {
                    let ends = level == Level::Clear;
                    if level == stands || (ends && opened == 0) {
                        continue;
                    }
                    if !ends && closed {
                        (opened, closed) = (opened + 1, false);
                    }
                    stands = level;
                    level
                }
                Watched::Late(level) => {
                    if closed {
                        (opened, closed) = (opened + 1, false);
                    }
                    level
                }
                Watched::Resolved => {
                    let outcome = Outcome::PoliceIntervened;
                    let (incident, key) = (incident_id(opened), None);
                    let command = Command::Resolve { outcome, note: None };
                    let actor = supervisor("Sam");
                    let done = machine.handle(t(now_s), Event::Command { incident, actor, command, key });
                    closed |= done.is_ok();
                    continue;
                }
            };
            let watch = raised(0, 1, level).watch;
            let alert = alert_id(opened, u32::try_from(n).unwrap());
            let raised = Raised { alert, watch, stands, ..raised(opened, 1, level) };
            machine.handle(t(now_s), Event::Alert(Box::new(raised))).unwrap();
            for (id, incident) in machine.incidents() {
                let lasts = id == incident_id(opened) && stands > Level::Clear;
                prop_assert_eq!(incident.cleared_at.is_none(), lasts, "{:?}", incident);
                prop_assert_eq!(incident.condition == Condition::Active, lasts);
            }
        }
    }

    /// Whoever was away tells less, nothing else, and leaves the incidents as they would be.
    #[test]
    fn who_was_away_tells_less_and_nothing_else(mut moves in moves(), gap_s in 1..100_000_i64) {
        // When a role is needed first, and found empty, is another moment.
        moves.retain(|one| !matches!(one.event, Event::Duty { .. }));
        let mut plain = FollowUp::new(Rules::default());
        play(&mut plain, &moves, 0);
        let mut away = FollowUp::new(Rules::default());
        play(&mut away, &moves, 0);
        let until = plain.clock() + Millis::from_secs(gap_s);
        away.handle(away.clock(), Event::Away { until }).unwrap();
        let mut told = [Vec::new(), Vec::new()];
        for (machine, told) in [&mut plain, &mut away].into_iter().zip(&mut told) {
            machine.handle(until, Event::Tick).unwrap();
            told.extend(std::iter::from_fn(|| machine.poll_effect()));
        }
        prop_assert!(plain.incidents().eq(away.incidents()));
        let [all, some] = told;
        let mut again = std::collections::BTreeSet::new();
        for effect in some {
            match &effect {
                Effect::Entry(line) if matches!(line.what, What::NotTold { .. }) => continue,
                Effect::Notice(one) if one.round > 0 => {
                    let first = again.insert((one.incident, one.role, one.reason.as_str()));
                    prop_assert!(first, "told twice: {one:?}");
                }
                _ => {}
            }
            prop_assert!(all.contains(&effect), "{effect:?}");
        }
    }

    /// A refusal changes nothing, and an id that was given is never given to something else.
    #[test]
    fn refusals_leave_no_trace_and_ids_are_their_own(rules in rules(), moves in moves()) {
        let mut machine = FollowUp::new(rules);
        let (mut now_s, mut ids) = (0, std::collections::BTreeSet::new());
        for Move { after_s, event } in moves {
            now_s += after_s;
            machine.handle(t(now_s), Event::Tick).unwrap();
            let ticked: Vec<Effect> = std::iter::from_fn(|| machine.poll_effect()).collect();
            let before: Vec<_> = machine.incidents().map(|(id, one)| (id, one.clone())).collect();
            let refused = machine.handle(t(now_s), event).is_err();
            let followed: Vec<Effect> = std::iter::from_fn(|| machine.poll_effect()).collect();
            if refused {
                prop_assert!(followed.is_empty(), "{followed:?}");
                prop_assert!(before.iter().map(|(id, one)| (*id, one)).eq(machine.incidents()));
            }
            for effect in ticked.iter().chain(&followed) {
                if let Effect::Notice(notice) = effect {
                    let what = (notice.incident, notice.role, notice.reason.as_str(), notice.at);
                    ids.insert((notice.id, what, notice.task, notice.deadline.clone()));
                }
            }
        }
        let distinct: std::collections::BTreeSet<_> = ids.iter().map(|(id, ..)| *id).collect();
        prop_assert_eq!(distinct.len(), ids.len());
    }
}
