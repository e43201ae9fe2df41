//! `[[contact]]`, `[smtp]` and `[sms]`: people whom follow-up reaches, and the servers it reaches them through.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Url;
use serde_json::Value;
use zones::is_id;
use zones::order::{EmailAddress, PhoneNumber};

use super::SettingsError;
use super::desks::{Webhook, web_address, webhook};
use super::files::{Files, Secret};
use super::raw::{Origin, RawContact, RawSms, RawSmtp};

/// What a contact can be: whom an escalation tells, and whom a partner's deadline reminds.
pub const ROLES: [&str; 8] = [
    "operator",
    "second_operator",
    "shift_lead",
    "on_call_manager",
    "case_contact",
    "supervising_officer",
    "case_coordinator",
    "prosecutor",
];

/// Everybody whom follow-up can reach, and how.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    /// The people, in the order of the settings.
    pub people: Vec<Contact>,
    /// The mail server, when there is one.
    pub smtp: Option<Smtp>,
    /// The gateway for text messages, when there is one.
    pub sms: Option<SmsGateway>,
}

/// One `[[contact]]`: a person, or a telephone that goes from hand to hand.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Its name in duty lists and topics; an id.
    pub name: String,
    /// What it is, out of [`ROLES`]; nothing for one who is only reached by name.
    pub roles: Vec<&'static str>,
    /// Whether it gets notices on its MQTT topic.
    pub mqtt: bool,
    /// Its webhook.
    pub webhook: Option<Webhook>,
    /// Its e-mail address.
    pub email: Option<EmailAddress>,
    /// The number of its mobile telephone.
    pub sms: Option<PhoneNumber>,
}

/// `[smtp]`.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Name or address of the mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether and when the connection is encrypted.
    pub tls: StartTls,
    /// Certificates to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Who the mail is from.
    pub from: EmailAddress,
    /// Account and password.
    pub account: Option<(String, Secret)>,
}

/// When a connection to a mail server becomes an encrypted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartTls {
    /// From its first byte (`smtps://`).
    AtOnce,
    /// By STARTTLS, and nothing is sent without.
    Required,
    /// Never.
    Never,
}

/// `[sms]`.
#[derive(Debug, Clone)]
pub struct SmsGateway {
    /// Where messages are posted.
    pub url: Url,
    /// What the gateway knows us by.
    pub token: Option<Secret>,
    /// What is posted; `{to}` and `{text}` in its texts are filled in.
    pub body: Value,
}

impl Contacts {
    /// The contact of that name.
    pub fn find(&self, name: &str) -> Option<&Contact> {
        self.people.iter().find(|contact| contact.name == name)
    }

    /// Those who have a role, in the order of the settings.
    pub fn with_role<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Contact> {
        self.people.iter().filter(move |contact| contact.roles.contains(&role))
    }
}

pub(super) fn read(
    people: Vec<RawContact>,
    mail: Option<RawSmtp>,
    gateway: Option<RawSms>,
    origin: &Origin,
    files: &mut Files,
) -> Result<Contacts, SettingsError> {
    let smtp = mail.map(|raw| smtp(raw, origin, files)).transpose()?;
    let sms = gateway.map(|raw| sms(raw, origin, files)).transpose()?;
    let mut contacts = Contacts { people: Vec::with_capacity(people.len()), smtp, sms };
    let mut names = BTreeSet::new();
    for (index, raw) in people.into_iter().enumerate() {
        let key = |name: &str| format!("contact[{index}].{name}");
        let contact = contact(raw, &key, origin, files)?;
        if !names.insert(contact.name.clone()) {
            return Err(origin.wrong(&key("name"), format!("{} is there twice", contact.name)));
        }
        if contact.email.is_some() && contacts.smtp.is_none() {
            return Err(origin.wrong(&key("email"), "there is no [smtp] to send it through"));
        }
        if contact.sms.is_some() && contacts.sms.is_none() {
            return Err(origin.wrong(&key("sms"), "there is no [sms] to send it through"));
        }
        contacts.people.push(contact);
    }
    Ok(contacts)
}

fn contact(
    raw: RawContact,
    key: &impl Fn(&str) -> String,
    origin: &Origin,
    files: &mut Files,
) -> Result<Contact, SettingsError> {
    let wrong = |name: &str, problem: String| origin.wrong(&key(name), problem);
    let name = raw.name.ok_or_else(|| wrong("name", "missing".to_owned()))?;
    if !is_id(&name) {
        return Err(wrong("name", "a name is 1 to 64 characters of A-Z a-z 0-9 _ -".to_owned()));
    }
    let mut roles = Vec::with_capacity(raw.roles.len());
    for role in &raw.roles {
        let known = ROLES.into_iter().find(|known| known == role);
        let known =
            known.ok_or_else(|| wrong("roles", format!("{role:.80?} is not one of {}", ROLES.join(", "))))?;
        roles.push(known);
    }
    let secrets = (raw.webhook_secret_file, raw.webhook_secret_previous_file);
    let webhook = webhook(raw.webhook_url, secrets, key, origin, files)?;
    let email = raw.email.as_deref().map(EmailAddress::new).transpose();
    let email = email.map_err(|error| wrong("email", error.problem))?;
    let sms = raw.sms.as_deref().map(PhoneNumber::new).transpose();
    let sms = sms.map_err(|error| wrong("sms", error.problem))?;
    if !raw.mqtt && webhook.is_none() && email.is_none() && sms.is_none() {
        let problem = "there is no mqtt, webhook_url, email or sms: nothing would reach this contact";
        return Err(wrong("name", problem.to_owned()));
    }
    Ok(Contact { name, roles, mqtt: raw.mqtt, webhook, email, sms })
}

