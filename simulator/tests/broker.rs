//! Against a real broker: mosquitto, started here on a free port.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::{Value, json};
use zones::{Position, geodesy};

/// A broker that ends with the test.
struct Mosquitto {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Mosquitto {
    /// Starts one; `None`, with a word about it, where there is none.
    fn start() -> Option<Self> {
        let Ok(binary) = std::env::var("AFSTAND_TEST_MOSQUITTO") else {
            println!("skipped: needs mosquitto (set AFSTAND_TEST_MOSQUITTO)");
            return None;
        };
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let config = folder.path().join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n\
             max_inflight_messages 0\nmax_queued_messages 0\nuser root\n"
        );
        std::fs::write(&config, text).unwrap();
        let child = Command::new(binary).arg("-c").arg(&config).stderr(Stdio::null()).spawn().unwrap();
        let broker = Self { child, port, folder };
        until("mosquitto listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(broker)
    }

    fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }
}

/// Waits for a condition, at most half a minute.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A subscriber in a thread of its own; `hear` may answer with messages to publish.
fn subscriber(
    port: u16,
    id: &'static str,
    topic: &'static str,
    mut hear: impl FnMut(&Publish) -> Vec<(String, String)> + Send + 'static,
) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, mut events) = AsyncClient::new(MqttOptions::new(id, "127.0.0.1", port), 1_000);
            client.subscribe(topic, QoS::AtLeastOnce).await.unwrap();
            while let Ok(event) = events.poll().await {
                match event {
                    Event::Incoming(Packet::SubAck(_)) => ready.send(()).unwrap(),
                    Event::Incoming(Packet::Publish(publish)) => {
                        for (topic, payload) in hear(&publish) {
                            client.try_publish(topic, QoS::AtLeastOnce, false, payload).unwrap();
                        }
                    }
                    _ => {}
                }
            }
        });
    });
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
}

/// Answers every request with the counter, as the service's metrics would.
fn metrics(count: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1_024];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let status = if request.contains("Bearer secret-token") { "200 OK" } else { "401 Unauthorized" };
            let body = format!("# HELP x y\nafstand_fixes_decided_total {}\n", count.load(Relaxed));
            let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    port
}

/// A service as the load sees it: decides every fix, and raises an alarm when a pair comes within a kilometre.
/// It tells the desk always, and the victim only where `tells_victims`.
fn service(port: u16, tells_victims: bool) -> Arc<AtomicU64> {
    let decided = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&decided);
    let mut places: BTreeMap<String, Position> = BTreeMap::new();
    let mut raised: BTreeSet<String> = BTreeSet::new();
    subscriber(port, "service", "afstand/v1/+/+/fix", move |publish| {
        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
        let device = topic.split('/').nth(3).unwrap();
        let fix: zones::Fix = serde_json::from_slice(&publish.payload).unwrap();
        places.insert(device.to_owned(), fix.position);
        count.fetch_add(1, Relaxed);
        let pair = &device[3..];
        let (am, vd) = (places.get(&format!("am-{pair}")), places.get(&format!("vd-{pair}")));
        let near = am.zip(vd).is_some_and(|(a, b)| geodesy::distance_m(*a, *b) <= 1_000.0);
        if !near || !raised.insert(pair.to_owned()) {
            return Vec::new();
        }
        let data = json!({"data": {"level": "alarm", "kind": "victim_proximity", "wearer": format!("wearer-{pair}")}});
        let mut alerts = vec![("afstand/v1/desk/load/alert".to_owned(), data.to_string())];
        if tells_victims {
            let victim = json!({"data": {"level": "alarm", "kind": "victim_proximity"}}).to_string();
            alerts.push((format!("afstand/v1/victim/vd-{pair}/alert"), victim));
        }
        alerts
    });
    decided
}

