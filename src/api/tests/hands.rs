//! A device goes from one victim to another by the register: a session of the first one does not go along.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode, header};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::bench::{Answer, Bench, NOW, at, holder, with_cookie};
use super::me::{about, bench, blocks, order, row, told};
use crate::api::router;
use crate::config::Role;
use crate::sign_in::{Links, SignIn};
use crate::store::*;

const FROM: &str = "2026-11-01T00:00:00Z";
const HANDED_OVER: &str = "2026-11-21T10:15:00Z";
const UNTIL: &str = "2027-11-01T00:00:00Z";

/// Starts the service, anew, on what the store has; a victim's sign-in leads to the device `vd-0001`.
async fn start(bench: &mut Bench) {
    let links = Arc::new(Links::new(holder(Role::Victim), mpsc::channel(1).0));
    let sign_in = SignIn::start(None, Some(links), bench.store.clone(), at(NOW)).await.unwrap();
    bench.state.sign_in = Arc::new(sign_in);
    bench.app = router(bench.state.clone(), &bench.shutdown);
}

/// Signs somebody in; the id that her browser has.
async fn sign_in(bench: &Bench) -> String {
    let code = bench.state.sign_in.links.as_ref().unwrap().give(at(NOW)).unwrap();
    let welcome = bench.get("nobody", &format!("/auth/once?code={code}")).await;
    let cookie = welcome.header(header::SET_COOKIE).strip_prefix("afstand-session=").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// What a page says or asks of `/v1/me` with that id.
async fn ask(bench: &Bench, id: &str, method: Method, path: &str, body: &Value) -> Answer {
    let csrf = bench.state.sign_in.sessions.find(id, at(NOW)).map(|found| found.csrf).unwrap_or_default();
    let mut request = with_cookie(method, path, id, Some(&csrf));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    *request.body_mut() = Body::from(body.to_string());
    bench.send(request).await
}

async fn look(bench: &Bench, id: &str) -> Answer {
    ask(bench, id, Method::GET, "/v1/me", &Value::Null).await
}

async fn listen(bench: &Bench, id: &str) -> BodyDataStream {
    let response =
        bench.app.clone().oneshot(with_cookie(Method::GET, "/v1/me/live", id, None)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().into_data_stream()
}

/// The register takes the device from the first victim, and gives it to the third.
fn hand_over(bench: &Bench) {
    bench.register.note(&order("ord-0001", "victim-0001", FROM, HANDED_OVER));
    bench.register.note(&order("ord-0003", "victim-0003", HANDED_OVER, UNTIL));
}

fn browser(id: &str, person: &str, device: &str) -> PushRow {
    PushRow {
        id: id.to_owned(),
        person: person.to_owned(),
        device: device.to_owned(),
        endpoint: format!("https://push.example/{id}"),
        p256dh: "p".to_owned(),
        auth: "a".to_owned(),
        server_key: "k".to_owned(),
        seen_at: at(NOW),
    }
}

#[tokio::test]
async fn who_had_the_device_before_is_told_nothing_and_says_nothing_for_who_has_it_now() {
    let mut bench = bench().await;
    start(&mut bench).await;
    let listens = sign_in(&bench).await;
    let mut stream = listen(&bench, &listens).await;
    assert!(blocks(&mut stream, 2).await[0].contains("alert-4"), "her own she is told");
    let fix = json!({"fixed_at": NOW, "lat": 52.0, "lon": 5.0});
    let mut others = Vec::new();
    for (method, path, body) in [
        (Method::GET, "/v1/me", Value::Null),
        (Method::GET, "/v1/me/live", Value::Null),
        (Method::GET, "/v1/me/push", Value::Null),
        (Method::DELETE, "/v1/me/push", json!({"endpoint": "https://push.example/new"})),
        (Method::POST, "/v1/me/aware", json!({})),
        (Method::POST, "/v1/me/aware/cancel", json!({"code": "2580"})),
        (Method::POST, "/v1/me/fix", fix),
        (Method::POST, "/v1/me/receipt", json!({"alert": "alert-7", "state": "displayed"})),
    ] {
        others.push((sign_in(&bench).await, method, path, body));
    }
    hand_over(&bench);
    let browsers = [
        browser("old", "victim-0001", "vd-0001"),
        browser("moved", "victim-0001", "vd-0009"),
        browser("new", "victim-0003", "vd-0001"),
    ];
    for browser in &browsers {
        bench.store.subscribe_push(browser, 5).await.unwrap();
    }
    let of_another = about("victim-0003", vec![told(7, "inc-9", "alarm", "vd-0001")]);
    bench.commit(Batch { incidents: vec![row("inc-9")], ..of_another }).await;
    bench.live.told(["vd-0001"].into_iter());

    let rest = timeout(Duration::from_secs(20), stream.next()).await.expect("the stream goes on");
    assert!(rest.is_none(), "she was told {rest:?}");
    for (id, method, path, body) in &others {
        let refused = ask(&bench, id, method.clone(), path, body).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", refused.text());
        assert_eq!(look(&bench, id).await.status, StatusCode::UNAUTHORIZED, "and so it stays");
    }
    assert_eq!(look(&bench, &listens).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.store.rejected(None, 9).await.unwrap(), [], "nothing was said for the device");
    let mut woken = Vec::new();
    for PushRow { id, device, person, .. } in &browsers {
        let kept = bench.store.push_subscriptions(device, person).await.unwrap();
        woken.extend(kept.iter().any(|kept| kept.id == *id).then_some(id.as_str()));
    }
    assert_eq!(woken, ["moved", "new"]);

    let bea = sign_in(&bench).await;
    assert_eq!(look(&bench, &bea).await.json()["alerts"][0]["id"], "alert-7");
    let press = ask(&bench, &bea, Method::POST, "/v1/me/aware", &json!({})).await;
    assert_eq!(press.status, StatusCode::NO_CONTENT, "{}", press.text());
    let kept = bench.store.sessions().await.unwrap();
    assert_eq!(kept.iter().map(|row| row.bearer.as_deref()).collect::<Vec<_>>(), [Some("victim-0003")]);
}

#[tokio::test]
async fn a_session_remembers_over_a_restart_who_had_the_device() {
    let mut bench = Bench::new().await;
    start(&mut bench).await;
    let early = sign_in(&bench).await;
    assert_eq!(look(&bench, &early).await.json()["alerts"], json!([]), "nobody has the device yet");
    bench.register.note(&order("ord-0001", "victim-0001", FROM, UNTIL));
    assert_eq!(look(&bench, &early).await.status, StatusCode::OK, "the first one to have it is who she is");
    // Of this one nothing is asked until the device is another's.
    let quiet = sign_in(&bench).await;
    start(&mut bench).await;
    // Between orders, and under a new one of hers, it goes on.
    bench.register.note(&order("ord-0001", "victim-0001", FROM, HANDED_OVER));
    assert_eq!(look(&bench, &early).await.status, StatusCode::OK);
    bench.register.note(&order("ord-0002", "victim-0001", HANDED_OVER, UNTIL));
    assert_eq!(look(&bench, &early).await.status, StatusCode::OK);
    bench.register.note(&order("ord-0002", "victim-0001", HANDED_OVER, "2026-11-21T10:16:00Z"));
    bench.register.note(&order("ord-0003", "victim-0003", "2026-11-21T10:16:00Z", UNTIL));
    for id in [&early, &quiet] {
        assert_eq!(look(&bench, id).await.status, StatusCode::UNAUTHORIZED);
    }
    start(&mut bench).await;
    assert_eq!(look(&bench, &early).await.status, StatusCode::UNAUTHORIZED, "what is over stays over");
}
