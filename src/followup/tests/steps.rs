//! Nobody answers: each step at its time. And what stops which.

use zones::{AlertKind, Level};

use super::case::{Case, incident_id, operator, raised, t};
use crate::followup::StaffRole::{OnCallManager, Operator, SecondOperator, ShiftLead};
use crate::followup::{
    Action, Command, Condition, DeskState, Done, Duty, Effect, Event, Noted, Outcome, Raised, Reason, Rules,
    State, Task, VictimState, What,
};

#[test]
fn nobody_answers_an_alarm_and_it_goes_up_until_somebody_does() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    assert_eq!(case.notices().map(|notice| notice.role).collect::<Vec<_>>(), [Operator]);
    assert_eq!(case.told_until(29), []);
    let second: Vec<_> = case.effects.iter().filter(|e| matches!(e, Effect::SecondChannel { .. })).collect();
    assert!(matches!(second[..], [Effect::SecondChannel { at, .. }] if *at == t(15)), "{second:?}");
    assert_eq!(case.told_until(59), [(30, SecondOperator)]);
    // The shift lead by the policy, the operator to telephone the desk, the shift lead for the desk's deadline.
    assert_eq!(case.told_until(119), [(60, ShiftLead), (60, Operator), (60, ShiftLead)]);
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    assert_eq!(case.told_until(600), [120, 240, 360, 480, 600].map(|at| (at, OnCallManager)));
    assert_eq!(case.incident().next_step_at(), Some(t(720)));
}

#[test]
fn after_an_outage_each_step_is_taken_once_and_the_timeline_says_so() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.told_until(130);
    case.at(130, Event::Away { until: t(6 * 3_600) }).unwrap();
    let managers = |told: Vec<(i64, crate::followup::StaffRole)>| {
        told.into_iter().filter(|(_, role)| *role == OnCallManager).map(|(at, _)| at).collect::<Vec<_>>()
    };
    // 240, 360 … 21,600 would have been 179 times.
    assert_eq!(managers(case.told_until(6 * 3_600)), [21_600]);
    let not_told: Vec<_> = case.entries().filter(|(.., what)| what.word() == "not_told").collect();
    assert_eq!(not_told, [(21_600, incident_id(0), &What::NotTold { times: 178, since: t(240) })]);
    // From then on as ever.
    assert_eq!(managers(case.told_until(21_850)), [21_720, 21_840]);

    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.desk(1, DeskState::Accepted).unwrap();
    case.command(10, &operator("Anna"), Command::Acknowledge).unwrap();
    case.at(10, Event::Away { until: t(3_700) }).unwrap();
    let rings: Vec<_> = case.told_until(3_700).into_iter().map(|(at, _)| at).collect();
    // Every 300 s from 310 on: the last of twelve.
    assert_eq!(rings, [3_610, 3_610, 3_610]);
    assert_eq!(case.notices().last().unwrap().round, 12);
    assert_eq!(case.told_until(3_910).len(), 3);
}

#[test]
fn late_ticks_change_nothing() {
    let story = |ticks: &[i64]| {
        let mut case = Case::new();
        case.alert(0, Level::Warning);
        case.alert(40, Level::Alarm);
        for tick in ticks {
            case.told_until(*tick);
        }
        case.told_until(20_000);
        case.effects
    };
    let every_second: Vec<i64> = (41..20_000).collect();
    assert_eq!(story(&every_second), story(&[]));
}

/// The console only, and Anna, who can be reached.
fn with_anna() -> Case {
    Case::with(Rules { contacts: vec!["Anna".to_owned()], ..Rules::default() })
}

