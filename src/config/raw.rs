//! The settings file as it stands, merged with the environment, before anything is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::Deserialize;

use super::SettingsError;
use super::files::read_text;

const PREFIX: &str = "AFSTAND";
const SEPARATOR: &str = "__";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) store: RawStore,
    pub(super) mqtt: RawMqtt,
    pub(super) api: RawApi,
    pub(super) orders: RawOrders,
    pub(super) desk: Vec<RawDesk>,
    pub(super) contact: Vec<RawContact>,
    pub(super) smtp: Option<RawSmtp>,
    pub(super) sms: Option<RawSms>,
    pub(super) escalation: Vec<RawEscalation>,
    pub(super) deadline: Vec<RawDeadline>,
    pub(super) duty: Vec<RawDuty>,
    pub(super) sign_in: Option<RawSignIn>,
    pub(super) map: RawMap,
    pub(super) push: Option<RawPush>,
    pub(super) log: RawLog,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStore {
    pub(super) url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMqtt {
    pub(super) url: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client_cert_file: Option<PathBuf>,
    pub(super) client_key_file: Option<PathBuf>,
    pub(super) receive_maximum: Option<u16>,
    pub(super) max_packet_bytes: Option<u32>,
    pub(super) session_expiry_s: Option<u32>,
    pub(super) keep_alive_s: Option<u16>,
    pub(super) traccar_topic: Option<String>,
    pub(super) owntracks_keys_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawApi {
    pub(super) listen: Option<String>,
    pub(super) tokens_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOrders {
    pub(super) dir: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDesk {
    pub(super) name: Option<String>,
    pub(super) mqtt: Option<bool>,
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_secret_file: Option<PathBuf>,
    pub(super) webhook_secret_previous_file: Option<PathBuf>,
    pub(super) webhook_body: Option<String>,
    pub(super) cap_exercise: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawContact {
    pub(super) name: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) mqtt: bool,
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_secret_file: Option<PathBuf>,
    pub(super) webhook_secret_previous_file: Option<PathBuf>,
    pub(super) email: Option<String>,
    pub(super) sms: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSmtp {
    pub(super) url: Option<String>,
    pub(super) from: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) starttls: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSms {
    pub(super) url: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) body: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEscalation {
    pub(super) kind: Vec<String>,
    pub(super) level: Option<String>,
    pub(super) risk: Vec<String>,
    pub(super) ring_again_s: Option<i64>,
    pub(super) idle_s: Option<i64>,
    pub(super) steps: Option<Vec<RawStep>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStep {
    pub(super) after_s: Option<i64>,
    pub(super) unless: Option<String>,
    pub(super) tell: Vec<String>,
    pub(super) task: Option<String>,
    pub(super) repeat_s: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDeadline {
    pub(super) name: Option<String>,
    pub(super) partner: Option<String>,
    pub(super) kind: Vec<String>,
    pub(super) level: Option<String>,
    pub(super) within_s: Option<i64>,
    pub(super) remind_before_s: Vec<i64>,
    pub(super) kept_by: Option<String>,
    pub(super) escalate_to: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDuty {
    pub(super) role: Option<String>,
    pub(super) people: Vec<String>,
    pub(super) schedule: Option<RawSchedule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    pub(super) timezone: String,
    pub(super) weekly: Vec<RawWindow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWindow {
    pub(super) days: Vec<String>,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSignIn {
    pub(super) issuer: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret_file: Option<PathBuf>,
    pub(super) public_url: Option<String>,
    pub(super) role_claim: Option<String>,
    pub(super) device_claim: Option<String>,
    pub(super) role: Vec<RawSignInRole>,
    pub(super) contact: Option<String>,
    pub(super) idle_lock_minutes: Option<u64>,
    pub(super) max_hours: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSignInRole {
    pub(super) value: Option<String>,
    pub(super) role: Option<String>,
    pub(super) desk: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMap {
    pub(super) style_url: Option<String>,
    pub(super) dark_style_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPush {
    pub(super) key_file: Option<PathBuf>,
    pub(super) contact: Option<String>,
    pub(super) allow: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub(super) format: Option<String>,
    pub(super) level: Option<String>,
}

/// Where keys come from, to say in an error.
pub(super) struct Origin {
    file: PathBuf,
    /// Keys that the environment set, such as `store.url`.
    from_environment: BTreeSet<String>,
}

impl Origin {
    /// An error about a key's value.
    pub(super) fn wrong(&self, key: &str, problem: impl Display) -> SettingsError {
        // Or a key within it, where a whole section is at fault.
        let within = |other: &&String| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let from_environment = self.from_environment.get(key);
        if let Some(key) = from_environment.or_else(|| self.from_environment.iter().find(within)) {
            return SettingsError::new(&[&variable(key), &problem]);
        }
        SettingsError::new(&[&self.file.display(), &key, &problem])
    }

    /// An error in the file that a key names.
    pub(super) fn file(&self, key: &str, path: &Path, problem: impl Display) -> SettingsError {
        self.wrong(key, format_args!("{}: {problem}", path.display()))
    }

    fn explain(&self, error: ConfigError) -> SettingsError {
        let (key, problem) = flatten(error);
        // The library writes `desk[0]name`.
        let key = key.replace("].", "]").replace(']', "].").trim_end_matches('.').to_owned();
        let Some((name, known)) = unknown(&problem) else {
            return self.wrong(&key, problem);
        };
        let key = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
        self.wrong(&key, format_args!("unknown key; {known}"))
    }
}

/// Reads the file, puts the environment over it, and takes both apart.
pub(super) fn read(
    file: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Raw, Origin), SettingsError> {
    let wrong = |problem: &dyn Display| SettingsError::new(&[&file.display(), problem]);
    let text = read_text(file).map_err(|error| wrong(&error))?;
    if let Err(error) = toml::from_str::<toml::Table>(&text) {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        return Err(wrong(&format_args!("line {line}: {}", error.message())));
    }
    let variables: BTreeMap<String, String> =
        environment.into_iter().filter(|(name, _)| is_ours(name)).collect();
    let from_environment = variables.keys().map(|name| key(name)).collect();
    let origin = Origin { file: file.to_path_buf(), from_environment };
    let over = Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator(SEPARATOR)
        .source(Some(variables.into_iter().collect()));
    let merged =
        Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).add_source(over).build();
    let raw = merged.and_then(Config::try_deserialize).map_err(|error| origin.explain(error))?;
    Ok((raw, origin))
}

/// Variables without a section are for others: tests, tools.
fn is_ours(name: &str) -> bool {
    let section = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('_'));
    section.is_some_and(|rest| rest.contains(SEPARATOR))
}

/// `AFSTAND_STORE__URL` is `store.url`.
fn key(variable: &str) -> String {
    variable[PREFIX.len() + 1..].replace(SEPARATOR, ".").to_lowercase()
}

fn variable(key: &str) -> String {
    format!("{PREFIX}_{}", key.replace('.', SEPARATOR).to_uppercase())
}

fn flatten(error: ConfigError) -> (String, String) {
    match error {
        ConfigError::Type { key, unexpected, expected, .. } => {
            (key.unwrap_or_default(), format!("expected {expected}, found {unexpected}"))
        }
        ConfigError::NotFound(key) => (key, "missing".to_owned()),
        ConfigError::At { error, key, .. } => (key.unwrap_or_default(), flatten(*error).1),
        other => (String::new(), other.to_string()),
    }
}

/// The name and the list of serde's message about an unknown field.
fn unknown(problem: &str) -> Option<(&str, &str)> {
    problem.strip_prefix("unknown field `")?.split_once("`, ")
}
