//! People sign in: by a provider that this test is, and by links that are good once. Everything over HTTP, as browsers
//! do it, against the whole service on a clock that can be moved.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod farewell;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use afstand::clock::{self, Clock};
use afstand::config::{Contacts, Role, RoleValue, Secret, SessionLimits, Settings, SignIn, Token, Tokens};
use afstand::mqtt::MqttConfig;
use afstand::service::{Plan, Service};
use afstand::sign_in::Links;
use afstand::wire::TrackerKeys;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use support::browser::Browser;
use support::http::Api;
use support::provider::{CLIENT, Provider, SECRET, Wrong};
use support::{soon, until};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zones::DeskId;

const TOKEN: &str = "secret of a machine";

/// Who is known at the provider.
fn people() -> Vec<(&'static str, Value)> {
    vec![
        ("anna", json!({"sub": "anna", "name": "Anna de Vries", "realm": {"roles": ["x", "centre"]}})),
        ("bea", json!({"sub": "bea", "name": "Bea Bakker", "realm": {"roles": ["chief", "centre"]}})),
        ("dirk", json!({"sub": "dirk", "name": "Dirk", "realm": {"roles": "police"}})),
        (
            "vera",
            json!({"sub": "vera", "preferred_username": "vera", "realm": {"roles": "her"}, "device": "vd-0001"}),
        ),
        ("nico", json!({"sub": "nico", "name": "Nico <b>", "realm": {"roles": ["cleaner"]}})),
        ("olga", json!({"sub": "olga", "name": "Olga", "realm": {"roles": ["auditor"]}})),
    ]
}

/// A service without a broker: the watch has nothing to do with who signs in.
struct Stage {
    folder: tempfile::TempDir,
    /// How far the clock was moved, in milliseconds.
    ahead: Arc<AtomicI64>,
    listen: SocketAddr,
    issuer: Option<String>,
    links: Option<Arc<Links>>,
    running: Option<(CancellationToken, tokio::task::JoinHandle<()>)>,
}

impl Stage {
    async fn new(issuer: Option<&str>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A port of its own that stays the same over restarts; the provider leads back to it.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut stage = Self {
            folder: tempfile::tempdir().unwrap(),
            ahead: Arc::default(),
            listen: free,
            issuer: issuer.map(str::to_owned),
            links: None,
            running: None,
        };
        stage.start().await;
        stage
    }

    fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.base())
    }

    fn machine(&self) -> Api {
        Api::new(self.base(), TOKEN)
    }

    fn later(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn start(&mut self) {
        let plan = self.plan(self.folder.path());
        let service = Service::start(plan).await.unwrap();
        let stop = CancellationToken::new();
        let ended = stop.clone();
        let task = tokio::spawn(async move { service.run(ended).await.unwrap() });
        self.running = Some((stop, task));
    }

    async fn stop(&mut self) {
        let (stop, task) = self.running.take().unwrap();
        stop.cancel();
        soon("the end", task).await.unwrap();
    }

    fn plan(&self, folder: &Path) -> Plan {
        let ahead = Arc::clone(&self.ahead);
        let clock = Clock::of(move |at| {
            zones::Timestamp::from_millis(clock::timestamp(at).as_millis() + ahead.load(Ordering::SeqCst))
        });
        let role = |value: &str, role, desk: Option<&str>| RoleValue {
            value: value.to_owned(),
            role,
            desk: desk.map(|desk| DeskId::new(desk).unwrap()),
        };
        let sign_in = self.issuer.as_ref().map(|issuer| SignIn {
            issuer: issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(secret(folder)),
            public_url: Url::parse(&self.base()).unwrap(),
            role_claim: "realm.roles".to_owned(),
            device_claim: Some("device".to_owned()),
            roles: vec![
                role("chief", Role::Supervisor, None),
                role("centre", Role::Operator, None),
                role("police", Role::Desk, Some("rotterdam")),
                role("auditor", Role::Auditor, None),
                role("her", Role::Victim, None),
            ],
            contact: Some("servicedesk & co, 030-1234567".to_owned()),
            limits: SessionLimits { idle: Duration::from_mins(15), longest: Duration::from_hours(8) },
        });
        Plan {
            clock,
            rules: afstand::followup::Rules::default(),
            store_url: format!("sqlite:{}", folder.join("afstand.db").display()),
            // Nobody is there.
            broker: MqttConfig::new("mqtt://127.0.0.1:1"),
            traccar_topic: None,
            keys: TrackerKeys::default(),
            listen: self.listen,
            tokens: Tokens::from_iter([Token::new("machine", Role::Auditor, None, TOKEN)]),
            sign_in,
            links: self.links.clone(),
            map: None,
            push: None,
            orders_dir: None,
            desks: Vec::new(),
            contacts: Contacts::default(),
        }
    }
}