#[test]
fn who_acknowledges_stops_the_search_and_nothing_else() {
    let mut case = with_anna();
    case.alert(0, Level::Alarm);
    case.command(20, &operator("Anna"), Command::Acknowledge).unwrap();
    assert_eq!(case.incident().state, State::Acknowledged);
    // The desk has still not accepted.
    assert_eq!(case.told_until(319), [(60, Operator), (60, ShiftLead)]);
    // And Anna does nothing: five minutes later it rings, at her and at the next one.
    assert_eq!(case.told_until(320), [(320, Operator), (320, SecondOperator)]);
    assert_eq!(case.notices().filter(|n| n.to == ["Anna"]).count(), 1);
    // She still does nothing, and the shift lead hears it from the third time on.
    assert_eq!(case.told_until(919), [(620, Operator), (620, SecondOperator)]);
    assert_eq!(case.told_until(920), [(920, Operator), (920, SecondOperator), (920, ShiftLead)]);
    case.command(930, &operator("Anna"), Command::Act { action: Action::CalledDesk, note: None }).unwrap();
    assert_eq!(case.incident().state, State::InProgress);
    assert_eq!(case.incident().tasks, []);
    assert_eq!(case.told_until(1_829), []);
    assert_eq!(case.told_until(1_830).len(), 2, "a quarter of an hour after the last action");
}

#[test]
fn an_end_does_not_stop_an_alarm_that_nobody_has() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.alert(10, Level::Clear);
    assert_eq!(case.incident().condition, Condition::Cleared);
    let told = case.told_until(120);
    assert!(told.contains(&(30, SecondOperator)) && told.contains(&(120, OnCallManager)), "{told:?}");
    let second = case.effects.iter().filter(|effect| matches!(effect, Effect::SecondChannel { .. })).count();
    assert_eq!(second, 0, "she is told that it is over, not that she has not seen it");
}

#[test]
fn a_warning_that_is_over_waits_in_the_queue() {
    let mut case = Case::new();
    case.alert(0, Level::Warning);
    assert_eq!(case.told_until(310), [(300, SecondOperator)]);
    case.alert(320, Level::Clear);
    assert_eq!(case.told_until(100_000), []);
    assert!(case.incident().is_open());
}

#[test]
fn an_alarm_after_a_warning_is_somebody_elses_again() {
    let mut case = Case::new();
    case.alert(0, Level::Warning);
    case.command(5, &operator("Anna"), Command::Acknowledge).unwrap();
    case.alert(100, Level::Alarm);
    assert_eq!(case.incident().state, State::New);
    assert_eq!(case.told_until(130), [(130, SecondOperator)]);
    // Back to a warning and up again: it goes on from where it was.
    case.alert(140, Level::Warning);
    case.alert(150, Level::Alarm);
    assert!(case.told_until(160).contains(&(160, ShiftLead)));
}

#[test]
fn what_comes_back_rings_at_who_has_it() {
    let mut case = with_anna();
    case.alert(0, Level::Alarm);
    case.command(5, &operator("Anna"), Command::Acknowledge).unwrap();
    case.alert(50, Level::Clear);
    case.alert(90, Level::Alarm);
    assert_eq!(case.incident().state, State::Acknowledged);
    let last = case.notices().last().unwrap();
    assert_eq!((last.at, &last.to[..]), (t(90), &["Anna".to_owned()][..]));
    assert_eq!(case.incident().count, 2);
}

#[test]
fn another_press_or_mark_asks_for_somebody_anew() {
    let contact = crate::followup::StaffRole::CaseContact;
    for (kind, level, first) in
        [(AlertKind::Aware, Level::Alarm, Operator), (AlertKind::OrderExpiry, Level::Warning, contact)]
    {
        let mut case = with_anna();
        let again = |revision| Event::Alert(Box::new(Raised { kind, ..raised(0, revision, level) }));
        case.at(0, again(1)).unwrap();
        let told = |case: &Case, at: i64| {
            let then = case.notices().filter(|notice| notice.at == t(at));
            then.map(|notice| (notice.role, notice.reason, notice.to.clone())).collect::<Vec<_>>()
        };
        let anna = vec!["Anna".to_owned()];
        assert_eq!(told(&case, 0), [(first, Reason::Step, vec![])], "{kind:?}");
        case.at(5, again(2)).unwrap();
        assert_eq!(told(&case, 5), [(first, Reason::Step, vec![])], "nobody has it");
        case.command(6, &operator("Anna"), Command::Acknowledge).unwrap();
        case.at(600, again(3)).unwrap();
        let both = [(first, Reason::Again, vec![]), (Operator, Reason::Again, anna)];
        assert!(both.iter().all(|one| told(&case, 600).contains(one)), "{:?}", told(&case, 600));
        assert_eq!(case.incident().state, State::Acknowledged);
    }
    // A zone that says the same of a late finding is not another matter.
    let mut case = with_anna();
    case.alert(0, Level::Alarm);
    case.command(1, &operator("Anna"), Command::Acknowledge).unwrap();
    let before = case.notices().count();
    case.alert(2, Level::Alarm);
    assert_eq!(case.notices().count(), before);
}

