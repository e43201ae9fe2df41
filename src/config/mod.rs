//! Settings of `serve`: TOML, with every key outside `[[desk]]` and `[[contact]]` overridable from the environment.
//!
//! [`Settings::load`] reads the file and every file it names, and checks all of it, so that a start ends at once
//! with one line that names the key or the file, or does not end because of its settings. Relative paths,
//! also those in the environment, start from the folder of the settings file.

mod contacts;
mod desks;
mod error;
mod files;
mod followup;
mod map;
mod push;
mod raw;
mod sign_in;
#[cfg(test)]
mod tests;
mod tokens;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::followup::Rules;
use crate::mqtt::{LinkSettings, MqttConfig, SettingsError as LinkError};
use crate::wire::TrackerKeys;

pub use contacts::{Contact, Contacts, ROLES, SmsGateway, Smtp, StartTls};
pub use desks::{Desk, Webhook, WebhookBody};
pub use error::SettingsError;
pub use files::Secret;
pub use map::MapStyles;
pub use push::Push;
pub(crate) use sign_in::role_of;
pub use sign_in::{CALLBACK, RoleValue, SessionLimits, SignIn};
pub use tokens::{Holder, NewToken, Only, Role, Token, Tokens};

use files::Files;
use raw::{Origin, RawMqtt};

/// Everything `serve` is told, read and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where state is kept: `sqlite:/absolute/path` or `postgres://user@host/db`.
    pub store_url: String,
    /// The broker.
    pub mqtt: Mqtt,
    /// The HTTP interface.
    pub api: Api,
    /// Folder of order files (`*.json`), when there is one.
    pub orders_dir: Option<PathBuf>,
    /// Police control rooms that alerts can go to.
    pub desks: Vec<Desk>,
    /// People whom follow-up reaches, and the servers it reaches them through.
    pub contacts: Contacts,
    /// How alarms are followed up.
    pub rules: Rules,
    /// How people sign in; without it, only by token.
    pub sign_in: Option<SignIn>,
    /// A map with streets for the console; without it, the one that is built in.
    pub map: Option<MapStyles>,
    /// How the browsers of victims are woken; without it they are not.
    pub push: Option<Arc<Push>>,
    /// What is logged, and how.
    pub log: Log,
    /// What is usable and should not stay so, such as a secret that everybody can read: to be logged.
    pub warnings: Vec<String>,
}

/// `[mqtt]`.
#[derive(Debug, Clone)]
pub struct Mqtt {
    /// The link: checked, but for its subscriptions, which are for the service to add.
    pub link: MqttConfig,
    /// Topic on which Traccar forwards positions, when it does so over MQTT.
    pub traccar_topic: Option<String>,
    /// Secrets of OwnTracks apps that encrypt.
    pub tracker_keys: TrackerKeys,
}

/// `[api]`.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may ask; empty lets nobody in but to what is open.
    pub tokens: Tokens,
}

/// `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// Least level that is logged.
    pub level: tracing::Level,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where to listen unless told otherwise: on this machine only.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl Settings {
    /// Reads a settings file under the process's environment.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        // A name or value that is not text can be none of ours.
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self::load_with(file, std::env::vars_os().filter_map(text))
    }

    /// Reads a settings file under these environment variables; only `AFSTAND_{SECTION}__{KEY}` counts.
    pub fn load_with(
        file: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let (raw, origin) = raw::read(file, environment)?;
        let mut files = Files::beside(file);
        let desks = desks::read(raw.desk, &origin, &mut files)?;
        let contacts = contacts::read(raw.contact, raw.smtp, raw.sms, &origin, &mut files)?;
        let rules = followup::read(raw.escalation, raw.deadline, raw.duty, &contacts, &origin)?;
        let sign_in = raw.sign_in.map(|raw| sign_in::read(raw, &desks, &origin, &mut files)).transpose()?;
        let tokens_file = raw.api.tokens_file.as_deref();
        if tokens_file.is_none() && sign_in.is_none() {
            files.warn("neither api.tokens_file nor [sign_in] is set: nobody can use the API".to_owned());
        }
        let mut tokens = tokens(tokens_file, &desks, &origin, &mut files)?;
        match &sign_in {
            None => tokens.are_people(),
            Some(_) => tokens.nameless().for_each(|name| {
                files.warn(format!(
                    "the API token {name:?} has no person: beside people who sign in it can resolve no alarm"
                ));
            }),
        }
        let listen = match raw.api.listen.as_deref() {
            None => LISTEN,
            Some(text) => text
                .parse()
                .map_err(|_| origin.wrong("api.listen", format!("{text:?} is not an address and port")))?,
        };
        let orders_dir =
            raw.orders.dir.as_deref().map(|dir| files.folder(dir, "orders.dir", &origin)).transpose()?;
        Ok(Self {
            store_url: store_url(raw.store.url.as_deref(), &origin, &files)?,
            mqtt: mqtt(raw.mqtt, &origin, &mut files)?,
            api: Api { listen, tokens },
            orders_dir,
            desks,
            contacts,
            rules,
            sign_in,
            map: map::read(raw.map, &origin, &mut files)?,
            push: raw.push.map(|raw| push::read(raw, &origin, &mut files)).transpose()?.map(Arc::new),
            log: log(&raw.log, &origin)?,
            warnings: files.into_warnings(),
        })
    }

    /// Everything that should be said at a start: the warnings, and that alarms reach fewer people than it seems.
    pub fn said_at_start(&self) -> impl Iterator<Item = String> {
        self.warnings.iter().cloned().chain(followup::warnings(&self.rules))
    }
}

