//! Quiet hours: warnings that a victim asked not to be woken by. Alarms always reach her.

use std::collections::BTreeSet;

use zones::{Alert, Engine, Level};

/// Incidents of which a victim knows nothing now: what was last raised in them was kept from her, so its end is too.
#[derive(Debug, Default)]
pub(super) struct Quiet(BTreeSet<String>);

impl Quiet {
    /// Takes up what was stored.
    pub(super) fn new(incidents: impl IntoIterator<Item = String>) -> Self {
        Self(incidents.into_iter().collect())
    }

    /// Whether an alert is kept from her. `stood` is the level of the incident before it.
    pub(super) fn keeps(&mut self, engine: &Engine, alert: &Alert, stood: Option<&str>) -> bool {
        let incident = alert.incident.to_string();
        let unaware = self.0.contains(&incident);
        let keeps = match alert.level {
            Level::Alarm => false,
            // What she heard the beginning of goes on and ends aloud.
            Level::Warning => is_quiet(engine, alert) && (unaware || matches!(stood, None | Some("clear"))),
            Level::Clear => unaware,
        };
        if keeps {
            self.0.insert(incident);
        } else {
            self.0.remove(&incident);
        }
        keeps
    }
}

/// Whether it is raised in the quiet hours of the victim it concerns. A trial of AWARE is her own doing.
fn is_quiet(engine: &Engine, alert: &Alert) -> bool {
    let order = engine.order(&alert.order);
    let victim = order.and_then(|order| {
        order.victims.iter().find(|victim| Some(&victim.party.person) == alert.victim.as_ref())
    });
    !alert.test && victim.is_some_and(|victim| victim.is_quiet(alert.raised_at))
}