/// The client secret, read as `serve` reads it: from a file that the settings name.
fn secret(folder: &Path) -> Secret {
    std::fs::write(folder.join("client.secret"), format!("{SECRET}\n")).unwrap();
    let settings = "[store]\nurl = \"sqlite:x.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\n[sign_in]\n\
                    issuer = \"https://id.example\"\nclient_id = \"x\"\nclient_secret_file = \"client.secret\"\n\
                    public_url = \"https://afstand.example\"\nrole_claim = \"x\"\n\
                    [[sign_in.role]]\nvalue = \"x\"\nrole = \"auditor\"\n";
    std::fs::write(folder.join("afstand.toml"), settings).unwrap();
    let settings = Settings::load_with(&folder.join("afstand.toml"), []).unwrap();
    settings.sign_in.unwrap().client_secret.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_the_role_that_the_provider_gives_them() {
    for rsa in [false, true] {
        let provider = Provider::start(rsa, &people()).await;
        let stage = Stage::new(Some(&provider.issuer)).await;
        for (user, name, role) in [
            ("anna", "Anna de Vries (anna)", "operator"),
            ("bea", "Bea Bakker (bea)", "supervisor"),
            ("dirk", "Dirk (dirk)", "desk"),
            ("vera", "vera (vera)", "victim"),
        ] {
            let mut browser = stage.browser();
            let came = browser.sign_in(user).await;
            assert_eq!((came.status, came.location.as_str()), (303, "/"), "{user}: {}", came.body);
            let session = browser.get("/v1/session").await.json();
            assert_eq!((&session["name"], &session["role"]), (&json!(name), &json!(role)));
            assert_eq!((&session["locked"], &session["idle_lock_s"]), (&json!(false), &json!(900)));
            // The attempt is over; the session's cookie is for this host, and no script reads it.
            let names: Vec<_> = browser.cookies.keys().map(String::as_str).collect();
            assert_eq!(names, ["afstand-session"]);
            assert_eq!(browser.cookies["afstand-session"].1, "Path=/; HttpOnly; SameSite=Strict");
            let orders = browser.get("/v1/orders").await.status;
            assert_eq!(orders, if matches!(role, "desk" | "victim") { 403 } else { 200 }, "{user}");
            assert_eq!(browser.get("/v1/me").await.status == 403, role != "victim", "{user}");
        }
        // Who came in is in the audit, and so is what she looked at, under her name.
        let audit = stage.machine().get("/v1/audit?who=Anna%20de%20Vries%20(anna)").await.json();
        let seen: Vec<_> = audit["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (&row["endpoint"], &row["subject"]))
            .collect();
        let (orders, came) = (json!("GET /v1/orders"), json!("GET /auth/callback"));
        assert_eq!(seen, [(&orders, &json!("")), (&came, &json!("anna"))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_what_comes_back_nobody_is_let_in() {
    let provider = Provider::start(false, &people()).await;
    let stage = Stage::new(Some(&provider.issuer)).await;
    for (wrong, status, says) in [
        (Wrong::Nonce, 403, "not meant for this service"),
        (Wrong::Audience, 403, "not meant for this service"),
        (Wrong::Issuer, 403, "not meant for this service"),
        (Wrong::Expired, 403, "not meant for this service"),
        (Wrong::Signature, 403, "not meant for this service"),
        (Wrong::Unsigned, 403, "not meant for this service"),
        (Wrong::SignedBySecret, 403, "not meant for this service"),
        (Wrong::NoAuthTime, 403, "did not ask you to sign in again"),
        (Wrong::OldAuthTime, 403, "did not ask you to sign in again"),
        (Wrong::State, 400, "was not begun in this browser"),
        (Wrong::Code, 400, "is no longer good"),
        (Wrong::Declines, 403, "broke off"),
    ] {
        provider.does_wrong(wrong);
        let mut browser = stage.browser();
        let came = browser.sign_in("anna").await;
        assert_eq!(came.status, status, "{wrong:?}: {}", came.body);
        assert!(came.body.contains(says), "{wrong:?}: {}", came.body);
        assert!(browser.cookies.is_empty(), "{wrong:?}");
        assert_eq!(browser.get("/v1/session").await.status, 401, "{wrong:?}");
    }
    provider.does_wrong(Wrong::Nothing);
    // Who has no role is told so by name, and whom to ask; what somebody calls herself is not code.
    let came = stage.browser().sign_in("nico").await;
    assert_eq!(came.status, 403);
    assert!(came.body.contains("Nico &lt;b&gt; (nico)") && !came.body.contains("<b>"), "{}", came.body);
    assert!(came.body.contains("servicedesk &amp; co, 030-1234567"), "{}", came.body);
    // What somebody else was led back with is good for nobody here, and once used for nobody at all.
    let (mut anna, mut other) = (stage.browser(), stage.browser());
    let back = anna.at_provider("/", "anna").await;
    assert_eq!(other.get(&back).await.status, 400);
    assert_eq!(anna.get(&back).await.status, 303);
    assert_eq!(anna.get(&back).await.status, 400);
    // She takes too long.
    let back = anna.at_provider("/", "anna").await;
    stage.later(Duration::from_mins(10));
    assert_eq!(anna.get(&back).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_provider_has_since_is_asked_for() {
    let provider = Provider::start(false, &people()).await;
    let stage = Stage::new(Some(&provider.issuer)).await;
    assert_eq!(stage.browser().sign_in("anna").await.status, 303);
    // Keys that were asked for seconds ago are not asked for again: nobody makes the service hammer its provider.
    tokio::time::sleep(Duration::from_secs(5)).await;
    provider.new_key();
    assert_eq!(stage.browser().sign_in("anna").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_starts_without_its_provider_and_signs_in_once_that_is_back() {
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = place.local_addr().unwrap();
    drop(place);
    let stage = Stage::new(Some(&format!("http://{at}"))).await;
    let mut browser = stage.browser();
    let came = browser.get("/auth/login").await;
    assert_eq!(came.status, 503);
    assert!(came.body.contains("De bewaking loopt door"), "{}", came.body);
    assert_eq!(stage.machine().get("/v1/orders").await.status, 200, "tokens are good meanwhile");
    let provider = Provider::start_at(TcpListener::bind(at).await.unwrap(), false, &people());
    until("the provider is found", async || (browser.get("/auth/login").await.status == 303).then_some(()))
        .await;
    assert_eq!(browser.sign_in("anna").await.status, 303);
    // It goes away between leaving and coming back.
    let back = browser.at_provider("/", "anna").await;
    drop(provider);
    until("it is gone", async || reqwest::get(format!("http://{at}/keys")).await.is_err().then_some(()))
        .await;
    let came = browser.get(&back).await;
    assert_eq!(came.status, 503, "{}", came.body);
    assert_eq!(browser.get("/v1/orders").await.status, 200, "who is signed in stays so");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_service_change_anything_by_a_cookie() {
    let provider = Provider::start(false, &people()).await;
    let stage = Stage::new(Some(&provider.issuer)).await;
    let mut browser = stage.browser();
    browser.sign_in("bea").await;
    let csrf = browser.csrf.clone().unwrap();
    let cookie = format!("afstand-session={}", browser.cookies["afstand-session"].0);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = client.post(format!("{}/v1/guidance", stage.base())).header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // What the guidance says of an empty order: the request itself was let through.
        let answer = request.header("content-type", "application/json").body("{}").send().await.unwrap();
        answer.status().as_u16()
    };
    let own = stage.base();
    let token = ("x-csrf-token", csrf.as_str());
    assert_eq!(ask(&[token]).await, 422);
    assert_eq!(ask(&[token, ("origin", &own), ("sec-fetch-site", "same-origin")]).await, 422);
    let short = &csrf[1..];
    for (refused, headers) in [
        ("nothing", vec![]),
        ("another token", vec![("x-csrf-token", short)]),
        ("no token", vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")]),
        ("another site", vec![token, ("origin", "https://evil.example")]),
        ("a sandbox", vec![token, ("origin", "null")]),
        ("another port", vec![token, ("origin", "http://127.0.0.1:1")]),
        ("a sister site", vec![token, ("origin", &own), ("sec-fetch-site", "same-site")]),
        ("a link", vec![token, ("sec-fetch-site", "none")]),
    ] {
        assert_eq!(ask(&headers).await, 403, "{refused}");
    }
    // Reading needs none of it: another site cannot read what comes. A token needs none either, and is judged alone.
    assert_eq!(browser.get("/v1/orders").await.status, 200);
    assert_eq!(stage.machine().post("/v1/guidance", "{}").await.status, 422);
    assert_eq!(ask(&[token, ("authorization", "Bearer wrong")]).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_new_at_each_sign_in_survives_a_restart_and_ends() {
    let provider = Provider::start(false, &people()).await;
    let mut stage = Stage::new(Some(&provider.issuer)).await;
    let mut browser = stage.browser();
    // An id that somebody planted is not taken over.
    let planted = ("planted".to_owned(), String::new());
    browser.cookies.insert("afstand-session".to_owned(), planted);
    browser.sign_in("anna").await;
    let first = browser.clone();
    assert_ne!(first.cookies["afstand-session"].0, "planted");
    assert_eq!(first.cookies["afstand-session"].0.len(), 43, "32 random bytes");
    browser.sign_in("anna").await;
    assert_ne!(browser.cookies["afstand-session"].0, first.cookies["afstand-session"].0);
    assert_eq!(first.clone().get("/v1/session").await.status, 401, "the one before is over");

    stage.stop().await;
    stage.start().await;
    assert_eq!(browser.get("/v1/session").await.status, 200);

    // Its streams end with it.
    let mut kept = browser.clone();
    let url = format!("{}/v1/live", stage.base());
    let cookie = format!("afstand-session={}", browser.cookies["afstand-session"].0);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut stream = client.get(&url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(browser.ask(Method::POST, "/auth/logout", None).await.status, 204);
    assert!(browser.cookies.is_empty());
    soon("the stream's end", async { while stream.chunk().await.unwrap().is_some() {} }).await;
    assert_eq!(kept.get("/v1/session").await.status, 401);
    assert_eq!(kept.ask(Method::POST, "/auth/logout", None).await.status, 401);

    // However busy she is, eight hours are enough.
    browser.sign_in("anna").await;
    for _ in 0..47 {
        stage.later(Duration::from_mins(10));
        assert_eq!(browser.ask(Method::POST, "/auth/active", None).await.status, 204);
    }
    stage.later(Duration::from_mins(10));
    assert_eq!(browser.get("/v1/session").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_session_hears_of_alarms_and_is_answered_nothing_else() {
    let provider = Provider::start(false, &people()).await;
    let mut stage = Stage::new(Some(&provider.issuer)).await;
    let mut browser = stage.browser();
    browser.sign_in("anna").await;
    // Streams and questions are no sign of somebody who sits there.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let cookie = format!("afstand-session={}", browser.cookies["afstand-session"].0);
    let stream = async |path: &str| {
        let asked = client.get(format!("{}{path}", stage.base())).header("cookie", &cookie).send().await;
        asked.unwrap()
    };
    let mut live = stream("/v1/live").await;
    let mut positions = stream("/v1/live/positions").await;
    assert_eq!((live.status().as_u16(), positions.status().as_u16()), (200, 200));
    for _ in 0..4 {
        stage.later(Duration::from_mins(4));
        provider.later(Duration::from_mins(4));
        browser.get("/v1/orders").await;
    }
    let refused = browser.get("/v1/orders").await;
    assert_eq!((refused.status, &refused.json()["type"]), (401, &json!("urn:afstand:problem:locked")));
    assert_eq!(browser.post("/auth/active", &json!({})).await.status, 401);
    let session = browser.get("/v1/session").await.json();
    assert_eq!((&session["locked"], &session["alarms"]["open"]), (&json!(true), &json!(0)));
    soon("where everybody is ends", async { while positions.chunk().await.unwrap().is_some() {} }).await;
    assert!(soon("alarms go on", live.chunk()).await.unwrap().is_some());
    // The lock is no matter of the process.
    drop(live);
    stage.stop().await;
    stage.start().await;
    assert_eq!(browser.get("/v1/orders").await.status, 401);
    // Whoever comes back has to say who that is, and has a session of her own; the locked one is over.
    let locked = browser.clone();
    assert_eq!(browser.sign_in("anna").await.status, 303);
    assert_eq!(browser.get("/v1/orders").await.status, 200);
    assert_eq!(locked.clone().get("/v1/session").await.status, 401);
    // A console locks before its time when she asks it to.
    assert_eq!(browser.ask(Method::POST, "/auth/lock", None).await.status, 204);
    assert_eq!(browser.get("/v1/orders").await.status, 401);
    assert_eq!(browser.ask(Method::POST, "/auth/logout", None).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_goes_back_to_a_page_of_the_service_and_nowhere_else() {
    let provider = Provider::start(false, &people()).await;
    let stage = Stage::new(Some(&provider.issuer)).await;
    for (asked, led) in [
        ("/%23/orders", "/#/orders"),
        ("/auth/done", "/auth/done"),
        ("/victim", "/victim"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/%5Cevil.example", "/"),
        ("/%09/evil.example", "/"),
        ("/auth/logout", "/"),
        ("/v1/orders", "/"),
        ("", "/"),
    ] {
        let mut browser = stage.browser();
        let back = browser.at_provider(asked, "anna").await;
        assert_eq!(browser.get(&back).await.location, led, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_in_once_and_says_so() {
    let (show, mut shown) = mpsc::channel(4);
    let demo = Token::new("demo", Role::Supervisor, None, TOKEN).holder;
    let mut stage = Stage::new(None).await;
    stage.stop().await;
    stage.links = Some(Arc::new(Links::new(demo, show)));
    stage.start().await;
    let ways = stage.browser().get("/auth/ways").await.json();
    assert_eq!(ways, json!({"provider": false, "link": true}));
    assert_eq!(stage.browser().get("/auth/login").await.status, 404);
    assert_eq!(stage.browser().post("/auth/link", &json!({})).await.status, 204);
    let link = format!("/auth/once?code={}", shown.recv().await.unwrap());
    let (mut first, mut second) = (stage.browser(), stage.browser());
    let came = first.get(&link).await;
    assert_eq!((came.status, came.location.as_str()), (303, "/"));
    let session = first.get("/v1/session").await.json();
    assert_eq!((&session["name"], &session["role"]), (&json!("demo"), &json!("supervisor")));
    let late = second.get(&link).await;
    assert_eq!(late.status, 410);
    assert!(late.body.contains("Deze link is al gebruikt"), "{}", late.body);
    assert!(second.cookies.is_empty());
    let never = second.get("/auth/once?code=never").await;
    assert_eq!(never.status, 410);
    assert!(never.body.contains("ouder dan tien minuten"), "{}", never.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_a_public_address_are_for_that_host_and_encrypted_connections_only() {
    let provider = Provider::start(false, &people()).await;
    let mut stage = Stage::new(None).await;
    stage.stop().await;
    let mut plan = {
        stage.issuer = Some(provider.issuer.clone());
        stage.plan(stage.folder.path())
    };
    if let Some(sign_in) = &mut plan.sign_in {
        sign_in.public_url = Url::parse("https://afstand.example").unwrap();
    }
    let service = Service::start(plan).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(service.run(stop.clone()));
    let mut browser = stage.browser();
    let back = browser.at_provider("/", "anna").await;
    let (attempt, session) = ("__Host-afstand-attempt", "__Host-afstand-session");
    let lax = "Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure";
    assert_eq!(browser.cookies[attempt].1, lax);
    let path = back.strip_prefix("https://afstand.example").unwrap().to_owned();
    assert_eq!(browser.get(&path).await.status, 303);
    let attributes: BTreeMap<_, _> =
        browser.cookies.iter().map(|(name, (_, rest))| (name.as_str(), rest.as_str())).collect();
    assert_eq!(attributes, BTreeMap::from([(session, "Path=/; HttpOnly; SameSite=Strict; Secure")]));
    stop.cancel();
    soon("the end", running).await.unwrap().unwrap();
}
