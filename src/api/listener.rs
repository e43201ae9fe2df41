//! Taking connections, no more than there is room for: whoever opens thousands of them must not take the files
//! that the links to the broker and the store need. Nor does one keep its place that says nothing, or whose other end
//! has vanished: nobody else would find any.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How long the head of a request may be under way, and how long a connection may rest between two requests. Not ten
/// seconds: who speaks every ten seconds would find it closed in that very moment.
pub(super) const HEAD_WITHIN: Duration = Duration::from_secs(15);

/// How long the other end of a connection may not acknowledge what was sent to it. A live stream says something every
/// ten seconds, so that one whose reader has vanished ends in time.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// The same where nothing is sent: it is asked after so long, and again so often.
const ASKED_AFTER: Duration = Duration::from_secs(15);
const ASKED_EVERY: Duration = Duration::from_secs(5);
const ASKED_TIMES: u32 = 3;

const _: () =
    assert!(ASKED_AFTER.as_secs() + ASKED_TIMES as u64 * ASKED_EVERY.as_secs() <= GONE_AFTER.as_secs());
const _: () = assert!(super::stream::KEEP_ALIVE.as_secs() < GONE_AFTER.as_secs());

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many may be open; further ones wait until others end.
    pub(super) most: u32,
    /// As [`HEAD_WITHIN`].
    pub(super) head_within: Duration,
}

/// Serves until `stop`, and then until every connection has ended: those that rest at once, the others after the answer
/// that they wait for.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: &CancellationToken,
) {
    let room = Arc::new(Semaphore::new(limits.most as usize));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_within);
    loop {
        let (stream, place) = tokio::select! {
            () = stop.cancelled() => break,
            next = accept(&mut listener, &room) => next,
        };
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let stop = stop.clone();
        tokio::spawn(async move {
            let _place = place;
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    // When every place is free again, every connection has ended.
    let _all = room.acquire_many(limits.most).await;
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &mut TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore.
    let place = Arc::clone(room).acquire_owned().await.ok();
    // Bides its time after an error, such as too many open files.
    let (stream, _) = axum::serve::Listener::accept(listener).await;
    if let Err(error) = watch(&stream) {
        tracing::debug!(%error, "whether the other end of a connection is there cannot be watched");
    }
    (stream, place)
}

/// Lets the system end a connection whose other end has vanished.
fn watch(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    let asked =
        TcpKeepalive::new().with_time(ASKED_AFTER).with_interval(ASKED_EVERY).with_retries(ASKED_TIMES);
    socket.set_tcp_keepalive(&asked)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(GONE_AFTER))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::routing::get;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;
    use tokio::time::{sleep, timeout};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(300);

    struct Served {
        address: std::net::SocketAddr,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Served {
        /// `/` says hello; `/live` says something for ever, much less often than heads must come.
        async fn new(most: u32, head_within: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
            let ticks = || {
                stream::unfold((), |()| async {
                    sleep(3 * SHORT).await;
                    Some((Ok::<_, io::Error>(Bytes::from_static(b"tick")), ()))
                })
            };
            let router = Router::new()
                .route("/", get(|| async { "hello" }))
                .route("/live", get(move || async move { Body::from_stream(ticks()) }));
            let stopped = stop.clone();
            let serving = tokio::spawn(async move {
                serve(listener, router, Limits { most, head_within }, &stopped).await;
            });
            Self { address, stop, serving }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        async fn ask(&self, path: &str) -> TcpStream {
            let mut stream = self.connect().await;
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
            stream
        }
    }

    /// Reads up to and with a text.
    async fn until(stream: &mut TcpStream, text: &str) {
        let mut read = Vec::new();
        while !read.ends_with(text.as_bytes()) {
            read.push(timeout(LONG, stream.read_u8()).await.expect("nothing came").unwrap());
        }
    }

    /// Whether the other end closes the connection, sooner or later; what it says before does not count.
    async fn ends(stream: &mut TcpStream) {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.expect("the connection is kept");
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_until_another_ends() {
        let served = Served::new(2, LONG).await;
        let (first, _second) = (served.connect().await, served.connect().await);
        let mut third = served.ask("/").await;
        let mut answer = [0; 12];
        assert!(timeout(SHORT, third.read_exact(&mut answer)).await.is_err(), "there are two already");
        drop(first);
        timeout(LONG, third.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        served.serving.abort();
    }

    /// Six thousand of those would be all that the service takes.
    #[tokio::test]
    async fn who_says_nothing_keeps_no_place_and_who_listens_does() {
        let served = Served::new(4, SHORT).await;
        let mut live = served.ask("/live").await;
        let (mut silent, mut slow, mut idle) =
            (served.connect().await, served.connect().await, served.ask("/").await);
        until(&mut idle, "hello").await;
        let trickling = tokio::spawn(async move {
            let mut sent = 0;
            while slow.write_all(b"G").await.is_ok() {
                sent += 1;
                sleep(SHORT / 10).await;
            }
            sent
        });
        ends(&mut silent).await;
        ends(&mut idle).await;
        let sent = timeout(LONG, trickling).await.expect("a head may take for ever").unwrap();
        assert!(sent > 1, "{sent}");
        for _ in 0..2 {
            until(&mut live, "tick").await;
        }
        until(&mut served.ask("/").await, "hello").await;
        served.serving.abort();
    }

    #[tokio::test]
    async fn at_the_end_who_rests_is_let_go_and_who_is_answered_is_waited_for() {
        let served = Served::new(4, LONG).await;
        let mut idle = served.ask("/").await;
        until(&mut idle, "hello").await;
        let mut live = served.ask("/live").await;
        until(&mut live, "tick").await;
        served.stop.cancel();
        ends(&mut idle).await;
        sleep(SHORT).await;
        assert!(!served.serving.is_finished(), "somebody is still told something");
        drop(live);
        timeout(LONG, served.serving).await.expect("it never ended").unwrap();
    }
}
