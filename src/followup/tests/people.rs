//! What people do, alone, together and at once.

use zones::Level;

use super::case::{Case, incident_id, operator, raised, supervisor, t};
use crate::followup::{
    Action, Actor, Command, Condition, Done, Duty, Effect, Event, FollowUp, Notice, Outcome, Raised, Reason,
    Refused, Rules, StaffRole, State, What,
};

fn resolve(outcome: Outcome) -> Command {
    Command::Resolve { outcome, note: Some("because".to_owned()) }
}

#[test]
fn the_second_of_two_is_told_who_was_first() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let (anna, bea) = (operator("Anna"), operator("Bea"));
    assert_eq!(case.command(3, &anna, Command::Acknowledge), Ok(Done::Done));
    let refused = case.command(3, &bea, Command::Acknowledge);
    let first = Refused::Conflict { by: "Anna".to_owned(), at: t(3), what: "acknowledged it" };
    assert_eq!(refused, Err(first));
    assert_eq!(case.command(4, &anna, Command::Acknowledge), Ok(Done::Already));
    assert_eq!(case.timeline().iter().filter(|(_, word)| *word == "acknowledged").count(), 1);
    // Anna calls for help: then Bea may take it over.
    let reason = "two at once".to_owned();
    case.command(5, &anna, Command::Escalate { to: StaffRole::SecondOperator, reason }).unwrap();
    assert_eq!(case.command(6, &bea, Command::Acknowledge), Ok(Done::Done));
    assert_eq!(case.incident().owner.as_deref(), Some("Bea"));
}

#[test]
fn an_alarm_takes_two_operators_or_a_supervisor() {
    let (anna, bea) = (operator("Anna"), operator("Bea"));
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.alert(60, Level::Clear);
    assert_eq!(case.command(70, &anna, resolve(Outcome::WearerLeft)), Ok(Done::Done));
    assert_eq!(case.incident().state, State::Acknowledged, "whoever proposes has it");
    assert!(case.incident().next_step_at().is_some(), "its clock runs on");
    assert_eq!(case.command(71, &anna, resolve(Outcome::WearerLeft)), Ok(Done::Already));
    // Bea sees it otherwise; then Anna comes round.
    assert_eq!(case.command(80, &bea, resolve(Outcome::ChanceEncounter)), Ok(Done::Done));
    assert!(case.incident().is_open());
    assert_eq!(case.command(90, &anna, resolve(Outcome::ChanceEncounter)), Ok(Done::Done));
    let incident = case.incident();
    assert_eq!((incident.state, incident.outcome), (State::Resolved, Some(Outcome::ChanceEncounter)));
    assert_eq!(incident.resolved_by.as_deref(), Some("Anna"));
    assert!(case.effects.iter().any(|e| matches!(e, Effect::Resolved { watch: Some(_), .. })));
    let first = Refused::Conflict { by: "Anna".to_owned(), at: t(90), what: "resolved it" };
    assert_eq!(case.command(91, &bea, resolve(Outcome::ChanceEncounter)), Err(first.clone()));
    assert_eq!(case.command(92, &bea, Command::Acknowledge), Err(first));
    assert_eq!(case.command(93, &anna, resolve(Outcome::ChanceEncounter)), Ok(Done::Already));

    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(1, &supervisor("Sam"), resolve(Outcome::PoliceIntervened)).unwrap();
    assert!(!case.incident().is_open());
    let mut case = Case::new();
    case.alert(0, Level::Warning);
    case.command(1, &anna, resolve(Outcome::WearerLeft)).unwrap();
    assert!(!case.incident().is_open(), "a warning takes one");
}

