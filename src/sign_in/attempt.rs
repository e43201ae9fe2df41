//! What is remembered between leaving for the provider and coming back: in the browser, sealed, so that nobody can
//! fill a memory here, and only the browser that left can come back.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zones::Timestamp;

use super::NoSignIn;

/// How long somebody may take at the provider.
pub const ATTEMPT_WITHIN: Duration = Duration::from_mins(10);

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// An attempt to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What the provider brings back as it is.
    pub state: String,
    /// What the ID token must hold.
    pub nonce: String,
    /// What shows at the provider that the code was asked for from here (PKCE).
    pub verifier: String,
    /// Where to go afterwards.
    pub back: String,
    /// Hash of the session that ends when this succeeds.
    pub instead: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub begun_at: i64,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}

/// Seals attempts with a key that dies with the process.
pub struct Seal(XSalsa20Poly1305);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// A seal with a new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new() -> Result<Self, NoSignIn> {
        let mut key = [0; KEY_LEN];
        getrandom::fill(&mut key)?;
        Ok(Self(XSalsa20Poly1305::new(Key::from_slice(&key))))
    }

    /// An attempt as a cookie's value.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn close(&self, attempt: &Attempt) -> Result<String, NoSignIn> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        // Texts and a number: they can be written, and a cookie's length can be sealed.
        let plain = serde_json::to_vec(attempt).unwrap_or_default();
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), plain.as_slice()).unwrap_or_default();
        Ok(BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The attempt of a cookie's value: nothing if it was not sealed here, or too long ago.
    pub fn open(&self, value: &str, now: Timestamp) -> Option<Attempt> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let plain = self.0.decrypt(Nonce::from_slice(nonce), sealed).ok()?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        let took = u128::try_from(now.as_millis() - attempt.begun_at).unwrap_or(0);
        (took < ATTEMPT_WITHIN.as_millis()).then_some(attempt)
    }
}
