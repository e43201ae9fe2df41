//! Taking up again: from what the store holds to a pipeline that goes on as if it had never stopped.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use zones::order::{Draft, Order};
use zones::{DeviceId, DeviceRow, Engine, EpisodeRow, Snapshot, Timestamp};

use super::decide::{Decider, Pending, Surroundings};
use super::directory::Directory;
use super::register::Register;
use super::rows;
use crate::metrics::Metrics;
use crate::store::{Loaded, StoredOrder, StoredState};

/// Why a store's content cannot be taken up, in one line.
#[derive(Debug, thiserror::Error)]
#[error("stored {what} cannot be read: {problem}")]
pub struct Damaged {
    what: String,
    problem: String,
}

impl Damaged {
    fn new(what: impl Into<String>, problem: &dyn std::fmt::Display) -> Self {
        Self { what: what.into(), problem: problem.to_string() }
    }
}

impl Decider {
    /// Takes up what was stored at `clock`, the time of the last stored input. The service was deaf since
    /// then: nobody's silence counts until it hears.
    pub(super) fn resume(
        loaded: Loaded,
        clock: Timestamp,
        directory: Directory,
        around: Surroundings,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Damaged> {
        let mut orders = read_orders(&loaded.orders)?;
        orders.retain(|order| order.valid_until + zones::policy::HISTORY > clock);
        let origins =
            loaded.orders.into_iter().map(|row| (row.order, (row.origin, row.changed_at))).collect();
        let snapshot = Snapshot {
            clock,
            hearing: false,
            hearing_since: None,
            orders,
            devices: loaded.devices.into_iter().map(device).collect::<Result<_, _>>()?,
            episodes: loaded.watches.into_iter().map(watch).collect::<Result<_, _>>()?,
        };
        let (engine, refused) = Engine::restore(snapshot);
        for (order, refused) in refused {
            // One order must not take the protection of all others away.
            tracing::error!(order = %order.order, reason = %refused, "a stored order is not in force");
        }
        let mut register = Register::default();
        for order in engine.orders() {
            register.note(order);
            directory.note(order);
        }
        let incidents: BTreeMap<_, _> =
            loaded.incidents.into_iter().map(|row| (row.incident.clone(), row)).collect();
        Ok(Self {
            engine,
            register: Arc::new(register),
            directory,
            around,
            next: loaded.next,
            origins,
            incidents,
            pending: Pending::default(),
            metrics,
        })
    }
}

/// Reads stored orders on all cores: at 100,000 of them this is most of a restart.
fn read_orders(stored: &[StoredOrder]) -> Result<Vec<Arc<Order>>, Damaged> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = stored.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = stored
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(order).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut orders = Vec::with_capacity(stored.len());
        for part in parts {
            let read = part.join().map_err(|_| Damaged::new("orders", &"a reading thread failed"))?;
            orders.extend(read?);
        }
        Ok(orders)
    })
}

fn order(stored: &StoredOrder) -> Result<Arc<Order>, Damaged> {
    let name = || format!("order {}", stored.order);
    let value: Value =
        serde_json::from_str(&stored.document).map_err(|error| Damaged::new(name(), &error))?;
    let draft = Draft::read(&value).map_err(|error| Damaged::new(name(), &error))?;
    let order = draft.into_order().map_err(|findings| {
        let code = findings.first().map_or("it cannot be in force", |finding| finding.code.as_str());
        Damaged::new(name(), &code)
    })?;
    Ok(Arc::new(order))
}

fn device(stored: StoredState) -> Result<DeviceRow, Damaged> {
    let name = || format!("state of device {}", stored.key);
    let (role, state) = rows::read_device(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    let device = DeviceId::new(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    Ok(DeviceRow { role, device, state: Some(state) })
}

fn watch(stored: StoredState) -> Result<EpisodeRow, Damaged> {
    let name = || format!("state of watch {}", stored.key);
    let watch = stored.key.parse().map_err(|error| Damaged::new(name(), &error))?;
    let episode = rows::read_watch(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    Ok(EpisodeRow { watch, episode: Some(episode) })
}
