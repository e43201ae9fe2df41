//! The two cookies: the session's, and that of an attempt to sign in.
//!
//! Over https both are `Secure` and have the prefix `__Host-`, so that no other host can set them. Without a public
//! URL that is https the service is reached on this machine only (the settings see to that) or is a demonstration;
//! there they have neither, because not every browser keeps `Secure` cookies of `http://127.0.0.1`.

use axum::http::{HeaderMap, HeaderValue, header};

/// One of the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in. Pages here ask for everything themselves, so it never has to come along from another site.
    Session,
    /// Who left for the provider. It has to come along when the provider's page leads back.
    Attempt,
}

impl Cookie {
    const fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-afstand-session",
            (Self::Session, false) => "afstand-session",
            (Self::Attempt, true) => "__Host-afstand-attempt",
            (Self::Attempt, false) => "afstand-attempt",
        }
    }

    const fn same_site(self) -> &'static str {
        match self {
            Self::Session => "Strict",
            Self::Attempt => "Lax",
        }
    }

    /// Its value in a request.
    pub(crate) fn of(self, headers: &HeaderMap, is_secure: bool) -> Option<&str> {
        let given = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            given.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name(is_secure)).map(|(_, value)| value)
    }

    /// The header that sets it; gone with the browser where `max_age_s` is not given.
    pub(super) fn set(self, value: &str, max_age_s: Option<u64>, is_secure: bool) -> Option<HeaderValue> {
        let (name, same_site) = (self.name(is_secure), self.same_site());
        let age = max_age_s.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        let secure = if is_secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}{age}{secure}");
        HeaderValue::try_from(text).ok()
    }

    /// The header that takes it away.
    pub(super) fn unset(self, is_secure: bool) -> Option<HeaderValue> {
        self.set("", Some(0), is_secure)
    }
}
