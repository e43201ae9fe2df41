//! Fetching, impatiently and within bounds: never led elsewhere, and without a word about who asks.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::Semaphore;

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// Pieces that are fetched at once, whoever wants them: alarms need the same network.
const AT_ONCE: usize = 24;

/// Kinds of answers that a map is made of. Anything else is handed on as bytes that mean nothing to a browser.
const MEDIA: [&str; 8] = [
    "application/json",
    "application/geo+json",
    "application/vnd.mapbox-vector-tile",
    "application/x-protobuf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "application/octet-stream",
];

/// Why a piece of the map cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The style names nothing of the kind.
    #[error("the style names no such piece")]
    NotNamed,
    /// The server of the map did not give it.
    #[error("the server of the map: {0}")]
    Upstream(String),
    /// The style is none that can be used.
    #[error("the style cannot be used: {0}")]
    Style(String),
}

/// A piece of the map.
#[derive(Debug)]
pub struct Piece {
    /// What it is called over HTTP.
    pub media: &'static str,
    /// Whether its bytes are packed by gzip.
    pub is_gzip: bool,
    /// What was sent.
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    turns: Arc<Semaphore>,
}

impl Fetcher {
    pub(super) fn new() -> Result<Self, Unavailable> {
        let client = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            // A redirect leads to a server that nobody allowed.
            .redirect(Policy::none())
            .user_agent(concat!("afstand/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Unavailable::Upstream(error.without_url().to_string()))?;
        Ok(Self { client, turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// A piece; `None` where the server has nothing (404, or no content).
    pub(super) async fn piece(&self, url: Url, largest: usize) -> Result<Option<Piece>, Unavailable> {
        let _turn = self.turns.acquire().await.map_err(|_| failed("no turn"))?;
        let request = self.client.get(url).header(ACCEPT_ENCODING, "identity");
        let answer = request.send().await.map_err(said)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::NO_CONTENT => return Ok(None),
            status => return Err(failed(format!("answered {status}"))),
        }
        let header =
            |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let said = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let media = MEDIA.into_iter().find(|media| *media == said).unwrap_or("application/octet-stream");
        let is_gzip = match header(CONTENT_ENCODING) {
            "" | "identity" => false,
            "gzip" => true,
            other => return Err(failed(format!("packed by {other:?}, which was not asked for"))),
        };
        Ok(Some(Piece { media, is_gzip, body: whole(answer, largest).await? }))
    }
}

/// The whole body, unless it is larger than that.
async fn whole(mut answer: Response, largest: usize) -> Result<Vec<u8>, Unavailable> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(said)? {
        if body.len() + chunk.len() > largest {
            return Err(failed(format!("sent more than {largest} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(why: impl Into<String>) -> Unavailable {
    Unavailable::Upstream(why.into())
}

/// The error without the address, which may hold a key.
fn said(error: reqwest::Error) -> Unavailable {
    if error.is_timeout() { failed("no answer in time") } else { failed(error.without_url().to_string()) }
}