/// SQLite's file is looked for beside the settings file, wherever the service was started from.
fn store_url(url: Option<&str>, origin: &Origin, files: &Files) -> Result<String, SettingsError> {
    let url = url.ok_or_else(|| origin.wrong("store.url", "missing"))?;
    match url.split_once(':') {
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(url.to_owned()),
        Some(("sqlite", ":memory:")) => Ok(url.to_owned()),
        Some(("sqlite", rest)) => {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            let (path, query) =
                rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
            if path.is_empty() {
                return Err(origin.wrong("store.url", "names no file"));
            }
            let path = files.resolve(Path::new(path));
            let query = query.map_or(String::new(), |query| format!("?{query}"));
            Ok(format!("sqlite:{}{query}", path.display()))
        }
        // Not shown: it may hold a password.
        _ => Err(origin.wrong("store.url", "begins with neither sqlite: nor postgres://")),
    }
}

fn mqtt(raw: RawMqtt, origin: &Origin, files: &mut Files) -> Result<Mqtt, SettingsError> {
    let url = raw.url.ok_or_else(|| origin.wrong("mqtt.url", "missing"))?;
    let tracker_keys = match &raw.owntracks_keys_file {
        None => TrackerKeys::default(),
        Some(path) => {
            let secret = files.secret(path, "mqtt.owntracks_keys_file", origin)?;
            TrackerKeys::from_toml(secret.expose())
                .map_err(|error| origin.file("mqtt.owntracks_keys_file", &files.resolve(path), error))?
        }
    };
    if let Some(topic) = &raw.traccar_topic
        && !is_free_topic(topic)
    {
        let problem = format!("{topic:?} is not a topic of its own, without + and #");
        return Err(origin.wrong("mqtt.traccar_topic", problem));
    }
    for (path, key) in
        [(&raw.password_file, "mqtt.password_file"), (&raw.client_key_file, "mqtt.client_key_file")]
    {
        if let Some(path) = path {
            files.secret(path, key, origin)?;
        }
    }
    let resolved = |path: Option<PathBuf>| path.map(|path| files.resolve(&path));
    let default = MqttConfig::new(url);
    let link = MqttConfig {
        client_id: raw.client_id.unwrap_or(default.client_id),
        username: raw.username,
        password_file: resolved(raw.password_file),
        ca_file: resolved(raw.ca_file),
        client_cert_file: resolved(raw.client_cert_file),
        client_key_file: resolved(raw.client_key_file),
        receive_maximum: raw.receive_maximum.unwrap_or(default.receive_maximum),
        max_packet_bytes: raw.max_packet_bytes.unwrap_or(default.max_packet_bytes),
        session_expiry_s: raw.session_expiry_s.unwrap_or(default.session_expiry_s),
        keep_alive_s: raw.keep_alive_s.unwrap_or(default.keep_alive_s),
        url: default.url,
    };
    // The link knows what is wrong with its settings; that it is found at the start is what matters here.
    LinkSettings::load(&link, Vec::new()).map_err(|error| link_error(error, origin))?;
    Ok(Mqtt { link, traccar_topic: raw.traccar_topic, tracker_keys })
}

fn link_error(error: LinkError, origin: &Origin) -> SettingsError {
    match error {
        LinkError::Value(field, why) => origin.wrong(&format!("mqtt.{field}"), why),
        LinkError::File { field, path, why } => origin.file(&format!("mqtt.{field}"), &path, why),
        LinkError::Missing(field, other) => {
            origin.wrong(&format!("mqtt.{field}"), format!("missing, and {other} needs it"))
        }
        LinkError::Tls(why) => origin.wrong("mqtt", format!("TLS: {why}")),
    }
}

/// Whether a topic can be published to and is not one of those with another meaning.
fn is_free_topic(topic: &str) -> bool {
    let reserved = ["afstand/", "owntracks/", "$"];
    (1..=1_000).contains(&topic.len())
        && !topic.contains(|c: char| c == '+' || c == '#' || c.is_control())
        && !reserved.iter().any(|prefix| topic.starts_with(prefix))
}

fn tokens(
    path: Option<&Path>,
    desks: &[Desk],
    origin: &Origin,
    files: &mut Files,
) -> Result<Tokens, SettingsError> {
    let Some(path) = path else { return Ok(Tokens::default()) };
    let text = files.text(path, "api.tokens_file", origin)?;
    let tokens = Tokens::from_toml(&text)
        .map_err(|error| origin.file("api.tokens_file", &files.resolve(path), error))?;
    for token in tokens.iter() {
        if let Some(desk) = &token.holder.desk
            && desks.iter().all(|known| known.name != *desk)
        {
            files.warn(format!(
                "the API token {:?} is for desk {desk}, which is not configured",
                token.holder.name
            ));
        }
    }
    Ok(tokens)
}

fn log(raw: &raw::RawLog, origin: &Origin) -> Result<Log, SettingsError> {
    let format = match raw.format.as_deref() {
        None | Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some(other) => return Err(origin.wrong("log.format", format!("{other:?} is neither text nor json"))),
    };
    let level = match raw.level.as_deref() {
        None => tracing::Level::INFO,
        Some(text @ ("error" | "warn" | "info" | "debug" | "trace")) => {
            text.parse().map_err(|error| origin.wrong("log.level", error))?
        }
        Some(other) => {
            return Err(
                origin.wrong("log.level", format!("{other:?} is not error, warn, info, debug or trace"))
            );
        }
    };
    Ok(Log { format, level })
}
