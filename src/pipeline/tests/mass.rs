//! Many devices silent at once; and what follows when somebody says that it is over.

use zones::order::{EmailAddress, PhoneNumber};

use super::*;
use crate::config::{Contact, SmsGateway};
use crate::followup::{Outcome as Became, StaffRole};
use crate::store::{DeliveryProgress, IN_MASS};

const PAIRS: usize = 15;

fn contact(name: &str, roles: Vec<&'static str>) -> Contact {
    Contact {
        name: name.to_owned(),
        roles,
        mqtt: true,
        webhook: None,
        email: Some(EmailAddress::new(&format!("{name}@example.nl")).unwrap()),
        sms: None,
    }
}

/// A service with one operator, who has a mailbox.
fn staffed(taken: Taken) -> Decider {
    let duty = |role, name: &str| followup::Duty { role, people: vec![name.to_owned()], schedule: None };
    let rules = Rules { duty: vec![duty(StaffRole::Operator, "anna")], ..Rules::default() };
    let url = "https://gateway.example".parse().unwrap();
    let sms = Some(SmsGateway { url, token: None, body: Value::Null });
    let people = vec![contact("anna", vec!["operator"]), contact("carla", Vec::new())];
    let around = Surroundings { contacts: Contacts { people, smtp: None, sms }, ..around() };
    let mut decider = Decider::resume(taken, around, rules, Arc::new(Metrics::default())).unwrap();
    decider.tell(t(0), &Input::Hearing(true)).unwrap();
    decider
}

/// Thirty devices of fifteen pairs, whose risks and distances differ.
fn pairs(decider: &mut Decider) {
    for n in 0..PAIRS {
        let risk = ["low", "medium", "high"][n % 3];
        let name = format!("p{n:02}");
        decider.put_order(t(0), draft(&with(&name, "/risk", risk)), Origin::Api).unwrap();
        let lat = 52.1 + n as f64 / 100.0;
        decider.message(t(61), &format!("afstand/v1/victim/vd-{name}/fix"), &fix(60, 52.0));
        decider.message(t(61), &format!("afstand/v1/wearer/am-{name}/fix"), &fix(60, lat));
    }
}

fn mass_of(rows: &BTreeMap<String, crate::store::IncidentRow>) -> Vec<crate::store::IncidentRow> {
    rows.values().filter(|row| row.kind == "mass_silence").cloned().collect()
}

#[test]
fn one_incident_for_all_that_fell_silent_and_a_restart_in_the_middle_changes_nothing() {
    let mut decider = staffed(nothing());
    pairs(&mut decider);
    let mut all = decider.take().batch;
    decider.advance(t(260));
    let batch = decider.take().batch;
    let mass = mass_of(&decider.incidents).remove(0);
    assert_eq!((&*mass.level, &*mass.state, mass.follow_up.part_of), ("warning", "new", None));
    assert_eq!((&*mass.order, &*mass.wearer), ("", ""), "it is of no case");
    let own = batch.alerts.iter().find(|row| row.incident == mass.incident).unwrap();
    let data: Value = serde_json::from_str(&own.data).unwrap();
    assert_eq!((&*own.order, &data["order"], &data["wearer"]), ("", &Value::Null, &Value::Null));
    let lines = batch.timeline.iter().filter(|line| line.incident == mass.incident);
    assert!(lines.map(|line| &*line.order).all(str::is_empty));
    let parts: Vec<_> = batch.incidents.iter().filter(|row| row.kind == "silence").collect();
    assert_eq!(parts.len(), 2 * PAIRS);
    assert!(parts.iter().all(|row| row.follow_up.part_of.as_ref() == Some(&mass.incident)), "{parts:?}");
    let of = |device: &str| parts.iter().find(|row| row.device.as_deref() == Some(device)).unwrap();
    assert_eq!(of("am-p02").follow_up.risk, Some(3));
    let apart = of("am-p02").follow_up.last_distance_m.unwrap();
    assert!((13_300..13_400).contains(&apart), "0.12 degrees north of her: {apart}");
    // She who has the console hears of nineteen, and then once of them all: how many, and no word of who.
    let told: Vec<_> = batch.deliveries.iter().filter(|d| d.incident == mass.incident).collect();
    let mail = told.iter().find(|d| d.channel == Channel::Email).unwrap();
    let said: Value = serde_json::from_str(&mail.payload).unwrap();
    assert_eq!(
        (&said["kind"], &said["devices"], &said["order"]),
        (&json!("mass_silence"), &json!(20), &Value::Null)
    );
    assert!(!mail.payload.contains("p02") && !mail.payload.contains("am-"), "{}", mail.payload);
    let rung = batch.deliveries.iter().filter(|d| d.channel == Channel::Email && d.incident != mass.incident);
    assert_eq!(rung.count(), 19);

    // Killed here: the next start goes on with the same group.
    all.incidents = batch.incidents;
    all.followups = batch.followups;
    (all.watches, all.devices, all.histories) = (batch.watches, batch.devices, batch.histories);
    all.inputs = batch.inputs;
    let mut after = staffed(stored(all));
    assert_eq!(mass_of(&after.incidents).remove(0).incident, mass.incident);
    after.take();
    after.advance(t(900));
    let batch = after.take().batch;
    let mass = mass_of(&after.incidents);
    assert_eq!((mass.len(), &*mass[0].worst), (1, "alarm"), "ten minutes are over for all of them");
    its_desk_hears_of_them_together(&batch);
    let rows = batch.incidents.iter().filter(|row| row.kind == "silence");
    assert!(rows.clone().all(|row| row.desk.as_deref() == Some("rotterdam")), "all are in its queue");
    let alone: Vec<_> = batch
        .deliveries
        .iter()
        .filter(|d| d.channel == Channel::Email && d.incident != mass[0].incident)
        .map(|d| d.payload.clone())
        .filter(|payload| payload.contains("\"silence\""))
        .collect();
    assert!(alone.is_empty(), "{alone:?}");
}

