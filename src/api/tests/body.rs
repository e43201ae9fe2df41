use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::bench::{Bench, authorization};

const PATH: &str = "/v1/ingest/traccar";

/// Sends a whole request before it reads anything, as simple clients do; returns what was answered.
async fn send_first(bench: &Bench, head: &str, body: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(crate::api::serve(listener, bench.state.clone(), bench.shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.expect("the service reads on");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    serving.abort();
    String::from_utf8(answer).unwrap()
}

fn head(who: &str, media: &str, length: &str) -> String {
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: afstand\r\nAuthorization: {}\r\nContent-Type: {media}\r\n{length}\r\n\
         Connection: close\r\n\r\n",
        authorization(who)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_first_and_reads_later_is_told_that_it_was_too_much() {
    let bench = Bench::new().await;
    let flood = vec![b'x'; 20_000_000];
    let answer =
        send_first(&bench, &head("integrator", "application/json", "Content-Length: 20000000"), &flood).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("at most 1048576 bytes"), "{answer}");
    // One that does not say how long it is, neither.
    let mut chunked = format!("{:x}\r\n", flood.len()).into_bytes();
    chunked.extend_from_slice(&flood);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let head_of = |media| head("integrator", media, "Transfer-Encoding: chunked");
    let answer = send_first(&bench, &head_of("application/json"), &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("at most 1048576 bytes"), "{answer}");
    let answer = send_first(&bench, &head_of("text/plain"), &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
}

#[tokio::test]
async fn nobody_is_read_for_ever_and_a_stranger_hardly_at_all() {
    let bench = Bench::new().await;
    for (who, status, most) in [
        ("integrator", StatusCode::PAYLOAD_TOO_LARGE, 66 << 20),
        ("auditor", StatusCode::FORBIDDEN, 128 << 10),
        ("nobody", StatusCode::UNAUTHORIZED, 128 << 10),
    ] {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let endless = futures_util::stream::repeat_with(move || {
            counted.fetch_add(64 << 10, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b' '; 64 << 10])
        });
        let answer = bench.json(Method::POST, who, PATH, Body::from_stream(endless)).await;
        assert_eq!(answer.status, status, "{who}");
        answer.problem();
        let read = read.load(Ordering::Relaxed);
        assert!(read <= most, "{read} bytes of {who}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_before_sending_is_not_invited_to_send_too_much() {
    let bench = Bench::new().await;
    let asked = head("integrator", "application/json", "Content-Length: 2000000\r\nExpect: 100-continue");
    let answer = send_first(&bench, &asked, b"").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
