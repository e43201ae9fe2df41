//! Reading bodies. What is refused is still read for a while and thrown away: a client that sends first and
//! reads later would find the connection closed under its hands, and never see why.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::time::timeout;

/// How much of a refused body is read from somebody with a token, in bytes, and for how long.
const DISCARDED: usize = 64 << 20;
const DISCARDED_WITHIN: Duration = Duration::from_secs(8);

/// The same for somebody without: enough for an ordinary message with a wrong token, too little to keep us busy.
const DISCARDED_OF_STRANGERS: usize = 64 << 10;
const DISCARDED_OF_STRANGERS_WITHIN: Duration = Duration::from_secs(1);

const _: () = assert!(DISCARDED_WITHIN.as_secs() < super::REQUEST_WITHIN.as_secs());
const _: () = assert!(DISCARDED_OF_STRANGERS < DISCARDED);

/// Why there is no body.
pub(super) enum Unread {
    /// It is longer than the limit.
    TooLarge,
    /// The connection ended, or its framing is wrong.
    Broken,
}

/// Reads a body of at most `limit` bytes to its end.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Unread> {
    let (parts, body) = request.into_parts();
    if declared(&parts.headers).is_some_and(|length| length > limit as u64) {
        throw_away(&parts.headers, body, DISCARDED, DISCARDED_WITHIN).await;
        return Err(Unread::TooLarge);
    }
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if read.len() + chunk.len() > limit {
            drop(read);
            throw_away(&HeaderMap::new(), Body::from_stream(chunks), DISCARDED, DISCARDED_WITHIN).await;
            return Err(Unread::TooLarge);
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.into())
}

/// Throws away the body of a request that is refused for another reason.
pub(super) async fn discard(request: Request) {
    let (parts, body) = request.into_parts();
    throw_away(&parts.headers, body, DISCARDED, DISCARDED_WITHIN).await;
}

/// The same for somebody who may not be here at all.
pub(super) async fn discard_a_little(request: Request) {
    let (parts, body) = request.into_parts();
    throw_away(&parts.headers, body, DISCARDED_OF_STRANGERS, DISCARDED_OF_STRANGERS_WITHIN).await;
}

/// Reads until the end, the bound or the time; what comes after that finds the connection closed.
async fn throw_away(headers: &HeaderMap, body: Body, most: usize, within: Duration) {
    // Who asks before sending has sent nothing yet; and a body that says it is longer is not worth beginning.
    let hopeless = declared(headers).is_some_and(|length| length > most as u64);
    if hopeless || headers.contains_key(header::EXPECT) {
        return;
    }
    let reading = async {
        let (mut chunks, mut seen) = (body.into_data_stream(), 0);
        while seen < most
            && let Some(Ok(chunk)) = chunks.next().await
        {
            seen += chunk.len();
        }
    };
    // Out of time is as good as out of bounds.
    let _ = timeout(within, reading).await;
}

/// The length a request says its body has, in bytes.
fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
