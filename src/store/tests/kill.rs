//! A writer that is killed: what it had said was committed is there, and nothing is there by halves.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::backends::Scratch;
use super::rows::*;
use crate::store::*;

/// Tells the test's own program, started once more, to be the writer.
const WRITER: &str = "AFSTAND_TEST_KILL_WRITER";

/// Inputs, and deliveries, of one commit.
const PER_COMMIT: i64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_loses_nothing_it_said() {
    if let Ok(url) = std::env::var(WRITER) {
        return write_for_ever(&url).await;
    }
    for scratch in Scratch::all().await {
        let mut first = 1;
        for commits in [1, 7, 20] {
            let said = kill_after(commits, scratch.url());
            let store = Store::open(scratch.url()).await.unwrap();
            let loaded = store.load().await.unwrap();
            let next = loaded.few.next.input;
            assert!(next > said, "said {said}, found up to {next}");
            assert!(said >= first, "the writer began where the last one ended");
            assert_eq!((next - 1) % PER_COMMIT, 0, "a whole number of commits");
            assert_eq!((loaded.few.next.alert, loaded.few.next.delivery), (next, next));
            assert_eq!(store.counts().await.unwrap().pending_deliveries, next - 1);
            let state: [u8; 8] = loaded.devices[0].state.clone().try_into().unwrap();
            assert_eq!(i64::from_be_bytes(state), next - 1, "the state is that of the last commit");
            store.close().await;
            first = next;
        }
        scratch.remove().await;
    }
}

/// Starts a writer, waits until it has said that many commits, and kills it; the last input it said.
fn kill_after(commits: usize, url: &str) -> i64 {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::kill::a_killed_writer_loses_nothing_it_said", "--nocapture"])
        .env(WRITER, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let number = |line: &String| line.strip_prefix("committed ").and_then(|n| n.parse::<i64>().ok());
    let mut said: Vec<i64> = Vec::new();
    while said.len() < commits {
        said.extend(number(&lines.next().unwrap()));
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    // What it still said before it died.
    said.extend(lines.filter_map(|line| number(&line)));
    said.into_iter().max().unwrap()
}

async fn write_for_ever(url: &str) {
    let store = Store::open(url).await.unwrap();
    let mut next = store.load().await.unwrap().few.next.input;
    loop {
        let seqs = next..next + PER_COMMIT;
        next = seqs.end;
        let alerts: Vec<_> = seqs.clone().map(|seq| alert(seq, "inc-000001")).collect();
        let batch = Batch {
            inputs: seqs.map(input).collect(),
            devices: vec![state("am-1", Some(&(next - 1).to_be_bytes()))],
            deliveries: alerts.iter().map(|a| delivery(a.seq, a, Channel::DeskMqtt, "rotterdam")).collect(),
            alerts,
            ..Batch::default()
        };
        store.commit(&batch).await.unwrap();
        println!("committed {}", next - 1);
    }
}
