//! Who looked at what: noted by a running service, read by the auditor, verified at a terminal – and found out where
//! somebody laid hands on it.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use serde_json::json;
use sqlx::Connection;
use support::broker::Broker;
use support::case::{HOME, Pair, digits, fix, now};
use support::postgres::Database;
use support::until;
use support::world::World;

/// Exit status and output of `afstand audit verify`.
fn verify(config: &Path, more: &[&str]) -> (Option<i32>, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_afstand"))
        .args(["audit", "verify", "--config"])
        .arg(config)
        .args(more)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (run.status.code(), text(run.stdout) + &text(run.stderr))
}

/// Takes the lock against mistakes off, and changes who looked.
async fn lay_hands_on(url: &str) {
    let change = "UPDATE audit SET who = 'nobody' WHERE seq = 2";
    if url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
        for sql in ["DROP TRIGGER audit_rows_stand", change] {
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        for sql in ["DROP TRIGGER audit_rows_stay ON audit", change] {
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
    }
}

async fn what_was_seen_is_noted_and_stays_so(store: Option<&str>) {
    let pair = Pair::new("alpha");
    let mut world = World::start(Broker::embedded().await, |draft| {
        let draft = draft.orders([&pair.order]);
        if let Some(url) = store { draft.store(url) } else { draft }
    })
    .await;
    world.devices.publish_json(&pair.wearer_topic("fix"), &fix(now(), HOME, 1)).await;
    let operator = world.service.api("operator");
    operator
        .until(&format!("/v1/people/{}", pair.wearer()), |person| {
            (!person["devices"][0]["last_fix"].is_null()).then_some(())
        })
        .await;
    operator.get("/v1/orders?reason=dossier%20gelezen").await;
    assert_eq!(operator.get("/v1/audit").await.status, 403);
    let page = world.service.api("auditor").get("/v1/audit?subject=wearer-alpha&limit=1").await.json();
    assert_eq!(page["items"][0]["who"], json!("operator"));
    assert_eq!(page["items"][0]["endpoint"], json!("GET /v1/people/{person}"));

    let config = world.service.path("afstand.toml");
    let (status, said) = verify(&config, &[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(world.service.stop().await.success());
    let log = world.service.log();
    let anchor =
        log.lines().rev().find_map(|line| line.split("anchor=").nth(1)).expect("an anchor in the log");
    assert_eq!(verify(&config, &["--anchor", anchor.trim()]).0, Some(0));
    for secret in digits(&[HOME]).iter().map(String::as_str).chain(["wearer-alpha", "dossier"]) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }

    lay_hands_on(&world.service.store_url()).await;
    let (status, said) = verify(&config, &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("broken at row 2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sqlite() {
    what_was_seen_is_noted_and_stays_so(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgresql() {
    let Some(database) = Database::create().await else { return };
    what_was_seen_is_noted_and_stays_so(Some(&database.url())).await;
    database.remove().await;
}

/// Killed in the middle of it, again and again: what was shown is there, and the chain goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_breaks_nothing() {
    let pair = Pair::new("gamma");
    let mut world = World::start(Broker::embedded().await, |draft| draft.orders([&pair.order])).await;
    let config = world.service.path("afstand.toml");
    let mut shown = 0;
    for round in 1..=3 {
        let operator = world.service.api("operator");
        let count = Arc::new(AtomicI64::new(0));
        let counted = Arc::clone(&count);
        let looking = tokio::spawn(async move {
            while let Some(answer) = operator.try_get("/v1/orders").await {
                counted.fetch_add(i64::from(answer.status == 200 && !answer.body.is_empty()), Relaxed);
            }
        });
        until("some looks", async || (count.load(Relaxed) >= 5 * round).then_some(())).await;
        world.service.kill().await;
        looking.await.unwrap();
        shown += count.load(Relaxed);
        let (status, said) = verify(&config, &[]);
        assert_eq!(status, Some(0), "{said}");
        let rows: i64 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(rows >= shown && shown > 0, "{shown} were shown: {said}");
        world.service.start().await;
    }
}

#[test]
fn what_cannot_be_read_is_said_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("afstand.toml");
    let (status, said) = verify(&config, &[]);
    assert_eq!((status, said.lines().count()), (Some(2), 1), "{said}");
    std::fs::write(&config, "[store]\nurl = \"sqlite:none.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1\"\n")
        .unwrap();
    let (status, said) = verify(&config, &[]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("there is no such file"), "{said}");
    let (status, said) = verify(&config, &["--anchor", "12"]);
    assert_eq!(status, Some(2), "{said}");
}