/// One message for thirty alarms: whose they are, the most dangerous first; the record has each of them.
fn its_desk_hears_of_them_together(batch: &Batch) {
    let kept = |id: i64| {
        let why = |p: &DeliveryProgress| matches!(&p.outcome, Outcome::Closed { why } if why == IN_MASS);
        batch.progress.iter().any(|progress| progress.id == id && why(progress))
    };
    let desks = batch.deliveries.iter().filter(|delivery| delivery.channel == Channel::DeskMqtt);
    let (held, sent): (Vec<_>, Vec<_>) = desks.partition(|delivery| kept(delivery.id));
    assert_eq!((held.len(), sent.len()), (2 * PAIRS, 1));
    let event: Value = serde_json::from_str(&sent[0].payload).unwrap();
    let (data, many) = (&event["data"], &event["data"]["many"]);
    assert_eq!((&data["kind"], &data["level"]), (&json!("mass_silence"), &json!("alarm")));
    assert_eq!((&many["devices"], &many["of_desk"]), (&json!(30), &json!(30)));
    let list: Vec<_> = many["silent"].as_array().unwrap().iter().map(|one| &one["order"]).collect();
    assert_eq!((list.len(), list[0], list[2]), (30, &json!("ord-p02"), &json!("ord-p05")));
    assert_eq!((&data["order"], &many["silent"][0]["risk"]), (&json!("ord-p02"), &json!("high")));
    assert_eq!(
        (&data["contacts"], &data["arrest_on_sight"]),
        (&json!({}), &json!(false)),
        "of no single case"
    );
}

#[test]
fn what_a_person_ends_she_hears_of_on_every_road_that_told_her() {
    let mut decider = staffed(nothing());
    let second = json!({"sms": PhoneNumber::new("+31612345678").unwrap()});
    let mut case = with("a", "/victims/0/second_channel", second);
    case["contacts"] = json!({"victim_contact": {"name": "Slachtofferhulp", "phone": "0900-0101"}});
    decider.put_order(t(0), draft(&case), Origin::Api).unwrap();
    let pressed = json!({"pressed_at": t(10)}).to_string();
    decider.message(t(10), "afstand/v1/victim/vd-a/aware", pressed.as_bytes());
    decider.advance(t(40));
    let batch = decider.take().batch;
    assert_eq!(batch.deliveries.iter().filter(|d| d.channel == Channel::VictimSms).count(), 1);
    let incident = decider.incidents.values().find(|row| row.kind == "aware").unwrap().incident.clone();
    let id = uuid::Uuid::parse_str(&incident).unwrap();
    let sam = Actor { name: "Sam".to_owned(), person: None, supervisor: true };
    let resolve = Command::Resolve { outcome: Became::PoliceIntervened, note: None };
    decider.follow_command(t(300), id, sam, resolve, None).unwrap();
    let batch = decider.take().batch;
    let hers: Vec<_> = batch.deliveries.iter().filter(|d| d.channel == Channel::VictimMqtt).collect();
    let [over] = hers[..] else { panic!("{hers:?}") };
    assert_eq!((&*over.level, over.recipient.as_str()), ("clear", "vd-a"));
    let event: Value = serde_json::from_str(&over.payload).unwrap();
    let data = &event["data"];
    assert_eq!(
        (&data["level"], &data["kind"], &data["revision"]),
        (&json!("clear"), &json!("aware"), &json!(2))
    );
    assert_eq!(data["done"][0]["nl"], "De meldkamer heeft dit afgehandeld.");
    assert_eq!(data["call"][1]["name"], "Slachtofferhulp");
    let sms: Vec<_> = batch.deliveries.iter().filter(|d| d.channel == Channel::VictimSms).collect();
    assert_eq!((sms.len(), &*sms[0].level), (1, "clear"));
    // Her device says that it has shown it, like anything else.
    let shown = json!({"alert": over.alert, "state": "displayed", "at": t(301)}).to_string();
    assert_eq!(decider.said(t(301), "afstand/v1/victim/vd-a/receipt", shown.as_bytes()), Ok(()));
}

