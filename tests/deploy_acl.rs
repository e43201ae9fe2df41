//! Who may do what on the broker, with the very files of `deploy/mosquitto` and a real mosquitto.
//!
//! Nothing here waits for something not to happen: whatever must not arrive would have to come before the answer to a
//! later request on the same connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // Helpers of tests fail like tests.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, LastWill, Packet, PubAckReason};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use support::mosquitto::{Mosquitto, free_port};

const PATIENCE: Duration = Duration::from_secs(30);

/// What the order register would give this site: two wearers, two victims, two desks, a contact, a phone, Traccar.
const ACCOUNTS: [(&str, &str); 10] = [
    ("service", "afstand"),
    ("wearer", "am-1"),
    ("wearer", "am-2"),
    ("victim", "vd-1"),
    ("victim", "vd-2"),
    ("desk", "rotterdam"),
    ("desk", "utrecht"),
    ("staff", "room-1"),
    ("owntracks", "anna"),
    ("traccar", "traccar"),
];

/// All topics that the service sends on: nobody but the addressee may read one of them.
const SENT_BY_THE_SERVICE: [&str; 12] = [
    "afstand/v1/wearer/am-1/command",
    "afstand/v1/wearer/am-1/committed",
    "afstand/v1/wearer/am-2/command",
    "afstand/v1/victim/vd-1/alert",
    "afstand/v1/victim/vd-1/protection",
    "afstand/v1/victim/vd-1/committed",
    "afstand/v1/victim/vd-2/alert",
    "afstand/v1/victim/vd-2/protection",
    "afstand/v1/desk/rotterdam/alert",
    "afstand/v1/desk/utrecht/alert",
    "afstand/v1/staff/room-1/notice",
    "afstand/v1/staff/room-2/notice",
];

/// All topics that something is sent to the service on.
const SENT_TO_THE_SERVICE: [&str; 15] = [
    "afstand/v1/wearer/am-1/fix",
    "afstand/v1/wearer/am-1/status",
    "afstand/v1/wearer/am-1/online",
    "afstand/v1/wearer/am-2/fix",
    "afstand/v1/victim/vd-1/fix",
    "afstand/v1/victim/vd-1/status",
    "afstand/v1/victim/vd-1/online",
    "afstand/v1/victim/vd-1/aware",
    "afstand/v1/victim/vd-1/receipt",
    "afstand/v1/victim/vd-2/aware",
    "afstand/v1/desk/rotterdam/receipt",
    "afstand/v1/desk/utrecht/receipt",
    "owntracks/anna/phone",
    "owntracks/bert/phone",
    "traccar/positions",
];

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/mosquitto").join(file)
}

/// Runs one of the scripts on the accounts of a site.
fn script(name: &str, dir: &Path, arguments: &[&str]) -> Output {
    Command::new(deploy(name)).arg("--dir").arg(dir).args(arguments).output().expect("the script runs")
}

fn add_device(dir: &Path, role: &str, id: &str) -> String {
    let output = script("add-device", dir, &[role, id]);
    assert!(output.status.success(), "{role} {id}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a password in ASCII").trim_end().to_owned()
}

/// A broker set up as the deployment notes say.
struct Site {
    broker: Mosquitto,
    service_port: u16,
    passwords: Vec<(&'static str, String)>,
}

impl Site {
    /// `None` when there is no mosquitto to test with.
    fn start() -> Option<Self> {
        let service_port = free_port();
        let mut passwords = Vec::new();
        let broker = Mosquitto::configured(|folder, port| {
            fs::copy(deploy("acl"), folder.join("acl")).expect("the rules");
            for (role, id) in ACCOUNTS {
                passwords.push((id, add_device(folder, role, id)));
            }
            config(folder, port, service_port)
        })?;
        Some(Self { broker, service_port, passwords })
    }

    fn password(&self, id: &str) -> &str {
        let found = self.passwords.iter().find(|(account, _)| *account == id);
        found.map(|(_, password)| password.as_str()).expect("an account of the site")
    }

    fn options(&self, account: &str) -> MqttOptions {
        let port = if account == "afstand" { self.service_port } else { self.broker.port() };
        let mut options = MqttOptions::new(format!("client of {account}"), "127.0.0.1", port);
        options.set_credentials(account, self.password(account));
        options
    }

