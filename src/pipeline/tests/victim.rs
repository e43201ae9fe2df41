//! What concerns the victim herself: her code, her quiet hours, what her case says of the desk.

use super::*;
use crate::config::SmsGateway;
use crate::pipeline::rows;

/// Quiet every night from 23:00 to 07:00 in Rotterdam; `t(0)` is 12:06 there.
pub(super) fn night() -> Value {
    json!({"timezone": "Europe/Amsterdam", "weekly": [
        {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "23:00", "to": "07:00"}]})
}

/// Seconds from `t(0)` to 23:30 that night.
pub(super) const LATE: i64 = 11 * 3_600 + 24 * 60;

/// Seconds from `t(0)` to 07:00 the next morning.
pub(super) const MORNING: i64 = 18 * 3_600 + 53 * 60 + 20;

/// He is so far from her, in degrees of latitude; her device reports too, so that nobody is silent.
pub(super) fn near(decider: &mut Decider, seconds: i64, lat: f64) {
    decider.message(t(seconds + 1), "afstand/v1/victim/vd-a/fix", &fix(seconds, 52.0));
    decider.message(t(seconds + 2), "afstand/v1/wearer/am-a/fix", &fix(seconds + 1, 52.0 + lat));
}

/// Level and fate of what she was to be told about his being near; `true` is sent.
fn hers(batch: &Batch) -> Vec<(String, bool)> {
    let kept = |id| batch.progress.iter().any(|progress| progress.id == id);
    let hers = batch.deliveries.iter().filter(|delivery| delivery.channel == Channel::VictimMqtt);
    hers.map(|delivery| (delivery.level.to_string(), !kept(delivery.id))).collect()
}

#[test]
fn in_her_quiet_hours_warnings_are_kept_from_her_and_alarms_are_not() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&with("a", "/victims/0/quiet_hours", night())), Origin::Api).unwrap();
    // 1,300 m by day: told, and told that it is over.
    near(&mut decider, 60, 0.0117);
    for minute in 2..5 {
        near(&mut decider, minute * 60, 0.03);
    }
    let batch = decider.take().batch;
    assert_eq!(hers(&batch), [("warning".to_owned(), true), ("clear".to_owned(), true)]);
    // The same at night, across a restart: neither, and the record says why. The operator has both.
    near(&mut decider, LATE, 0.03);
    decider.take();
    near(&mut decider, LATE + 60, 0.0117);
    let batch = decider.take().batch;
    assert_eq!(hers(&batch), [("warning".to_owned(), false)]);
    assert_eq!(batch.progress[0].outcome, Outcome::Held { until: Some(t(MORNING)) });
    assert!(batch.alerts.iter().any(|alert| alert.kind == "victim_proximity" && alert.level == "warning"));
    let quiet = quiet(&batch);
    assert_eq!(quiet.len(), 1, "what the next start is given");
    decider.quiet = Quiet::new(quiet);
    for minute in 2..5 {
        near(&mut decider, LATE + minute * 60, 0.03);
    }
    assert_eq!(hers(&decider.take().batch), [("clear".to_owned(), false)]);
    // An alarm wakes her, and its way down is told aloud.
    near(&mut decider, LATE + 360, 0.005);
    for n in 0..8 {
        near(&mut decider, LATE + 420 + n * 15, 0.0117);
    }
    for minute in 10..13 {
        near(&mut decider, LATE + minute * 60, 0.03);
    }
    let told = hers(&decider.take().batch);
    let expected = ["alarm", "warning", "clear"].map(|level| (level.to_owned(), true));
    assert_eq!(told, expected);
}

#[test]
fn where_the_case_says_so_the_desk_is_not_told_by_itself() {
    for (tell, expected) in [(true, 1), (false, 0)] {
        let mut decider = started(nothing());
        decider.put_order(t(0), draft(&with("a", "/tell_desk", tell)), Origin::Api).unwrap();
        near(&mut decider, 60, 0.005);
        let batch = decider.take().batch;
        assert_eq!(hers(&batch), [("alarm".to_owned(), true)]);
        let desk = batch.deliveries.iter().filter(|delivery| delivery.channel == Channel::DeskMqtt).count();
        assert_eq!(desk, expected);
        let tasks = batch.incidents.iter().find_map(|row| row.follow_up.tasks.as_deref());
        assert_eq!(tasks, (!tell).then_some("phone_desk"), "then the operator telephones");
    }
}

#[test]
fn a_desk_sees_what_it_is_told_and_what_follows_and_nothing_before() {
    let desks = |batch: &Batch| {
        let near = |kind: &str| kind == "victim_proximity";
        let alerts = batch.alerts.iter().filter(|alert| near(&alert.kind));
        let incidents = batch.incidents.iter().filter(|incident| near(&incident.kind));
        let of_alerts: Vec<_> = alerts.map(|alert| (alert.level.to_string(), alert.desk.is_some())).collect();
        (of_alerts, incidents.map(|incident| incident.desk.is_some()).collect::<Vec<_>>())
    };
    for tell in [true, false] {
        let mut decider = started(nothing());
        decider.put_order(t(0), draft(&with("a", "/tell_desk", tell)), Origin::Api).unwrap();
        near(&mut decider, 60, 0.0117);
        assert_eq!(desks(&decider.take().batch), (vec![("warning".to_owned(), false)], vec![false]));
        near(&mut decider, 120, 0.005);
        let batch = decider.take().batch;
        assert_eq!(desks(&batch), (vec![("alarm".to_owned(), tell)], vec![tell]));
        assert!(batch.timeline.iter().all(|line| line.desk.is_some() == tell), "{:?}", batch.timeline);
        for minute in 3..6 {
            near(&mut decider, minute * 60, 0.03);
        }
        let (alerts, _) = desks(&decider.take().batch);
        assert_eq!(alerts.last(), Some(&("clear".to_owned(), tell)));
    }
}