#[test]
fn the_end_of_an_order_is_told_to_the_case_contact_and_to_the_operator_where_there_is_none() {
    for (named, told) in [("carla", "carla"), ("Ida Bakker", "anna")] {
        let mut decider = staffed(nothing());
        let mut ends = with("a", "/valid_until", json!(t(7 * 86_400 + 60)));
        ends["contacts"] = json!({"case_coordinator": {"name": named, "phone": "0900-0202"}});
        decider.put_order(t(0), draft(&ends), Origin::Api).unwrap();
        decider.advance(t(120));
        let batch = decider.take().batch;
        let about = batch.incidents.iter().find(|row| row.kind == "order_expiry").unwrap();
        let people: Vec<&str> = batch
            .deliveries
            .iter()
            .filter(|d| d.channel == Channel::Email && d.incident == about.incident)
            .map(|d| d.recipient.as_str())
            .collect();
        assert_eq!(people, [told]);
    }
}

#[test]
fn whom_to_telephone_first_stands_in_tasks_and_notices_until_it_is_done() {
    let mut decider = staffed(nothing());
    let case = with("a", "/call_order", json!(["victim", "wearer", "police"]));
    decider.put_order(t(0), draft(&case), Origin::Api).unwrap();
    decider.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(1, 52.0));
    decider.message(t(3), "afstand/v1/wearer/am-a/fix", &fix(2, 52.001));
    let batch = decider.take().batch;
    let row = batch.incidents.iter().find(|row| row.kind == "victim_proximity").unwrap();
    assert_eq!(row.follow_up.tasks.as_deref(), Some("call_victim,call_wearer,call_police"));
    let mail = batch.deliveries.iter().find(|d| d.channel == Channel::Email && d.incident == row.incident);
    let said: Value = serde_json::from_str(&mail.unwrap().payload).unwrap();
    let text = said["text_nl"].as_str().unwrap();
    assert!(text.ends_with("Bel eerst het slachtoffer, dan de drager, dan de politie."), "{text}");
    let text = said["text_en"].as_str().unwrap();
    assert!(text.ends_with("Phone the victim first, then the wearer, then the police."), "{text}");
    let id = uuid::Uuid::parse_str(&row.incident).unwrap();
    let anna = Actor { name: "anna".to_owned(), person: None, supervisor: false };
    let called = Command::Act { action: followup::Action::CalledVictim, note: None };
    decider.follow_command(t(20), id, anna, called, None).unwrap();
    let row = decider.take().batch.incidents.into_iter().find(|row| row.incident == id.to_string()).unwrap();
    assert_eq!(row.follow_up.tasks.as_deref(), Some("call_wearer,call_police"));
}

#[test]
fn a_batch_takes_in_no_more_of_what_is_due_than_it_has_room_for() {
    let mut decider = staffed(nothing());
    pairs(&mut decider);
    decider.take();
    decider.advance_some(t(260), 80);
    let (first, due) = (decider.take().batch, decider.poll_deadline().unwrap());
    assert!(due <= t(260), "there is more to do");
    let alerts = first.alerts.len();
    assert!((1..40).contains(&alerts), "{alerts}");
    let mut all = alerts;
    for _ in 0..20 {
        decider.advance_some(t(260), 80);
        all += decider.take().batch.alerts.len();
    }
    assert!(decider.poll_deadline().unwrap() > t(260));
    assert_eq!(all, 2 * PAIRS + 1, "each silence, and one for all");
}

#[test]
fn a_row_that_was_written_before_fields_were_added_is_read_as_if_those_were_nothing() {
    let batch = a_life();
    let row = batch.followups.iter().find_map(|row| row.state.clone()).unwrap();
    let incident = super::super::rows::read_followup(&row).unwrap();
    let short = &row[..row.len() - followup::ADDED];
    assert_eq!(super::super::rows::read_followup(short).unwrap(), incident);
    assert!(super::super::rows::read_followup(&short[..short.len() - 3]).is_err(), "not any row");
}