/// She has a token on the tablet, signed in at two browsers, and the provider knows her by a new name since she married.
#[test]
fn one_person_is_no_second_whatever_she_comes_with() {
    let anna = |name: &str| Actor { person: Some("sub-17".to_owned()), ..operator(name) };
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.alert(1, Level::Clear);
    case.command(1, &anna("Anna Bakker (sub-17)"), resolve(Outcome::PoliceIntervened)).unwrap();
    for name in ["Anna Bakker (sub-17)", "Anna de Vries (sub-17)", "tablet 3"] {
        let again = case.command(2, &anna(name), resolve(Outcome::PoliceIntervened));
        assert_eq!((again, case.incident().is_open()), (Ok(Done::Already), true), "{name}");
    }
    // Her other name does not make the other opinion anybody's but hers.
    case.command(3, &anna("tablet 3"), resolve(Outcome::ChanceEncounter)).unwrap();
    let again = case.command(4, &anna("Anna Bakker (sub-17)"), resolve(Outcome::ChanceEncounter));
    assert_eq!((again, case.incident().is_open()), (Ok(Done::Already), true));
    // Nor does what a restart kept of it.
    let kept = postcard::to_allocvec(case.incident()).unwrap();
    let kept = [(incident_id(0), postcard::from_bytes(&kept).unwrap())];
    case.machine = FollowUp::restore(Rules::default(), case.machine.clock(), kept, []);
    let again = case.command(5, &anna("tablet 4"), resolve(Outcome::ChanceEncounter));
    assert_eq!((again, case.incident().is_open()), (Ok(Done::Already), true));
    case.command(6, &operator("Bea"), resolve(Outcome::ChanceEncounter)).unwrap();
    assert!(!case.incident().is_open());
}

#[test]
fn who_is_nobody_that_is_known_is_neither_of_two() {
    let (machine, chief) =
        (Actor { person: None, ..operator("m") }, Actor { person: None, ..supervisor("c") });
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let refused = case.command(1, &machine, resolve(Outcome::PoliceIntervened));
    assert_eq!((refused, &case.incident().proposed), (Err(Refused::Nameless), &None));
    case.command(2, &operator("Bea"), resolve(Outcome::PoliceIntervened)).unwrap();
    assert_eq!(case.command(3, &machine, resolve(Outcome::PoliceIntervened)), Err(Refused::Nameless));
    assert_eq!(case.command(4, &machine, Command::Note { text: "seen".to_owned() }), Ok(Done::Done));
    case.command(5, &chief, resolve(Outcome::PoliceIntervened)).unwrap();
    assert!(!case.incident().is_open(), "a supervisor needs no second");
    let mut case = Case::new();
    case.alert(0, Level::Warning);
    case.command(1, &machine, resolve(Outcome::WearerLeft)).unwrap();
    assert!(!case.incident().is_open(), "a warning takes one, whoever it is");
}

#[test]
fn what_cannot_be_is_refused_by_field() {
    let anna = supervisor("Anna");
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    for (command, field) in [
        (Command::Resolve { outcome: Outcome::FalseAlarm, note: None }, "note"),
        (Command::Resolve { outcome: Outcome::FalseAlarm, note: Some(" ".to_owned()) }, "note"),
        (resolve(Outcome::WearerLeft), "outcome"),
        (Command::Act { action: Action::Other, note: None }, "note"),
        (Command::Note { text: String::new() }, "text"),
        (Command::Note { text: "x".repeat(4_001) }, "text"),
        (Command::Escalate { to: StaffRole::ShiftLead, reason: String::new() }, "reason"),
        (Command::Step { step: "prayed".to_owned(), note: None }, "step"),
    ] {
        let before = case.incident().clone();
        match case.command(1, &anna, command.clone()) {
            Err(Refused::Invalid { field: at, .. }) => assert_eq!(at, field, "{command:?}"),
            other => panic!("{command:?}: {other:?}"),
        }
        assert_eq!(case.incident(), &before, "{command:?} changed something");
    }
}

#[test]
fn a_key_that_comes_again_is_the_same_command() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let command = |case: &mut Case, at, name: &str, key: &str| {
        let command = Command::Act { action: Action::CalledWearer, note: None };
        let (incident, key) = (incident_id(0), Some(key.to_owned()));
        case.at(at, Event::Command { incident, actor: operator(name), command, key })
    };
    assert_eq!(command(&mut case, 1, "Anna", "k1"), Ok(Done::Done));
    assert_eq!(command(&mut case, 2, "Anna", "k1"), Ok(Done::Already));
    assert_eq!(command(&mut case, 3, "Anna", "k2"), Ok(Done::Done), "called twice");
    assert_eq!(command(&mut case, 4, "Bea", "k1"), Ok(Done::Done), "somebody else's key");
    assert_eq!(case.timeline().iter().filter(|(_, word)| *word == "acted").count(), 3);
}

