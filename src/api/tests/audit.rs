use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::access::{path, somebody};
use super::bench::{Bench, alert, incident, request};
use crate::api::access::{Access, Audit, Cell, ROLES, Row, TABLE};
use crate::store::{AuditFilter, AuditRow, Batch};

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench
        .commit(Batch {
            incidents: vec![incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:10:00Z")],
            alerts: vec![alert(1, "inc-1", "rotterdam")],
            ..Batch::default()
        })
        .await;
    bench
}

async fn rows(bench: &Bench) -> Vec<AuditRow> {
    let mut rows = bench.store.audit(&AuditFilter::default(), 1_000).await.unwrap();
    rows.reverse();
    rows
}

#[tokio::test]
async fn every_request_that_the_table_notes_is_a_row_whoever_makes_it() {
    let bench = bench().await;
    bench.shutdown.cancel(); // live streams end at once
    for Row(method, pattern, access, audit) in TABLE {
        let Access::Roles(cells) = access else { continue };
        for (role, cell) in ROLES.into_iter().zip(cells) {
            let say = format!("{method} {pattern} as {role:?}");
            let before = rows(&bench).await.len();
            let mut request = request(method.clone(), somebody(role), &path(pattern), "");
            request.headers_mut().insert("x-reason", "een reden".parse().unwrap());
            let status = bench.send(request).await.status;
            let after = rows(&bench).await;
            if *audit == Audit::Off {
                assert_eq!(after.len(), before, "{say}");
                continue;
            }
            let [row] = &after[before..] else { panic!("{say}: {} rows", after.len() - before) };
            assert_eq!((row.who.as_str(), &*row.role), (somebody(role), role.as_str()), "{say}");
            assert_eq!(row.endpoint, format!("{method} {pattern}"));
            assert_eq!(row.outcome, i64::from(status.as_u16()), "{say}");
            assert_eq!(row.outcome == 403, *cell == Cell::No, "{say}");
            assert_eq!(row.reason.as_deref(), Some("een reden"), "{say}");
        }
    }
}

#[tokio::test]
async fn a_row_says_who_looked_at_what_and_why() {
    let bench = bench().await;
    bench.get("rotterdam", "/v1/incidents/inc-1?reason=Zij%20belt%20%C3%A9%C3%A9n-een-twee").await;
    bench.get("operator", "/v1/incidents?level=alarm&limit=5").await;
    bench.get("operator", "/v1/people/nobody%0A").await;
    bench.get("stranger", "/v1/people/wearer-0001").await;
    bench.get("nobody", "/v1/people/wearer-0001").await;
    let seen = rows(&bench).await.into_iter().map(|row| json!({
        "seq": row.seq, "who": row.who, "role": row.role, "bound_to": row.bound_to, "endpoint": row.endpoint,
        "subject": row.subject, "query": row.query, "reason": row.reason, "outcome": row.outcome,
    }));
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            json!({"seq": 1, "who": "rotterdam", "role": "desk", "bound_to": "rotterdam",
            "endpoint": "GET /v1/incidents/{incident}", "subject": "inc-1", "query": "",
            "reason": "Zij belt één-een-twee", "outcome": 200}),
            json!({"seq": 2, "who": "operator", "role": "operator", "bound_to": null, "endpoint": "GET /v1/incidents",
            "subject": "", "query": "level=alarm&limit=5", "reason": null, "outcome": 200}),
            json!({"seq": 3, "who": "operator", "role": "operator", "bound_to": null,
            "endpoint": "GET /v1/people/{person}", "subject": "nobody\u{fffd}", "query": "", "reason": null,
            "outcome": 400}),
        ]
    );
}

/// A number may have any length: what stands behind a thousand zeros would not be in the audit.
#[tokio::test]
async fn a_look_that_the_audit_could_not_hold_whole_is_refused() {
    let bench = bench().await;
    let near = |zeros: usize| {
        let lat = format!("{}52.0", "0".repeat(zeros));
        format!("/v1/lookup/near?lat={lat}&lon=5.0&at=2026-11-21T10:00:00Z&radius_m=100&reason=melding")
    };
    for (zeros, refused) in [(100, false), (1_000, true)] {
        let answer = bench.get("supervisor", &near(zeros)).await;
        let said = answer.text().contains("too long to be noted");
        assert_eq!((answer.status == StatusCode::BAD_REQUEST && said), refused, "{}", answer.text());
    }
    let last = rows(&bench).await.pop().unwrap();
    assert_eq!((last.outcome, last.query.ends_with('…')), (400, true));
}

