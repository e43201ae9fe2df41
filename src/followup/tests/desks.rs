//! What police desks hear of a mass silence: one message of what is theirs, and nothing of it is lost.

use std::collections::BTreeMap;

use uuid::Uuid;
use zones::order::Risk;
use zones::{DeskId, Level};

use super::case::{Case, since_start, supervisor, t};
use super::mass::{id, silence};
use crate::followup::{
    Command, DeskNews, DeskState, Done, Effect, Event, Outcome, Raised, Reason, Refused, Task, What,
};

fn desk(name: &str) -> Option<DeskId> {
    DeskId::new(name).ok()
}

/// A silence in a case of high risk, whose parties were last so many metres apart.
fn dangerous(n: u32, level: Level, last_distance_m: Option<u32>) -> Raised {
    Raised { risk: Some(Risk::High), last_distance_m, ..silence(n, level) }
}

impl Case {
    /// What each desk was told: seconds, level, how many of its own, which, by the number of the silence.
    fn news(&self) -> Vec<(i64, String, Level, u32, Vec<Uuid>)> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Desk(DeskNews { desk, level, of_desk, silent, at, .. }) => {
                Some((since_start(*at), desk.to_string(), *level, *of_desk, silent.clone()))
            }
            _ => None,
        });
        told.collect()
    }

    /// Silences of which a desk was told each by itself: with their alarm, or after all.
    fn told_alone(&self) -> Vec<Uuid> {
        let alone = self.effects.iter().filter_map(|effect| match effect {
            Effect::Released { incident } => Some(*incident),
            Effect::Entry(entry) => match entry.what {
                What::Raised { told_desk: true, .. } => Some(entry.incident),
                _ => None,
            },
            _ => None,
        });
        alone.collect()
    }
}

#[test]
fn a_desk_hears_once_of_all_that_are_its_own_and_of_no_others() {
    let mut case = Case::new();
    for n in 0..60 {
        let desk = desk(if n < 40 { "rotterdam" } else { "delft" });
        case.hear(0, Raised { desk, ..silence(n, Level::Warning) });
    }
    assert_eq!(case.news(), [], "a warning is no matter of a desk's");
    for n in 0..60 {
        let desk = desk(if n < 40 { "rotterdam" } else { "delft" });
        case.hear(600 + i64::from(n) / 10, Raised { desk, ..silence(n, Level::Alarm) });
    }
    let ids = |of: std::ops::Range<u32>| of.map(id).collect::<Vec<_>>();
    let alarm = Level::Alarm;
    let want = [
        (600, "rotterdam".to_owned(), alarm, 40, ids(0..40)),
        (604, "delft".to_owned(), alarm, 20, ids(40..60)),
    ];
    assert_eq!(case.news(), want, "all that are silent, the nearest first, though some are no alarm yet");
    assert!(case.told_alone().is_empty());
    // More was held back after each was told: they hear of it once more, and then no more.
    case.told_until(1_199);
    assert_eq!(case.news().len(), 2);
    case.told_until(9_000);
    let again: Vec<_> =
        case.news().split_off(2).into_iter().map(|(at, desk, _, n, _)| (at, desk, n)).collect();
    assert_eq!(again, [(1_200, "rotterdam".to_owned(), 40), (1_204, "delft".to_owned(), 20)]);
}

#[test]
fn who_was_told_before_and_who_is_dangerous_is_told_alone() {
    let mut case = Case::new();
    // Silent for ten minutes when the network fails: the desk has it.
    case.say(0, 70, Level::Warning);
    case.say(590, 70, Level::Alarm);
    case.fall_silent(600, 0..30);
    for (n, metres) in [(31, Some(4_900)), (32, Some(5_100)), (33, None)] {
        case.hear(600, dangerous(n, Level::Warning, metres));
    }
    // Somebody was near: an alarm at once.
    case.say(601, 34, Level::Alarm);
    for (n, metres) in [(31, Some(4_900)), (32, Some(5_100)), (33, None)] {
        case.hear(1_200, dangerous(n, Level::Alarm, metres));
    }
    for n in 0..30 {
        case.say(1_200, n, Level::Alarm);
    }
    assert_eq!(case.told_alone(), [70, 34, 31, 33].map(id));
    let (_, _, _, own, silent) = case.news().remove(0);
    assert_eq!((own, &silent[..3]), (34, &[31, 32, 33].map(id)[..]), "they are in the list too, first");
    assert!(!silent.contains(&id(70)), "what was silent long before is no part of it");
    // Each that is told alone has the clock of its desk, and nothing else has.
    case.told_until(1_270);
    let phone: Vec<Uuid> = case
        .machine
        .incidents()
        .filter(|(_, one)| one.tasks == [Task::PhoneDesk])
        .map(|(id, _)| id)
        .collect();
    assert_eq!(phone, [31, 33, 34, 70].map(id));
}

