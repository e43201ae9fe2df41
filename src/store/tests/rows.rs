//! Made-up rows.

use zones::{OrderId, Role, Timestamp};

use crate::store::*;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_255_200_000 + millis)
}

pub(super) fn order_id(text: &str) -> OrderId {
    OrderId::new(text).unwrap()
}

pub(super) fn input(seq: i64) -> InputRow {
    InputRow {
        seq,
        kind: InputKind::Fix,
        role: Some(Role::Wearer),
        device: format!("am-{seq}").into(),
        fixed_at: Some(at(seq - 500)),
        received_at: at(seq),
        body: vec![1, 2, 3],
        decisions: vec![0, 255],
    }
}

pub(super) fn state(key: &str, state: Option<&[u8]>) -> StateRow {
    StateRow { key: key.into(), state: state.map(<[u8]>::to_vec) }
}

pub(super) fn notice(topic: &str, seq: i64, until: Option<Timestamp>) -> NoticeRow {
    NoticeRow { topic: topic.to_owned(), seq, payload: format!(r#"{{"seq":{seq}}}"#), until }
}

pub(super) fn order(name: &str, seq: i64, document: Option<&str>) -> OrderRow {
    OrderRow {
        order: order_id(name),
        seq,
        document: document.map(str::to_owned),
        at: at(seq),
        origin: Origin::Api,
        // Of one in two it is known.
        by: (seq % 2 == 0).then(|| format!("supervisor {seq}")),
    }
}

/// Open, at `alarm`, by one of seven wearers.
pub(crate) fn incident(n: i64) -> IncidentRow {
    IncidentRow {
        incident: format!("inc-{n:06}"),
        order: format!("ord-{}", n % 7),
        kind: "exclusion_zone".into(),
        wearer: format!("wearer-{}", n % 7),
        victim: Some("victim-1".to_owned()),
        zone: Some("zone-1".to_owned()),
        device: Some("am-1".to_owned()),
        desk: Some("rotterdam".to_owned()),
        level: "alarm".into(),
        worst: "alarm".into(),
        certainty: "certain".into(),
        opened_at: at(n),
        // Three at a time change in the same millisecond.
        changed_at: at(n / 3),
        cleared_at: None,
        closed_at: None,
        revision: 1,
        state: "new".into(),
        follow_up: FollowUpRow {
            owner: Some("Anna".to_owned()),
            acknowledged_at: Some(at(n)),
            outcome: Some("wearer_left".into()),
            resolved_by: Some("Bea".to_owned()),
            proposed_by: Some("Chris".to_owned()),
            proposed_outcome: Some("other".into()),
            proposed_at: Some(at(n + 1)),
            next_step_at: Some(at(n + 2)),
            tasks: Some("phone_desk,phone_victim".to_owned()),
            count: 3,
            desk_state: Some("accepted".into()),
            reference: Some("P-1".to_owned()),
            victim_state: Some("displayed".into()),
            part_of: Some("inc-mass".to_owned()),
            risk: Some(3),
            last_distance_m: Some(1_250),
            handed_on: true,
        },
    }
}

pub(crate) fn alert(seq: i64, incident: &str) -> AlertRow {
    AlertRow {
        seq,
        alert: format!("alert-{seq}"),
        incident: incident.to_owned(),
        revision: seq,
        raised_at: at(seq),
        level: "alarm".into(),
        kind: "exclusion_zone".into(),
        order: "ord-1".to_owned(),
        wearer: "wearer-1".to_owned(),
        victim: None,
        desk: Some("rotterdam".to_owned()),
        data: format!(r#"{{"alert":"alert-{seq}"}}"#),
    }
}

pub(crate) fn delivery(id: i64, alert: &AlertRow, channel: Channel, recipient: &str) -> NewDelivery {
    NewDelivery {
        id,
        alert: alert.alert.clone(),
        alert_seq: alert.seq,
        incident: alert.incident.clone(),
        channel,
        recipient: recipient.to_owned(),
        payload: format!(r#"{{"to":"{recipient}"}}"#),
        level: alert.level.clone(),
        created_at: alert.raised_at,
    }
}

pub(crate) fn receipt(seq: i64, recipient: &str, alert: Option<&str>, state: &'static str) -> ReceiptRow {
    ReceiptRow {
        seq,
        at: at(seq),
        received_at: at(seq + 20),
        channel: Channel::VictimMqtt,
        recipient: recipient.to_owned(),
        alert: alert.map(str::to_owned),
        incident: None,
        state: state.into(),
        reference: None,
        reason: None,
    }
}

pub(super) fn rejected(seq: i64) -> RejectedRow {
    RejectedRow {
        seq,
        received_at: at(seq),
        topic: "afstand/v1/wearer/am-1/fix".to_owned(),
        reason: "lat: 91 is not a latitude".to_owned(),
        payload: br#"{"lat":91}"#.to_vec(),
        size: 10,
    }
}

pub(super) fn line(seq: i64, incident: &str) -> TimelineRow {
    TimelineRow {
        seq,
        incident: incident.to_owned(),
        at: at(seq),
        actor: "afstand".to_owned(),
        what: "told".into(),
        detail: r#"{"role":"operator"}"#.to_owned(),
        order: "ord-1".to_owned(),
        desk: Some("rotterdam".to_owned()),
        state: "new".into(),
        condition: "active".into(),
        owner: Some("Anna".to_owned()),
        handed_on: true,
    }
}

pub(super) fn deadline(incident: &str, name: &str) -> DeadlineRow {
    DeadlineRow {
        incident: incident.to_owned(),
        name: name.to_owned(),
        desk: String::new(),
        partner: "somebody".to_owned(),
        order: "ord-1".to_owned(),
        from: at(0),
        due_at: at(60),
        kept_at: Some(at(30)),
        missed: false,
    }
}

/// A day's work in one batch: every kind of row, with every optional column once empty and once filled.
pub(super) fn one_of_each() -> Batch {
    let (first, second) =
        (alert(1, "inc-000001"), AlertRow { victim: Some("v".into()), desk: None, ..alert(2, "inc-000001") });
    let tick = InputRow {
        kind: InputKind::Tick,
        role: None,
        device: "".into(),
        fixed_at: None,
        body: Vec::new(),
        decisions: Vec::new(),
        ..input(2)
    };
    let aware = InputRow { kind: InputKind::Aware, role: Some(Role::Victim), ..input(3) };
    let said = ReceiptRow {
        channel: Channel::DeskMqtt,
        alert: None,
        incident: Some("inc-000001".to_owned()),
        reference: Some("2026-1".to_owned()),
        reason: Some("on our way".to_owned()),
        ..receipt(2, "rotterdam", None, "accepted")
    };
    let second_incident = IncidentRow {
        victim: None,
        zone: None,
        device: None,
        desk: None,
        cleared_at: Some(at(5)),
        follow_up: FollowUpRow { count: 1, ..FollowUpRow::default() },
        ..incident(2)
    };
    Batch {
        released: vec!["inc-none".to_owned()],
        inputs: vec![input(1), tick, aware],
        devices: vec![state("am-1", Some(&[7; 300]))],
        histories: vec![state("am-1", Some(&[9; 768]))],
        watches: vec![state("ord-1/zone-1", Some(b""))],
        orders: vec![order("ord-1", 1, Some(r#"{"order":"ord-1"}"#))],
        incidents: vec![incident(1), second_incident],
        deliveries: vec![
            delivery(1, &first, Channel::DeskWebhook, "rotterdam"),
            delivery(2, &first, Channel::VictimMqtt, "vd-1"),
            delivery(3, &second, Channel::DeskMqtt, "rotterdam"),
        ],
        alerts: vec![first, second],
        followups: vec![state("inc-000001", Some(&[3; 200]))],
        duty: vec![state("shift_lead", Some(b"x"))],
        timeline: vec![line(3, "inc-000001"), TimelineRow { desk: None, owner: None, ..line(4, "") }],
        deadlines: vec![
            deadline("inc-000001", "officer_reviews"),
            DeadlineRow { kept_at: None, missed: true, ..deadline("inc-000001", "desk_accepts") },
        ],
        notices: vec![
            notice("afstand/v1/victim/vd-1/protection", 1, None),
            notice("afstand/v1/wearer/am-1/command", 1, Some(at(9))),
        ],
        noticed: Vec::new(),
        progress: Vec::new(),
        receipts: vec![receipt(1, "vd-1", Some("alert-1"), "displayed"), said],
        rejected: vec![rejected(1)],
    }
}
