//! What people and desks are sent of what the follow-up says.

use super::*;
use crate::config::Contact;
use crate::followup::{Deadline, Duty, StaffRole};

/// A start with one contact, Chris, who leads the shift.
fn with_chris(taken: Taken, deadlines: Vec<Deadline>) -> Decider {
    let chris = Contact {
        name: "chris".to_owned(),
        roles: vec!["shift_lead"],
        mqtt: true,
        webhook: None,
        email: None,
        sms: None,
    };
    let contacts = Contacts { people: vec![chris], ..Contacts::default() };
    let duty = vec![Duty { role: StaffRole::ShiftLead, people: vec!["chris".to_owned()], schedule: None }];
    let rules = Rules { deadlines, duty, ..Rules::default() };
    let metrics = Arc::new(Metrics::default());
    let mut decider = Decider::resume(taken, Surroundings { contacts, ..around() }, rules, metrics).unwrap();
    decider.tell(t(0), &Input::Hearing(true)).unwrap();
    decider
}

/// He is so far from her, in degrees of latitude.
fn near(decider: &mut Decider, seconds: i64, lat: f64) {
    decider.message(t(seconds + 1), "afstand/v1/victim/vd-a/fix", &fix(seconds, 52.0));
    decider.message(t(seconds + 2), "afstand/v1/wearer/am-a/fix", &fix(seconds + 1, 52.0 + lat));
}

/// What Chris is sent: what is asked, and about what.
fn asked(batch: &Batch) -> Vec<(String, Value)> {
    let his = batch.deliveries.iter().filter(|one| one.recipient == "chris");
    his.map(|one| {
        let notice: Value = serde_json::from_str(&one.payload).unwrap();
        (notice["step"].as_str().unwrap().to_owned(), notice["about"].clone())
    })
    .collect()
}

#[test]
fn two_deadlines_missed_at_once_are_two_notices() {
    let of = |name: &str| Deadline {
        name: name.to_owned(),
        kept_by: format!("{name}_done"),
        escalate_to: vec![StaffRole::ShiftLead],
        remind_before: Vec::new(),
        ..Deadline::defaults().remove(1)
    };
    let mut decider = with_chris(nothing(), vec![of("officer"), of("prosecutor")]);
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    near(&mut decider, 60, 0.005);
    decider.take();
    decider.advance(t(60 + 4 * 3_600 + 10));
    let asked = asked(&decider.take().batch);
    for name in ["officer", "prosecutor"] {
        let missed = ("missed".to_owned(), json!(name));
        assert_eq!(asked.iter().filter(|one| **one == missed).count(), 1, "{asked:?}");
    }
}

#[test]
fn the_desk_hears_the_end_of_what_was_resolved_while_it_lasted() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    near(&mut decider, 60, 0.005);
    let batch = decider.take().batch;
    let first = batch.incidents.iter().find(|row| row.kind == "victim_proximity").unwrap().incident.clone();
    let resolve = Command::Resolve { outcome: followup::Outcome::PoliceIntervened, note: None };
    let sam = Actor { name: "Sam".to_owned(), person: None, supervisor: true };
    decider.follow_command(t(70), first.parse().unwrap(), sam, resolve, None).unwrap();
    decider.take();
    for n in 0..8 {
        near(&mut decider, 80 + n * 15, 0.0117);
    }
    let batch = decider.take().batch;
    let of_first = |channel| {
        let mine = batch.deliveries.iter().filter(|one| one.incident == first && one.channel == channel);
        mine.map(|one| one.level.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of_first(Channel::DeskMqtt), ["clear"]);
    assert!(of_first(Channel::VictimMqtt).is_empty(), "there is another, and it is not over");
    let rows: Vec<_> = batch.incidents.iter().filter(|row| row.kind == "victim_proximity").collect();
    let [old, new] = rows[..] else { panic!("{rows:?}") };
    let (old, new) = if old.incident == first { (old, new) } else { (new, old) };
    assert_eq!((&*old.level, &*old.state), ("clear", "resolved"));
    assert_eq!((&*new.level, &*new.state), ("warning", "new"));
    let revisions: Vec<_> =
        batch.alerts.iter().filter(|alert| alert.incident == first).map(|alert| alert.revision).collect();
    assert_eq!(revisions, [2]);
}