#[test]
fn who_has_it_under_a_name_that_nobody_can_reach_is_reached_by_his_role() {
    let people = vec!["anna".to_owned(), "bea".to_owned()];
    let duty = vec![Duty { role: Operator, people: people.clone(), schedule: None }];
    let mut case = Case::with(Rules { duty, contacts: people.clone(), ..Rules::default() });
    case.alert(0, Level::Alarm);
    case.desk(1, DeskState::Accepted).unwrap();
    case.command(2, &operator("Anna de Vries"), Command::Acknowledge).unwrap();
    case.told_until(302);
    let rang = case.entries().find_map(|(at, _, what)| match what {
        What::Rang { people, .. } => Some((at, people.clone())),
        _ => None,
    });
    assert_eq!(rang, Some((302, people.clone())), "not a word of whom nobody can reach");
    assert!(case.notices().any(|notice| notice.at == t(302) && notice.to == people));
}

#[test]
fn her_second_channel_is_for_an_alarm_that_her_device_did_not_show() {
    let count = |case: &Case| {
        case.effects.iter().filter(|effect| matches!(effect, Effect::SecondChannel { .. })).count()
    };
    let mut case = Case::new();
    let first = case.alert(0, Level::Alarm);
    case.device(14, first, VictimState::Displayed).unwrap();
    case.told_until(60);
    assert_eq!(count(&case), 0);
    // Alarms in a row, none of them shown, do not put it off.
    case.alert(100, Level::Warning);
    case.alert(110, Level::Alarm);
    case.alert(118, Level::Warning);
    case.alert(120, Level::Alarm);
    case.told_until(125);
    assert_eq!(count(&case), 1);
}

#[test]
fn where_she_has_no_second_channel_somebody_telephones_her() {
    let mut case = Case::new();
    let raised = Raised { second_road: false, ..raised(0, 1, Level::Alarm) };
    let alert = raised.alert;
    case.at(0, Event::Alert(Box::new(raised))).unwrap();
    assert_eq!(case.told_until(20), [(15, Operator)]);
    assert_eq!(case.notices().last().unwrap().task, Some(Task::PhoneVictim));
    assert_eq!(case.incident().tasks, [Task::PhoneVictim]);
    assert!(case.timeline().iter().all(|(_, word)| *word != "told_second_channel"));
    assert!(!case.effects.iter().any(|effect| matches!(effect, Effect::SecondChannel { .. })));
    // She saw it after all.
    case.device(25, alert, VictimState::Displayed).unwrap();
    assert_eq!(case.incident().tasks, []);
}

#[test]
fn a_text_message_that_does_not_reach_her_is_a_task() {
    for channel in ["victim_mqtt", "victim_sms", "victim_email", "second_channel"] {
        let mut case = Case::new();
        case.alert(0, Level::Alarm);
        let (incident, recipient) = (incident_id(0), "second_channel".to_owned());
        case.at(40, Event::Undelivered { incident, channel, recipient }).unwrap();
        assert_eq!(case.incident().tasks, [Task::PhoneVictim], "{channel}");
    }
}

