//! Telling a reader what happens, one event after another: what all streams have in common.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::extract::Params;
use super::problem::Problem;
use crate::metrics::Metrics;

/// A comment goes out this often when there is nothing else, so that a reader sees that the line is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// One reader's place in what happens.
///
/// Invariant: what is committed while it looks is told. It begins to listen before its first look, and marks what it
/// heard before each.
pub(super) trait Follower: Send + 'static {
    /// What is new since the last look. An error ends the stream, and the reader comes back with the last id.
    fn look(&mut self) -> impl Future<Output = Result<Vec<Event>, Problem>> + Send;

    /// Waits until another look may be worth while; `false` when it never will be.
    fn wait(&mut self) -> impl Future<Output = bool> + Send;
}

/// Tells what is to be told first, and then what the follower sees, until the service stops.
pub(super) fn follow(
    first: Vec<Event>,
    follower: impl Follower,
    stop: CancellationToken,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let following = Following { ready: first.into(), follower, stop };
    let events = stream::unfold(following, |mut following| async {
        let event = following.next().await?;
        Some((Ok(event), following))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

struct Following<F> {
    ready: VecDeque<Event>,
    follower: F,
    stop: CancellationToken,
}

impl<F: Follower> Following<F> {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        while !self.stop.is_cancelled() {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.follower.look().await {
                Ok(events) => self.ready.extend(events),
                Err(problem) => {
                    tracing::error!(?problem, "a stream ends: the store cannot be read");
                    return None;
                }
            }
            if self.ready.is_empty() {
                tokio::select! {
                    () = self.stop.cancelled() => return None,
                    goes_on = self.follower.wait() => if !goes_on { return None },
                }
            }
        }
        None
    }
}

/// After which number a stream begins: the one asked for, or the latest.
pub(super) fn begin(asked: Option<i64>, latest: i64) -> Result<i64, Problem> {
    let last = asked.unwrap_or(latest);
    if last > latest {
        let problem = format!("{last} is ahead of the newest event, {latest}: begin anew without an id");
        return Err(Problem::parameter("last_event_id", problem));
    }
    Ok(last)
}

/// The last id that a reader has seen. The header counts more than the parameter: a browser that reconnects repeats the
/// old address but sends the newest id.
pub(super) fn last_id(headers: &HeaderMap, mut params: Params) -> Result<Option<i64>, Problem> {
    let parameter = params.number::<i64>("last_event_id")?;
    params.finish()?;
    let header = match headers.get("last-event-id") {
        None => None,
        Some(value) if value.is_empty() => None,
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
            Some(number.ok_or_else(|| Problem::parameter("Last-Event-ID", "is not a whole number"))?)
        }
    };
    let last = header.or(parameter);
    if last.is_some_and(|id| id < 0) {
        return Err(Problem::parameter("last_event_id", "is negative"));
    }
    Ok(last)
}

/// An event without data: it moves the reader's last id and is not seen otherwise.
pub(super) fn position(seq: i64) -> Event {
    Event::default().id(seq.to_string())
}

/// The same at the beginning of a stream.
pub(super) fn first_position(seq: i64) -> Event {
    position(seq).retry(RETRY)
}

/// Counts a stream while it is open.
pub(super) struct Open {
    _permit: OwnedSemaphorePermit,
    metrics: Arc<Metrics>,
}

impl Open {
    pub(super) fn new(permit: OwnedSemaphorePermit, metrics: Arc<Metrics>) -> Self {
        metrics.live_streams.inc();
        Self { _permit: permit, metrics }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.live_streams.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Kind;
    use axum::response::IntoResponse as _;
    use futures_util::StreamExt as _;

    /// What each look sees; when all was seen nothing can come any more, or it waits for ever.
    struct Script {
        looks: VecDeque<Result<Vec<&'static str>, Problem>>,
        waits_for_ever: bool,
    }

    impl Follower for Script {
        async fn look(&mut self) -> Result<Vec<Event>, Problem> {
            let seen = self.looks.pop_front().unwrap_or_else(|| Ok(Vec::new()))?;
            Ok(seen.into_iter().map(|data| Event::default().data(data)).collect())
        }

        async fn wait(&mut self) -> bool {
            if self.waits_for_ever {
                std::future::pending::<()>().await;
            }
            !self.looks.is_empty()
        }
    }

    async fn told_by(script: Script, stop: &CancellationToken) -> Vec<String> {
        let first = vec![first_position(7)];
        let body = follow(first, script, stop.clone()).into_response().into_body();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.split_terminator("\n\n").map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn what_is_seen_is_told_in_order_until_nothing_can_come() {
        let looks = [Ok(vec!["a", "b"]), Ok(vec![]), Ok(vec!["c"])].into();
        let told = told_by(Script { looks, waits_for_ever: false }, &CancellationToken::new()).await;
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("id: 7") && told[0].contains("retry: 2000"), "{told:?}");
        assert_eq!(told[1..], ["data: a", "data: b", "data: c"]);
    }

    #[tokio::test]
    async fn a_look_that_fails_ends_the_stream_after_what_was_told() {
        let looks = [Ok(vec!["a"]), Err(Problem::new(Kind::BUSY)), Ok(vec!["never"])].into();
        let told = told_by(Script { looks, waits_for_ever: false }, &CancellationToken::new()).await;
        assert_eq!((told.len(), told[1].as_str()), (2, "data: a"));
    }

    #[tokio::test]
    async fn a_stream_that_waits_ends_with_the_service() {
        let stop = CancellationToken::new();
        let waits = Script { looks: [Ok(vec!["a"])].into(), waits_for_ever: true };
        let response = follow(Vec::new(), waits, stop.clone()).into_response();
        let mut told = response.into_body().into_data_stream();
        assert_eq!(told.next().await.unwrap().unwrap(), "data: a\n\n");
        stop.cancel();
        assert!(told.next().await.is_none());
        let late = Script { looks: [Ok(vec!["never"])].into(), waits_for_ever: true };
        assert!(told_by(late, &stop).await.is_empty());
    }
}