fn load(broker: &Mosquitto, metrics: u16, token: &Path, more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(["load", "--json", "--pairs", "20", "--seconds", "14", "--rate", "400", "--approaches", "5"])
        .args(["--broker", &broker.url(), "--connections", "3", "--backlog", "500"])
        .args(["--decided-from", &format!("http://127.0.0.1:{metrics}/metrics")])
        .arg("--token-file")
        .arg(token)
        .args(more)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_load_counts_what_was_sent_decided_and_raised() {
    let Some(broker) = Mosquitto::start() else { return };
    let decided = service(broker.port, true);
    let token = broker.folder.path().join("token");
    std::fs::write(&token, "secret-token\n").unwrap();
    let report = load(&broker, metrics(Arc::clone(&decided)), &token, &["--baseline"]);
    let sent = report["sent"].as_u64().unwrap();
    assert!((5_000..=5_700).contains(&sent), "{report}");
    assert_eq!(
        (report["acknowledged"].as_u64(), report["decided"].as_u64()),
        (Some(sent), Some(sent)),
        "{report}"
    );
    assert_eq!(decided.load(Relaxed), sent, "the baseline is not heard by the service");
    let alerts =
        json!({"expected": 10, "received": 10, "missing": 0, "missing_at_desk": 0, "missing_at_victim": 0});
    assert_eq!(report["alerts"], alerts, "{report}");
    assert!(report["latency_ms"]["p99"].as_f64().is_some_and(|ms| ms > 0.0 && ms < 5_000.0), "{report}");
    assert_eq!(report["baseline"]["received"], report["baseline"]["sent"], "{report}");
    assert!(report["ratio"].as_f64().is_some_and(|ratio| (0.8..1.2).contains(&ratio)), "{report}");
}

#[test]
fn a_load_says_which_alarms_are_missing() {
    let Some(broker) = Mosquitto::start() else { return };
    let decided = service(broker.port, false);
    let token = broker.folder.path().join("token");
    std::fs::write(&token, "secret-token\n").unwrap();
    let port = metrics(Arc::clone(&decided));
    let report = load(&broker, port, &token, &[]);
    let alerts =
        json!({"expected": 10, "received": 5, "missing": 5, "missing_at_desk": 0, "missing_at_victim": 5});
    assert_eq!(report["alerts"], alerts, "{report}");
    std::fs::write(&token, "another").unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(["load", "--pairs", "1", "--broker", &broker.url(), "--token-file"])
        .arg(&token)
        .args(["--decided-from", &format!("http://127.0.0.1:{port}/metrics")])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("401"), "{refused:?}");
}

#[test]
fn a_world_played_live_comes_on_line_reports_and_goes_off_line() {
    let Some(broker) = Mosquitto::start() else { return };
    let fixes = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&fixes);
    subscriber(broker.port, "listener", "afstand/v1/+/+/fix", move |publish| {
        let _: zones::Fix = serde_json::from_slice(&publish.payload).unwrap();
        count.fetch_add(1, Relaxed);
        Vec::new()
    });
    let orders = broker.folder.path().join("orders.json");
    let mut live = Command::new(env!("CARGO_BIN_EXE_simulator"))
        .args(["live", "--demo", "--broker", &broker.url(), "--orders"])
        .arg(&orders)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (line, lines) = std::sync::mpsc::channel();
    let out = BufReader::new(live.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| line.send(l)));
    let mut told = Vec::new();
    until("the wearer is told to leave", || {
        told.extend(lines.try_iter());
        told.iter().any(|l| l.contains("wearer-0001 leaves home by car towards victim-0001"))
    });
    until("every device has reported", || fixes.load(Relaxed) >= 48);
    let parsed: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&orders).unwrap()).unwrap();
    assert_eq!(parsed.len(), 12);
    Command::new("kill").args(["-INT", &live.id().to_string()]).status().unwrap();
    assert!(live.wait().unwrap().success());
    // What a newcomer is told: every device is off line.
    let (state, states) = std::sync::mpsc::channel();
    subscriber(broker.port, "newcomer", "afstand/v1/+/+/online", move |publish| {
        let _ = state.send((publish.topic.clone(), publish.payload.clone()));
        Vec::new()
    });
    let mut known = BTreeMap::new();
    until("24 devices are off line", || {
        known.extend(states.try_iter());
        known.len() == 24 && known.values().all(|payload| payload.as_ref() == b"0")
    });
}
