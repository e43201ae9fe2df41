//! The webhook of a desk: takes what is posted, or refuses it for a while.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::soon;

/// One request as it came, with what it was answered.
#[derive(Debug, Clone)]
pub struct Posted {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub media: String,
    pub body: String,
    pub status: u16,
    pub at: Instant,
}

impl Posted {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether one of the signatures is that of Standard Webhooks with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("its mark")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|signature| signature == wanted)
    }
}

#[derive(Debug)]
struct Shared {
    posts: Mutex<Vec<Posted>>,
    count: watch::Sender<usize>,
    status: AtomicU16,
}

/// A server that runs until it is dropped.
pub struct Webhook {
    pub url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Webhook {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/alerts", listener.local_addr().expect("its address"));
        let shared = Arc::new(Shared {
            posts: Mutex::default(),
            count: watch::Sender::new(0),
            status: AtomicU16::new(204),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, task }
    }

    /// Answers with this status from now on.
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// Every request so far, in order of arrival.
    pub fn posts(&self) -> Vec<Posted> {
        self.shared.posts.lock().expect("nobody panicked").clone()
    }

    /// Those that were answered with success.
    pub fn received(&self) -> Vec<Posted> {
        self.posts().into_iter().filter(|post| post.status < 300).collect()
    }

    /// Waits until the requests are as looked for.
    pub async fn wait_for<T>(&self, what: &str, is: impl Fn(&[Posted]) -> Option<T>) -> T {
        let mut count = self.shared.count.subscribe();
        let looking = async {
            loop {
                let seen = *count.borrow_and_update();
                if let Some(found) = is(&self.posts()) {
                    return found;
                }
                count.wait_for(|count| *count > seen).await.expect("the server runs");
            }
        };
        soon(what, looking).await
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| {
        headers.get(name).map_or(String::new(), |value| value.to_str().expect("text").to_owned())
    };
    let status = shared.status.load(Ordering::SeqCst);
    let posted = Posted {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        media: header("content-type"),
        body,
        status,
        at: Instant::now(),
    };
    shared.posts.lock().expect("nobody panicked").push(posted);
    shared.count.send_modify(|count| *count += 1);
    StatusCode::from_u16(status).expect("a status")
}
