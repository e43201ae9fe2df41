//! Who has which role, and that nobody has it.

use zones::order::{Schedule, Window};
use zones::{AlertKind, Level, Millis, OrderId};

use super::case::{Case, incident_id, raised, supervisor, t};
use crate::followup::{
    About, Command, Condition, Deadline, Duty, DutyRow, Effect, Event, FollowUp, Incident, NO_ORDER, OnDuty,
    Outcome, OwnAlert, Policy, Raised, Recipient, Rules, StaffRole, Step, Task, What,
};

pub(super) fn duty(role: StaffRole, people: &[&str]) -> Duty {
    Duty { role, people: people.iter().map(ToString::to_string).collect(), schedule: None }
}

/// For an hour in the evening; the tests begin in the morning.
pub(super) fn in_the_evening(role: StaffRole, people: &[&str]) -> Duty {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let windows = vec![Window::new(&week, "20:00", "21:00").unwrap()];
    let schedule = Schedule::new("Europe/Amsterdam", windows).unwrap();
    assert!(!schedule.applies(t(0)));
    Duty { schedule: Some(schedule), ..duty(role, people) }
}

fn own(case: &Case) -> Vec<&OwnAlert> {
    case.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Raise(own) => Some(own),
            _ => None,
        })
        .collect()
}

#[test]
fn without_any_contacts_the_console_counts_as_told() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.told_until(600);
    assert!(case.notices().all(|notice| notice.to.is_empty()));
    assert!(own(&case).is_empty());
}

#[test]
fn a_step_reaches_who_has_the_role_or_the_next_one_up() {
    let rules = Rules {
        duty: vec![duty(StaffRole::Operator, &["Anna", "Bea"]), duty(StaffRole::ShiftLead, &["Chris"])],
        ..Rules::default()
    };
    let mut case = Case::with(rules);
    case.alert(0, Level::Alarm);
    assert_eq!(case.notices().next().unwrap().to, ["Anna", "Bea"]);
    case.told_until(30);
    let last = case.notices().last().unwrap();
    assert_eq!((last.role, &last.to[..]), (StaffRole::ShiftLead, &["Chris".to_owned()][..]));
    // That nobody has the role is said in the timeline, and is an alarm; once, however often it is needed.
    let lines = |case: &Case, of: What| case.entries().filter(|(_, _, what)| **what == of).count();
    let role = StaffRole::SecondOperator;
    case.alert_of(1, 35, Level::Alarm);
    case.told_until(66);
    assert_eq!(lines(&case, What::NobodyOnDuty { role }), 1);
    let [alarm] = own(&case)[..] else { panic!("{:?}", own(&case)) };
    assert_eq!((alarm.about, alarm.at), (About::Nobody(role), t(30)));
    let told = What::Told {
        role: StaffRole::ShiftLead,
        people: vec!["Chris".to_owned()],
        in_place_of: Some(role),
        round: 0,
    };
    assert_eq!(lines(&case, told), 3, "of both, and of the alarm that says so");
}

#[test]
fn the_operator_stands_in_for_a_case_contact_and_nobody_is_missed() {
    let expiry = |case: &mut Case, of: Option<&str>| {
        let raised = Raised {
            kind: AlertKind::OrderExpiry,
            case_contact: of.map(str::to_owned),
            ..raised(0, 1, Level::Warning)
        };
        case.at(0, Event::Alert(Box::new(raised))).unwrap();
        case.notices().map(|notice| (notice.role, notice.to.clone())).collect::<Vec<_>>()
    };
    let operator = duty(StaffRole::Operator, &["Anna"]);
    let with = |duty: &[Duty]| Case::with(Rules { duty: duty.to_vec(), ..Rules::default() });
    let to = |role, name: &str| vec![(role, vec![name.to_owned()])];
    let mut small = with(std::slice::from_ref(&operator));
    assert_eq!(expiry(&mut small, None), to(StaffRole::Operator, "Anna"));
    assert!(own(&small).is_empty());
    let mut large = with(&[operator, duty(StaffRole::CaseContact, &["Carla"])]);
    assert_eq!(expiry(&mut large, None), to(StaffRole::CaseContact, "Carla"));
    let mut named = with(&[duty(StaffRole::CaseContact, &["Carla"])]);
    assert_eq!(expiry(&mut named, Some("Ida")), to(StaffRole::CaseContact, "Ida"));
}