#[test]
fn a_later_end_of_what_is_resolved_is_written_down() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(1, &supervisor("Sam"), resolve(Outcome::PoliceIntervened)).unwrap();
    assert_eq!(case.incident().condition, Condition::Active);
    case.alert(50, Level::Clear);
    assert_eq!(case.incident().condition, Condition::Cleared);
    assert_eq!(case.incident().state, State::Resolved);
    // Its deadlines go on: the officer has to look at it all the same.
    let told = case.told_until(5 * 3_600);
    assert_eq!(
        told,
        [(60, StaffRole::ShiftLead), (3 * 3_600, StaffRole::ShiftLead), (4 * 3_600, StaffRole::ShiftLead)]
    );
    for (step, at) in [("officer_reviewed", 20_000), ("prosecutor_informed", 21_000)] {
        case.command(at, &operator("Anna"), Command::Step { step: step.to_owned(), note: None }).unwrap();
    }
    let missed: Vec<bool> = case.incident().deadlines.iter().map(|clock| clock.missed).collect();
    assert_eq!(missed, [true, true, false]);
    // The desk's clock was never kept; a month later it is forgotten, and not before.
    case.told_until(30 * 86_400);
    assert!(case.machine.incident(incident_id(0)).is_some());
    case.told_until(32 * 86_400);
    assert!(case.machine.incident(incident_id(0)).is_none());
    assert_eq!(case.machine.poll_deadline(), None);
}

#[test]
fn a_key_that_stood_for_another_command_is_refused() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let say = |case: &mut Case, at, command| {
        let (incident, key) = (incident_id(0), Some("k1".to_owned()));
        case.at(at, Event::Command { incident, actor: supervisor("Sam"), command, key })
    };
    assert_eq!(say(&mut case, 1, Command::Acknowledge), Ok(Done::Done));
    let before = case.incident().clone();
    let refused = say(&mut case, 2, resolve(Outcome::PoliceIntervened));
    assert_eq!(refused, Err(Refused::invalid("Idempotency-Key", "was used for another command")));
    assert_eq!(case.incident(), &before);
    assert_eq!(say(&mut case, 3, Command::Acknowledge), Ok(Done::Already));
    // What changed nothing has used its key up as well; what was refused has not.
    let say_as = |case: &mut Case, key: &str, command| {
        let (incident, key) = (incident_id(0), Some(key.to_owned()));
        case.at(4, Event::Command { incident, actor: supervisor("Sam"), command, key })
    };
    assert_eq!(say_as(&mut case, "k2", Command::Acknowledge), Ok(Done::Already));
    assert!(say_as(&mut case, "k2", resolve(Outcome::PoliceIntervened)).is_err());
    assert!(say_as(&mut case, "k3", Command::Note { text: " ".to_owned() }).is_err());
    assert_eq!(say_as(&mut case, "k3", resolve(Outcome::PoliceIntervened)), Ok(Done::Done));
}

#[test]
fn keys_of_an_earlier_version_are_known_again() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let mut row = case.incident().clone();
    row.keys.push(crate::followup::clocks::name_of(incident_id(0), "Sam/k1"));
    case.machine = FollowUp::restore(Rules::default(), t(0), [(incident_id(0), row)], []);
    let (incident, key) = (incident_id(0), Some("k1".to_owned()));
    let command = Command::Acknowledge;
    let again = case.at(1, Event::Command { incident, actor: supervisor("Sam"), command, key });
    assert_eq!((again, case.incident().state), (Ok(Done::Already), State::New));
}

