//! What desks and victim devices say, and what of it is refused.

use uuid::Uuid;
use zones::{DeskId, DeviceId, Level, Timestamp};

use super::case::{Case, incident_id, operator, raised, supervisor, t};
use crate::followup::{
    Action, Command, DeskState, Done, Event, Outcome, Raised, Reason, Refused, StaffRole, Task, VictimState,
};

#[test]
fn a_desk_takes_it_on_and_comes() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    for (at, state) in [
        (2, DeskState::Received),
        (20, DeskState::Accepted),
        (21, DeskState::Received),
        (90, DeskState::Dispatched),
        (300, DeskState::OnScene),
        (310, DeskState::Dispatched),
    ] {
        case.desk(at, state).unwrap();
    }
    let incident = case.incident();
    assert_eq!(incident.desk_state, Some(DeskState::OnScene), "what comes late takes nothing back");
    assert_eq!(incident.reference.as_deref(), Some("P-2026-7"));
    assert_eq!(incident.tasks, []);
    let kept = incident.deadlines.iter().find(|clock| clock.name == "desk_accepts").unwrap();
    assert_eq!((kept.kept_at, kept.missed), (Some(t(20)), false));
    assert_eq!(case.desk(320, DeskState::OnScene), Ok(Done::Already), "a broker may bring it twice");
    let words: Vec<_> = case.timeline().into_iter().filter(|(_, word)| *word == "desk").collect();
    assert_eq!(words.len(), 6);
}

#[test]
fn a_desk_that_was_done_with_it_is_asked_again() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(1, &operator("Anna"), Command::Acknowledge).unwrap();
    case.desk(10, DeskState::Accepted).unwrap();
    case.desk(60, DeskState::Closed).unwrap();
    case.alert(70, Level::Clear);
    case.alert(200, Level::Alarm);
    assert_eq!((case.incident().desk_state, case.incident().reference.as_ref()), (None, None));
    assert_eq!(case.told_until(260), [(260, StaffRole::Operator)]);
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    case.desk(270, DeskState::Accepted).unwrap();
    assert_eq!(case.incident().desk_state, Some(DeskState::Accepted));
    assert_eq!(case.incident().tasks, []);
}

#[test]
fn another_desk_has_said_nothing_yet() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(1, &operator("Anna"), Command::Acknowledge).unwrap();
    case.desk(10, DeskState::Accepted).unwrap();
    let delft = DeskId::new("delft").ok();
    let next = Raised { desk: delft.clone(), ..raised(0, 2, Level::Alarm) };
    case.at(100, Event::Alert(Box::new(next))).unwrap();
    assert_eq!((case.incident().desk_state, case.incident().desk.as_ref()), (None, delft.as_ref()));
    // Nor has it accepted by its own deadline.
    assert_eq!(case.told_until(160), [(160, StaffRole::Operator), (160, StaffRole::ShiftLead)]);
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    assert_eq!(case.desk(170, DeskState::Dispatched), Err(Refused::OtherDesk));
}

