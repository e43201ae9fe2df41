//! `[push]`: how the browsers of victims are woken.

use std::path::PathBuf;

use zones::order::EmailAddress;

use super::SettingsError;
use super::desks::web_address;
use super::files::Files;
use super::raw::{Origin, RawPush};
use crate::delivery::{OwnOrigins, VapidKey};

/// How the browsers of victims are woken; without it they are not.
#[derive(Debug)]
pub struct Push {
    /// What pushes are signed with.
    pub key: VapidKey,
    /// Whom a push service can ask: a `mailto:` or `https:` address.
    pub contact: String,
    /// Push services of one's own, which may be anywhere.
    pub own: OwnOrigins,
}

pub(super) fn read(raw: RawPush, origin: &Origin, files: &mut Files) -> Result<Push, SettingsError> {
    let file: PathBuf = raw.key_file.ok_or_else(|| origin.wrong("push.key_file", "missing"))?;
    let secret = files.secret(&file, "push.key_file", origin)?;
    let key = VapidKey::from_pem(secret.expose())
        .map_err(|error| origin.file("push.key_file", &files.resolve(&file), error))?;
    let contact = raw.contact.ok_or_else(|| origin.wrong("push.contact", "missing"))?;
    let mut own = Vec::new();
    for (index, text) in raw.allow.iter().enumerate() {
        let key = format!("push.allow[{index}]");
        let url = web_address(text, &key, origin, files)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(origin.wrong(&key, "must end after the host and port"));
        }
        own.push(url);
    }
    Ok(Push { key, contact: contact_of(&contact, origin, files)?, own: own.into_iter().collect() })
}

/// Push services want an address that somebody reads (RFC 8292, section 2.1).
fn contact_of(text: &str, origin: &Origin, files: &mut Files) -> Result<String, SettingsError> {
    let key = "push.contact";
    if let Some(address) = text.strip_prefix("mailto:") {
        let address = EmailAddress::new(address).map_err(|error| origin.wrong(key, error))?;
        return Ok(format!("mailto:{}", address.as_str()));
    }
    if !text.starts_with("https://") {
        return Err(origin.wrong(key, "begins with neither mailto: nor https://"));
    }
    web_address(text, key, origin, files).map(String::from)
}
