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
