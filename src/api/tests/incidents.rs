use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zones::Role;

use super::bench::{Bench, NOW, alert, at, delivery, holder, incident, with_cookie};
use crate::api::commands::Command;
use crate::config::Holder;
use crate::followup::{Actor, Refused};
use crate::store::*;

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|i| i["incident"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_queue_is_filtered_and_read_page_by_page() {
    let bench = Bench::new().await;
    let closed = IncidentRow {
        closed_at: Some(at("2026-11-21T10:13:00Z")),
        state: "closed".into(),
        ..incident("inc-3", "rotterdam", "clear", "2026-11-21T10:13:00Z")
    };
    let silence = IncidentRow {
        kind: "silence".into(),
        ..incident("inc-4", "utrecht", "warning", "2026-11-21T10:14:00Z")
    };
    let incidents = vec![
        incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:11:00Z"),
        incident("inc-2", "rotterdam", "warning", "2026-11-21T10:12:00Z"),
        closed,
        silence,
    ];
    bench.commit(Batch { incidents, ..Batch::default() }).await;
    for (query, want) in [
        ("", vec!["inc-4", "inc-3", "inc-2", "inc-1"]),
        ("?state=open", vec!["inc-4", "inc-2", "inc-1"]),
        ("?state=closed", vec!["inc-3"]),
        ("?level=warning&state=open", vec!["inc-4", "inc-2"]),
        ("?kind=silence", vec!["inc-4"]),
        ("?state=&kind=", vec!["inc-4", "inc-3", "inc-2", "inc-1"]),
    ] {
        let page = bench.get("operator", &format!("/v1/incidents{query}")).await.json();
        assert_eq!(ids(&page), want, "{query}");
    }
    let first = bench.get("operator", "/v1/incidents?state=open&limit=2").await.json();
    assert_eq!(ids(&first), ["inc-4", "inc-2"]);
    let next = first["next"].as_str().unwrap();
    let second =
        bench.get("operator", &format!("/v1/incidents?state=open&limit=2&cursor={next}")).await.json();
    assert_eq!((ids(&second), &second["next"]), (vec!["inc-1"], &Value::Null));
}

#[tokio::test]
async fn an_incident_shows_its_alerts_their_decisions_and_their_deliveries() {
    let bench = Bench::new().await;
    let raised = alert(1, "inc-1", "rotterdam");
    let decisions = json!([
        {"incident": "inc-1", "rule": "exclusion_zone", "distance_m": -12.5},
        {"incident": "inc-other", "rule": "proximity"},
    ]);
    let input = InputRow {
        seq: 1,
        kind: InputKind::Fix,
        role: Some(Role::Wearer),
        device: "am-0001".into(),
        fixed_at: Some(raised.raised_at),
        received_at: raised.raised_at,
        body: Vec::new(),
        decisions: serde_json::to_vec(&decisions).unwrap(),
    };
    let progress = DeliveryProgress {
        id: 1,
        at: at("2026-11-21T10:10:02Z"),
        outcome: Outcome::Attempted {
            attempt: 1,
            error: "HTTP 502".to_owned(),
            next_at: at("2026-11-21T10:10:04Z"),
        },
    };
    let receipt = ReceiptRow {
        seq: 2,
        at: at("2026-11-21T10:10:05Z"),
        received_at: at("2026-11-21T10:10:06Z"),
        channel: Channel::VictimMqtt,
        recipient: "vd-0001".to_owned(),
        alert: Some("alert-1".to_owned()),
        incident: None,
        state: "displayed".into(),
        reference: None,
        reason: None,
    };
    bench
        .commit(Batch {
            inputs: vec![input],
            incidents: vec![incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:10:00Z")],
            deliveries: vec![
                delivery(1, &raised, Channel::DeskWebhook, "rotterdam"),
                delivery(2, &raised, Channel::VictimMqtt, "vd-0001"),
            ],
            alerts: vec![raised],
            progress: vec![progress],
            receipts: vec![receipt],
            ..Batch::default()
        })
        .await;

    let story = bench.get("operator", "/v1/incidents/inc-1").await.json();
    assert_eq!((&story["incident"], &story["level"]), (&json!("inc-1"), &json!("alarm")));
    assert_eq!(story["alerts"][0]["data"]["alert"], "alert-1");
    assert_eq!(story["alerts"][0]["decisions"], json!([decisions[0]]));
    let webhook = &story["deliveries"][0];
    assert_eq!(
        (&webhook["channel"], &webhook["state"], &webhook["attempts"], &webhook["error"]),
        (&json!("desk_webhook"), &json!("pending"), &json!(1), &json!("HTTP 502"))
    );
    assert_eq!(story["deliveries"][1]["recipient"], "vd-0001");
    assert_eq!(story["receipts"][0]["state"], "displayed");

    // The desk sees the alert and what was sent to it, not which device the victim has.
    let desk = bench.get("rotterdam", "/v1/incidents/inc-1").await;
    assert!(!desk.text().contains("vd-0001"), "{}", desk.text());
    assert_eq!(desk.json()["deliveries"].as_array().unwrap().len(), 1);
    assert_eq!(desk.json()["alerts"][0]["data"]["alert"], "alert-1");
    assert_eq!(desk.json()["alerts"][0]["decisions"], json!([]));
    assert_eq!(bench.get("operator", "/v1/incidents/inc-2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn many_silent_devices_are_listed_by_risk_and_last_distance() {
    let bench = Bench::new().await;
    let part = |id: &str, risk: i64, last_distance_m: Option<i64>, cleared: bool| IncidentRow {
        kind: "silence".into(),
        device: Some(format!("am-{id}")),
        cleared_at: cleared.then(|| at("2026-11-21T10:13:00Z")),
        follow_up: FollowUpRow {
            part_of: Some("mass".to_owned()),
            risk: Some(risk),
            last_distance_m,
            ..FollowUpRow::default()
        },
        ..incident(id, "rotterdam", "warning", "2026-11-21T10:13:00Z")
    };
    let mass = IncidentRow {
        kind: "mass_silence".into(),
        desk: None,
        order: String::new(),
        wearer: String::new(),
        ..incident("mass", "rotterdam", "warning", "2026-11-21T10:12:00Z")
    };
    let order = part("near", 3, None, false).order;
    let elsewhere =
        IncidentRow { desk: Some("utrecht".to_owned()), ..part("elsewhere", 2, Some(900), false) };
    let incidents = vec![
        part("back", 3, Some(10), true),
        part("far", 3, Some(9_000), false),
        part("low", 1, Some(20), false),
        part("unknown", 3, None, false),
        part("near", 3, Some(800), false),
        part("unscreened", 0, Some(5), false),
        IncidentRow { follow_up: FollowUpRow::default(), ..part("other", 3, Some(1), false) },
        mass,
    ];
    let incidents = incidents.into_iter().chain([elsewhere]).collect();
    bench.commit(Batch { incidents, ..Batch::default() }).await;
    let detail = bench.get("operator", "/v1/incidents/mass").await.json();
    assert_eq!((&detail["order"], &detail["wearer"]), (&Value::Null, &Value::Null), "of no case");
    let of_case = bench.get("operator", &format!("/v1/incidents?order={order}")).await.json();
    let kinds: Vec<_> = of_case["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert!(kinds.len() == 8 && kinds.iter().all(|kind| **kind == "silence"), "{kinds:?}");
    let silent = &detail["silent"];
    assert_eq!((&silent["all"], &silent["silent"]), (&json!(7), &json!(6)));
    let list = silent["list"].as_array().unwrap();
    let ids: Vec<&str> = list.iter().map(|one| one["incident"].as_str().unwrap()).collect();
    assert_eq!(ids, ["near", "far", "unknown", "elsewhere", "low", "unscreened", "back"]);
    assert_eq!((&list[0]["risk"], &list[0]["last_distance_m"]), (&json!("high"), &json!(800)));
    assert_eq!((&list[0]["device"], &list[6]["condition"]), (&json!("am-near"), &json!("cleared")));
    assert_eq!(bench.get("operator", "/v1/incidents/near").await.json()["part_of"], "mass");
    assert_eq!(bench.get("operator", "/v1/incidents/other").await.json().get("silent"), None);
    assert_eq!(
        bench.get("rotterdam", "/v1/incidents/mass").await.status,
        StatusCode::NOT_FOUND,
        "nobody told it"
    );
    a_desk_that_was_told_reads_of_its_own(&bench).await;
}

/// It was told of many in one message: it reads that, and of nobody else's device, person or desk.
async fn a_desk_that_was_told_reads_of_its_own(bench: &Bench) {
    let told = |seq: i64, desk: &str| {
        let line = |seq, what: &'static str, detail: Value| TimelineRow {
            seq,
            incident: "mass".to_owned(),
            at: at("2026-11-21T10:12:30Z"),
            actor: "afstand".to_owned(),
            what: what.into(),
            detail: detail.to_string(),
            order: String::new(),
            desk: None,
            state: "new".into(),
            condition: "active".into(),
            owner: None,
            handed_on: false,
        };
        let raised = AlertRow { desk: None, ..alert(seq, "mass", desk) };
        let timeline = vec![
            line(seq + 10, "told_desk", json!({"desk": desk, "devices": 3})),
            line(seq + 20, "noted", json!({"text": "Utrecht zegt: onderhoud"})),
        ];
        (delivery(seq, &raised, Channel::DeskMqtt, desk), timeline)
    };
    let (first, mut timeline) = told(1, "rotterdam");
    let (second, others) = told(2, "utrecht");
    timeline.extend(others);
    bench.commit(Batch { deliveries: vec![first, second], timeline, ..Batch::default() }).await;
    let own = bench.get("rotterdam", "/v1/incidents/mass").await;
    assert_eq!(own.status, StatusCode::OK);
    let silent = &own.json()["silent"];
    let ids = |silent: &Value| -> Vec<String> {
        let list = silent["list"].as_array().unwrap();
        list.iter().map(|one| one["incident"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(silent), ["near", "far", "unknown", "low", "unscreened", "back"]);
    assert_eq!((&silent["all"], &silent["silent"]), (&json!(6), &json!(5)), "counted alike");
    for of_others in ["elsewhere", "utrecht", "Utrecht", "onderhoud"] {
        assert!(!own.text().contains(of_others), "{of_others}: {}", own.text());
    }
    assert_eq!(own.json()["timeline"].as_array().unwrap().len(), 1, "that it was told");
    assert_eq!(own.json()["deliveries"].as_array().unwrap().len(), 1);
    let other = bench.get("utrecht", "/v1/incidents/mass").await.json();
    assert_eq!(ids(&other["silent"]), ["elsewhere"]);
}

/// Whoever does something is known by name in the timeline, and by person where two are counted.
#[tokio::test]
async fn the_follow_up_hears_who_somebody_is_whatever_he_comes_with() {
    let (heard, mut who) = tokio::sync::mpsc::unbounded_channel();
    let bench = Bench::with_commands(|_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            if let Command::FollowUp { actor, reply, .. } = command {
                heard.send(actor).unwrap();
                let _ = reply.send(Err(Refused::Nameless));
            }
        }
    })
    .await;
    let path = format!("/v1/incidents/{}/acknowledge", uuid::Uuid::nil());
    let refused = bench.json(Method::POST, "operator", &path, "{}").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.problem()["detail"].as_str().unwrap().contains("two people"), "{}", refused.text());
    let anna = Holder {
        name: "Anna de Vries (sub-17)".to_owned(),
        person: Some("sub-17".to_owned()),
        ..holder(crate::config::Role::Supervisor)
    };
    let id = bench.state.sign_in.sessions.begin(anna, None, None, at(NOW)).await.unwrap();
    let csrf = bench.state.sign_in.sessions.find(&id, at(NOW)).unwrap().csrf;
    let mut request = with_cookie(Method::POST, &path, &id, Some(&csrf));
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = "{}".into();
    bench.send(request).await;
    let actor = |name: &str, person: &str, supervisor| {
        let (name, person) = (name.to_owned(), Some(person.to_owned()));
        Some(Actor { name, person, supervisor })
    };
    assert_eq!(who.recv().await, actor("operator", "operator", false));
    assert_eq!(who.recv().await, actor("Anna de Vries (sub-17)", "sub-17", true));
}
