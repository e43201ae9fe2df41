//! Hints from a real store to push services that take them, refuse them, and do not answer.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::testing::Browser;
use super::*;
use crate::delivery::tests::{install_tls, within};
use crate::store::tests::rows::incident as an_incident;
use crate::store::{Batch, Channel, IncidentRow, NewDelivery, ReceiptRow};

fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(now.as_millis() as i64)
}

/// A store with a victim, her device `vd-1`, and push services.
struct Case {
    store: Store,
    push: Arc<Push>,
    metrics: Arc<Metrics>,
    handle: HintHandle,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Case {
    async fn new(services: &[&MockServer]) -> Self {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("afstand.db").display());
        let push = Push {
            key: VapidKey::from_pem(&VapidKey::new_pem().unwrap()).unwrap(),
            contact: "mailto:beheer@example.nl".to_owned(),
            own: services.iter().map(|service| service.uri().parse().unwrap()).collect(),
        };
        Self {
            store: Store::open(&url).await.unwrap(),
            push: Arc::new(push),
            metrics: Arc::default(),
            handle: HintHandle::default(),
            stop: CancellationToken::new(),
            _folder: folder,
        }
    }

    async fn subscribe(&self, browser: &Browser, endpoint: &str) {
        let row = PushRow {
            id: subscription_id(endpoint),
            person: "victim-0001".to_owned(),
            device: "vd-1".to_owned(),
            endpoint: endpoint.to_owned(),
            p256dh: browser.p256dh(),
            auth: browser.auth(),
            server_key: self.push.key.public().to_owned(),
            seen_at: now(),
        };
        self.store.subscribe_push(&row, MOST_BROWSERS).await.unwrap();
    }

    /// An alert for her device, as the pipeline puts it into the outbox.
    async fn tell(&self, number: i64, incident: &str, level: &'static str, at: Timestamp) {
        let row = IncidentRow {
            incident: incident.to_owned(),
            victim: Some("victim-0001".to_owned()),
            ..an_incident(1)
        };
        let told = NewDelivery {
            id: number,
            alert: format!("alert-{number}"),
            alert_seq: number,
            incident: incident.to_owned(),
            channel: Channel::VictimMqtt,
            recipient: "vd-1".to_owned(),
            payload: r#"{"data":{"title":"De drager is dicht bij u"}}"#.to_owned(),
            level: level.into(),
            created_at: at,
        };
        let batch = Batch { incidents: vec![row], deliveries: vec![told], ..Batch::default() };
        self.store.commit(&batch).await.unwrap();
        self.handle.committed();
    }

    async fn start(&self) -> JoinHandle<Result<(), StoreError>> {
        let (store, push, metrics) = (self.store.clone(), Arc::clone(&self.push), Arc::clone(&self.metrics));
        let hints = Hints::new(store, push, Arc::new(now), metrics, self.handle.clone()).await.unwrap();
        tokio::spawn(hints.run(self.stop.clone()))
    }

    fn counted(&self, outcome: &'static str) -> u64 {
        self.metrics.push_hints.get_or_create(&PushLabels { outcome }).get()
    }

    async fn until_counted(&self, outcome: &'static str, hints: u64) {
        let counted = async {
            while self.counted(outcome) < hints {
                sleep(Duration::from_millis(10)).await;
            }
        };
        within(outcome, counted).await;
        assert_eq!(self.counted(outcome), hints, "{outcome}");
    }

    async fn browsers(&self) -> usize {
        self.store.push_subscriptions("vd-1", "victim-0001").await.unwrap().len()
    }
}

async fn service(answers: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/hers")).respond_with(answers).mount(&server).await;
    server
}

