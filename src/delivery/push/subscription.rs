//! What a browser gives to be reached by: where, and with what to close what is sent there.

use reqwest::Url;
use sha2::{Digest, Sha256};

use super::public::{self, OwnOrigins};
use super::seal::BrowserKeys;

/// Longest address of a push service, in bytes; those in use are a few hundred long.
const LONGEST_ENDPOINT: usize = 2_000;

/// A browser that can be reached: its address may be sent to, its keys can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub(super) endpoint: Url,
    /// Whether the settings allow the address, whatever network it is in.
    pub(super) is_own: bool,
    pub(super) keys: BrowserKeys,
}

/// A field that cannot be used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct WrongSubscription {
    /// The field, as JSON names it.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Subscription {
    /// Reads what a browser's `PushSubscription` is as JSON: `endpoint`, `keys.p256dh`, `keys.auth`.
    pub fn parse(
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        own: &OwnOrigins,
    ) -> Result<Self, WrongSubscription> {
        let wrong = |problem| WrongSubscription { field: "endpoint", problem };
        if endpoint.len() > LONGEST_ENDPOINT {
            return Err(wrong("is too long"));
        }
        let endpoint = Url::parse(endpoint).map_err(|_| wrong("is not a URL"))?;
        if !endpoint.username().is_empty() || endpoint.password().is_some() || endpoint.fragment().is_some() {
            return Err(wrong("has a name, a password or a part after # in it"));
        }
        let is_own = own.has(&endpoint);
        if let Some(problem) = public::refusal(&endpoint).filter(|_| !is_own) {
            return Err(wrong(problem));
        }
        let keys = BrowserKeys::parse(p256dh, auth)
            .map_err(|(field, problem)| WrongSubscription { field, problem })?;
        Ok(Self { endpoint, is_own, keys })
    }

    /// What it is known by: of the address, which nobody else may learn.
    pub fn id(&self) -> String {
        subscription_id(self.endpoint.as_str())
    }

    /// Where to, as it is kept.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }
}

/// What the subscription at an address is known by, in hexadecimal digits.
pub fn subscription_id(endpoint: &str) -> String {
    // As it is kept: a browser may write the same address in another way.
    let endpoint = Url::parse(endpoint).map_or_else(|_| endpoint.to_owned(), String::from);
    let digits: [u8; 32] = Sha256::digest(endpoint.as_bytes()).into();
    digits.map(|byte| format!("{byte:02x}")).concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::push::testing::Browser;

    fn parse(endpoint: &str) -> Result<Subscription, WrongSubscription> {
        let browser = Browser::new(7);
        let own =
            [Url::parse("http://127.0.0.1:9000").unwrap(), Url::parse("https://push.lan:8443").unwrap()];
        Subscription::parse(endpoint, &browser.p256dh(), &browser.auth(), &own.into_iter().collect())
    }

    #[test]
    fn an_address_is_public_or_one_that_the_settings_allow() {
        for (endpoint, is_own) in [
            ("https://push.example/send/abc", false),
            ("http://127.0.0.1:9000/abc", true),
            ("https://push.lan:8443/abc?x=1", true),
        ] {
            let read = parse(endpoint).unwrap();
            assert_eq!((read.endpoint(), read.is_own), (endpoint, is_own));
        }
        // An origin is all of scheme, host and port.
        for wrong in [
            "http://127.0.0.1:9001/abc",
            "http://127.0.0.1/abc",
            "https://127.0.0.1:9000/abc",
            "http://push.lan:8443/abc",
            "http://localhost:9000/abc",
            "https://name@push.example/abc",
            "http://x:y@127.0.0.1:9000/abc",
            "https://push.example/abc#d",
            "https://10.0.0.1/abc",
            "push.example/abc",
            "",
            "javascript:alert(1)",
            &format!("https://push.example/{}", "x".repeat(LONGEST_ENDPOINT)),
        ] {
            assert_eq!(parse(wrong).unwrap_err().field, "endpoint", "{wrong:.60}");
        }
        let browser = Browser::new(7);
        let own = OwnOrigins::default();
        let with =
            |p256dh: &str, auth: &str| Subscription::parse("https://push.example/", p256dh, auth, &own);
        assert_eq!(with("x", &browser.auth()).unwrap_err().field, "keys.p256dh");
        assert_eq!(with(&browser.p256dh(), "x").unwrap_err().field, "keys.auth");
    }

    #[test]
    fn the_same_address_is_the_same_subscription_however_it_is_written() {
        let id = parse("https://push.example/send/abc").unwrap().id();
        assert_eq!(id.len(), 64);
        assert_eq!(id, subscription_id("https://PUSH.example:443/send/abc"));
        assert_ne!(id, subscription_id("https://push.example/send/abd"));
    }
}
