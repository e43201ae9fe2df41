//! Asking over HTTP: impatient, never led elsewhere, and without a word of the address in an error.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response};

use super::transport::SendError;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So much of an answer is read, in bytes, so that its connection can be used again; what it says is not used.
const READ_AT_MOST: usize = 16 * 1024;
/// Longest error, in characters.
const LONGEST_ERROR: usize = 200;

/// A client for posts and questions. The process must have a `rustls` provider by now.
pub(crate) fn client() -> Result<Client, SendError> {
    built(builder())
}

/// What every client has in common.
pub(super) fn builder() -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        // A redirect could lead an alert, with all that is in it, to somebody else.
        .redirect(Policy::none())
        .user_agent(concat!("afstand/", env!("CARGO_PKG_VERSION")))
}

/// The client that is described.
pub(super) fn built(builder: ClientBuilder) -> Result<Client, SendError> {
    builder.build().map_err(|error| SendError::new(of_request(error)))
}

/// Sends a request; any 2xx means that it was received.
pub(super) async fn send(request: RequestBuilder) -> Result<String, SendError> {
    let answer = request.send().await.map_err(|error| SendError::new(of_request(error)))?;
    let status = answer.status();
    read_some(answer).await;
    if status.is_success() {
        Ok(status.to_string())
    } else {
        Err(SendError::new(format!("answered {status}")))
    }
}

/// Reads what may be read of an answer, so that its connection can be used again.
pub(super) async fn read_some(mut answer: Response) {
    let mut read = 0;
    while read < READ_AT_MOST
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        read += chunk.len();
    }
}

/// The error and its causes, without the address, which may hold a key.
pub(super) fn of_request(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    one_line(&error.without_url())
}

/// An error and its causes in one line.
pub(crate) fn one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line = format!("{line}: {inner}");
        cause = inner.source();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_ERROR).collect()
}