/// The alarms that a role is nobody's.
fn missing(case: &Case, role: StaffRole) -> Vec<&OwnAlert> {
    own(case).into_iter().filter(|one| one.about == About::Nobody(role)).collect()
}

/// Chris leads the shift; a second operator there is in the evening only.
fn nobody_in_the_morning() -> Rules {
    let second = in_the_evening(StaffRole::SecondOperator, &["Bea"]);
    Rules { duty: vec![second, duty(StaffRole::ShiftLead, &["Chris"])], ..Rules::default() }
}

#[test]
fn the_end_of_an_order_gives_nobody_a_role() {
    let mut case = Case::with(nobody_in_the_morning());
    case.alert(0, Level::Alarm);
    case.told_until(40);
    let id = own(&case)[0].incident;
    case.at(50, Event::OrderGone(OrderId::new("ord-0").unwrap())).unwrap();
    assert_eq!(case.incident().condition, Condition::Cleared);
    assert_eq!(case.machine.incident(id).unwrap().condition, Condition::Active, "nobody has it still");
}

#[test]
fn a_role_that_is_empty_after_its_alarm_was_resolved_is_another_alarm() {
    // Somebody says so, for a month.
    let (role, people, until) = (StaffRole::SecondOperator, Vec::new(), t(86_400 * 30));
    let mut case = Case::with(Rules {
        duty: vec![duty(role, &["Bea"]), duty(StaffRole::ShiftLead, &["Chris"])],
        ..Rules::default()
    });
    case.at(0, Event::Duty { actor: supervisor("Sam"), role, people, until }).unwrap();
    let id = missing(&case, StaffRole::SecondOperator)[0].incident;
    let resolve = Command::Resolve { outcome: Outcome::FalseAlarm, note: Some("on her way".to_owned()) };
    let key = None;
    case.at(50, Event::Command { incident: id, actor: supervisor("Sam"), command: resolve, key }).unwrap();
    assert_eq!(case.machine.incident(id).unwrap().condition, Condition::Cleared);
    // A day later it is forgotten. Nobody has come.
    case.told_until(90_000);
    assert!(case.machine.incident(id).is_none());
    case.alert_of(1, 86_400 * 2, Level::Alarm);
    case.told_until(86_400 * 2 + 40);
    let all = missing(&case, StaffRole::SecondOperator);
    assert_eq!(all.len(), 2, "{all:?}");
    let last = all[1].incident;
    assert_ne!(last, id);
    assert!(case.machine.incident(last).is_some_and(Incident::is_open));
}

#[test]
fn a_stored_role_whose_alarm_is_forgotten_can_be_missed_again() {
    let row = DutyRow { instead: None, lacking: Some(incident_id(7)), empty: true };
    let machine = FollowUp::restore(nobody_in_the_morning(), t(-1), [], [(StaffRole::SecondOperator, row)]);
    let mut case = Case::new();
    case.machine = machine;
    case.alert(0, Level::Alarm);
    case.told_until(40);
    assert_eq!(missing(&case, StaffRole::SecondOperator).len(), 1);
}