async fn received(service: &MockServer) -> Vec<Request> {
    service.received_requests().await.unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_hint_reaches_each_of_her_browsers_and_only_they_can_read_it() {
    let service = MockServer::start().await;
    Mock::given(path("/one")).respond_with(ResponseTemplate::new(201)).mount(&service).await;
    Mock::given(path("/two")).respond_with(ResponseTemplate::new(201)).mount(&service).await;
    let case = Case::new(&[&service]).await;
    let browsers = [("/one", Browser::new(1)), ("/two", Browser::new(2))];
    for (path, browser) in &browsers {
        case.subscribe(browser, &format!("{}{path}", service.uri())).await;
    }
    case.start().await;
    case.tell(1, "inc-1", "alarm", now()).await;
    case.until_counted("sent", 2).await;
    let requests = received(&service).await;
    assert_ne!(header(&requests[0], "topic"), header(&requests[1], "topic"));
    for request in &requests {
        let (mine, other) = match request.url.path() {
            "/one" => (&browsers[0].1, &browsers[1].1),
            _ => (&browsers[1].1, &browsers[0].1),
        };
        let text: Value = serde_json::from_str(&mine.open(&request.body).unwrap()).unwrap();
        assert_eq!(text, serde_json::json!({"kind": "alarm", "tag": header(request, "topic")}));
        assert_eq!(other.open(&request.body), None);
        assert_eq!((header(request, "urgency"), header(request, "content-encoding")), ("high", "aes128gcm"));
        let lasts_s: i64 = header(request, "ttl").parse().unwrap();
        assert!((540..=600).contains(&lasts_s), "{lasts_s}");
        is_signed(header(request, "authorization"), &service.uri(), case.push.key.public());
        for text in [String::from_utf8_lossy(&request.body).into_owned(), format!("{:?}", request.headers)] {
            assert!(!["victim", "drager", "vd-1", "inc-1", "alert-1"].iter().any(|name| text.contains(name)));
        }
    }
    // It changed nothing about what is to be delivered.
    let pending = case.store.pending_deliveries(0, 10).await.unwrap();
    assert_eq!((pending.len(), pending[0].attempts), (1, 0));
}

/// The token says for whom it is, until when, and whom to ask, and holds with the key beside it.
fn is_signed(authorization: &str, origin: &str, public: &str) {
    let (token, key) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, public);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let signature = Signature::from_slice(&decoded(signature)).unwrap();
    let verifier = VerifyingKey::from_sec1_bytes(&decoded(key)).unwrap();
    verifier.verify(signed.as_bytes(), &signature).unwrap();
    let claims: Value = serde_json::from_slice(&decoded(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!((&claims["aud"], &claims["sub"]), (&origin.into(), &"mailto:beheer@example.nl".into()));
    let left_s = claims["exp"].as_i64().unwrap() - now().as_millis() / 1_000;
    assert!((1..=24 * 3_600).contains(&left_s), "{left_s}");
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten_and_others_stay() {
    let (gone, never, fine) = tokio::join!(
        service(ResponseTemplate::new(410)),
        service(ResponseTemplate::new(404)),
        service(ResponseTemplate::new(201)),
    );
    let case = Case::new(&[&gone, &never, &fine]).await;
    for (number, service) in [(1, &gone), (2, &never), (3, &fine)] {
        case.subscribe(&Browser::new(number), &format!("{}/hers", service.uri())).await;
    }
    case.start().await;
    case.tell(1, "inc-1", "warning", now()).await;
    case.until_counted("sent", 1).await;
    case.until_counted("gone", 2).await;
    within("the two are forgotten", async {
        while case.browsers().await > 1 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let left = case.store.push_subscriptions("vd-1", "victim-0001").await.unwrap();
    assert_eq!(left[0].endpoint, format!("{}/hers", fine.uri()));
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again_when_it_says_and_one_that_refuses_is_not() {
    let (busy, refuses, leads_away) =
        tokio::join!(MockServer::start(), service(ResponseTemplate::new(403)), MockServer::start());
    let wait = ResponseTemplate::new(429).insert_header("retry-after", "2");
    Mock::given(path("/hers")).respond_with(wait).up_to_n_times(1).mount(&busy).await;
    Mock::given(path("/hers")).respond_with(ResponseTemplate::new(201)).mount(&busy).await;
    let away = ResponseTemplate::new(307).insert_header("location", format!("{}/hers", busy.uri()));
    Mock::given(path("/hers")).respond_with(away).mount(&leads_away).await;
    let case = Case::new(&[&busy, &refuses, &leads_away]).await;
    for (number, service) in [(1, &busy), (2, &refuses), (3, &leads_away)] {
        case.subscribe(&Browser::new(number), &format!("{}/hers", service.uri())).await;
    }
    case.start().await;
    let begun = tokio::time::Instant::now();
    case.tell(1, "inc-1", "alarm", now()).await;
    case.until_counted("sent", 1).await;
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    case.until_counted("failed", 2).await;
    case.until_counted("again", 1).await;
    let asked = [&busy, &refuses, &leads_away].map(|service| async { received(service).await.len() });
    assert_eq!(futures_util::future::join_all(asked).await, [2, 1, 1]);
    assert_eq!(case.browsers().await, 3, "a refusal may be our fault: nobody is forgotten for it");
}

#[tokio::test]
async fn a_service_that_does_not_answer_keeps_nobody_else_waiting() {
    let stalls = service(ResponseTemplate::new(201).set_delay(Duration::from_mins(5))).await;
    let answers = service(ResponseTemplate::new(201)).await;
    let case = Case::new(&[&stalls, &answers]).await;
    case.subscribe(&Browser::new(1), &format!("{}/hers", stalls.uri())).await;
    case.start().await;
    case.tell(1, "inc-1", "alarm", now()).await;
    within("it is asked", async {
        while received(&stalls).await.is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    case.subscribe(&Browser::new(2), &format!("{}/hers", answers.uri())).await;
    case.tell(2, "inc-1", "alarm", now()).await;
    case.until_counted("sent", 1).await;
    assert_eq!(received(&stalls).await.len(), 1, "one at a time to one browser");
}

#[tokio::test]
async fn after_a_kill_what_was_not_seen_is_said_again_and_what_is_old_is_not() {
    let service = service(ResponseTemplate::new(201)).await;
    let case = Case::new(&[&service]).await;
    let browser = Browser::new(1);
    case.subscribe(&browser, &format!("{}/hers", service.uri())).await;
    // Committed, and killed before anything was sent.
    case.tell(1, "old", "alarm", now() - Millis(3 * 60_000)).await;
    case.tell(2, "seen", "alarm", now()).await;
    case.tell(3, "new", "warning", now()).await;
    let seen = ReceiptRow {
        seq: 1,
        at: now(),
        received_at: now(),
        channel: Channel::VictimMqtt,
        recipient: "vd-1".to_owned(),
        alert: Some("alert-2".to_owned()),
        incident: None,
        state: "displayed".into(),
        reference: None,
        reason: None,
    };
    case.store.commit(&Batch { receipts: vec![seen], ..Batch::default() }).await.unwrap();
    let running = case.start().await;
    case.until_counted("sent", 1).await;
    let requests = received(&service).await;
    assert!(browser.open(&requests[0].body).unwrap().contains("\"warning\""));
    case.stop.cancel();
    within("its end", running).await.unwrap().unwrap();
    assert_eq!(received(&service).await.len(), 1);
}

/// What was allowed when a browser came may be allowed no more; what it is bound to may be another key.
#[tokio::test]
async fn who_may_not_be_reached_any_more_is_forgotten_without_being_asked() {
    let service = service(ResponseTemplate::new(201)).await;
    let case = Case::new(&[]).await;
    case.subscribe(&Browser::new(1), &format!("{}/hers", service.uri())).await;
    case.start().await;
    case.tell(1, "inc-1", "alarm", now()).await;
    within("it is forgotten", async {
        while case.browsers().await > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(received(&service).await.is_empty());

    let row = PushRow {
        id: "other".to_owned(),
        person: "victim-0001".to_owned(),
        device: "vd-1".to_owned(),
        endpoint: "https://push.example/x".to_owned(),
        p256dh: Browser::new(1).p256dh(),
        auth: Browser::new(1).auth(),
        server_key: "a key of last year".to_owned(),
        seen_at: now(),
    };
    case.store.subscribe_push(&row, MOST_BROWSERS).await.unwrap();
    case.start().await;
    assert_eq!(case.browsers().await, 0);
}
