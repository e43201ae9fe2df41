//! Taking up again: from what the store holds to a pipeline that goes on as if it had never stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use zones::order::Order;
use zones::{DeviceId, DeviceRow, Engine, EpisodeRow, HistoryRow, OrderId, Snapshot, Timestamp};

use super::aside::Said;
use super::decide::{Decider, Pending, Surroundings};
use super::directory::Directory;
use super::files::Files;
use super::recent::Recent;
use super::register::Register;
use super::rows;
use crate::metrics::Metrics;
use crate::store::{IncidentRow, Loaded, StoredFix, StoredOrder, StoredState};

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
        let origins =
            loaded.orders.iter().map(|row| (row.order.clone(), (row.origin, row.changed_at))).collect();
        let mut orders = read_orders(loaded.orders)?;
        let all = orders.len();
        orders.retain(|order| order.valid_until + zones::policy::HISTORY > clock);
        if orders.len() < all {
            let count = all - orders.len();
            tracing::info!(
                count,
                "orders have ended: they stay in the register as such until they are withdrawn"
            );
        }
        let register = std::thread::spawn({
            let (orders, directory) = (orders.clone(), directory.clone());
            move || registered(&orders, &directory)
        });
        let snapshot = Snapshot {
            clock,
            hearing: false,
            hearing_since: None,
            hearing_served: zones::Millis(0),
            orders,
            devices: loaded.devices.iter().map(device).collect::<Result<_, _>>()?,
            histories: loaded.histories.iter().map(history).collect::<Result<_, _>>()?,
            episodes: loaded.watches.iter().map(watch).collect::<Result<_, _>>()?,
        };
        let (engine, refused) = Engine::restore(snapshot);
        let mut register =
            register.join().map_err(|_| Damaged::new("orders", &"the thread that registers them failed"))?;
        for (order, refused) in refused {
            // One order must not take the protection of all others away.
            tracing::error!(order = %order.order, reason = %refused, "a stored order is not in force");
            register.forget(&order);
            directory.forget(&order);
        }
        let mut recent = Recent::default();
        for StoredFix { role, device, body } in loaded.latest_fixes {
            recent.note(recent.stored_key(role, &device, &body));
        }
        // Of an order that is gone nothing more is raised.
        let goes_on =
            |row: &IncidentRow| OrderId::new(&row.order).is_ok_and(|id| engine.order(&id).is_some());
        let incidents: BTreeMap<_, _> =
            loaded.incidents.into_iter().filter(goes_on).map(|row| (row.incident.clone(), row)).collect();
        Ok(Self {
            engine,
            register: Arc::new(register),
            directory,
            around,
            next: loaded.next,
            origins,
            files: Files::default(),
            recent,
            said: Said::default(),
            ahead: BTreeSet::new(),
            incidents,
            pending: Pending::default(),
            metrics,
        })
    }
}

/// Enters orders where names are looked up.
fn registered(orders: &[Arc<Order>], directory: &Directory) -> Register {
    let mut register = Register::default();
    for order in orders {
        register.note(order);
        directory.note(order);
    }
    register
}

/// Reads stored orders on all cores: at 100,000 of them this is most of a restart. Each document is dropped
/// once it is read, so that the orders take its place in memory.
fn read_orders(mut stored: Vec<StoredOrder>) -> Result<Vec<Arc<Order>>, Damaged> {
    let count = stored.len();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut parts = Vec::with_capacity(threads);
        while !stored.is_empty() {
            let part = stored.split_off(stored.len().saturating_sub(share));
            parts.push(
                scope.spawn(move || {
                    part.into_iter().map(|stored| order(&stored)).collect::<Result<Vec<_>, _>>()
                }),
            );
        }
        let mut orders = Vec::with_capacity(count);
        parts.reverse();
        for part in parts {
            let read = part.join().map_err(|_| Damaged::new("orders", &"a reading thread failed"))?;
            orders.extend(read?);
        }
        Ok(orders)
    })
}

fn order(stored: &StoredOrder) -> Result<Arc<Order>, Damaged> {
    let order = Order::accepted(&stored.document);
    order.map(Arc::new).map_err(|error| Damaged::new(format!("order {}", stored.order), &error))
}

fn device(stored: &StoredState) -> Result<DeviceRow, Damaged> {
    let name = || format!("state of device {}", stored.key);
    let (role, state) = rows::read_device(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    let device = DeviceId::new(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    Ok(DeviceRow { role, device, state: Some(state) })
}

fn history(stored: &StoredState) -> Result<HistoryRow, Damaged> {
    let name = || format!("history of device {}", stored.key);
    let (role, history) = rows::read_history(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    let device = DeviceId::new(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    Ok(HistoryRow { role, device, history: Some(history) })
}

fn watch(stored: &StoredState) -> Result<EpisodeRow, Damaged> {
    let name = || format!("state of watch {}", stored.key);
    let watch = stored.key.parse().map_err(|error| Damaged::new(name(), &error))?;
    let episode = rows::read_watch(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    Ok(EpisodeRow { watch, episode: Some(episode) })
}
