//! `[[desk]]`: police control rooms and how they are reached. The webhook's keys are those of contacts too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reqwest::Url;
use zones::DeskId;

use super::SettingsError;
use super::files::Files;
use super::raw::{Origin, RawDesk};
use crate::delivery::SigningSecret;

/// One `[[desk]]`.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Its name in orders and topics.
    pub name: DeskId,
    /// Whether it gets alerts on its MQTT topic.
    pub mqtt: bool,
    /// Its webhook, when it has one.
    pub webhook: Option<Webhook>,
    /// What is posted there.
    pub body: WebhookBody,
}

/// What a desk's webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookBody {
    /// CloudEvents in JSON.
    #[default]
    CloudEvents,
    /// CAP 1.2.
    Cap {
        /// Everything is marked as not meant, while a control room is being connected.
        exercise: bool,
    },
}

/// Where and with which secrets alerts, or notices of them, are posted.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// The secret, and the one before it while it is being replaced: each signs.
    pub secrets: Vec<SigningSecret>,
}

pub(super) fn read(
    raw: Vec<RawDesk>,
    origin: &Origin,
    files: &mut Files,
) -> Result<Vec<Desk>, SettingsError> {
    let mut desks: Vec<Desk> = Vec::with_capacity(raw.len());
    let mut names = BTreeSet::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let desk = desk(raw, &format!("desk[{index}]"), origin, files)?;
        if !names.insert(desk.name.clone()) {
            return Err(origin.wrong(&format!("desk[{index}].name"), format!("{} is there twice", desk.name)));
        }
        desks.push(desk);
    }
    Ok(desks)
}

fn desk(raw: RawDesk, key: &str, origin: &Origin, files: &mut Files) -> Result<Desk, SettingsError> {
    let key = |name: &str| format!("{key}.{name}");
    let name = raw.name.ok_or_else(|| origin.wrong(&key("name"), "missing"))?;
    let name = DeskId::new(&name).map_err(|error| origin.wrong(&key("name"), error))?;
    let mqtt = raw.mqtt.unwrap_or(true);
    let body = body(raw.webhook_body.as_deref(), raw.cap_exercise, &key, origin)?;
    let secrets = (raw.webhook_secret_file, raw.webhook_secret_previous_file);
    let webhook = webhook(raw.webhook_url, secrets, &key, origin, files)?;
    if body != WebhookBody::default() && webhook.is_none() {
        return Err(origin.wrong(&key("webhook_url"), "missing, and webhook_body needs it"));
    }
    if !mqtt && webhook.is_none() {
        return Err(
            origin.wrong(&key("mqtt"), "false, and there is no webhook_url: nothing would reach this desk")
        );
    }
    Ok(Desk { name, mqtt, webhook, body })
}

fn body(
    name: Option<&str>,
    exercise: Option<bool>,
    key: &impl Fn(&str) -> String,
    origin: &Origin,
) -> Result<WebhookBody, SettingsError> {
    match (name, exercise) {
        (None | Some("cloudevents"), None) => Ok(WebhookBody::CloudEvents),
        (Some("cap"), exercise) => Ok(WebhookBody::Cap { exercise: exercise.unwrap_or(false) }),
        (None | Some("cloudevents"), Some(_)) => {
            Err(origin.wrong(&key("cap_exercise"), "goes with webhook_body = \"cap\" only"))
        }
        (Some(other), _) => {
            Err(origin.wrong(&key("webhook_body"), format!("{other:.80?} is neither cloudevents nor cap")))
        }
    }
}

/// The webhook that the keys `webhook_url`, `webhook_secret_file` and `webhook_secret_previous_file` describe, of a
/// desk or of a contact; `secrets` are the last two.
pub(super) fn webhook(
    url: Option<String>,
    secrets: (Option<PathBuf>, Option<PathBuf>),
    key: &impl Fn(&str) -> String,
    origin: &Origin,
    files: &mut Files,
) -> Result<Option<Webhook>, SettingsError> {
    let lacks =
        |name: &str, needed_by: &str| origin.wrong(&key(name), format!("missing, and {needed_by} needs it"));
    match (url, secrets) {
        (Some(url), (Some(secret), previous)) => {
            let url = web_address(&url, &key("webhook_url"), origin, files)?;
            let mut secrets = vec![signing_secret(&secret, &key("webhook_secret_file"), origin, files)?];
            if let Some(previous) = previous {
                secrets.push(signing_secret(&previous, &key("webhook_secret_previous_file"), origin, files)?);
            }
            Ok(Some(Webhook { url, secrets }))
        }
        (Some(_), (None, _)) => Err(lacks("webhook_secret_file", "webhook_url")),
        (None, (Some(_), _)) => Err(lacks("webhook_url", "webhook_secret_file")),
        (None, (None, Some(_))) => Err(lacks("webhook_url", "webhook_secret_previous_file")),
        (None, (None, None)) => Ok(None),
    }
}

/// The address of a web server that alerts, or notices of them, are posted to, or that the map comes from.
pub(super) fn web_address(
    text: &str,
    key: &str,
    origin: &Origin,
    files: &mut Files,
) -> Result<Url, SettingsError> {
    let url = Url::parse(text).map_err(|error| origin.wrong(key, format!("not a URL: {error}")))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(origin.wrong(key, "does not begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(origin.wrong(key, "must not hold credentials: they belong in a file"));
    }
    if url.scheme() == "http" && !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        files.warn(format!("{key} is http:// to another machine: what is sent there travels unencrypted"));
    }
    Ok(url)
}

fn signing_secret(
    path: &Path,
    key: &str,
    origin: &Origin,
    files: &mut Files,
) -> Result<SigningSecret, SettingsError> {
    let secret = files.secret(path, key, origin)?;
    let secret = SigningSecret::parse(secret.expose())
        .map_err(|error| origin.file(key, &files.resolve(path), error))?;
    if secret.is_short() {
        files.warn(format!("{key} is shorter than the 24 bytes that Standard Webhooks asks for"));
    }
    Ok(secret)
}
