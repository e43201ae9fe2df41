//! The account of alerts, as they are committed.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Line;
use crate::store::{AlertRow, Store};

/// How often the store is asked for new alerts.
const EVERY: Duration = Duration::from_millis(100);

/// Tells every alert until `stop`; returns how many there were.
pub(super) async fn tell(store: Store, say: mpsc::Sender<Line>, stop: CancellationToken) -> u64 {
    let (mut told, mut last) = (0, 0);
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return told,
            _ = tick.tick() => {}
        }
        for row in store.alerts_after(last, 100).await.unwrap_or_default() {
            (last, told) = (row.seq, told + 1);
            if say.send(Line::At(row.raised_at, line(&row))).await.is_err() {
                return told;
            }
        }
    }
}

/// The parts of an alert's data that the account names.
#[derive(Default, Deserialize)]
struct Told {
    certainty: String,
    reason: String,
}

fn line(row: &AlertRow) -> String {
    let level = match &*row.level {
        "alarm" => "■ ALARM  ",
        "warning" => "▲ LET OP ",
        _ => "○ VEILIG ",
    };
    let told: Told = serde_json::from_str(&row.data).unwrap_or_default();
    let who = match &row.victim {
        Some(victim) => format!("{} – {victim}", row.wearer),
        None => row.wearer.clone(),
    };
    let certainty = if row.level == "clear" { String::new() } else { format!(" ({})", told.certainty) };
    format!("{level} {who}{certainty}\n          {}", told.reason)
}