#[test]
fn where_she_was_shown_it_by_another_road_nobody_telephones_her() {
    let undelivered = |case: &mut Case, at, channel| {
        let (incident, recipient) = (incident_id(0), "vd-0".to_owned());
        case.at(at, Event::Undelivered { incident, channel, recipient }).unwrap()
    };
    let mut case = Case::new();
    let alarm = case.alert(0, Level::Alarm);
    case.desk(5, DeskState::Accepted).unwrap();
    case.device(20, alarm, VictimState::Displayed).unwrap();
    assert_eq!(undelivered(&mut case, 37, "victim_mqtt"), Done::Already);
    undelivered(&mut case, 52, "victim_sms");
    assert_eq!(case.incident().tasks, []);
    assert!(case.notices().all(|notice| notice.reason != Reason::Undelivered));
    // What is wrong with a road stands there all the same.
    let lines: Vec<_> = case.timeline().into_iter().filter(|(_, what)| *what == "undelivered").collect();
    assert_eq!(lines, [(52, "undelivered")]);
    // The next alert is another matter, and so is the end: her page has shown neither yet.
    case.alert(100, Level::Warning);
    undelivered(&mut case, 137, "victim_mqtt");
    assert_eq!(case.incident().tasks, [Task::PhoneVictim]);
    let over = case.alert(200, Level::Clear);
    assert_eq!(case.incident().victim_state, None);
    case.device(210, over, VictimState::Displayed).unwrap();
    assert_eq!(
        (case.incident().victim_state, case.incident().tasks.len()),
        (Some(VictimState::Displayed), 0)
    );
}

#[test]
fn what_a_desk_accepted_it_is_not_asked_again() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.desk(10, DeskState::Accepted).unwrap();
    case.command(11, &operator("Anna"), Command::Acknowledge).unwrap();
    assert_eq!(case.told_until(300), []);
    case.alert(305, Level::Clear);
    case.alert(306, Level::Alarm);
    case.told_until(400);
    assert_eq!(case.incident().tasks, []);
}

#[test]
fn a_trial_rings_nobody_and_is_over_at_once() {
    let mut case = Case::new();
    let raised = Raised { test: true, told_desk: false, ..raised(0, 1, Level::Warning) };
    let alert = raised.alert;
    case.at(0, Event::Alert(Box::new(raised))).unwrap();
    assert_eq!(case.notices().count(), 0);
    let incident = case.incident();
    assert_eq!((incident.state, incident.outcome), (State::Resolved, Some(Outcome::Test)));
    assert_eq!(incident.resolved_by.as_deref(), Some("afstand"));
    case.device(5, alert, VictimState::Displayed).unwrap();
    assert_eq!(case.told_until(80_000), []);
    assert_eq!(case.timeline(), [(0, "raised"), (0, "cleared"), (0, "resolved"), (5, "displayed")]);
}

#[test]
fn what_is_said_again_is_counted_and_nothing_is_dropped() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    for n in 1..=46 {
        let (incident, what) = (incident_id(0), Noted::Repeated(zones::DeviceEventKind::StrapTamper));
        case.at(n, Event::Noted { incident, what }).unwrap();
    }
    assert_eq!(case.incident().count, 47);
    assert_eq!(case.timeline().iter().filter(|(_, word)| *word == "repeated").count(), 46);
}

/// What her quiet hours kept from her is told when they end: from then on what her device says of it is understood.
#[test]
fn who_was_told_when_her_quiet_hours_ended_can_say_that_she_has_seen_it() {
    for told in [true, false] {
        let mut case = Case::new();
        let warning = Raised { victim_device: None, ..raised(0, 1, Level::Warning) };
        let (alert, device) = (warning.alert, raised(0, 1, Level::Warning).victim_device.unwrap());
        case.at(0, Event::Alert(Box::new(warning))).unwrap();
        if told {
            let event = Event::QuietOver { incident: incident_id(0), alert, device, second_road: false };
            case.at(100, event).unwrap();
            assert_eq!(case.timeline().last(), Some(&(100, "quiet_over")));
            case.device(110, alert, VictimState::Displayed).unwrap();
        } else {
            assert!(case.device(110, alert, VictimState::Displayed).is_err(), "nobody showed it to her");
        }
    }
    let mut case = Case::new();
    let device = raised(0, 1, Level::Warning).victim_device.unwrap();
    let unknown =
        Event::QuietOver { incident: incident_id(5), alert: incident_id(6), device, second_road: true };
    assert!(case.at(0, unknown).is_err(), "of what is over nobody is told");
}