#[test]
fn each_desk_that_is_told_has_a_clock_of_its_own() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let delft = DeskId::new("delft").unwrap();
    for (at, revision, desk) in [(40, 2, "delft"), (45, 3, "delft"), (50, 4, "rotterdam"), (55, 5, "delft")] {
        let desk = DeskId::new(desk).ok();
        case.at(at, Event::Alert(Box::new(Raised { desk, ..raised(0, revision, Level::Alarm) }))).unwrap();
    }
    let clocks = |case: &Case| -> Vec<(String, Timestamp, Option<Timestamp>, bool)> {
        let of_desks =
            case.incident().deadlines.iter().filter_map(|clock| {
                Some((clock.desk()?.to_owned(), clock.due_at, clock.kept_at, clock.missed))
            });
        of_desks.collect()
    };
    let clock = |desk: &str, due, kept: Option<i64>, missed| (desk.to_owned(), t(due), kept.map(t), missed);
    let both = [clock("rotterdam", 60, None, false), clock("delft", 100, None, false)];
    assert_eq!(clocks(&case), both, "one a desk, however often it is told");
    // The first one was asked, and answers too late; it does not speak for the other.
    case.told_until(60);
    assert_eq!(case.desk(70, DeskState::Received), Err(Refused::OtherDesk));
    case.desk(75, DeskState::Accepted).unwrap();
    assert_eq!(case.desk(76, DeskState::Accepted), Err(Refused::OtherDesk), "that was all it was asked");
    assert_eq!((case.incident().desk_state, case.incident().reference.as_ref()), (None, None));
    assert_eq!(clocks(&case), [clock("rotterdam", 60, Some(75), true), clock("delft", 100, None, false)]);
    let accepts = Event::DeskReceipt {
        desk: delft,
        incident: incident_id(0),
        state: DeskState::Accepted,
        reference: None,
        reason: None,
        at: t(90),
    };
    case.at(90, accepts).unwrap();
    assert_eq!(clocks(&case)[1], clock("delft", 100, Some(90), false));
    let kept = case.timeline().into_iter().filter(|(_, what)| *what == "deadline_kept").count();
    assert_eq!(kept, 2);
}

#[test]
fn clocks_that_ran_out_begin_again_with_the_next_alarm() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let second = |case: &Case| {
        let at = case.entries().filter(|(.., what)| what.word() == "told_second_channel");
        at.map(|(at, ..)| at).collect::<Vec<_>>()
    };
    case.told_until(70);
    assert_eq!((second(&case), &case.incident().tasks[..]), (vec![15], &[Task::PhoneDesk][..]));
    case.command(80, &operator("Anna"), Command::Act { action: Action::CalledDesk, note: None }).unwrap();
    case.alert(100, Level::Warning);
    case.alert(800, Level::Alarm);
    case.told_until(870);
    assert_eq!(second(&case), [15, 815], "her device has shown neither");
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
}

#[test]
fn a_rejection_comes_back_to_the_operator_at_once() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(5, &operator("Anna"), Command::Acknowledge).unwrap();
    case.desk(10, DeskState::Rejected).unwrap();
    let last = case.notices().last().unwrap();
    assert_eq!((last.at, last.role, last.reason), (t(10), StaffRole::Operator, Reason::DeskRejected));
    assert_eq!(last.task, Some(Task::PhoneDesk));
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    case.command(30, &operator("Anna"), Command::Act { action: Action::CalledDesk, note: None }).unwrap();
    assert_eq!(case.incident().tasks, []);
    case.desk(40, DeskState::Accepted).unwrap();
    assert_eq!(case.incident().desk_state, Some(DeskState::Accepted));
}

#[test]
fn what_a_broker_brings_again_in_its_order_changes_nothing() {
    let mut case = Case::new();
    let alert = case.alert(0, Level::Alarm);
    let late = case.alert(5, Level::Alarm);
    let all = |case: &mut Case, now: i64| {
        let desk = |state| Event::DeskReceipt {
            desk: DeskId::new("rotterdam").unwrap(),
            incident: incident_id(0),
            state,
            reference: None,
            reason: None,
            at: t(10),
        };
        let hers = |alert, state| {
            let device = DeviceId::new("vd-0").unwrap();
            Event::VictimReceipt { device, alert, state, at: t(11) }
        };
        let said = [
            desk(DeskState::Rejected),
            desk(DeskState::Accepted),
            hers(alert, VictimState::Displayed),
            hers(late, VictimState::Displayed),
        ];
        said.map(|event| case.at(now, event).unwrap())
    };
    assert_eq!(all(&mut case, 12), [Done::Done; 4]);
    let (before, count) = (case.incident().clone(), case.effects.len());
    assert_eq!(all(&mut case, 13), [Done::Already; 4]);
    assert_eq!((case.incident(), case.effects.len()), (&before, count));
    // It may reject what it had accepted, and did before: that is news.
    case.desk(14, DeskState::Rejected).unwrap();
    assert_eq!(case.incident().desk_state, Some(DeskState::Rejected));
    let outcome = Outcome::PoliceIntervened;
    case.command(15, &supervisor("Sam"), Command::Resolve { outcome, note: None }).unwrap();
    assert_eq!(all(&mut case, 16), [Done::Already; 4], "not set aside as for nothing that is open");
}

