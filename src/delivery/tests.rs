//! Deliveries through a real store to desks that answer, do not answer, and answer late.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};
use zones::{Millis, Timestamp};

use super::webhook::{Post, WebhookClient};
use super::*;
use crate::config::Webhook;
use crate::store::{Batch, Channel, DeliveryRecord, NewDelivery, Store, StoreError};

mod ends;

/// Installs the TLS provider, as `main` does.
pub(super) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The schedule of the contract, a hundred times as fast.
fn fast() -> Schedule {
    Schedule::new([0, 20, 50, 100, 200, 300].map(Millis).to_vec())
}

fn clock() -> Clock {
    Arc::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(now.as_millis() as i64)
    })
}

/// Waits for what must come.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future)
        .await
        .unwrap_or_else(|_| panic!("{what}: waited a minute"))
}

/// A store, and how alerts get into it.
struct Case {
    folder: TempDir,
    store: Store,
    next: i64,
}

impl Case {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&url(&folder)).await.unwrap();
        Self { folder, store, next: 1 }
    }

    /// Commits alerts of an incident for a desk or device; gives back their ids.
    async fn raise(
        &mut self,
        channel: Channel,
        recipient: &str,
        incident: &str,
        count: usize,
    ) -> Vec<String> {
        let mut batch = Batch::default();
        for _ in 0..count {
            let id = self.next;
            self.next += 1;
            batch.deliveries.push(NewDelivery {
                id,
                alert: format!("alert-{id}"),
                alert_seq: id,
                incident: incident.to_owned(),
                channel,
                recipient: recipient.to_owned(),
                payload: format!("{{\"n\":{id}}}"),
                level: "alarm".into(),
                created_at: clock()(),
            });
        }
        let ids = batch.deliveries.iter().map(|delivery| delivery.alert.clone()).collect();
        self.store.commit(&batch).await.unwrap();
        ids
    }

    async fn records(&self, channel: Channel, recipient: &str) -> Vec<DeliveryRecord> {
        let mut records = self.store.deliveries_to(channel, recipient, None, 1_000).await.unwrap();
        records.reverse();
        records
    }

    async fn pending(&self) -> usize {
        self.store.pending_deliveries(0, 1_000).await.unwrap().len()
    }

    async fn reopen(self) -> Self {
        let Self { folder, store, next } = self;
        store.close().await;
        let store = Store::open(&url(&folder)).await.unwrap();
        Self { folder, store, next }
    }
}

fn url(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("store.db").display())
}

/// A dispatcher at work.
struct Running {
    handle: DispatchHandle,
    stop: CancellationToken,
    task: JoinHandle<Result<(), StoreError>>,
}

impl Running {
    fn start<T: Transport>(case: &Case, transport: T, limits: Limits) -> Self {
        let (dispatcher, handle) = Dispatcher::with(case.store.clone(), transport, clock(), fast(), limits);
        let stop = CancellationToken::new();
        let task = tokio::spawn(dispatcher.run(stop.clone()));
        Self { handle, stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        within("stop", self.task).await.unwrap().unwrap();
    }
}

/// A desk behind a real web server: it notes what it gets, and answers as it is told to.
struct TestDesk {
    server: MockServer,
    status: Arc<Mutex<u16>>,
    got: mpsc::UnboundedReceiver<(String, u16)>,
}

struct Answer {
    status: Arc<Mutex<u16>>,
    got: mpsc::UnboundedSender<(String, u16)>,
}

impl Respond for Answer {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let status = *self.status.lock().unwrap();
        let id = request.headers["webhook-id"].to_str().unwrap().to_owned();
        self.got.send((id, status)).unwrap();
        ResponseTemplate::new(status)
    }
}

impl TestDesk {
    async fn start(status: u16) -> Self {
        let server = MockServer::start().await;
        let (sender, got) = mpsc::unbounded_channel();
        let status = Arc::new(Mutex::new(status));
        let answer = Answer { status: status.clone(), got: sender };
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { server, status, got }
    }

    fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// The ids of the next so many that it took.
    async fn takes(&mut self, count: usize) -> Vec<String> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let (id, status) = within("the desk waits", self.got.recv()).await.unwrap();
            if status == 200 {
                taken.push(id);
            }
        }
        taken
    }

    /// Waits until it has refused so many.
    async fn refuses(&mut self, count: usize) {
        for _ in 0..count {
            assert_ne!(within("the desk refuses", self.got.recv()).await.unwrap().1, 200);
        }
    }
}