    /// Connects with an account.
    async fn client(&self, account: &str) -> Client {
        Client::connect(self.options(account)).await.expect("the account is let in")
    }

    /// Connects the service, subscribed to all there is.
    async fn service(&self) -> Client {
        let mut service = self.client("afstand").await;
        service.subscribe("#").await;
        service
    }

    /// Has the broker read its accounts again, and returns a connection of one that is new in them.
    async fn reloaded(&self, new: &str) -> Client {
        let pid = self.broker.pid().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs").success());
        let let_in = async {
            loop {
                if let Ok(client) = Client::connect(self.options(new)).await {
                    return client;
                }
            }
        };
        tokio::time::timeout(PATIENCE, let_in).await.expect("it reads its accounts again")
    }
}

/// `deploy/mosquitto/mosquitto.conf` with the ports and folders of a test.
fn config(folder: &Path, port: u16, service_port: u16) -> String {
    let folder = format!("{}/", folder.display());
    let mut text = fs::read_to_string(deploy("mosquitto.conf")).expect("the configuration");
    for (was, is) in [
        ("listener 1883 127.0.0.1", format!("listener {port} 127.0.0.1")),
        ("listener 1884 127.0.0.1", format!("listener {service_port} 127.0.0.1")),
        ("password_file /etc/mosquitto/afstand/", format!("password_file {folder}")),
        ("acl_file /etc/mosquitto/afstand/", format!("acl_file {folder}")),
        ("persistence_location /var/lib/mosquitto/", format!("persistence_location {folder}")),
    ] {
        assert!(text.contains(was), "{was}");
        text = text.replace(was, &is);
    }
    text
}

/// One connection.
struct Client {
    requests: AsyncClient,
    events: EventLoop,
    /// Topics of messages that came while something else was waited for.
    arrived: Vec<String>,
}

impl Client {
    async fn connect(options: MqttOptions) -> Result<Self, ConnectionError> {
        let (requests, mut events) = AsyncClient::new(options, 64);
        let first = tokio::time::timeout(PATIENCE, events.poll()).await.expect("an answer");
        first.map(|_| Self { requests, events, arrived: Vec::new() })
    }

    async fn next(&mut self) -> Packet {
        let packet = async {
            loop {
                if let Event::Incoming(packet) = self.events.poll().await.expect("the connection stands") {
                    return packet;
                }
            }
        };
        tokio::time::timeout(PATIENCE, packet).await.expect("it should have come by now")
    }

    /// The first packet of this kind; what is published meanwhile is kept.
    async fn wait<T>(&mut self, wanted: impl Fn(&Packet) -> Option<T>) -> T {
        loop {
            let packet = self.next().await;
            if let Some(found) = wanted(&packet) {
                return found;
            }
            self.keep(packet);
        }
    }

    fn keep(&mut self, packet: Packet) {
        if let Packet::Publish(publish) = packet {
            self.arrived.push(String::from_utf8(publish.topic.to_vec()).expect("a topic"));
        }
    }