#[test]
fn a_desk_that_is_not_told_by_itself_is_telephoned() {
    let mut case = Case::new();
    let not_told = |revision, level| {
        let by_hand = level == Level::Alarm;
        let raised = Raised { told_desk: false, desk_by_hand: by_hand, ..raised(0, revision, level) };
        Event::Alert(Box::new(raised))
    };
    case.at(0, not_told(1, Level::Warning)).unwrap();
    assert_eq!(case.incident().tasks, []);
    case.at(10, not_told(2, Level::Alarm)).unwrap();
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    let called = Command::Act { action: Action::CalledDesk, note: None };
    case.command(20, &operator("Anna"), called).unwrap();
    assert_eq!(case.incident().tasks, []);
    // Nobody waits for the desk's receipt; what comes back after a while is to be told again.
    case.told_until(100);
    assert!(case.timeline().iter().all(|(_, word)| *word != "deadline_missed"));
    case.at(200, not_told(3, Level::Warning)).unwrap();
    case.at(900, not_told(4, Level::Alarm)).unwrap();
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
}

#[test]
fn what_is_not_for_the_sender_is_refused() {
    let mut case = Case::new();
    let alert = case.alert(0, Level::Alarm);
    let receipt = |desk: &str, incident| Event::DeskReceipt {
        desk: DeskId::new(desk).unwrap(),
        incident,
        state: DeskState::Accepted,
        reference: None,
        reason: None,
        at: t(1),
    };
    let nowhere = Uuid::from_u128(7);
    assert_eq!(case.at(1, receipt("delft", incident_id(0))), Err(Refused::OtherDesk));
    assert_eq!(case.at(1, receipt("rotterdam", nowhere)), Err(Refused::UnknownIncident(nowhere)));
    let shown = |device: &str, alert| {
        let device = DeviceId::new(device).unwrap();
        Event::VictimReceipt { device, alert, state: VictimState::Displayed, at: t(1) }
    };
    assert_eq!(case.at(1, shown("vd-9", alert)), Err(Refused::OtherDevice));
    assert_eq!(case.at(1, shown("vd-0", nowhere)), Err(Refused::UnknownAlert(nowhere)));
    assert_eq!(case.incident().desk_state, None);
    let outcome = Outcome::PoliceIntervened;
    case.command(2, &supervisor("Sam"), Command::Resolve { outcome, note: None }).unwrap();
    let refused = case.desk(3, DeskState::Accepted).unwrap_err();
    assert_eq!(refused.to_string(), "the incident is resolved", "it is set aside with this, and logged");
}

#[test]
fn she_shows_and_confirms() {
    let mut case = Case::new();
    let first = case.alert(0, Level::Warning);
    let second = case.alert(10, Level::Alarm);
    // That the warning was shown says nothing of the alarm.
    case.device(11, first, VictimState::Confirmed).unwrap();
    assert_eq!(case.incident().victim_state, None);
    case.device(12, second, VictimState::Displayed).unwrap();
    case.device(13, second, VictimState::Confirmed).unwrap();
    assert_eq!(case.device(14, second, VictimState::Displayed), Ok(Done::Already));
    assert_eq!(case.incident().victim_state, Some(VictimState::Confirmed));
}

#[test]
fn what_cannot_be_delivered_is_somebodys_task() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let (incident, recipient) = (incident_id(0), "rotterdam".to_owned());
    case.at(40, Event::Undelivered { incident, channel: "desk_webhook", recipient }).unwrap();
    assert_eq!(case.incident().tasks, [Task::PhoneDesk]);
    assert_eq!(case.notices().last().unwrap().reason, Reason::Undelivered);
}
