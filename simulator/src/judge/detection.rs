//! What is judged: whatever is told things, and raises alerts.

use std::sync::Arc;

use zones::order::Order;
use zones::{Alert, Effect, Engine, Input, Standing, Timestamp};

/// A detection under judgement.
pub(crate) trait Detection {
    /// Is told something, and appends what it raises.
    fn tell(&mut self, now: Timestamp, input: Input<'_>, alerts: &mut Vec<Alert>);

    /// Where the watch of an alert stands now.
    fn standing(&self, alert: &Alert) -> Standing;
}

/// The detection as it ships.
#[derive(Debug, Default)]
pub(crate) struct Honest(Engine);

impl Detection for Honest {
    fn tell(&mut self, now: Timestamp, input: Input<'_>, alerts: &mut Vec<Alert>) {
        // What an engine refuses it says by raising nothing; the judge sees that.
        let _ = self.0.handle(now, input);
        while let Some(effect) = self.0.poll_effect() {
            if let Effect::Alert(alert) = effect {
                alerts.push(*alert);
            }
        }
    }

    fn standing(&self, alert: &Alert) -> Standing {
        let episode = alert.watch.as_ref().and_then(|watch| self.0.episode(watch));
        episode.map_or(Standing::Clear, |episode| episode.standing)
    }
}

/// Makes the detection of a pair from its order.
pub(crate) trait Maker: Sync {
    /// A detection that knows the order.
    fn make(&self, now: Timestamp, order: Order) -> Box<dyn Detection>;
}

/// Makes the detection as it ships.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shipped;

impl Maker for Shipped {
    fn make(&self, now: Timestamp, order: Order) -> Box<dyn Detection> {
        let mut honest = Honest::default();
        honest.tell(now, Input::Order(Arc::new(order)), &mut Vec::new());
        Box::new(honest)
    }
}
