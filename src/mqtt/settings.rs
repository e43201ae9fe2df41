//! What a link needs to know, read and checked before the first connection.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::v5::ConnectProperties;
use rumqttc::{NetworkOptions, Transport};
use serde::Deserialize;

use super::tls::{self, TlsFiles};

/// Room in the ingest channel for QoS 0 messages, on top of what the broker may send unacknowledged.
const QOS0_ROOM: usize = 2_000;
/// `rumqttc` accepts no shorter keep-alive than this.
const SHORTEST_KEEP_ALIVE_S: u16 = 5;
/// How long making a connection may take, from name lookup to CONNACK, in seconds.
const CONNECT_WITHIN_S: u64 = 10;
/// How long the broker may take to answer a message. After that the connection is given up, because an
/// answer that never comes would keep its place in flight for ever.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// Longest topic or client id MQTT can carry, in bytes.
pub(super) const LONGEST_STRING: usize = u16::MAX as usize;

/// The `[mqtt]` table of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// `mqtt://host[:1883]`, or `mqtts://host[:8883]` for TLS. No user or password in it: it is shown.
    pub url: String,
    /// Names the session at the broker, so it must stay the same over restarts and be used by nobody else.
    #[serde(default = "default_client_id")]
    pub client_id: String,
    /// User name, if the broker wants one.
    pub username: Option<String>,
    /// File with the password; a line end at the end of it is not part of the password.
    pub password_file: Option<PathBuf>,
    /// PEM file of certificates to trust instead of the system's (`mqtts://` only).
    pub ca_file: Option<PathBuf>,
    /// PEM file with the certificate (chain) of this client (`mqtts://` only).
    pub client_cert_file: Option<PathBuf>,
    /// PEM file with the private key of this client (`mqtts://` only).
    pub client_key_file: Option<PathBuf>,
    /// How many messages the broker may send ahead of their acknowledgement. More is faster while commits
    /// take their time, and costs memory. The broker has a limit of its own (mosquitto:
    /// `max_inflight_messages`).
    #[serde(default = "default_receive_maximum")]
    pub receive_maximum: u16,
    /// Largest MQTT packet to accept, in bytes; announced to the broker, which drops larger ones.
    #[serde(default = "default_max_packet_bytes")]
    pub max_packet_bytes: u32,
    /// How long the broker keeps messages while this service is away, in seconds.
    #[serde(default = "default_session_expiry_s")]
    pub session_expiry_s: u32,
    /// Seconds between pings; a broker that has stopped answering is noticed within two of these.
    #[serde(default = "default_keep_alive_s")]
    pub keep_alive_s: u16,
}

fn default_client_id() -> String {
    "afstand".into()
}

fn default_receive_maximum() -> u16 {
    8_000
}

fn default_max_packet_bytes() -> u32 {
    16 * 1024 * 1024
}

/// A week: longer than any outage that people have let stand.
fn default_session_expiry_s() -> u32 {
    7 * 24 * 3600
}

fn default_keep_alive_s() -> u16 {
    10
}

impl MqttConfig {
    /// Everything by default but the address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            client_id: default_client_id(),
            username: None,
            password_file: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            receive_maximum: default_receive_maximum(),
            max_packet_bytes: default_max_packet_bytes(),
            session_expiry_s: default_session_expiry_s(),
            keep_alive_s: default_keep_alive_s(),
        }
    }
}

/// Checked settings of the links to one broker: what [`super::IngestLink`] and [`super::Publisher`] start from.
#[derive(Clone)]
pub struct LinkSettings {
    host: String,
    port: u16,
    transport: Transport,
    client_id: String,
    credentials: Option<(String, String)>,
    subscriptions: Vec<String>,
    receive_maximum: u16,
    max_packet_bytes: u32,
    session_expiry_s: u32,
    keep_alive: Duration,
    /// See [`LinkSettings::dead_after`].
    pub(super) dead_after: Duration,
    /// How long a connection may stand still because of a full channel: much shorter than what the broker
    /// allows between two pings.
    pub(super) stall_within: Duration,
    /// How long the broker may take to answer a message; see [`super::Publisher::publish`].
    pub(super) answered_within: Duration,
}

