//! Whether the service hears, decides and remembers: what `/readyz` says.

/// The state of the parts, kept up to date by those who run them through a `tokio::sync::watch`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the broker is connected and subscribed to.
    pub broker_connected: bool,
    /// Why it is not, in words of [`LinkStatus`](crate::mqtt::LinkStatus); empty while it is.
    pub broker_trouble: String,
    /// Whether everything that waited at the start, or at the last reconnect, has been decided.
    pub caught_up: bool,
    /// Messages received but not decided yet.
    pub backlog_messages: u64,
    /// Whether the last commit succeeded.
    pub store_ok: bool,
}

impl Readiness {
    /// Why the service is not ready, as part and problem; empty when it is.
    pub fn reasons(&self) -> Vec<(&'static str, String)> {
        let mut reasons = Vec::new();
        if !self.broker_connected {
            let trouble = [" (", &self.broker_trouble, ")"].concat();
            let why = if self.broker_trouble.is_empty() { "" } else { &trouble };
            reasons.push(("broker", format!("is not connected{why}: devices are not heard")));
        }
        if !self.caught_up {
            let waiting = self.backlog_messages;
            reasons.push(("backlog", format!("{waiting} messages wait for a decision")));
        }
        if !self.store_ok {
            reasons.push(("store", "the last commit failed: nothing new is acknowledged".to_owned()));
        }
        reasons
    }
}