#[test]
fn nobody_says_that_she_was_told_by_a_channel_that_is_not_there() {
    let number = json!({"sms": "+31612345678"});
    for (second, gateway, told) in
        [(Value::Null, true, false), (number.clone(), false, false), (number.clone(), true, true)]
    {
        let mut decider = started(nothing());
        let url = "https://sms.example/send".parse().unwrap();
        let gateway = gateway.then(|| SmsGateway { url, token: None, body: json!({}) });
        decider.around.contacts.sms = gateway;
        decider.put_order(t(0), draft(&with("a", "/victims/0/second_channel", second)), Origin::Api).unwrap();
        near(&mut decider, 60, 0.005);
        decider.take();
        decider.advance(t(60 + 40));
        let batch = decider.take().batch;
        let says = |word: &str| batch.timeline.iter().any(|line| line.what == word);
        let sent = batch.deliveries.iter().filter(|one| one.channel == Channel::VictimSms).count();
        assert_eq!((says("told_second_channel"), sent), (told, usize::from(told)));
        let tasks = batch.incidents.iter().find_map(|row| row.follow_up.tasks.as_deref());
        assert_eq!(tasks, (!told).then_some("phone_victim"));
    }
}

#[test]
fn an_order_that_loses_her_second_channel_leaves_a_task() {
    let mut decider = started(nothing());
    let (url, token) = ("https://sms.example/send".parse().unwrap(), None);
    decider.around.contacts.sms = Some(SmsGateway { url, token, body: json!({}) });
    let number = json!({"sms": "+31612345678"});
    decider.put_order(t(0), draft(&with("a", "/victims/0/second_channel", number)), Origin::Api).unwrap();
    near(&mut decider, 60, 0.005);
    decider.put_order(t(63), draft(&order("a")), Origin::Api).unwrap();
    decider.advance(t(100));
    let batch = decider.take().batch;
    assert!(batch.timeline.iter().any(|line| line.what == "undelivered"), "{:?}", batch.timeline);
    assert!(batch.incidents.iter().any(|row| row.follow_up.tasks.as_deref() == Some("phone_victim")));
}

#[test]
fn a_row_of_the_last_version_is_read() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    near(&mut decider, 60, 0.005);
    let batch = decider.take().batch;
    let [row] = &batch.followups[..] else { panic!("{:?}", batch.followups) };
    let bytes = row.state.clone().unwrap();
    let now = rows::read_followup(&bytes).unwrap();
    // Nothing was said yet of what was added: those bytes are zero, and an earlier version had none.
    let earlier = &bytes[..bytes.len() - followup::ADDED];
    assert!(bytes[earlier.len()..].iter().all(|byte| *byte == 0), "{bytes:?}");
    assert_eq!(rows::read_followup(earlier).unwrap(), now);
    assert!(rows::read_followup(&bytes[..bytes.len() / 2]).is_err());
}

/// `printf 7531 | sha256sum`.
const OF_7531: &str = "ba0c479ffa282f58dbaacd1e4bcb0a3d39f6e509b95ea4bedbd69fcba1e63fbe";

#[test]
fn the_code_that_cancels_a_press_is_nowhere_in_what_is_stored() {
    let topic = "afstand/v1/victim/vd-a/aware";
    let mut decider = started(nothing());
    let order = with("a", "/victims/0/aware_code_sha256", OF_7531);
    decider.put_order(t(0), draft(&order), Origin::Api).unwrap();
    decider.take();
    let say = |decider: &mut Decider, seconds, payload: Value| {
        decider.message(t(seconds), topic, payload.to_string().as_bytes());
    };
    say(&mut decider, 101, json!({"pressed_at": t(100)}));
    say(&mut decider, 104, json!({"cancel": true, "code": "1111", "at": t(103)}));
    say(&mut decider, 107, json!({"cancel": true, "code": "7531", "at": t(106)}));
    say(&mut decider, 108, json!({"cancel": true, "code": "7531"}));
    let batch = decider.take().batch;
    let levels: Vec<_> = batch.alerts.iter().map(|alert| &*alert.level).collect();
    assert_eq!(levels, ["alarm", "clear"]);
    let journal: Vec<_> =
        batch.inputs.iter().map(|row| String::from_utf8_lossy(&row.body).into_owned()).collect();
    assert!(
        journal[1].contains(r#""code":"wrong""#) && journal[2].contains(r#""code":"right""#),
        "{journal:?}"
    );
    assert_eq!(batch.rejected.len(), 1, "an attempt without its time");
    let everything = format!("{batch:?}{:?}", String::from_utf8_lossy(&batch.rejected[0].payload));
    for code in ["7531", "1111"] {
        assert!(!everything.contains(code), "{everything}");
    }
}
