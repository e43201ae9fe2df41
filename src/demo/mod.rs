//! The demonstration: a simulated city, an embedded broker and the real service in one process, told in plain
//! words.
//!
//! Devices and recipients are played over MQTT, as real ones would: nothing here has a way into the service
//! that others have not.

mod account;
mod players;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use simulator::live::City;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zones::{DeskId, DeviceId, Timestamp};

use crate::clock;
use crate::config::{Contacts, Desk, Holder, NewToken, Role, Token, Tokens, WebhookBody};
use crate::followup::Rules;
use crate::mqtt::{EmbeddedBroker, EmbeddedSettings, MqttConfig};
use crate::service::{Plan, Service};
use crate::sign_in::Links;
use crate::wire::TrackerKeys;

/// Whoever comes in, by link or by token.
const NAME: &str = "demo";
const ROLE: Role = Role::Supervisor;

/// What may be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Where the API and the page listen.
    pub listen: SocketAddr,
    /// Seed of the city.
    pub seed: u64,
}

/// A line of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Something to know.
    Plain(String),
    /// Something that happened at that time.
    At(Timestamp, String),
}

/// Links that somebody asked for and that wait to be printed.
const LINKS_WAITING: usize = 4;

/// Lines that may wait to be printed.
const LINES_WAITING: usize = 1_000;

/// Plays until `stop`; `print` gets the account.
///
/// # Errors
/// When a part cannot start or fails: one line.
pub async fn run(
    settings: Settings,
    stop: CancellationToken,
    mut print: impl FnMut(Line),
) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let broker = EmbeddedBroker::start(EmbeddedSettings::open(any_port, folder.path().join("broker")))
        .await
        .map_err(|error| error.to_string())?;
    let new_token = || NewToken::random().map_err(|error| format!("no random numbers: {error}"));
    let secrets = Secrets { supervisor: new_token()?.secret, victim: new_token()?.secret };
    let (show, mut asked_for) = mpsc::channel(LINKS_WAITING);
    let links = Arc::new(Links::new(who(), show));
    let city = City::demo(settings.seed, clock::now());
    let plan = plan(settings, folder.path(), &broker.url(), &city, &secrets, Arc::clone(&links))?;
    let service = Service::start(plan).await.map_err(|error| {
        format!(
            "{error}{}",
            if error.to_string().contains("in use") { " (choose another: --listen)" } else { "" }
        )
    })?;
    let address = service.address;
    let link = link(address, &links.give(clock::now()).map_err(|error| error.to_string())?);
    for line in welcome(&service, &broker.url(), &secrets, &link) {
        print(Line::Plain(line));
    }
    let (say, mut lines) = mpsc::channel(LINES_WAITING);
    let over = stop.child_token();
    let (link, ear) = players::listen(&broker.url())?;
    let devices = players::connect(&broker.url())?;
    let players =
        tokio::spawn(players::play(city, devices, service.readiness.clone(), say.clone(), over.clone()));
    let account = tokio::spawn(account::tell(service.store.clone(), ear, say, over.clone()));
    let mut running = tokio::spawn(service.run(stop.clone()));
    let ended = loop {
        tokio::select! {
            Some(line) = lines.recv() => print(line),
            Some(code) = asked_for.recv() => print(Line::Plain(format!("\n  live     {}\n", self::link(address, &code)))),
            ended = &mut running => break ended,
        }
    };
    over.cancel();
    lines.close();
    let played = players.await.map_err(|error| error.to_string())?;
    let told = account.await.map_err(|error| error.to_string())?;
    link.stop().await;
    broker.stop().await.map_err(|error| error.to_string())?;
    print(Line::Plain(format!(
        "\nEinde / the end: {played} messages from devices, {told} alerts. Nothing is left on this machine."
    )));
    ended.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// Who may come in.
struct Secrets {
    supervisor: String,
    /// Of the app of the victim whom a wearer approaches first.
    victim: String,
}

/// That victim's device in the city: the first pair's.
const APPROACHED: usize = 1;

fn plan(
    settings: Settings,
    folder: &Path,
    broker: &str,
    city: &City,
    secrets: &Secrets,
    links: Arc<Links>,
) -> Result<Plan, String> {
    let orders_dir = folder.join("orders");
    std::fs::create_dir(&orders_dir)
        .and_then(|()| std::fs::write(orders_dir.join("city.json"), city.orders_json()))
        .map_err(|error| format!("{}: {error}", orders_dir.display()))?;
    let desk = DeskId::new(city.desk()).map_err(|error| error.to_string())?;
    let device = DeviceId::new(&city.device(APPROACHED).1).map_err(|error| error.to_string())?;
    let tokens = [
        Token::new("demo", Role::Supervisor, None, &secrets.supervisor),
        Token::of_victim("demo-victim", device, &secrets.victim),
    ];
    Ok(Plan {
        clock: clock::Clock::system(),
        rules: Rules::default(),
        store_url: format!("sqlite:{}", folder.join("afstand.db").display()),
        broker: MqttConfig::new(broker),
        traccar_topic: None,
        keys: TrackerKeys::default(),
        listen: settings.listen,
        tokens: Tokens::from_iter(tokens),
        sign_in: None,
        links: Some(links),
        map: None,
        // It would leave the machine.
        push: None,
        orders_dir: Some(orders_dir),
        desks: vec![Desk { name: desk, mqtt: true, webhook: None, body: WebhookBody::default() }],
        contacts: Contacts::default(),
    })
}

/// Who comes in by a link.
fn who() -> Holder {
    let person = Some(NAME.to_owned());
    Holder { name: NAME.to_owned(), person, role: ROLE, desk: None, device: None, only: None }
}

fn link(address: SocketAddr, code: &str) -> String {
    format!("http://{address}/auth/once?code={code}")
}

fn welcome(
    service: &Service,
    broker: &str,
    Secrets { supervisor: token, victim }: &Secrets,
    link: &str,
) -> Vec<String> {
    vec![
        "Afstand, demonstratie: een verzonnen stad met twaalf paren; niets hier is echt.".to_owned(),
        "Afstand, demonstration: a made-up city with twelve pairs; nothing here is real.".to_owned(),
        String::new(),
        format!("  live     {link}"),
        "           (werkt één keer, tien minuten lang / works once, within ten minutes)".to_owned(),
        format!("  victim   http://{}/victim#token={victim}", service.address),
        format!("  API      http://{}/docs   token {token} (supervisor)", service.address),
        format!("  broker   {broker}   (mosquitto_sub -V 5 -t 'afstand/v1/#' -v)"),
        "  stop     Ctrl-C".to_owned(),
        String::new(),
    ]
}
