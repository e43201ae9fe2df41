//! People who sign in: by an OpenID Connect provider, or by a link that is good once. Machines have tokens.
//!
//! * [`Provider`] leads to the provider and judges who comes back.
//! * [`Links`] gives out the links of a demonstration.
//! * [`Sessions`] remembers who is signed in. What a browser has is a random id; the store has its hash.
//!
//! INVARIANT: whoever signs in gets a new id; none is ever taken from a request.
//! INVARIANT: a lock ends with a new session only.

mod attempt;
mod claims;
mod links;
mod provider;
mod sessions;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use zones::Timestamp;

pub use attempt::{ATTEMPT_WITHIN, Attempt, Seal};
pub use claims::{Person, Refusal};
pub use links::{Asked, Links, Redeemed};
pub use provider::Provider;
pub use sessions::{Found, Held, Sessions};

use crate::config::{SessionLimits, SignIn as Settings};
use crate::delivery::SendError;
use crate::store::{Store, StoreError};

/// How often sessions are looked through for those that are over or idle.
const SWEEP: Duration = Duration::from_secs(15);

/// Random bytes of an id or a code: nobody guesses it.
const SECRET_LEN: usize = 32;

/// How people sign in here.
#[derive(Debug)]
pub struct SignIn {
    /// Who is signed in.
    pub sessions: Sessions,
    /// The provider, if there is one.
    pub provider: Option<Provider>,
    /// Links that are good once, if they are given out.
    pub links: Option<Arc<Links>>,
    /// Keeps what a browser holds between leaving for the provider and coming back.
    pub seal: Seal,
    /// Where people reach the service, where that is known.
    public_url: Option<Url>,
}

/// Why people cannot sign in here at all.
#[derive(Debug, thiserror::Error)]
pub enum NoSignIn {
    /// The sessions cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The provider cannot be asked.
    #[error("{0}")]
    Client(#[from] SendError),
    /// The system has no randomness to give.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl From<getrandom::Error> for NoSignIn {
    fn from(error: getrandom::Error) -> Self {
        Self::Random(error)
    }
}

impl SignIn {
    /// Takes up the sessions that the store has. Nothing is asked of the provider yet: the watch does not wait for
    /// it.
    ///
    /// # Errors
    /// When the sessions cannot be read, or the system has no randomness.
    pub async fn start(
        settings: Option<Settings>,
        links: Option<Arc<Links>>,
        store: Store,
        now: Timestamp,
    ) -> Result<Self, NoSignIn> {
        let limits = settings.as_ref().map_or_else(SessionLimits::default, |settings| settings.limits);
        let sessions = Sessions::resume(store, limits, terms(settings.as_ref()), now).await?;
        let public_url = settings.as_ref().map(|settings| settings.public_url.clone());
        let provider = settings.map(Provider::new).transpose()?;
        Ok(Self { sessions, provider, links, seal: Seal::new()?, public_url })
    }

    /// Whether cookies travel over encrypted connections only.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether a page of that origin (`scheme://host:port`) is one of this service's, which was reached as `host`.
    pub fn is_own_origin(&self, origin: &str, host: Option<&str>) -> bool {
        match &self.public_url {
            Some(url) => url.origin().ascii_serialization() == origin,
            None => host.is_some_and(|host| origin.strip_prefix("http://") == Some(host)),
        }
    }

    /// Ends what is over and locks what is idle until `stop`. Says first whether the provider answers.
    pub async fn keep(&self, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>, stop: CancellationToken) {
        if let Some(provider) = &self.provider {
            tokio::select! {
                () = stop.cancelled() => {}
                () = provider.try_it() => {}
            }
        }
        let mut tick = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => self.sessions.sweep(clock()).await,
            }
        }
        self.sessions.sweep(clock()).await;
    }
}

/// What the settings say about who is who, as a fingerprint: a session that began under other ones is over.
fn terms(settings: Option<&Settings>) -> String {
    let Some(settings) = settings else { return "links".to_owned() };
    let Settings { issuer, client_id, role_claim, device_claim, roles, .. } = settings;
    digest(&format!("{issuer:?} {client_id:?} {role_claim:?} {device_claim:?} {roles:?}"))
}

/// A new secret, for a cookie or a link.
fn new_secret() -> Result<String, NoSignIn> {
    let mut bytes = [0; SECRET_LEN];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 in hexadecimal digits.
fn digest(text: &str) -> String {
    let digits: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digits.map(|byte| format!("{byte:02x}")).concat()
}
