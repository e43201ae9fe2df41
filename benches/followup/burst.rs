//! What a pair's alarm waits for while 10,000 devices fall silent at one moment: from its fix handed to the pipeline until
//! what it raised is committed. The pipeline, the store on disk, the broker and what empties the outbox are the
//! service's; only time is ours, so that nobody waits three minutes for a silence.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use afstand::api::commands::Command;
use afstand::api::{LiveFeed, Readiness};
use afstand::clock::{self, Clock};
use afstand::config::{Contacts, Desk, WebhookBody};
use afstand::delivery::{Dispatcher, HintHandle, Notices, Roads};
use afstand::followup::Rules;
use afstand::metrics::Metrics;
use afstand::mqtt::{EmbeddedBroker, EmbeddedSettings, IngestLink, LinkSettings, MqttConfig, Publisher};
use afstand::pipeline::{Pipeline, Settings, Sources};
use afstand::store::{AlertRow, Batch, OrderRow, Origin, Store};
use afstand::wire::TrackerKeys;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zones::{DeskId, Millis, Timestamp};

use super::{AT_ONCE, pair, t};

/// Pairs that meet, first without the silences and then among them, and how far apart: all within the burst.
const ALARMS: u32 = 400;
const EVERY: Duration = Duration::from_millis(12);

/// Fixes that are told at once while everybody is heard for the first time.
const TOLD_AT_ONCE: usize = 500;

/// Everybody was heard last here; ankle monitors report every minute, and three minutes later they are silent.
const HEARD: i64 = 5_000;
const SILENT: i64 = HEARD + 180_000;

/// Time that runs with the system's and can be moved ahead.
#[derive(Clone)]
struct Ours {
    begun: Timestamp,
    ahead_ms: Arc<AtomicI64>,
}

impl Ours {
    fn new() -> Self {
        Self { begun: clock::now(), ahead_ms: Arc::default() }
    }

    fn clock(&self) -> Clock {
        let Self { begun, ahead_ms } = self.clone();
        Clock::of(move |moment| {
            t(0) + (clock::timestamp(moment) - begun) + Millis(ahead_ms.load(Ordering::SeqCst))
        })
    }

    /// Moves on to that many milliseconds after the start, unless it is later already.
    fn move_to(&self, millis: i64) {
        let left = t(millis) - self.clock().now();
        self.ahead_ms.fetch_add(left.0.max(0), Ordering::SeqCst);
    }
}

/// One that says fixes to the pipeline, as an app does whose answer comes after the commit.
#[derive(Clone)]
struct Teller(mpsc::Sender<Command>);

impl Teller {
    /// How long the answer took.
    async fn tell(&self, role: &str, device: String, at: Timestamp, lat: f64) -> Duration {
        let fix = serde_json::json!({"fixed_at": at, "lat": lat, "lon": 5.1, "accuracy_m": 5.0});
        let (reply, answer) = oneshot::channel();
        let topic = format!("afstand/v1/{role}/{device}/fix");
        let begun = Instant::now();
        let command = Command::FromApp { topic, payload: fix.to_string().into(), reply };
        self.0.send(command).await.unwrap();
        answer.await.unwrap().unwrap();
        begun.elapsed()
    }

    /// Everybody is heard once: ten kilometres apart, those who will meet two.
    async fn everybody(&self) {
        let mut telling = JoinSet::new();
        for n in 0..AT_ONCE + 2 * ALARMS {
            let hers = if n < AT_ONCE { 52.1 } else { 52.021 };
            for (role, device, lat) in [("wearer", "am", 52.0), ("victim", "vd", hers)] {
                if telling.len() >= TOLD_AT_ONCE {
                    telling.join_next().await.unwrap().unwrap();
                }
                let (teller, device) = (self.clone(), format!("{device}-{n}"));
                telling.spawn(async move { teller.tell(role, device, t(HEARD), lat).await });
            }
        }
        telling.join_all().await;
    }

    /// One after the other pairs meet; how long each alarm took, sorted.
    async fn meet(&self, pairs: std::ops::Range<u32>, time: &Ours) -> Vec<Duration> {
        let (mut tick, mut meeting) = (tokio::time::interval(EVERY), JoinSet::new());
        let clock = time.clock();
        for n in pairs {
            tick.tick().await;
            let (teller, now) = (self.clone(), clock.now());
            meeting.spawn(async move { teller.tell("victim", format!("vd-{n}"), now, 52.005).await });
        }
        let mut took = meeting.join_all().await;
        took.sort_unstable();
        took
    }
}

/// All orders, as the service would have stored them. Who will meet is not to fall silent, nor is any victim.
async fn fill(store: &Store) {
    let row = |n: u32| {
        let mut order = serde_json::to_value(pair(n)).unwrap();
        order["victims"][0]["fix_interval_s"] = 3_600.into();
        if n >= AT_ONCE {
            order["wearer"]["fix_interval_s"] = 3_600.into();
        }
        let order = zones::order::read(&order.to_string()).unwrap().remove(0);
        let (id, document) = (order.order.clone(), Some(order.document().to_owned()));
        OrderRow { order: id, seq: 1, document, at: t(0), origin: Origin::Api, by: None }
    };
    for from in (0..AT_ONCE + 2 * ALARMS).step_by(400) {
        store
            .commit(&Batch { orders: (from..from + 400).map(row).collect(), ..Batch::default() })
            .await
            .unwrap();
    }
}