#[test]
fn two_steps_that_reach_the_same_one_are_two_notices() {
    let rules = Rules { duty: vec![duty(StaffRole::ShiftLead, &["Chris"])], ..Rules::default() };
    let mut case = Case::with(rules);
    case.alert(0, Level::Alarm);
    case.told_until(60);
    // At 60 s his own step, the telephone in place of the operator, and the desk's deadline; that roles are nobody's
    // are alarms of their own.
    let of_it = case.notices().filter(|notice| notice.kind == AlertKind::VictimProximity);
    let at_60: Vec<_> = of_it.filter(|notice| notice.at == t(60)).collect();
    assert!(at_60.iter().all(|notice| notice.to == ["Chris"]), "{at_60:?}");
    let tasks: Vec<_> = at_60.iter().map(|notice| notice.task).collect();
    assert_eq!(tasks, [None, Some(Task::PhoneDesk), None]);
    let ids: std::collections::BTreeSet<_> = at_60.iter().map(|notice| notice.id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn nobody_on_duty_is_itself_an_alarm_until_somebody_is() {
    let rules = Rules {
        duty: vec![
            duty(StaffRole::Operator, &["Anna"]),
            in_the_evening(StaffRole::SecondOperator, &["Bea"]),
            duty(StaffRole::ShiftLead, &["Chris"]),
        ],
        ..Rules::default()
    };
    let mut case = Case::with(rules);
    case.alert(0, Level::Alarm);
    case.alert_of(1, 1, Level::Alarm);
    case.told_until(40);
    let [alarm] = own(&case)[..] else { panic!("{:?}", own(&case)) };
    let about = About::Nobody(StaffRole::SecondOperator);
    assert_eq!((alarm.about, alarm.level, alarm.at), (about, Level::Alarm, t(0)), "before a step needs her");
    let id = alarm.incident;
    let incident = case.machine.incident(id).unwrap();
    assert_eq!((incident.kind, incident.condition), (AlertKind::FollowUp, Condition::Active));
    assert!(incident.next_step_at().is_some(), "it is somebody's like any other");
    let (role, people, until) = (StaffRole::SecondOperator, vec!["Bea".to_owned()], t(4_000));
    let set = Event::Duty { actor: supervisor("Sam"), role, people: people.clone(), until };
    case.at(50, set).unwrap();
    assert_eq!(case.machine.on_duty(role, t(60)), OnDuty::People(people));
    assert_eq!(case.machine.incident(id).unwrap().condition, Condition::Cleared);
    assert_eq!(own(&case).len(), 2);
    // No manager on call is in the settings: the shift lead is told again, and somebody is to be found.
    case.told_until(130);
    assert_eq!(case.notices().last().unwrap().role, StaffRole::ShiftLead);
    assert_eq!(own(&case).last().unwrap().about, About::Nobody(StaffRole::OnCallManager));
    // When her time is over nobody has it again, and that is said at once.
    case.told_until(5_030);
    assert_eq!(own(&case).len(), 4);
    assert_eq!((own(&case)[3].about, own(&case)[3].at), (about, t(4_000)));
    assert_ne!(own(&case)[3].incident, id);
}

#[test]
fn an_empty_role_is_an_alarm_before_anything_else_happens() {
    let role = StaffRole::SecondOperator;
    let mut case = Case::with(nobody_in_the_morning());
    assert_eq!(case.machine.poll_deadline(), None, "nothing is known of the time yet");
    case.told_until(0);
    let [alarm] = missing(&case, role)[..] else { panic!("{:?}", own(&case)) };
    assert_eq!((alarm.level, alarm.at), (Level::Alarm, t(0)));
    assert_eq!(alarm.order.as_str(), NO_ORDER);
    let id = alarm.incident;
    assert_eq!(case.machine.incident(id).unwrap().order_of_one(), None);
    assert!(case.notices().any(|notice| notice.incident == id && notice.to == ["Chris"]));
    // She comes in the evening and goes an hour later: each is said at its time, whenever somebody looks.
    case.told_until(86_400);
    let levels: Vec<_> = missing(&case, role).iter().map(|one| (one.level, one.at)).collect();
    let week = in_the_evening(role, &["Bea"]).schedule.unwrap();
    let comes = week.next_change(t(0)).unwrap();
    let goes = week.next_change(comes).unwrap();
    assert_eq!(levels, [(Level::Alarm, t(0)), (Level::Clear, comes), (Level::Alarm, goes)]);
}

#[test]
fn somebody_who_empties_a_role_hears_of_it_at_once() {
    let role = StaffRole::Operator;
    let mut case = Case::with(Rules {
        duty: vec![duty(role, &["Anna"]), duty(StaffRole::ShiftLead, &["Chris"])],
        ..Rules::default()
    });
    let set = |people: &[&str], until| {
        let people = people.iter().map(ToString::to_string).collect();
        Event::Duty { actor: supervisor("Sam"), role, people, until: t(until) }
    };
    case.told_until(0);
    assert_eq!(own(&case).len(), 0);
    case.at(10, set(&[], 7_210)).unwrap();
    let [alarm] = own(&case)[..] else { panic!("{:?}", own(&case)) };
    assert_eq!((alarm.about, alarm.at), (About::Nobody(role), t(10)));
    assert_eq!(case.notices().last().map(|notice| &notice.to[..]), Some(&["Chris".to_owned()][..]));
    case.told_until(7_300);
    let back = missing(&case, role)[1];
    assert_eq!((back.level, back.at), (Level::Clear, t(7_210)), "the settings count again");
    // Partners keep office hours: an empty desk there is no alarm until somebody is needed.
    let role = StaffRole::SupervisingOfficer;
    case.at(7_400, Event::Duty { actor: supervisor("Sam"), role, people: Vec::new(), until: t(9_000) })
        .unwrap();
    assert!(missing(&case, role).is_empty());
}

#[test]
fn a_role_is_counted_on_where_a_step_or_a_deadline_that_counts_names_it() {
    let of_site = |level| Policy {
        steps: vec![Step {
            after: Millis(0),
            unless: None,
            tell: vec![Recipient::Operator, Recipient::Prosecutor],
            task: None,
            repeat: None,
        }],
        ..Policy::of_level(level)
    };
    let rules = |policies| Rules { policies, deadlines: Vec::new(), ..Rules::default() }.complete();
    let both = rules(vec![of_site(Level::Alarm), of_site(Level::Warning)]);
    assert_eq!(
        both.counted_on(),
        [StaffRole::Operator, StaffRole::ShiftLead],
        "the end of an order has its own"
    );
    let deadlines = Deadline::defaults();
    assert!(Rules { deadlines, ..both }.counted_on().contains(&StaffRole::ShiftLead));
    let of_some = Policy { kinds: vec![AlertKind::Aware], ..of_site(Level::Alarm) };
    assert!(rules(vec![of_some]).counted_on().contains(&StaffRole::OnCallManager), "for other kinds");
}

#[test]
fn policies_of_a_site_leave_the_end_of_an_order_to_the_case_contact() {
    let of_site = |kinds: &[AlertKind], level| Policy { kinds: kinds.to_vec(), ..Policy::of_level(level) };
    let told = |policies| {
        let rules = Rules {
            policies,
            duty: vec![duty(StaffRole::Operator, &["Anna"]), duty(StaffRole::CaseContact, &["Carla"])],
            ..Rules::default()
        };
        let mut case = Case::with(rules);
        for (revision, level) in [(1, Level::Warning), (2, Level::Alarm)] {
            let raised = Raised { kind: AlertKind::OrderExpiry, ..raised(0, revision, level) };
            case.at(revision.into(), Event::Alert(Box::new(raised))).unwrap();
        }
        case.notices().map(|notice| notice.role).collect::<Vec<_>>()
    };
    let any = || vec![of_site(&[], Level::Alarm), of_site(&[], Level::Warning)];
    assert_eq!(told(any()), [StaffRole::CaseContact; 2]);
    let named = [of_site(&[AlertKind::OrderExpiry], Level::Alarm)].into_iter().chain(any()).collect();
    assert_eq!(told(named), [StaffRole::CaseContact, StaffRole::Operator], "where a table names it");
}
