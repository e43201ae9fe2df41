//! What is judged: whatever is told things, and raises alerts.

use std::sync::Arc;

use zones::order::Order;
use zones::{Alert, Effect, Engine, Input, Standing, Timestamp};

use crate::clock::SECOND;

use super::story::Notes;

/// A detection under judgement.
pub(crate) trait Detection {
    /// Is told something, and appends what it raises.
    fn tell(&mut self, now: Timestamp, input: Input<'_>, alerts: &mut Vec<Alert>);

    /// What the ankle monitor is to be told since it was last asked for: time between fixes in milliseconds, and until
    /// when.
    fn command(&mut self) -> Option<(i64, i64)>;

    /// Where the watch of an alert stands now.
    fn standing(&self, alert: &Alert) -> Standing;
}

/// The detection as it ships.
#[derive(Debug, Default)]
pub(crate) struct Honest {
    engine: Engine,
    command: Option<(i64, i64)>,
    /// Where all that is said and judged is written down, if anybody wants to know.
    notes: Option<Notes>,
}

impl Honest {
    /// One that knows the order.
    pub(super) fn new(now: Timestamp, order: Order, notes: Option<Notes>) -> Self {
        let mut honest = Self { notes, ..Self::default() };
        honest.tell(now, Input::Order(Arc::new(order)), &mut Vec::new());
        honest
    }
}

impl Detection for Honest {
    fn tell(&mut self, now: Timestamp, input: Input<'_>, alerts: &mut Vec<Alert>) {
        if let Some(notes) = &self.notes {
            notes.said(now, &input);
        }
        // What an engine refuses it says by raising nothing; the judge sees that.
        let _ = self.engine.handle(now, input);
        while let Some(effect) = self.engine.poll_effect() {
            if let Some(notes) = &self.notes {
                notes.followed(now, &effect, &self.engine);
            }
            match effect {
                Effect::Alert(alert) => alerts.push(*alert),
                Effect::Command { fix_interval_s, until, .. } => {
                    self.command = Some((fix_interval_s * SECOND, until.as_millis()));
                }
                Effect::Decision(_) | Effect::Protection { .. } | Effect::Noted(_) => {}
            }
        }
    }

    fn command(&mut self) -> Option<(i64, i64)> {
        self.command.take()
    }

    fn standing(&self, alert: &Alert) -> Standing {
        let episode = alert.watch.as_ref().and_then(|watch| self.engine.episode(watch));
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
        Box::new(Honest::new(now, order, None))
    }
}