/// The webhooks of several desks, as `Roads` has them, without a broker.
struct Webhooks {
    client: WebhookClient,
    desks: BTreeMap<String, Webhook>,
}

impl Webhooks {
    fn new(desks: &[(&str, &TestDesk)]) -> Self {
        install_tls();
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let webhook = |desk: &TestDesk| Webhook {
            url: desk.server.uri().parse().unwrap(),
            secrets: vec![secret.clone()],
        };
        Self {
            client: WebhookClient::new().unwrap(),
            desks: desks.iter().map(|(name, desk)| ((*name).to_owned(), webhook(desk))).collect(),
        }
    }
}

impl Transport for Webhooks {
    async fn send(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        assert_eq!(delivery.channel, Channel::DeskWebhook);
        let post =
            Post { id: &delivery.alert, media: "application/cloudevents+json", body: &delivery.payload };
        self.client.post(&self.desks[&delivery.recipient], post).await
    }
}

const WEBHOOK: Channel = Channel::DeskWebhook;

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_fails_for_a_while_then_gets_all_in_order_and_the_other_at_once() {
    let mut case = Case::new().await;
    let (mut failing, mut well) = (TestDesk::start(500).await, TestDesk::start(200).await);
    let run =
        Running::start(&case, Webhooks::new(&[("failing", &failing), ("well", &well)]), Limits::default());

    let first = case.raise(WEBHOOK, "failing", "f1", 3).await;
    let second = case.raise(WEBHOOK, "failing", "f2", 2).await;
    let to_well = case.raise(WEBHOOK, "well", "w1", 5).await;
    run.handle.committed();
    // The other desk has all of its own while this one has nothing.
    assert_eq!(well.takes(5).await, to_well);
    failing.refuses(6).await;
    assert_eq!(case.records(WEBHOOK, "failing").await.iter().filter(|r| r.received_at.is_some()).count(), 0);

    failing.answer(200);
    let taken = failing.takes(5).await;
    let of = |ids: &[String]| taken.iter().filter(|id| ids.contains(id)).cloned().collect::<Vec<_>>();
    assert_eq!((of(&first), of(&second)), (first, second));
    run.stop().await;

    for record in case.records(WEBHOOK, "failing").await {
        assert!(record.received_at.is_some() && record.detail.as_deref() == Some("200 OK"), "{record:?}");
    }
    let head = &case.records(WEBHOOK, "failing").await[0];
    assert!(
        head.attempts >= 3 && head.error.as_deref() == Some("answered 500 Internal Server Error"),
        "{head:?}"
    );
    assert_eq!(case.pending().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_when_the_service_ended_is_sent_by_the_next() {
    let mut case = Case::new().await;
    let mut desk = TestDesk::start(503).await;
    let ids = case.raise(WEBHOOK, "d", "i", 2).await;
    let run = Running::start(&case, Webhooks::new(&[("d", &desk)]), Limits::default());
    desk.refuses(2).await;
    run.stop().await;
    assert_eq!(case.pending().await, 2);

    let case = case.reopen().await;
    desk.answer(200);
    // Nobody tells it that there is something to do.
    let run = Running::start(&case, Webhooks::new(&[("d", &desk)]), Limits::default());
    assert_eq!(desk.takes(2).await, ids);
    run.stop().await;
    let attempts: Vec<i64> = case.records(WEBHOOK, "d").await.iter().map(|r| r.attempts).collect();
    assert!(attempts[0] >= 3 && attempts[1] == 1, "the count goes on: {attempts:?}");
}

/// Recipients within the process: each send is reported, and ends when the test says so.
#[derive(Clone)]
struct ByHand {
    asked: mpsc::UnboundedSender<Asked>,
}

struct Asked {
    alert: String,
    answer: tokio::sync::oneshot::Sender<Result<String, SendError>>,
}

impl Asked {
    fn take(self) {
        self.answer.send(Ok("ok".to_owned())).unwrap();
    }

    fn refuse(self) {
        self.answer.send(Err(SendError::new("no".to_owned()))).unwrap();
    }
}

impl Transport for ByHand {
    async fn send(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.asked.send(Asked { alert: delivery.alert.clone(), answer }).unwrap();
        // A dropped answer is a send that breaks down.
        answered.await.expect("broken off")
    }
}

fn by_hand() -> (ByHand, mpsc::UnboundedReceiver<Asked>) {
    let (asked, receiver) = mpsc::unbounded_channel();
    (ByHand { asked }, receiver)
}

async fn ask(asked: &mut mpsc::UnboundedReceiver<Asked>) -> Asked {
    within("nothing is sent", asked.recv()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_incident_is_not_tried_again() {
    let mut case = Case::new().await;
    let (transport, mut asked) = by_hand();
    let run = Running::start(&case, transport, Limits::default());
    case.raise(Channel::DeskMqtt, "d", "i", 1).await;
    run.handle.committed();
    ask(&mut asked).await.refuse();
    let again = ask(&mut asked).await;
    run.handle.incident_closed("i", clock()());
    // Another incident's delivery shows that the news was heard before the attempt ends.
    case.raise(Channel::DeskMqtt, "d", "other", 1).await;
    run.handle.committed();
    ask(&mut asked).await.take();
    again.refuse();
    run.stop().await;
    let records = case.records(Channel::DeskMqtt, "d").await;
    assert_eq!(records[0].why.as_deref(), Some("the incident is closed"));
    assert_eq!((records[0].attempts, records[0].received_at), (2, None));
    assert!(records[1].received_at.is_some());
    assert_eq!(case.pending().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_breaks_down_is_one_that_failed() {
    let mut case = Case::new().await;
    let (transport, mut asked) = by_hand();
    case.raise(Channel::VictimMqtt, "vd", "i", 1).await;
    let run = Running::start(&case, transport, Limits::default());
    drop(ask(&mut asked).await);
    ask(&mut asked).await.take();
    run.stop().await;
    let record = &case.records(Channel::VictimMqtt, "vd").await[0];
    assert_eq!((record.attempts, record.error.as_deref()), (2, Some("the attempt was broken off")));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_fits_in_memory_arrives_all_the_same() {
    let mut case = Case::new().await;
    let (transport, mut asked) = by_hand();
    let limits = Limits { held_per_recipient: 3, held: 5, ..Limits::default() };
    let mut ids = case.raise(Channel::VictimMqtt, "busy", "i", 40).await;
    let others = case.raise(Channel::VictimMqtt, "other", "j", 1).await;
    let run = Running::start(&case, transport, limits);
    let mut got = Vec::new();
    for round in 0..51 {
        if round == 20 {
            ids.extend(case.raise(Channel::VictimMqtt, "busy", "i", 10).await);
            run.handle.committed();
        }
        let asked = ask(&mut asked).await;
        got.push(asked.alert.clone());
        asked.take();
    }
    run.stop().await;
    let (busy, other): (Vec<_>, Vec<_>) = got.into_iter().partition(|id| ids.contains(id));
    assert_eq!((busy, other), (ids, others));
    assert_eq!(case.pending().await, 0);
    assert!(asked.try_recv().is_err(), "nothing was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_what_is_under_way() {
    let mut case = Case::new().await;
    let (transport, mut asked) = by_hand();
    case.raise(Channel::VictimMqtt, "vd", "i", 2).await;
    let run = Running::start(&case, transport, Limits::default());
    let under_way = ask(&mut asked).await;
    run.stop.cancel();
    under_way.take();
    within("stop", run.task).await.unwrap().unwrap();
    let received: Vec<bool> =
        case.records(Channel::VictimMqtt, "vd").await.iter().map(|r| r.received_at.is_some()).collect();
    assert_eq!(received, [true, false]);
}

/// Nobody is there.
struct Nowhere;

impl Transport for Nowhere {
    async fn send(&self, _: &NewDelivery) -> Result<String, SendError> {
        Err(SendError::new("nobody is there".to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_get_through_is_told_once() {
    let mut case = Case::new().await;
    case.raise(Channel::DeskMqtt, "rotterdam", "inc-1", 1).await;
    let (to, mut told) = mpsc::channel(4);
    let (dispatcher, handle) =
        Dispatcher::with(case.store.clone(), Nowhere, clock(), fast(), Limits::default());
    let stop = CancellationToken::new();
    let task = tokio::spawn(dispatcher.telling(to).run(stop.clone()));
    let trouble = within("trouble", told.recv()).await.unwrap();
    let recipient = "rotterdam".to_owned();
    assert_eq!(trouble, Trouble { incident: "inc-1".to_owned(), channel: Channel::DeskMqtt, recipient });
    // It goes on trying, and says nothing more of it.
    let tries = async {
        while case.records(Channel::DeskMqtt, "rotterdam").await[0].attempts < 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("six attempts", tries).await;
    Running { handle, stop, task }.stop().await;
    assert!(told.try_recv().is_err());
}
