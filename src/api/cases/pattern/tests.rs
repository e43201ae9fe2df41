use serde_json::{Value, json};
use zones::Millis;

use super::*;
use crate::store::FollowUpRow;

/// Monday 16 November 2026, 00:00 in the Netherlands, and a number of hours.
fn t(hours: f64) -> Timestamp {
    Timestamp::parse("2026-11-15T23:00:00Z").unwrap() + Millis((hours * 3_600_000.0) as i64)
}

fn alert(hours: f64, incident: &str, kind: &'static str, level: &'static str, more: Value) -> AlertRow {
    let mut data = json!({"certainty": "certain", "late": false});
    let Value::Object(more) = more else { panic!("{more} is no object") };
    data.as_object_mut().unwrap().extend(more);
    AlertRow {
        seq: (hours * 3_600.0) as i64,
        alert: format!("{incident}-{hours}"),
        incident: incident.to_owned(),
        revision: 1,
        raised_at: t(hours),
        level: level.into(),
        kind: kind.into(),
        order: "o".to_owned(),
        wearer: "w".to_owned(),
        victim: None,
        desk: None,
        data: data.to_string(),
    }
}

/// One week, and the two days of the next that have gone by.
fn weeks(alerts: &[AlertRow], incidents: &[IncidentRow]) -> Vec<Week> {
    pattern(&Calendar::default(), vec![t(0.0), t(168.0), t(216.0)], alerts, incidents)
}

fn at_m(distance_m: f64) -> Value {
    json!({"distance_m": distance_m, "uncertainty_m": 12.0})
}

#[test]
fn an_approach_counts_once_at_each_level_and_one_that_stops_is_told_apart() {
    let alerts = [
        // He comes, and goes on to an alarm.
        alert(10.0, "a", "victim_proximity", "warning", at_m(1_900.0)),
        alert(10.1, "a", "victim_proximity", "alarm", at_m(950.0)),
        alert(10.2, "a", "victim_proximity", "warning", at_m(1_200.0)),
        alert(10.5, "a", "victim_proximity", "clear", at_m(3_000.0)),
        // Twice he stops short, in the same incident.
        alert(20.0, "a", "victim_proximity", "warning", at_m(1_500.0)),
        alert(20.5, "a", "victim_proximity", "clear", at_m(3_000.0)),
        alert(44.0, "a", "victim_proximity", "warning", at_m(1_400.0)),
        alert(44.5, "a", "victim_proximity", "clear", at_m(3_000.0)),
        // And once in the buffer of her zone.
        alert(50.0, "z", "exclusion_zone", "warning", at_m(100.0)),
        alert(50.5, "z", "exclusion_zone", "clear", at_m(600.0)),
        // The next week he is near still.
        alert(170.0, "a", "victim_proximity", "warning", at_m(1_999.0)),
    ];
    let weeks = weeks(&alerts, &[]);
    let [first, second] = &weeks[..] else { panic!("{weeks:?}") };
    assert_eq!((first.monday.as_str(), second.monday.as_str()), ("2026-11-16", "2026-11-23"));
    assert_eq!((first.warnings, first.alarms), (4, 1));
    assert_eq!((first.stopped_short, first.buffer_visits, first.boundary_testing), (2, 1, true));
    let nearest = first.nearest.unwrap();
    assert_eq!((nearest.distance_m, nearest.uncertainty_m, nearest.at), (950.0, 12.0, t(10.1)));
    let hours: Vec<_> =
        first.hours.iter().enumerate().filter(|(_, n)| **n > 0).map(|(h, n)| (h, *n)).collect();
    assert_eq!(hours, [(2, 1), (10, 1), (20, 2)], "when each began");
    assert_eq!((second.warnings, second.stopped_short, second.boundary_testing), (1, 0, false), "it lasts");
}

#[test]
fn trials_possibilities_and_what_came_late_are_no_approach() {
    let alerts = [
        alert(1.0, "t", "aware", "warning", json!({"test": true})),
        alert(
            2.0,
            "p",
            "victim_proximity",
            "warning",
            json!({"certainty": "possible", "distance_m": 10.0, "uncertainty_m": 2_000.0}),
        ),
        alert(
            3.0,
            "l",
            "victim_proximity",
            "alarm",
            json!({"late": true, "distance_m": 400.0, "uncertainty_m": 9.0}),
        ),
        alert(4.0, "w", "aware", "alarm", json!({})),
        alert(4.1, "w", "aware", "alarm", json!({})),
        alert(5.0, "s", "tamper", "alarm", json!({})),
        alert(6.0, "b", "battery", "warning", json!({})),
        AlertRow { data: "nonsense".to_owned(), ..alert(7.0, "n", "tamper", "alarm", json!({})) },
    ];
    let week = weeks(&alerts, &[]).remove(0);
    assert_eq!((week.warnings, week.alarms, week.aware, week.devices), (0, 0, 2, 2));
    assert_eq!(week.nearest.unwrap().distance_m, 400.0, "but it shows how near he was");
    assert_eq!(
        week.hours.iter().sum::<u32>(),
        2,
        "the press and the strap; a battery has no hour of its own"
    );
}

#[test]
fn a_silence_counts_in_the_weeks_it_lasts() {
    let hers = |hours, level| AlertRow {
        victim: Some("v".to_owned()),
        ..alert(hours, "h", "silence", level, json!({}))
    };
    let alerts = [
        hers(3.0, "warning"),
        hers(3.5, "clear"),
        alert(160.0, "s", "silence", "warning", json!({})),
        alert(160.2, "s", "silence", "alarm", json!({})),
    ];
    let weeks = weeks(&alerts, &[]);
    assert!((weeks[0].victim_silent_h - 0.5).abs() < 1e-9 && weeks[1].victim_silent_h == 0.0);
    assert!((weeks[0].wearer_silent_h - 8.0).abs() < 1e-9, "until the week ended");
    assert!((weeks[1].wearer_silent_h - 48.0).abs() < 1e-9, "and it lasts");
}

#[test]
fn how_soon_people_acted_is_told_of_alarms() {
    let incident = |hours: f64, worst: &'static str, after_s: Option<i64>| IncidentRow {
        incident: format!("i-{hours}"),
        order: "o".to_owned(),
        kind: "victim_proximity".into(),
        wearer: "w".to_owned(),
        victim: None,
        zone: None,
        device: None,
        desk: None,
        level: "clear".into(),
        worst: worst.into(),
        certainty: "certain".into(),
        opened_at: t(hours),
        changed_at: t(hours),
        cleared_at: None,
        closed_at: None,
        revision: 1,
        state: "new".into(),
        follow_up: FollowUpRow {
            acknowledged_at: after_s.map(|secs| t(hours) + Millis(secs * 1_000)),
            ..FollowUpRow::default()
        },
    };
    let incidents = [
        incident(1.0, "alarm", Some(10)),
        incident(2.0, "alarm", Some(90)),
        incident(3.0, "alarm", Some(25)),
        incident(4.0, "alarm", None),
        incident(5.0, "warning", Some(3_600)),
        incident(-5.0, "alarm", Some(1)),
    ];
    let week = weeks(&[], &incidents).remove(0);
    let expected = Reaction { alarms: 4, acknowledged: 3, median_s: Some(25.0), longest_s: Some(90.0) };
    assert_eq!(week.follow_up, expected);
}