/// Who is told of a proposal, why and as what.
fn asked(case: &Case) -> Vec<(Reason, StaffRole, Vec<&str>)> {
    let of_it = |notice: &&Notice| matches!(notice.reason, Reason::Confirm | Reason::Displaced);
    case.notices()
        .filter(of_it)
        .map(|one| (one.reason, one.role, one.to.iter().map(String::as_str).collect()))
        .collect()
}

/// An alarm that Anna says something about, and then perhaps Bea.
fn proposed(duty: &[(StaffRole, &[&str])], says: &[(&str, Outcome)]) -> Case {
    let people = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let duty = duty.iter().map(|(role, names)| Duty { role: *role, people: people(names), schedule: None });
    // Dee has a token, and no telephone.
    let contacts = people(&["Anna", "Bea", "Cor", "Chris"]);
    let mut case = Case::with(Rules { duty: duty.collect(), contacts, ..Rules::default() });
    case.alert(0, Level::Alarm);
    case.alert(10, Level::Clear);
    for (at, (name, outcome)) in (20..).zip(says) {
        case.command(at, &operator(name), resolve(*outcome)).unwrap();
    }
    case
}

#[test]
fn whoever_can_be_the_second_is_asked_to_confirm() {
    use StaffRole::{OnCallManager, Operator, SecondOperator, ShiftLead};
    let anna = [("Anna", Outcome::WearerLeft)];
    let confirm = |role, names: &[&'static str]| (Reason::Confirm, role, names.to_vec());
    let case = proposed(&[(Operator, &["Anna", "Bea"]), (SecondOperator, &["Bea", "Cor"])], &anna);
    assert_eq!(asked(&case), [confirm(Operator, &["Bea"]), confirm(SecondOperator, &["Cor"])]);
    let small = proposed(&[(Operator, &["Anna"]), (ShiftLead, &["Chris"]), (OnCallManager, &["Cor"])], &anna);
    assert_eq!(asked(&small), [confirm(ShiftLead, &["Chris"])], "who leads can say it alone");
    assert_eq!(asked(&proposed(&[], &anna)), [confirm(Operator, &[])], "the console");
    assert_eq!(asked(&proposed(&[(Operator, &["Anna"])], &anna)), [], "nobody else is there");
    // Once, however often she says it; and what a supervisor says needs nobody.
    let twice = proposed(&[(Operator, &["Anna", "Bea"])], &[anna[0], anna[0]]);
    assert_eq!(asked(&twice), [confirm(Operator, &["Bea"])]);
}

#[test]
fn whose_proposal_is_displaced_hears_of_it() {
    let duty: &[(StaffRole, &[&str])] = &[(StaffRole::Operator, &["Anna", "Bea", "Cor"])];
    let (left, chance) = (Outcome::WearerLeft, Outcome::ChanceEncounter);
    let case = proposed(duty, &[("Anna", left), ("Bea", chance)]);
    let later = &asked(&case)[1..];
    let operator = StaffRole::Operator;
    let expected = [(Reason::Displaced, operator, vec!["Anna"]), (Reason::Confirm, operator, vec!["Cor"])];
    assert_eq!(later, expected);
    let line = What::ProposalDisplaced { proposed_by: "Anna".to_owned(), outcome: left };
    assert_eq!(case.entries().filter(|(at, _, what)| (*at, *what) == (21, &line)).count(), 1);
    // Her own change of mind displaces nobody's; whom nobody can reach has the line.
    let mind = proposed(duty, &[("Anna", left), ("Anna", chance)]);
    assert!(!mind.timeline().iter().any(|(_, word)| *word == "proposal_displaced"));
    let unreachable = proposed(duty, &[("Dee", left), ("Bea", chance)]);
    assert!(unreachable.timeline().contains(&(21, "proposal_displaced")));
    assert!(asked(&unreachable).iter().all(|(reason, ..)| *reason == Reason::Confirm));
}

/// An alert found afterwards: its watch stands clear.
fn past(revision: u32, level: Level) -> Event {
    Event::Alert(Box::new(Raised { stands: Level::Clear, late: true, ..raised(0, revision, level) }))
}

#[test]
fn what_was_over_before_it_was_known_can_be_resolved() {
    let (mut fresh, mut ended) = (Case::new(), Case::new());
    fresh.at(100, past(1, Level::Alarm)).unwrap();
    ended.alert(0, Level::Alarm);
    ended.alert(50, Level::Clear);
    ended.at(100, past(3, Level::Alarm)).unwrap();
    for (mut case, cleared_at) in [(fresh, 100), (ended, 50)] {
        let incident = case.incident();
        assert_eq!((incident.condition, incident.cleared_at), (Condition::Cleared, Some(t(cleared_at))));
        assert_eq!((incident.worst, incident.state), (Level::Alarm, State::New), "somebody's all the same");
        assert!(incident.next_step_at().is_some());
        assert!(incident.deadlines.iter().any(|clock| clock.name == "officer_reviews"));
        case.command(120, &supervisor("Sam"), resolve(Outcome::WearerLeft)).unwrap();
        for step in ["officer_reviewed", "prosecutor_informed"] {
            let step = Command::Step { step: step.to_owned(), note: None };
            case.command(130, &operator("Anna"), step).unwrap();
        }
        // Then the desk's deadline, and a month for it.
        case.told_until(32 * 86_400);
        assert!(case.machine.incident(incident_id(0)).is_none());
    }
}

#[test]
fn what_lasts_after_its_resolution_ends_when_its_watch_opens_another() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.command(10, &supervisor("Sam"), resolve(Outcome::PoliceIntervened)).unwrap();
    assert_eq!(case.incident().condition, Condition::Active);
    // He steps down through warning: the engine opens another incident, to which the end will belong.
    let watch = raised(0, 1, Level::Alarm).watch;
    let other = Raised { watch, ..raised(1, 1, Level::Warning) };
    case.at(60, Event::Alert(Box::new(other))).unwrap();
    assert_eq!((case.incident().condition, case.incident().cleared_at), (Condition::Cleared, Some(t(60))));
    let over: Vec<_> = case.effects.iter().filter(|e| matches!(e, Effect::Superseded { .. })).collect();
    let incident = incident_id(0);
    assert_eq!(over, [&Effect::Superseded { incident, at: t(60) }]);
}

