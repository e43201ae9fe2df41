//! Her browsers that are woken.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::bench::{Answer, Bench};
use super::me::order;
use crate::api::router;
use crate::config::Push;
use crate::delivery::{Browser, OwnOrigins, VapidKey};

/// A bench where browsers can be woken, and the key that they are bound to.
async fn woken() -> (Bench, String) {
    let mut bench = Bench::new().await;
    let key = VapidKey::from_pem(&VapidKey::new_pem().unwrap()).unwrap();
    let public = key.public().to_owned();
    let push = Push { key, contact: "mailto:beheer@example.nl".to_owned(), own: OwnOrigins::default() };
    bench.state.push = Some(Arc::new(push));
    bench.app = router(bench.state.clone(), &CancellationToken::new());
    (bench, public)
}

/// The same, and an order gives her the device.
async fn hers() -> (Bench, String) {
    let (bench, public) = woken().await;
    bench.register.note(&order("ord-0001", "victim-0001", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z"));
    (bench, public)
}

async fn ask(bench: &Bench, method: Method, body: &str) -> Answer {
    bench.json(method, "victim", "/v1/me/push", body.to_owned()).await
}

async fn browsers(bench: &Bench) -> Value {
    bench.get("victim", "/v1/me/push").await.json()["browsers"].clone()
}

fn subscription(endpoint: &str) -> Value {
    let browser = Browser::new(1);
    // As browsers give it.
    json!({"endpoint": endpoint, "expirationTime": null,
           "keys": {"p256dh": browser.p256dh(), "auth": browser.auth()}})
}

#[tokio::test]
async fn where_nothing_is_configured_she_is_told_so() {
    let bench = Bench::new().await;
    let offer = bench.get("victim", "/v1/me/push").await;
    assert_eq!(offer.json(), json!({"on": false, "public_key": null, "browsers": 0}));
    assert_eq!(bench.get("victim", "/v1/me").await.json()["push"], false);
    let body = subscription("https://push.example/x").to_string();
    let refused = bench.json(Method::POST, "victim", "/v1/me/push", body).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.problem()["detail"], "this service wakes no browsers");
}

#[tokio::test]
async fn her_browsers_come_and_go_and_at_most_five_are_woken() {
    let (bench, public) = hers().await;
    let offer = bench.get("victim", "/v1/me/push").await.json();
    assert_eq!(offer, json!({"on": true, "public_key": public, "browsers": 0}));
    assert_eq!(bench.get("victim", "/v1/me").await.json()["push"], true);
    for n in [1, 1, 2, 3, 4, 5, 6] {
        let given = subscription(&format!("https://push.example/{n}")).to_string();
        let answer = ask(&bench, Method::POST, &given).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    }
    assert_eq!(browsers(&bench).await, 5);
    let kept = bench.store.push_subscriptions("vd-0001", "victim-0001").await.unwrap();
    assert_eq!((kept.len(), kept[0].server_key.as_str()), (5, public.as_str()));
    let other = json!({"endpoint": "https://push.example/never"}).to_string();
    assert_eq!(ask(&bench, Method::DELETE, &other).await.status, StatusCode::NO_CONTENT);
    assert_eq!(browsers(&bench).await, 5);
    // Written in another way it is the same.
    let one = json!({"endpoint": kept[0].endpoint.replace("push.example", "PUSH.example:443")}).to_string();
    assert_eq!(ask(&bench, Method::DELETE, &one).await.status, StatusCode::NO_CONTENT);
    assert_eq!(browsers(&bench).await, 4);
    for wrong in ["{}", "[]", "x", "{\"endpoint\":7}"] {
        let refused = ask(&bench, Method::DELETE, wrong).await;
        assert_eq!(refused.problem()["errors"][0]["field"], "endpoint", "{wrong}");
    }
    assert_eq!(ask(&bench, Method::DELETE, &"x".repeat(10_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(browsers(&bench).await, 4, "what cannot be read drops nobody");
    assert_eq!(ask(&bench, Method::DELETE, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(browsers(&bench).await, 0);
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_and_its_field_is_named() {
    let (bench, _) = hers().await;
    let fine = subscription("https://push.example/1");
    let with = |pointer: &str, value: Value| {
        let mut changed = fine.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed.to_string()
    };
    for (body, field) in [
        (with("/endpoint", json!("https://127.0.0.1/x")), "endpoint"),
        (with("/endpoint", json!("https://[fd00::1]/x")), "endpoint"),
        (with("/endpoint", json!("https://169.254.169.254/latest/meta-data")), "endpoint"),
        (with("/endpoint", json!("http://push.example/x")), "endpoint"),
        (with("/endpoint", json!("https://push.example:22/x")), "endpoint"),
        (with("/endpoint", json!(format!("https://push.example/{}", "x".repeat(3_000)))), "endpoint"),
        (with("/endpoint", Value::Null), "endpoint"),
        (with("/keys", Value::Null), "keys"),
        (with("/keys/p256dh", json!("BAAA")), "keys.p256dh"),
        (with("/keys/auth", json!("🙂")), "keys.auth"),
        (with("/keys/auth", Value::Null), "keys.auth"),
        (with("/endpoint", json!(7)), ""),
        ("[]".to_owned(), ""),
    ] {
        let refused = ask(&bench, Method::POST, &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body:.120}: {}", refused.text());
        assert_eq!(refused.problem()["errors"][0]["field"], field, "{body:.120}");
    }
    assert_eq!(ask(&bench, Method::POST, "{").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browsers(&bench).await, 0);
}

/// Whose device it is says whom its alerts concern: where nobody has it, nobody can be woken.
#[tokio::test]
async fn a_device_that_nobody_has_wakes_nobody() {
    let (bench, _) = woken().await;
    let refused = ask(&bench, Method::POST, &subscription("https://push.example/1").to_string()).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        ask(&bench, Method::DELETE, "").await.status,
        StatusCode::NO_CONTENT,
        "she can always stop it"
    );
}