#[tokio::test]
async fn a_reason_that_is_none_is_refused_and_noted() {
    let bench = bench().await;
    let long = "x".repeat(501);
    for (header, query, problem) in [
        (&long[..], "", "longer than 500"),
        ("een", "?reason=twee", "more than once"),
        ("", "?reason=een&reason=twee", "more than once"),
        ("", "?reason=een%0Atwee", "one line"),
    ] {
        let mut request = request(Method::GET, "operator", &format!("/v1/incidents{query}"), "");
        request.headers_mut().insert("x-reason", header.parse().unwrap());
        let refused = bench.send(request).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{problem}");
        let said = refused.problem();
        assert_eq!(said["errors"][0]["field"], "reason");
        assert!(said["errors"][0]["problem"].as_str().unwrap().contains(problem), "{said}");
        let row = rows(&bench).await.pop().unwrap();
        assert_eq!((row.outcome, row.reason), (400, None));
    }
    let mut not_text = request(Method::GET, "operator", "/v1/incidents", "");
    not_text.headers_mut().insert("x-reason", axum::http::HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert_eq!(bench.send(not_text).await.problem()["errors"][0]["problem"], "is not UTF-8");
    // Where nothing is noted there is no such parameter.
    let odd = bench.json(Method::POST, "integrator", "/v1/ingest/traccar?reason=x", "{}").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_cannot_be_noted_is_not_shown() {
    let bench = bench().await;
    bench.audited.cancel();
    for (who, path) in
        [("operator", "/v1/incidents/inc-1"), ("supervisor", "/v1/devices"), ("operator", "/v1/live")]
    {
        let refused = bench.get(who, path).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(refused.problem()["type"], "urn:afstand:problem:not-recorded");
        assert!(!refused.text().contains("wearer-0001"), "{path}");
    }
    // Who may not look is told so as before, and what shows nobody goes on.
    assert_eq!(bench.get("victim", "/v1/devices").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.get("operator", "/v1/incidents/inc-9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("nobody", "/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_auditor_reads_it_and_that_is_noted_too() {
    let bench = bench().await;
    for n in 0..5 {
        bench.get("operator", &format!("/v1/people/person-{n}")).await;
    }
    bench.get("supervisor", "/v1/people/person-1").await;
    for who in ["operator", "supervisor", "rotterdam", "integrator", "victim"] {
        assert_eq!(bench.get(who, "/v1/audit").await.status, StatusCode::FORBIDDEN, "{who}");
    }
    let seqs = |page: &Value| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()).collect()
    };
    let first = bench.get("auditor", "/v1/audit?limit=4&who=operator").await.json();
    assert_eq!(seqs(&first), [7, 5, 4, 3]);
    let next = first["next"].as_str().unwrap();
    let second = bench.get("auditor", &format!("/v1/audit?limit=4&who=operator&cursor={next}")).await.json();
    assert_eq!((seqs(&second), &second["next"]), (vec![2, 1], &Value::Null));
    for (filter, want) in [
        ("subject=person-1", &[6, 2][..]),
        ("role=supervisor", &[8, 6]),
        ("role=auditor&limit=1", &[15]),
        ("endpoint=GET%20/v1/audit&role=desk", &[9]),
        ("from=2026-11-21T10:20:00Z&to=2026-11-21T10:20:00Z", &[]),
        ("subject=person-1&from=2026-11-21T10:20:00Z&to=2026-11-21T10:20:00.001Z", &[6, 2]),
    ] {
        assert_eq!(
            seqs(&bench.get("auditor", &format!("/v1/audit?{filter}")).await.json()),
            want,
            "{filter}"
        );
    }
    for (wrong, field) in
        [("role=boss", "role"), ("from=yesterday", "from"), ("whom=x", "whom"), ("limit=0", "limit")]
    {
        let refused = bench.get("auditor", &format!("/v1/audit?{wrong}")).await;
        assert_eq!(
            (refused.status, &refused.problem()["errors"][0]["field"]),
            (StatusCode::BAD_REQUEST, &json!(field))
        );
    }
    let own = bench.get("auditor", "/v1/audit?role=auditor&reason=jaarlijkse%20controle").await.json();
    assert_eq!(own["items"][0]["query"], "limit=0");
    let last = rows(&bench).await.pop().unwrap();
    assert_eq!((last.who.as_str(), last.reason.as_deref()), ("auditor", Some("jaarlijkse controle")));
}