#[test]
fn her_second_channel_hears_of_the_end_when_it_is_over_for_her() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    case.told_until(16);
    case.command(20, &supervisor("Sam"), resolve(Outcome::PoliceIntervened)).unwrap();
    let over = |case: &Case| {
        let over = case.effects.iter().filter_map(|effect| match effect {
            Effect::SecondChannel { incident, over: true, at, .. } => Some((*incident, *at)),
            _ => None,
        });
        over.collect::<Vec<_>>()
    };
    let watch = raised(0, 1, Level::Alarm).watch;
    for (at, revision, level, expected) in
        [(60, 1, Level::Warning, vec![]), (200, 2, Level::Clear, vec![(incident_id(1), t(200))])]
    {
        let other = Raised { watch: watch.clone(), ..raised(1, revision, level) };
        case.at(at, Event::Alert(Box::new(other))).unwrap();
        assert_eq!(over(&case), expected, "{level:?}");
    }
}

#[test]
fn an_incident_goes_on_under_the_order_that_takes_over() {
    let mut case = Case::new();
    case.alert(0, Level::Alarm);
    let other = raised(1, 1, Level::Alarm);
    let next =
        Raised { watch: other.watch.clone(), order: other.order.clone(), ..raised(0, 2, Level::Alarm) };
    case.at(100, Event::Alert(Box::new(next))).unwrap();
    case.at(200, Event::OrderGone(raised(0, 1, Level::Alarm).order)).unwrap();
    assert_eq!(case.incident().condition, Condition::Active, "the first order's end is not its end");
    case.command(300, &supervisor("Sam"), resolve(Outcome::PoliceIntervened)).unwrap();
    let resolved = case.effects.iter().find_map(|effect| match effect {
        Effect::Resolved { watch, .. } => watch.as_ref(),
        _ => None,
    });
    assert_eq!(resolved, other.watch.as_ref(), "its next alarm opens another");
}