impl fmt::Debug for LinkSettings {
    /// Leaves out the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("client_id", &self.client_id)
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the settings: one line that names the field and, where there is one, the file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that cannot be used.
    #[error("mqtt.{0}: {1}")]
    Value(&'static str, String),
    /// A file that cannot be read or holds something else.
    #[error("mqtt.{field}: {}: {why}", path.display())]
    File {
        /// The setting that names the file.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// One setting needs another.
    #[error("mqtt.{0} is missing, and mqtt.{1} needs it")]
    Missing(&'static str, &'static str),
    /// TLS could not be set up.
    #[error("mqtt: TLS: {0}")]
    Tls(String),
}

impl SettingsError {
    pub(super) fn file(field: &'static str, path: &Path, why: &dyn fmt::Display) -> Self {
        Self::File { field, path: path.to_path_buf(), why: why.to_string() }
    }
}

impl LinkSettings {
    /// Checks `config`, reads the files it names, and adds the topic filters the ingest link subscribes to.
    pub fn load(config: &MqttConfig, subscriptions: Vec<String>) -> Result<Self, SettingsError> {
        let (host, port, secure) = address(&config.url)?;
        check_values(config)?;
        for filter in &subscriptions {
            if !rumqttc::valid_filter(filter) || filter.len() > LONGEST_STRING {
                return Err(SettingsError::Value(
                    "subscriptions",
                    format!("{filter:?} is not a topic filter"),
                ));
            }
        }
        let keep_alive = Duration::from_secs(config.keep_alive_s.into());
        Ok(Self {
            host,
            port,
            transport: transport(config, secure)?,
            client_id: config.client_id.clone(),
            credentials: credentials(config)?,
            subscriptions,
            receive_maximum: config.receive_maximum,
            max_packet_bytes: config.max_packet_bytes,
            session_expiry_s: config.session_expiry_s,
            keep_alive,
            dead_after: 2 * keep_alive + Duration::from_secs(CONNECT_WITHIN_S),
            stall_within: keep_alive / 4,
            answered_within: ANSWERED_WITHIN,
        })
    }

    /// Capacity, in messages, that the ingest link's channel should have: everything the broker may send
    /// unacknowledged, so that the link never waits for the consumer, and room for QoS 0.
    pub fn channel_capacity(&self) -> usize {
        usize::from(self.receive_maximum) + QOS0_ROOM
    }

    pub(super) fn subscriptions(&self) -> &[String] {
        &self.subscriptions
    }

    pub(super) fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    pub(super) fn session_expiry_s(&self) -> u32 {
        self.session_expiry_s
    }

    pub(super) fn max_packet_bytes(&self) -> u32 {
        self.max_packet_bytes
    }

    /// A connection on which nothing at all has happened for this long is dead: the event loop itself would
    /// have sent a ping and noticed its absence after two keep-alives, unless it hangs in a write.
    pub(super) fn dead_after(&self) -> Duration {
        self.dead_after
    }

    /// Options for the ingest link: persistent session, acknowledged by hand.
    pub(super) fn ingest_options(&self, receive_maximum: u16) -> MqttOptions {
        let mut options = self.options(self.client_id.clone());
        options.set_clean_start(false).set_manual_acks(true).set_outgoing_inflight_upper_limit(1);
        options.set_connect_properties(ConnectProperties {
            session_expiry_interval: Some(self.session_expiry_s),
            receive_maximum: Some(receive_maximum),
            max_packet_size: Some(self.max_packet_bytes),
            ..ConnectProperties::new()
        });
        options
    }

    /// Options for the publisher: nothing is kept at the broker, small writes go out at once.
    pub(super) fn publisher_options(&self, in_flight: u16) -> MqttOptions {
        let mut options = self.options(format!("{}-out", self.client_id));
        options.set_clean_start(true).set_outgoing_inflight_upper_limit(in_flight);
        options.set_connect_properties(ConnectProperties {
            max_packet_size: Some(self.max_packet_bytes),
            ..ConnectProperties::new()
        });
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        options
    }

    fn options(&self, client_id: String) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, self.host.clone(), self.port);
        options
            .set_transport(self.transport.clone())
            .set_keep_alive(self.keep_alive)
            .set_connection_timeout(CONNECT_WITHIN_S);
        if let Some((username, password)) = &self.credentials {
            options.set_credentials(username.clone(), password.clone());
        }
        options
    }
}

fn check_values(config: &MqttConfig) -> Result<(), SettingsError> {
    let wrong = |field, why: &str| Err(SettingsError::Value(field, why.to_string()));
    if config.client_id.is_empty() || config.client_id.len() > 256 {
        return wrong("client_id", "must have 1 to 256 characters");
    }
    if config.receive_maximum == 0 {
        return wrong("receive_maximum", "must be at least 1");
    }
    if config.max_packet_bytes < 1024 {
        return wrong("max_packet_bytes", "must be at least 1024");
    }
    if config.session_expiry_s == 0 {
        return wrong("session_expiry_s", "must be above 0: without a session, messages are lost while away");
    }
    if config.keep_alive_s < SHORTEST_KEEP_ALIVE_S {
        return wrong("keep_alive_s", "must be at least 5");
    }
    Ok(())
}

/// Host, port and whether TLS is asked for.
fn address(text: &str) -> Result<(String, u16, bool), SettingsError> {
    let wrong = |why: &str| SettingsError::Value("url", why.to_string());
    let url = Url::parse(text).map_err(|error| wrong(&format!("not a URL: {error}")))?;
    let secure = match url.scheme() {
        "mqtt" => false,
        "mqtts" => true,
        _ => return Err(wrong("must begin with mqtt:// or mqtts://")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold credentials; use username and password_file"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must end after the host and port"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
    if secure && host.starts_with('[') {
        return Err(wrong("needs a host name for TLS, not an IPv6 address"));
    }
    let port = url.port().unwrap_or(if secure { 8883 } else { 1883 });
    Ok((host.to_string(), port, secure))
}

fn transport(config: &MqttConfig, secure: bool) -> Result<Transport, SettingsError> {
    let files = TlsFiles {
        ca: config.ca_file.as_deref(),
        client_cert: config.client_cert_file.as_deref(),
        client_key: config.client_key_file.as_deref(),
    };
    if secure {
        return tls::transport(files);
    }
    // Somebody who names certificates believes the link is encrypted.
    let named = [
        ("ca_file", files.ca),
        ("client_cert_file", files.client_cert),
        ("client_key_file", files.client_key),
    ];
    match named.into_iter().find(|(_, path)| path.is_some()) {
        Some((field, _)) => Err(SettingsError::Value(field, "needs a url that begins with mqtts://".into())),
        None => Ok(Transport::tcp()),
    }
}

fn credentials(config: &MqttConfig) -> Result<Option<(String, String)>, SettingsError> {
    match (&config.username, &config.password_file) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(SettingsError::Missing("username", "password_file")),
        (Some(username), None) => Ok(Some((username.clone(), String::new()))),
        (Some(username), Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| SettingsError::file("password_file", path, &error))?;
            let password = text.trim_end_matches(['\r', '\n']);
            if password.is_empty() {
                return Err(SettingsError::file("password_file", path, &"is empty"));
            }
            Ok(Some((username.clone(), password.to_string())))
        }
    }
}

#[cfg(test)]
mod tests;
