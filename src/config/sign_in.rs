//! `[sign_in]`: how people sign in, by an OpenID Connect provider.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use zones::DeskId;

use super::desks::{Desk, web_address};
use super::files::{Files, Secret};
use super::raw::{Origin, RawSignIn, RawSignInRole};
use super::{Role, SettingsError};

/// Where the provider sends people back to, below the public URL.
pub const CALLBACK: &str = "/auth/callback";

/// Longest text of the settings that people are shown, in characters.
const LONGEST_CONTACT: usize = 200;

/// `[sign_in]`.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The provider, as it names itself.
    pub issuer: String,
    /// What the provider knows this service by.
    pub client_id: String,
    /// What this service proves itself with; none for a public client.
    pub client_secret: Option<Secret>,
    /// Where people reach this service: scheme, host and port.
    pub public_url: Url,
    /// The claim of an ID token that says what somebody may do: a name, or a path with dots.
    pub role_claim: String,
    /// The claim that names a victim's device, where victims sign in.
    pub device_claim: Option<String>,
    /// What its values mean; the first that somebody has counts.
    pub roles: Vec<RoleValue>,
    /// Whom to ask who is not let in.
    pub contact: Option<String>,
    /// How long sessions last.
    pub limits: SessionLimits,
}

/// What a value of the role claim means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleValue {
    /// The value.
    pub value: String,
    /// The role.
    pub role: Role,
    /// The desk; set exactly when the role is [`Role::Desk`].
    pub desk: Option<DeskId>,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a key or a pointer for so long, it is locked.
    pub idle: Duration,
    /// From signing in to its end, whatever happens.
    pub longest: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_mins(15), longest: Duration::from_hours(12) }
    }
}

pub(super) fn read(
    raw: RawSignIn,
    desks: &[Desk],
    origin: &Origin,
    files: &mut Files,
) -> Result<SignIn, SettingsError> {
    let needed = |text: Option<String>, key: &str| match text {
        Some(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Some(_) => Err(origin.wrong(key, "is empty")),
        None => Err(origin.wrong(key, "missing")),
    };
    let issuer = needed(raw.issuer, "sign_in.issuer")?;
    private(&issuer, "sign_in.issuer", origin, files)?;
    let public_url = needed(raw.public_url, "sign_in.public_url")?;
    let public_url = private(&public_url, "sign_in.public_url", origin, files)?;
    if public_url.path() != "/" || public_url.query().is_some() || public_url.fragment().is_some() {
        return Err(origin.wrong("sign_in.public_url", "must end after the host and port"));
    }
    let device_claim =
        raw.device_claim.map(|claim| needed(Some(claim), "sign_in.device_claim")).transpose()?;
    let roles = roles(raw.role, device_claim.is_some(), desks, origin, files)?;
    if let Some(contact) = &raw.contact
        && (contact.chars().count() > LONGEST_CONTACT || contact.chars().any(char::is_control))
    {
        let problem = format!("is not plain text of at most {LONGEST_CONTACT} characters");
        return Err(origin.wrong("sign_in.contact", problem));
    }
    Ok(SignIn {
        issuer,
        client_id: needed(raw.client_id, "sign_in.client_id")?,
        client_secret: secret(raw.client_secret_file.as_ref(), origin, files)?,
        public_url,
        role_claim: needed(raw.role_claim, "sign_in.role_claim")?,
        device_claim,
        roles,
        contact: raw.contact,
        limits: limits(raw.idle_lock_minutes, raw.max_hours, origin)?,
    })
}

fn secret(
    file: Option<&PathBuf>,
    origin: &Origin,
    files: &mut Files,
) -> Result<Option<Secret>, SettingsError> {
    file.map(|path| files.secret(path, "sign_in.client_secret_file", origin)).transpose()
}

/// An address that passwords and cookies may travel to: encrypted, or on this machine.
fn private(text: &str, key: &str, origin: &Origin, files: &mut Files) -> Result<Url, SettingsError> {
    let url = web_address(text, key, origin, files)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(origin.wrong(key, "is http:// to another machine: signing in needs https://"));
    }
    Ok(url)
}

/// Whether an address is on this machine.
fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn roles(
    raw: Vec<RawSignInRole>,
    has_device_claim: bool,
    desks: &[Desk],
    origin: &Origin,
    files: &mut Files,
) -> Result<Vec<RoleValue>, SettingsError> {
    if raw.is_empty() {
        return Err(origin.wrong("sign_in.role", "there is no [[sign_in.role]]: nobody could sign in"));
    }
    let mut roles: Vec<RoleValue> = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("sign_in.role[{index}].{name}");
        let row = role(raw, &key, origin)?;
        if row.role == Role::Victim && !has_device_claim {
            return Err(origin
                .wrong(&key("role"), "victim needs sign_in.device_claim, which says whose device it is"));
        }
        if roles.iter().any(|other| other.value == row.value) {
            return Err(origin.wrong(&key("value"), format!("{:?} is there twice", row.value)));
        }
        if let Some(desk) = &row.desk
            && desks.iter().all(|known| known.name != *desk)
        {
            files.warn(format!("{} is {desk}, which is not configured", key("desk")));
        }
        roles.push(row);
    }
    Ok(roles)
}

fn role(
    raw: RawSignInRole,
    key: &impl Fn(&str) -> String,
    origin: &Origin,
) -> Result<RoleValue, SettingsError> {
    let missing = |name: &str| origin.wrong(&key(name), "missing");
    let value = raw.value.filter(|value| !value.is_empty()).ok_or_else(|| missing("value"))?;
    let word = raw.role.ok_or_else(|| missing("role"))?;
    let role = role_of(&word).map_err(|problem| origin.wrong(&key("role"), problem))?;
    let desk = match (role, raw.desk) {
        (Role::Integrator, _) => {
            return Err(origin.wrong(&key("role"), "integrator is for machines, which have a token"));
        }
        (Role::Desk, Some(desk)) => {
            Some(DeskId::new(&desk).map_err(|error| origin.wrong(&key("desk"), error))?)
        }
        (Role::Desk, None) => {
            return Err(origin.wrong(&key("desk"), "missing, and the role desk needs it"));
        }
        (_, Some(_)) => return Err(origin.wrong(&key("desk"), "goes with the role desk only")),
        (_, None) => None,
    };
    Ok(RoleValue { value, role, desk })
}

/// The role of a word in files and JSON.
pub(crate) fn role_of(word: &str) -> Result<Role, serde::de::value::Error> {
    Role::deserialize(word.into_deserializer())
}

fn limits(idle: Option<u64>, longest: Option<u64>, origin: &Origin) -> Result<SessionLimits, SettingsError> {
    let mut limits = SessionLimits::default();
    if let Some(minutes) = idle {
        if !(1..=120).contains(&minutes) {
            return Err(origin.wrong("sign_in.idle_lock_minutes", format!("{minutes} is not 1 to 120")));
        }
        limits.idle = Duration::from_mins(minutes);
    }
    if let Some(hours) = longest {
        if !(1..=24).contains(&hours) {
            return Err(origin.wrong("sign_in.max_hours", format!("{hours} is not 1 to 24")));
        }
        limits.longest = Duration::from_hours(hours);
    }
    if limits.idle > limits.longest {
        return Err(origin.wrong("sign_in.idle_lock_minutes", "is longer than sign_in.max_hours"));
    }
    Ok(limits)
}