/// The parts of a service that decide, store and deliver.
struct Running {
    teller: Teller,
    readiness: watch::Receiver<Readiness>,
    stop: CancellationToken,
    parts: JoinSet<()>,
}

impl Running {
    async fn start(store: &Store, broker: &str, clock: Clock) -> Self {
        let config = MqttConfig::new(broker);
        let desk = DeskId::new("rotterdam").unwrap();
        let desks = vec![Desk { name: desk, mqtt: true, webhook: None, body: WebhookBody::default() }];
        let settings = Settings {
            clock: clock.clone(),
            rules: Rules::default(),
            contacts: Contacts::default(),
            desks: desks.clone(),
            keys: TrackerKeys::default(),
            traccar_topic: None,
            source: "urn:afstand:bench".to_owned(),
        };
        let (ready, readiness) = watch::channel(Readiness::default());
        let taken = Pipeline::load(store).await.unwrap();
        let (pipeline, _) =
            Pipeline::resume(store.clone(), taken, settings, Arc::new(Metrics::default()), ready).unwrap();
        let publisher = Publisher::start(LinkSettings::load(&config, Vec::new()).unwrap());
        let roads = Roads::new(publisher.clone(), &desks, Contacts::default()).unwrap();
        let (dispatcher, dispatch) = Dispatcher::new(store.clone(), roads, clock.reader());
        let (to_pipeline_too, trouble) = mpsc::channel(1_000);
        let dispatcher = dispatcher.telling(to_pipeline_too);
        let (notices, notice_handle) = Notices::new(store.clone(), publisher.clone(), clock.reader());
        let link = LinkSettings::load(&config, vec!["afstand/v1/wearer/+/fix".to_owned()]).unwrap();
        let (to_pipeline, arrived) = mpsc::channel(link.channel_capacity());
        let ingest = IngestLink::start(link, to_pipeline);
        let (commands, asked) = mpsc::channel(1_000);
        // There is no orders folder: its channel is closed at once.
        let (_, files) = mpsc::channel(1);
        let sources = Sources {
            arrived,
            acks: ingest.acks(),
            link: ingest.status(),
            commands: asked,
            trouble,
            files,
            publisher,
            dispatch,
            notices: notice_handle,
            hints: HintHandle::default(),
            live: LiveFeed::default(),
        };
        let (stop, mut parts) = (CancellationToken::new(), JoinSet::new());
        let (deciding, rest, too) = (stop.clone(), stop.clone(), stop.clone());
        parts.spawn(async move {
            pipeline.run(sources, deciding).await.unwrap();
            ingest.stop().await;
        });
        parts.spawn(async move { dispatcher.run(rest).await.unwrap() });
        parts.spawn(async move { notices.run(too).await.unwrap() });
        Self { teller: Teller(commands), readiness, stop, parts }
    }
}

/// Every alert that the store has.
async fn alerts(store: &Store) -> Vec<AlertRow> {
    let mut found: Vec<AlertRow> = Vec::new();
    loop {
        let page = store.alerts_after(found.last().map_or(0, |row| row.seq), 1_000).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// How the delays are told: half of them, almost all, the longest.
fn spread(took: &[Duration]) -> String {
    let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    format!("p50 {half:.1?}, p99 {most:.1?}, longest {:.1?}", took[took.len() - 1])
}

pub(super) async fn burst() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let broker =
        EmbeddedBroker::start(EmbeddedSettings::open(any_port, folder.path().join("broker"))).await.unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
    fill(&store).await;
    let time = Ours::new();
    let Running { teller, mut readiness, stop, parts } =
        Running::start(&store, &broker.url(), time.clock()).await;
    readiness.wait_for(|state| state.caught_up).await.unwrap();
    time.move_to(HEARD);
    teller.everybody().await;

    time.move_to(HEARD + 110_000);
    let alone = teller.meet(AT_ONCE..AT_ONCE + ALARMS, &time).await;
    time.move_to(SILENT - 100);
    let begun = time.clock().now();
    let among = teller.meet(AT_ONCE + ALARMS..AT_ONCE + 2 * ALARMS, &time).await;
    let over = time.clock().now();

    stop.cancel();
    parts.join_all().await;
    let raised = alerts(&store).await;
    let of =
        |kind: &str, level: &str| raised.iter().filter(|row| row.kind == kind && row.level == level).count();
    let meanwhile = |row: &&AlertRow| row.kind == "silence" && (begun..=over).contains(&row.raised_at);
    let silences = raised.iter().filter(meanwhile).count();
    assert_eq!(of("victim_proximity", "alarm"), 2 * ALARMS as usize, "each pair that met is an alarm");
    println!("{ALARMS} alarms of pairs, one in {EVERY:?}, fix to commit: {}", spread(&alone));
    println!("the same while {silences} of {AT_ONCE} devices were said to be silent: {}", spread(&among));
    store.close().await;
}
