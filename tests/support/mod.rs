//! What several integration tests need. Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub)]
// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

pub mod broker;
pub mod browser;
pub mod case;
pub mod certificates;
pub mod geo;
pub mod http;
pub mod journal;
pub mod mosquitto;
pub mod mqtt;
pub mod postgres;
pub mod provider;
pub mod service;
pub mod smtp;
pub mod webhook;
pub mod world;

use std::time::Duration;

/// How long a test waits for what must come. Long, because it only shows when something is wrong.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that must come, no longer than [`PATIENCE`].
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

/// Asks again and again until there is an answer; for what nobody announces.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    soon(what, asking).await
}
