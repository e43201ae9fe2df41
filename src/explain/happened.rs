//! Who was told what, and when.

use serde::Serialize;
use serde_json::Value;
use zones::Timestamp;

use crate::store::{AlertRow, DeliveryRecord, QUIET_HOURS, ReceiptRow};

/// An alert, a step of its delivery, or what a recipient said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// `alert`, `sent`, `attempt_failed`, `received`, `displayed`, `confirmed`, `given_up`, `kept_quiet`, `receipt`.
    pub what: &'static str,
    /// The alert it is about.
    pub alert: Option<String>,
    /// Level of the alert.
    pub level: Option<String>,
    /// The road.
    pub channel: Option<&'static str>,
    /// Device or desk.
    pub recipient: Option<String>,
    /// The alert's reason, how a recipient answered, why something failed.
    pub detail: Option<String>,
}

/// All of it in time order; at one moment alerts come before what is done with them.
pub(super) fn in_order(
    alerts: Vec<AlertRow>,
    deliveries: &[DeliveryRecord],
    receipts: Vec<ReceiptRow>,
) -> Vec<Happened> {
    let mut all: Vec<Happened> = alerts.into_iter().map(of_alert).collect();
    all.extend(deliveries.iter().flat_map(of_delivery));
    all.extend(receipts.into_iter().map(of_receipt));
    all.sort_by_key(|happened| happened.at);
    all
}

fn of_alert(alert: AlertRow) -> Happened {
    let data: Option<Value> = serde_json::from_str(&alert.data).ok();
    Happened {
        at: alert.raised_at,
        what: "alert",
        alert: Some(alert.alert),
        level: Some(alert.level.into_owned()),
        channel: None,
        recipient: None,
        detail: data.and_then(|data| data["reason"].as_str().map(str::to_owned)),
    }
}

fn of_delivery(record: &DeliveryRecord) -> Vec<Happened> {
    let delivery = &record.delivery;
    // Nothing was sent: her quiet hours kept it from her.
    let quiet = record.why.as_deref() == Some(QUIET_HOURS);
    let step = |at: Option<Timestamp>, what: &'static str, detail: Option<&String>| {
        Some(Happened {
            at: at?,
            what,
            alert: Some(delivery.alert.clone()),
            level: Some(delivery.level.to_string()),
            channel: Some(delivery.channel.word()),
            recipient: Some(delivery.recipient.clone()),
            detail: detail.cloned(),
        })
    };
    let failed = record.attempted_at.filter(|_| record.error.is_some() && record.received_at.is_none());
    let steps = [
        step(Some(delivery.created_at), if quiet { "kept_quiet" } else { "sent" }, None),
        step(failed, "attempt_failed", record.error.as_ref()),
        step(record.received_at, "received", record.detail.as_ref()),
        step(record.displayed_at, "displayed", None),
        step(record.confirmed_at, "confirmed", None),
        step(record.closed_at.filter(|_| !quiet), "given_up", record.why.as_ref()),
    ];
    steps.into_iter().flatten().collect()
}

fn of_receipt(receipt: ReceiptRow) -> Happened {
    let said = [Some(receipt.state.into_owned()), receipt.reference, receipt.reason];
    Happened {
        at: receipt.received_at,
        what: "receipt",
        alert: receipt.alert,
        level: None,
        channel: Some(receipt.channel.word()),
        recipient: Some(receipt.recipient),
        detail: Some(said.into_iter().flatten().collect::<Vec<_>>().join(", ")),
    }
}
