use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request, StatusCode};
use futures_util::StreamExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::bench::{Bench, alert, request};
use crate::store::Batch;

/// Somebody who reads events as a browser does.
struct Reader {
    body: BodyDataStream,
    text: String,
    last_id: i64,
}

impl Reader {
    async fn connect(bench: &Bench, request: Request<Body>) -> Self {
        let response = bench.app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new(), last_id: -1 }
    }

    async fn from(bench: &Bench, who: &str, last_id: Option<i64>) -> Self {
        let mut request = request(Method::GET, who, "/v1/live", "");
        if let Some(id) = last_id {
            request.headers_mut().insert("last-event-id", id.into());
        }
        Self::connect(bench, request).await
    }

    /// The next block; `None` when the stream has ended. It waits for what comes, with a limit only so that a
    /// failure does not hang.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let more = timeout(Duration::from_mins(1), self.body.next()).await.expect("nothing came");
            self.text.push_str(std::str::from_utf8(&more?.unwrap()).unwrap());
        }
    }

    /// Number and data of the next alert.
    async fn alert(&mut self) -> Option<(i64, String)> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
            };
            if let Some(id) = field("id") {
                self.last_id = id.parse().unwrap();
            }
            if let Some(data) = field("data") {
                assert_eq!(field("event").as_deref(), Some("alert"));
                return Some((self.last_id, data));
            }
        }
    }

    async fn alerts(&mut self, count: usize) -> Vec<i64> {
        let mut seen = Vec::new();
        while seen.len() < count {
            seen.push(self.alert().await.expect("the stream ended").0);
        }
        seen
    }
}

async fn commit(bench: &Bench, seqs: std::ops::RangeInclusive<i64>) {
    let alerts = seqs.map(|seq| alert(seq, "inc-1", "rotterdam")).collect();
    bench.commit(Batch { alerts, ..Batch::default() }).await;
}

#[tokio::test]
async fn alerts_come_as_they_are_committed() {
    let bench = Bench::new().await;
    commit(&bench, 1..=3).await;
    let mut reader = Reader::from(&bench, "operator", None).await;
    commit(&bench, 4..=4).await;
    let (id, data) = reader.alert().await.unwrap();
    assert_eq!(id, 4, "what was committed before the reader came is not news");
    assert_eq!(data, r#"{"alert":"alert-4","incident":"inc-1","level":"alarm"}"#);
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let bench = Bench::new().await;
    // More than the store is asked for at a time.
    commit(&bench, 1..=250).await;
    let mut first = Reader::from(&bench, "operator", Some(0)).await;
    let mut seen = first.alerts(120).await;
    let last = first.last_id;
    drop(first);
    commit(&bench, 251..=260).await;
    let mut second = Reader::from(&bench, "operator", Some(last)).await;
    commit(&bench, 261..=270).await;
    seen.extend(second.alerts(150).await);
    assert_eq!(seen, (1..=270).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_slow_reader_is_not_left_behind() {
    let bench = Bench::new().await;
    let mut reader = Reader::from(&bench, "operator", None).await;
    for seq in 1..=300 {
        commit(&bench, seq..=seq).await;
    }
    assert_eq!(reader.alerts(300).await, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_that_saw_no_alert_yet_still_knows_where_it_was() {
    let bench = Bench::new().await;
    commit(&bench, 1..=7).await;
    let mut reader = Reader::from(&bench, "operator", None).await;
    let first = reader.block().await.unwrap();
    assert!(first.lines().any(|line| line == "id: 7"), "{first}");
    assert!(!first.contains("data"), "{first}");
}

#[tokio::test]
async fn the_last_id_may_be_a_parameter_and_the_header_counts_more() {
    let bench = Bench::new().await;
    commit(&bench, 1..=5).await;
    let mut reader =
        Reader::connect(&bench, request(Method::GET, "operator", "/v1/live?last_event_id=3", "")).await;
    assert_eq!(reader.alerts(2).await, [4, 5]);
    let mut both = request(Method::GET, "operator", "/v1/live?last_event_id=1", "");
    both.headers_mut().insert("last-event-id", 4.into());
    assert_eq!(Reader::connect(&bench, both).await.alerts(1).await, [5]);
}

#[tokio::test]
async fn an_id_that_was_never_given_is_refused() {
    let bench = Bench::new().await;
    commit(&bench, 1..=5).await;
    for id in ["6", "-1", "x"] {
        let answer = bench.get("operator", &format!("/v1/live?last_event_id={id}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
        assert_eq!(answer.problem()["errors"][0]["field"], "last_event_id");
    }
}

#[tokio::test]
async fn a_desk_hears_its_own_alerts_and_its_place_moves_on_past_others() {
    let bench = Bench::new().await;
    let desks = ["rotterdam", "utrecht", "utrecht", "rotterdam", "utrecht"];
    let alerts = (1..).zip(desks).map(|(seq, desk)| alert(seq, "inc-1", desk)).collect();
    bench.commit(Batch { alerts, ..Batch::default() }).await;
    let mut reader = Reader::from(&bench, "rotterdam", Some(0)).await;
    assert_eq!(reader.alerts(2).await, [1, 4]);
    let place = reader.block().await.unwrap();
    assert_eq!(place, "id: 5");
}

#[tokio::test]
async fn streams_end_when_the_service_does_and_are_counted_while_open() {
    let bench = Bench::new().await;
    let mut reader = Reader::from(&bench, "operator", None).await;
    assert_eq!(bench.metrics.live_streams.get(), 1);
    bench.shutdown.cancel();
    assert!(reader.alert().await.is_none());
    drop(reader);
    assert_eq!(bench.metrics.live_streams.get(), 0);
}

#[tokio::test]
async fn serving_ends_soon_after_the_shutdown_even_with_a_stream_open() {
    let bench = Bench::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(crate::api::serve(listener, bench.state.clone(), bench.shutdown.clone()));
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let ask = "GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret-of-operator\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut socket, ask.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    tokio::io::AsyncReadExt::read_exact(&mut socket, &mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    bench.shutdown.cancel();
    timeout(Duration::from_secs(4), serving).await.expect("still serving").unwrap();
}