    async fn subscribe(&mut self, filter: &str) {
        self.requests.subscribe(filter, QoS::AtLeastOnce).await.expect("asked");
        self.wait(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    }

    /// Publishes, and returns what the broker answered.
    async fn publish(&mut self, topic: &str) -> PubAckReason {
        self.send(topic, false).await
    }

    async fn send(&mut self, topic: &str, retain: bool) -> PubAckReason {
        self.requests.publish(topic.to_owned(), QoS::AtLeastOnce, retain, "x").await.expect("asked");
        self.wait(|packet| if let Packet::PubAck(ack) = packet { Some(ack.reason) } else { None }).await
    }

    /// Topics of all messages that the broker had for this connection, in order: what it answers to a request
    /// comes after them.
    async fn all_read(&mut self) -> Vec<String> {
        self.subscribe("nothing/comes/here").await;
        std::mem::take(&mut self.arrived)
    }

    /// Topics that arrived up to and with `last`, in order, however long it takes.
    async fn read_to(&mut self, last: &str) -> Vec<String> {
        while self.arrived.last().is_none_or(|topic| topic != last) {
            let packet = self.next().await;
            self.keep(packet);
        }
        std::mem::take(&mut self.arrived)
    }
}

/// What each account may send is what the service gets; for all else the broker says no.
#[tokio::test]
async fn an_account_sends_on_its_own_topics_only() {
    let Some(site) = Site::start() else { return };
    let mut service = site.service().await;
    for (account, own) in [
        ("am-1", "afstand/v1/wearer/am-1/"),
        ("vd-1", "afstand/v1/victim/vd-1/"),
        ("rotterdam", "afstand/v1/desk/rotterdam/"),
        ("room-1", "afstand/v1/staff/room-1/"),
        ("anna", "owntracks/anna/"),
        ("traccar", "traccar/positions"),
    ] {
        let mut client = site.client(account).await;
        let mut allowed = Vec::new();
        for topic in SENT_TO_THE_SERVICE.into_iter().chain(SENT_BY_THE_SERVICE) {
            let answer = client.publish(topic).await;
            let may = topic.starts_with(own) && SENT_TO_THE_SERVICE.contains(&topic);
            let want = if may { PubAckReason::Success } else { PubAckReason::NotAuthorized };
            assert_eq!(answer, want, "{account} on {topic}");
            if may {
                allowed.push(topic);
            }
        }
        assert_eq!(allowed.is_empty(), account == "room-1", "contacts are told, and say nothing: {account}");
        assert_eq!(service.all_read().await, allowed, "{account}");
    }
}

/// However wide an account subscribes, it gets what is addressed to it.
#[tokio::test]
async fn an_account_reads_its_own_topics_only() {
    let Some(site) = Site::start() else { return };
    let mut service = site.client("afstand").await;
    for (account, own) in [
        ("am-1", "afstand/v1/wearer/am-1/"),
        ("vd-1", "afstand/v1/victim/vd-1/"),
        ("rotterdam", "afstand/v1/desk/rotterdam/"),
        ("room-1", "afstand/v1/staff/room-1/"),
        ("anna", "nothing is sent to apps"),
        ("traccar", "nor to trackers"),
    ] {
        for filter in ["#", "afstand/v1/+/+/+", "$share/others/afstand/#"] {
            let mut client = site.client(account).await;
            client.subscribe(filter).await;
            // What others send to the service is as secret as what it sends.
            for topic in SENT_TO_THE_SERVICE.into_iter().chain(SENT_BY_THE_SERVICE) {
                service.publish(topic).await;
            }
            let addressed: Vec<_> =
                SENT_BY_THE_SERVICE.into_iter().filter(|topic| topic.starts_with(own)).collect();
            assert_eq!(client.all_read().await, addressed, "{account} with {filter}");
        }
    }
}

/// The state of protection is kept for a device that is away, and for it alone.
#[tokio::test]
async fn what_is_retained_waits_for_its_device_only() {
    let Some(site) = Site::start() else { return };
    let mut service = site.client("afstand").await;
    service.send("afstand/v1/victim/vd-1/protection", true).await;
    service.send("afstand/v1/victim/vd-2/protection", true).await;
    let mut victim = site.client("vd-1").await;
    victim.subscribe("afstand/v1/victim/+/protection").await;
    assert_eq!(victim.all_read().await, ["afstand/v1/victim/vd-1/protection"]);
    let mut wearer = site.client("am-1").await;
    wearer.subscribe("#").await;
    assert_eq!(wearer.all_read().await, [""; 0]);
}

/// The last will of a device says that it is gone; it cannot speak for another.
#[tokio::test]
async fn a_last_will_keeps_to_the_rules() {
    let Some(site) = Site::start() else { return };
    let mut service = site.service().await;
    for topic in ["afstand/v1/wearer/am-2/online", "afstand/v1/wearer/am-1/online"] {
        let mut options = site.options("am-1");
        options.set_last_will(LastWill::new(topic, "0", QoS::AtLeastOnce, true, None));
        // Dropped without a goodbye, or not let in at all.
        drop(Client::connect(options).await);
    }
    let own = "afstand/v1/wearer/am-1/online";
    assert_eq!(service.read_to(own).await, [own]);
}

/// Calling oneself by the name of the service's session neither ends nor inherits it.
#[tokio::test]
async fn no_device_takes_over_the_session_of_the_service() {
    let Some(site) = Site::start() else { return };
    let mut options = site.options("afstand");
    options.set_client_id("afstand".to_owned());
    let mut service = Client::connect(options).await.expect("the service is let in");
    service.subscribe("#").await;
    let mut options = site.options("am-1");
    options.set_client_id("afstand".to_owned()).set_clean_start(false);
    let mut device = Client::connect(options).await.expect("the device is let in");
    assert_eq!(device.publish("afstand/v1/wearer/am-1/fix").await, PubAckReason::Success);
    assert_eq!(service.all_read().await, ["afstand/v1/wearer/am-1/fix"]);
}

/// No account, a wrong password, the password of another: nobody is let in.
#[tokio::test]
async fn nobody_comes_in_without_an_account() {
    let Some(site) = Site::start() else { return };
    for (account, password) in
        [("am-1", "guessed"), ("am-1", site.password("am-2")), ("nobody", "guessed"), ("", "")]
    {
        let mut options = site.options("am-1");
        options.set_credentials(account, password);
        if account.is_empty() {
            options = MqttOptions::new("x", "127.0.0.1", site.broker.port());
        }
        let refused = Client::connect(options).await.err().expect("not let in");
        assert!(
            matches!(
                refused,
                ConnectionError::ConnectionRefused(
                    ConnectReturnCode::NotAuthorized | ConnectReturnCode::BadUserNamePassword
                )
            ),
            "{account}: {refused}"
        );
    }
}

/// Devices come and go while the site runs.
#[tokio::test]
async fn accounts_are_added_and_removed_while_the_broker_runs() {
    let Some(mut site) = Site::start() else { return };
    let dir = site.broker.folder().to_owned();
    let mut service = site.service().await;
    let password = add_device(&dir, "wearer", "am-3");
    assert!(script("remove-device", &dir, &["am-2"]).status.success());
    site.passwords.push(("am-3", password));
    let mut new = site.reloaded("am-3").await;
    assert_eq!(new.publish("afstand/v1/wearer/am-3/fix").await, PubAckReason::Success);
    assert_eq!(service.all_read().await, ["afstand/v1/wearer/am-3/fix"]);
    assert!(Client::connect(site.options("am-2")).await.is_err(), "am-2 was removed");
}

/// Mistakes at the counter: each is refused with its reason, and nothing is changed.
#[tokio::test]
async fn add_device_refuses_what_would_mix_up_accounts() {
    let Some(site) = Site::start() else { return };
    let dir = site.broker.folder();
    let files = || ["acl", "passwd"].map(|name| fs::read_to_string(dir.join(name)).expect("text"));
    let before = files();
    for (arguments, why) in [
        (&["victim", "am-1"][..], "am-1 has an account as wearer already"),
        (&["wearer", "am-1"], "am-1 is there already"),
        (&["wearer", "am/1"], "an id is 1 to 64 characters"),
        (&["wearer", "+"], "an id is 1 to 64 characters"),
        (&["boss", "am-9"], "no such role: boss"),
        (&["--new-password", "wearer", "am-9"], "am-9 has no account yet"),
    ] {
        let output = script("add-device", dir, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{arguments:?}: {said}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
    assert_eq!(files(), before);
    assert!(!before[1].contains(site.password("am-1")), "a password is kept as a hash only");
}

/// A lost password is replaced, and an account that was added and removed leaves no trace.
#[tokio::test]
async fn passwords_are_replaced_and_accounts_leave_no_trace() {
    let Some(mut site) = Site::start() else { return };
    let dir = site.broker.folder().to_owned();
    let acl = || fs::read_to_string(dir.join("acl")).expect("text");
    let before = acl();
    add_device(&dir, "victim", "vd-9");
    assert!(script("remove-device", &dir, &["vd-9"]).status.success());
    assert_eq!(acl().trim_end(), before.trim_end());
    assert!(!script("remove-device", &dir, &["vd-9"]).status.success(), "there is nothing to remove");

    let old = site.password("am-1").to_owned();
    let replaced = script("add-device", &dir, &["--new-password", "wearer", "am-1"]);
    let password = String::from_utf8(replaced.stdout).expect("ASCII").trim_end().to_owned();
    assert_ne!(password, old);
    assert_eq!(acl().trim_end(), before.trim_end());
    site.passwords.retain(|(id, _)| *id != "am-1");
    site.passwords.push(("am-1", password));
    site.reloaded("am-1").await;
    let mut options = site.options("am-1");
    options.set_credentials("am-1", old);
    assert!(Client::connect(options).await.is_err(), "the old password still works");
}
