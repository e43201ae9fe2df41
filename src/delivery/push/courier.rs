//! Taking a hint to a push service (RFC 8030).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use zones::{Millis, Timestamp};

use super::hint::Hint;
use super::public::PublicOnly;
use super::seal::seal;
use crate::config::Push;
use crate::delivery::http;
use crate::delivery::transport::SendError;

/// What is waited for when a push service asks for a wait that is not a number of seconds.
const UNCLEAR_WAIT: Millis = Millis(30_000);

/// Longest life of a push that is asked for, in seconds.
const LONGEST_S: i64 = 24 * 3_600;

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The push service has it. Whether the browser does is never known.
    Taken,
    /// There is no such subscription any more.
    Gone,
    /// It may go better later, after the wait that is asked for.
    Later(Option<Millis>, String),
    /// It will not go better. Says nothing of where it went.
    Refused(String),
}

/// Sends pushes.
#[derive(Debug, Clone)]
pub(super) struct Courier {
    push: Arc<Push>,
    /// To the open internet alone.
    public: Client,
    /// To the origins that the settings name.
    own: Client,
}

impl Courier {
    /// The process must have a `rustls` provider by now.
    pub(super) fn new(push: Arc<Push>) -> Result<Self, SendError> {
        // A proxy would look names up by itself.
        let direct = || http::builder().no_proxy();
        let public = http::built(direct().dns_resolver(PublicOnly))?;
        Ok(Self { push, public, own: http::built(direct())? })
    }

    /// Tries once; ends within half a minute.
    pub(super) async fn send(&self, hint: &Hint, now: Timestamp) -> Answer {
        let body = match hint
            .text()
            .map_err(|error| error.to_string())
            .and_then(|text| seal(&hint.subscription.keys, &text).map_err(|error| error.to_string()))
        {
            Ok(body) => body,
            Err(error) => return Answer::Refused(error),
        };
        let endpoint = &hint.subscription.endpoint;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let origin = endpoint.origin().ascii_serialization();
        let signed = self.push.key.authorization(&origin, &self.push.contact, now_s);
        let signed = match signed {
            Ok(signed) => signed,
            Err(error) => return Answer::Refused(error.to_string()),
        };
        let lasts_s = ((hint.until - now).0 / 1_000).clamp(0, LONGEST_S);
        let client = if hint.subscription.is_own { &self.own } else { &self.public };
        let request = client
            .post(endpoint.clone())
            .header(AUTHORIZATION, signed)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("ttl", lasts_s)
            .header("urgency", hint.said.urgency())
            .header("topic", &hint.topic)
            .body(body);
        match request.send().await {
            Ok(answer) => {
                let (status, wait) = (answer.status(), wait_of(answer.headers()));
                http::read_some(answer).await;
                meaning(status, wait)
            }
            Err(error) => Answer::Later(None, http::of_request(error)),
        }
    }
}

/// What a push service's status means.
fn meaning(status: StatusCode, wait: Option<Millis>) -> Answer {
    match status {
        status if status.is_success() => Answer::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Answer::Later(wait, status.to_string())
        }
        status if status.is_server_error() => Answer::Later(wait, status.to_string()),
        status => Answer::Refused(format!("answered {status}")),
    }
}

/// The wait that is asked for: seconds, or a date, which is not worth a clock.
fn wait_of(headers: &HeaderMap) -> Option<Millis> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<u32>().map(|seconds| Millis(i64::from(seconds) * 1_000));
    Some(seconds.unwrap_or(UNCLEAR_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_to_come_again() {
        let status = |code: u16| meaning(StatusCode::from_u16(code).unwrap(), Some(Millis(7)));
        for taken in [200, 201, 202, 204] {
            assert_eq!(status(taken), Answer::Taken);
        }
        assert_eq!([status(404), status(410)], [Answer::Gone, Answer::Gone]);
        for later in [408, 429, 500, 502, 503, 504] {
            assert!(matches!(status(later), Answer::Later(Some(Millis(7)), _)), "{later}");
        }
        // A redirect would lead elsewhere than where her browser said.
        for refused in [301, 302, 307, 400, 401, 403, 413] {
            assert!(matches!(status(refused), Answer::Refused(_)), "{refused}");
        }
    }

    #[test]
    fn a_wait_is_a_number_of_seconds_or_not_worth_a_clock() {
        let wait = |text: &'static str| {
            let header = (RETRY_AFTER, text.parse().unwrap());
            wait_of(&HeaderMap::from_iter([header]))
        };
        assert_eq!(wait_of(&HeaderMap::new()), None);
        assert_eq!(wait("12"), Some(Millis(12_000)));
        for unclear in ["Wed, 21 Oct 2026 07:28:00 GMT", "-3", "99999999999", "soon"] {
            assert_eq!(wait(unclear), Some(UNCLEAR_WAIT), "{unclear}");
        }
    }
}