#[test]
fn what_was_held_back_goes_to_the_desk_when_the_group_ends_and_what_was_heard_again_does_not() {
    let mut case = Case::new();
    case.fall_silent(0, 0..40);
    for n in 0..40 {
        case.say(600, n, Level::Alarm);
    }
    for n in 0..31 {
        case.say(700, n, Level::Clear);
    }
    let (at, _, level, own, silent) = case.news().pop().unwrap();
    assert_eq!((at, level, own), (700, Level::Clear, 9));
    let left: Vec<Uuid> = (31..40).map(id).collect();
    assert_eq!((&silent, case.told_alone()), (&left, left.clone()));
    case.told_until(760);
    for n in 31..40 {
        assert_eq!(
            case.machine.incident(id(n)).unwrap().tasks,
            [Task::PhoneDesk],
            "{n} has its desk's clock"
        );
    }
    assert_eq!(case.machine.incident(id(3)).unwrap().tasks, []);
    // Who falls silent anew after that is told alone, as ever.
    let before = case.told_alone().len();
    case.say(900, 3, Level::Alarm);
    assert_eq!(case.told_alone().split_off(before), [id(3)]);
}

#[test]
fn whoever_resolves_it_while_they_are_silent_lets_each_go_to_its_desk() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    for n in 0..25 {
        case.say(600, n, Level::Alarm);
    }
    let (mass, _) = case.mass();
    let command = Command::Resolve { outcome: Outcome::DeviceFault, note: Some("mast".to_owned()) };
    let resolve = Event::Command { incident: mass, actor: supervisor("Sam"), command, key: None };
    case.at(650, resolve).unwrap();
    assert_eq!(
        case.news().last().map(|(at, _, level, own, _)| (*at, *level, *own)),
        Some((650, Level::Clear, 30))
    );
    assert_eq!(case.told_alone(), (0..25).map(id).collect::<Vec<_>>(), "of an alarm each");
    // Those that were warnings then become alarms of their own.
    for n in 25..30 {
        case.say(660, n, Level::Alarm);
    }
    assert_eq!(case.told_alone().len(), 30);
}

#[test]
fn a_desk_may_speak_of_a_group_it_was_told_of() {
    let mut case = Case::new();
    case.fall_silent(0, 0..30);
    case.say(600, 4, Level::Alarm);
    let (mass, _) = case.mass();
    let says = |desk: &str, at| Event::DeskReceipt {
        desk: DeskId::new(desk).unwrap(),
        incident: mass,
        state: DeskState::Accepted,
        reference: None,
        reason: None,
        at: t(at),
    };
    assert_eq!(case.at(610, says("delft", 610)), Err(Refused::OtherDesk));
    assert_eq!(case.at(611, says("rotterdam", 611)), Ok(Done::Done));
    assert_eq!(case.at(612, says("rotterdam", 611)), Ok(Done::Already), "a broker may bring it twice");
    let lines = case.entries().filter(|(_, incident, what)| *incident == mass && what.word() == "desk");
    assert_eq!(lines.count(), 1);
    assert!(case.notices().all(|notice| notice.reason != Reason::DeskRejected));
}

/// The proof of [`holds_back`](crate::followup::FollowUp::holds_back): of each alarm some message reached the desk.
#[test]
fn no_alarm_is_lost_to_its_desk_whatever_the_order_of_things() {
    for seed in 0..40_u32 {
        let mut case = Case::new();
        let mut heard: BTreeMap<Uuid, bool> = BTreeMap::new();
        let mut now = 0;
        for step in 0..80_u32 {
            let dice = seed.wrapping_mul(2_654_435_761).wrapping_add(step.wrapping_mul(40_503)) >> 7;
            now += [0, 1, 30, 400][(dice % 4) as usize];
            let (from, many) = (dice / 4 % 25, dice / 100 % 25);
            let level = [Level::Warning, Level::Alarm, Level::Alarm, Level::Clear][(dice / 3 % 4) as usize];
            for n in from..from + many {
                case.say(now, n, level);
                if level == Level::Alarm {
                    heard.entry(id(n)).or_insert(false);
                }
            }
        }
        // The group ends: whoever is silent still is let go.
        for n in 0..50 {
            if n % 7 != 0 {
                case.say(now + 5, n, Level::Clear);
            }
        }
        case.told_until(now + 2_000);
        for told in
            case.told_alone().into_iter().chain(case.news().into_iter().flat_map(|(.., silent)| silent))
        {
            heard.insert(told, true);
        }
        let silent = |one: &Uuid| case.machine.incident(*one).is_some_and(|one| one.level == Level::Alarm);
        let lost: Vec<_> = heard.iter().filter(|(one, told)| !**told && silent(one)).collect();
        assert!(lost.is_empty(), "{seed}: {lost:?}");
    }
}
