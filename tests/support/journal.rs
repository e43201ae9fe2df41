//! What a service that has stopped leaves in its store.

use std::collections::BTreeMap;

use afstand::store::{AlertRow, DeliveryRecord, InputFilter, InputKind, InputRow, MOST_ROWS, Store};
use zones::Timestamp;

pub struct Journal {
    pub inputs: Vec<InputRow>,
    pub alerts: Vec<AlertRow>,
    pub deliveries: Vec<DeliveryRecord>,
}

impl Journal {
    pub async fn read(url: &str) -> Self {
        let store = Store::open(url).await.expect("the store opens");
        let (mut inputs, mut alerts, mut deliveries) = (Vec::new(), Vec::new(), Vec::new());
        let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX / 2));
        let mut filter = InputFilter { device: None, from, to, after: None };
        loop {
            let page = store.inputs(&filter, MOST_ROWS).await.expect("inputs");
            let Some(last) = page.last() else { break };
            filter.after = Some((last.received_at, last.seq));
            inputs.extend(page);
        }
        loop {
            let after = alerts.last().map_or(0, |alert: &AlertRow| alert.seq);
            let page = store.alerts_after(after, MOST_ROWS).await.expect("alerts");
            if page.is_empty() {
                break;
            }
            alerts.extend(page);
        }
        let mut incidents: Vec<&str> = alerts.iter().map(|alert| alert.incident.as_str()).collect();
        incidents.sort_unstable();
        incidents.dedup();
        for incident in incidents {
            let story = store.incident(incident).await.expect("an incident").expect("it is there");
            deliveries.extend(story.deliveries);
        }
        store.close().await;
        Self { inputs, alerts, deliveries }
    }

    /// The rows of every fix, by device and time; more than one where it was written down more than once.
    pub fn fixes(&self) -> BTreeMap<(String, Timestamp), Vec<&InputRow>> {
        let mut fixes = BTreeMap::<_, Vec<_>>::new();
        for row in self.inputs.iter().filter(|row| row.kind == InputKind::Fix) {
            let at = row.fixed_at.expect("a fix has a time");
            fixes.entry((row.device.to_string(), at)).or_default().push(row);
        }
        fixes
    }
}