fn smtp(raw: RawSmtp, origin: &Origin, files: &mut Files) -> Result<Smtp, SettingsError> {
    let url = raw.url.ok_or_else(|| origin.wrong("smtp.url", "missing"))?;
    let form = "not of the form smtp://host[:587] or smtps://host[:465]";
    // What is written there is not repeated: it may hold a password.
    let url = Url::parse(&url).map_err(|_| origin.wrong("smtp.url", form))?;
    let (port, secure) = match url.scheme() {
        "smtps" => (465, true),
        "smtp" => (587, false),
        _ => return Err(origin.wrong("smtp.url", form)),
    };
    if !url.username().is_empty() || url.password().is_some() {
        let problem = "must not hold credentials: they belong in smtp.username and smtp.password_file";
        return Err(origin.wrong("smtp.url", problem));
    }
    let nothing_more = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let host = url.host_str().filter(|host| !host.is_empty() && nothing_more);
    let host = host.ok_or_else(|| origin.wrong("smtp.url", form))?;
    // Brackets are of the URL, not of the address.
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls = match (secure, raw.starttls.as_deref()) {
        (true, None) => StartTls::AtOnce,
        (true, Some(_)) => {
            return Err(origin.wrong("smtp.starttls", "smtps:// is encrypted from its first byte"));
        }
        (false, None | Some("required")) => StartTls::Required,
        (false, Some("never")) => StartTls::Never,
        (false, Some(other)) => {
            return Err(origin.wrong("smtp.starttls", format!("{other:.80?} is neither required nor never")));
        }
    };
    if tls == StartTls::Never && !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") {
        files.warn(
            "smtp.starttls is never: mail and password travel to another machine unencrypted".to_owned(),
        );
    }
    let from = raw.from.ok_or_else(|| origin.wrong("smtp.from", "missing"))?;
    let from = EmailAddress::new(&from).map_err(|error| origin.wrong("smtp.from", error.problem))?;
    let account = match (raw.username, raw.password_file) {
        (Some(username), Some(path)) => Some((username, files.secret(&path, "smtp.password_file", origin)?)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(origin.wrong("smtp.password_file", "missing, and smtp.username needs it"));
        }
        (None, Some(_)) => {
            return Err(origin.wrong("smtp.username", "missing, and smtp.password_file needs it"));
        }
    };
    let ca = raw.ca_file.map(|path| certificates(&path, tls, origin, files)).transpose()?;
    Ok(Smtp { host, port: url.port().unwrap_or(port), tls, ca, from, account })
}

fn certificates(
    path: &Path,
    tls: StartTls,
    origin: &Origin,
    files: &Files,
) -> Result<Vec<u8>, SettingsError> {
    if tls == StartTls::Never {
        return Err(origin.wrong("smtp.ca_file", "is of no use where smtp.starttls is never"));
    }
    let text = files.text(path, "smtp.ca_file", origin)?;
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(origin.file("smtp.ca_file", &files.resolve(path), "holds no certificate (PEM)"));
    }
    Ok(text.into_bytes())
}

fn sms(raw: RawSms, origin: &Origin, files: &mut Files) -> Result<SmsGateway, SettingsError> {
    let url = raw.url.ok_or_else(|| origin.wrong("sms.url", "missing"))?;
    let url = web_address(&url, "sms.url", origin, files)?;
    let token = raw.token_file.map(|path| files.secret(&path, "sms.token_file", origin)).transpose()?;
    if token.as_ref().is_some_and(|token| !token.expose().bytes().all(|b| b.is_ascii_graphic())) {
        return Err(
            origin.wrong("sms.token_file", "the token has other characters in it than a header can hold")
        );
    }
    let body = raw.body.as_deref().unwrap_or(r#"{"to": "{to}", "text": "{text}"}"#);
    let body: Value =
        serde_json::from_str(body).map_err(|error| origin.wrong("sms.body", format!("not JSON: {error}")))?;
    for part in ["{to}", "{text}"] {
        if !mentions(&body, part) {
            return Err(origin.wrong("sms.body", format!("{part} stands in none of its texts")));
        }
    }
    Ok(SmsGateway { url, token, body })
}

/// Whether a text within says so.
fn mentions(value: &Value, part: &str) -> bool {
    match value {
        Value::String(text) => text.contains(part),
        Value::Array(list) => list.iter().any(|value| mentions(value, part)),
        Value::Object(fields) => fields.values().any(|value| mentions(value, part)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
