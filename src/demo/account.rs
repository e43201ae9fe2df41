//! The account: every alert as it is committed, and who received it.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Line;
use crate::clock;
use crate::mqtt::{Acks, Arrived};
use crate::store::{AlertRow, Store};

/// How often the store is asked for new alerts.
const EVERY: Duration = Duration::from_millis(100);

/// What the recipients hear.
pub(super) struct Ear {
    pub(super) heard: mpsc::Receiver<Arrived>,
    pub(super) acks: Acks,
}

/// Tells every alert and every receipt until `stop`; returns how many alerts there were.
pub(super) async fn tell(
    store: Store,
    mut ear: Ear,
    say: mpsc::Sender<Line>,
    stop: CancellationToken,
) -> u64 {
    let (mut told, mut last) = (0, 0);
    let mut tick = tokio::time::interval(EVERY);
    loop {
        let arrived = tokio::select! {
            () = stop.cancelled() => return told,
            _ = tick.tick() => None,
            arrived = ear.heard.recv() => arrived,
        };
        // What was received was committed before: it is told first.
        for row in store.alerts_after(last, 100).await.unwrap_or_default() {
            (last, told) = (row.seq, told + 1);
            if say.send(Line::At(row.raised_at, alert(&row))).await.is_err() {
                return told;
            }
        }
        if let Some(arrived) = arrived {
            // A closed account shows at the next alert.
            let _ = say.send(Line::At(clock::timestamp(arrived.received_at), receipt(&arrived))).await;
            ear.acks.ack(vec![arrived.ack]);
        }
    }
}

/// The parts of an alert's data that the account names.
#[derive(Default, Deserialize)]
struct Told {
    certainty: String,
    reason: String,
}

fn alert(row: &AlertRow) -> String {
    let level = match &*row.level {
        "alarm" => "■ ALARM ",
        "warning" => "▲ LET OP",
        _ => "○ VEILIG",
    };
    let told: Told = serde_json::from_str(&row.data).unwrap_or_default();
    let who = match &row.victim {
        Some(victim) => format!("{} – {victim}", row.wearer),
        None => row.wearer.clone(),
    };
    let certainty = if row.level == "clear" { String::new() } else { format!(" ({})", told.certainty) };
    format!(
        "{level}  {who}{certainty}\n                    {}",
        told.reason.replace(" / ", "\n                    ")
    )
}

/// Who got what.
fn receipt(arrived: &Arrived) -> String {
    let topic = arrived.topic().unwrap_or_default();
    let who = match topic.split('/').collect::<Vec<_>>()[..] {
        [_, _, "victim", device, _] => {
            format!("slachtofferdevice {device} heeft bericht / victim device is told")
        }
        [_, _, "desk", desk, _] => format!("meldkamer {desk} heeft bericht / desk is told"),
        _ => topic.to_owned(),
    };
    format!("  → {who}")
}
