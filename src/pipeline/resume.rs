//! Taking up again: from what the store holds to a pipeline that goes on as if it had never stopped.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;
use zones::order::Order;
use zones::{DeviceId, DeviceRow, Engine, EpisodeRow, HistoryRow, OrderId, Snapshot, Timestamp};

use super::aside::Said;
use super::cap::CapRecord;
use super::decide::{Decider, Pending, Surroundings};
use super::directory::Directory;
use super::files::Files;
use super::quiet::Quiet;
use super::recent::Recent;
use super::register::Register;
use super::rows;
use crate::followup::{DutyRow, FollowUp, Incident, Rules, StaffRole};
use crate::metrics::Metrics;
use crate::store::{Loaded, Origin, StoredFix, StoredOrder, StoredState};

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

/// What the store holds, its orders read.
pub type Taken = Loaded<TakenOrder>;

/// An order of the store, read.
#[derive(Debug)]
pub struct TakenOrder {
    order: Result<Arc<Order>, Damaged>,
    /// Where it came from.
    pub origin: Origin,
    changed_at: Timestamp,
}

impl TakenOrder {
    /// Reads what is stored of an order.
    pub(super) fn new(stored: StoredOrder) -> Self {
        let StoredOrder { order, document, origin, changed_at, .. } = stored;
        let read = Order::accepted(&document).map(Arc::new);
        let order = read.map_err(|error| Damaged::new(format!("order {order}"), &error));
        Self { order, origin, changed_at }
    }

    /// Its id, if it could be read.
    pub fn id(&self) -> Option<&OrderId> {
        self.order.as_ref().ok().map(|order| &order.order)
    }
}

/// Reads what is stored of a device.
pub(super) fn device(stored: &StoredState) -> Result<DeviceRow, Damaged> {
    let name = || format!("state of device {}", stored.key);
    let (role, state) = rows::read_device(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    let device = DeviceId::new(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    Ok(DeviceRow { role, device, state: Some(state) })
}

/// Reads what is stored of a device's history.
pub(super) fn history(stored: &StoredState) -> Result<HistoryRow, Damaged> {
    let name = || format!("history of device {}", stored.key);
    let (role, history) = rows::read_history(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    let device = DeviceId::new(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    Ok(HistoryRow { role, device, history: Some(history) })
}

impl Decider {
    /// Takes up what was stored at `clock`, the time of the last stored input. The service was deaf since
    /// then: nobody's silence counts until it hears.
    pub(super) fn resume(
        loaded: Taken,
        clock: Timestamp,
        directory: Directory,
        around: Surroundings,
        rules: Rules,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Damaged> {
        let mut origins = BTreeMap::new();
        let mut orders = Vec::with_capacity(loaded.orders.len());
        for TakenOrder { order, origin, changed_at } in loaded.orders {
            let order = order?;
            origins.insert(order.order.clone(), (origin, changed_at));
            orders.push(order);
        }
        leave_ended(&mut orders, clock);
        let register = std::thread::spawn({
            let (orders, directory) = (orders.clone(), directory.clone());
            move || registered(&orders, &directory)
        });
        let damaged = RefCell::new(None);
        let snapshot = Snapshot {
            clock,
            hearing: false,
            hearing_since: None,
            hearing_served: zones::Millis(0),
            orders,
            devices: until_damaged(&loaded.devices, device, &damaged),
            histories: until_damaged(&loaded.histories, history, &damaged),
            episodes: loaded.watches.iter().map(watch).collect::<Result<_, _>>()?,
        };
        let (engine, refused) = Engine::restore(snapshot);
        if let Some(damaged) = damaged.into_inner() {
            return Err(damaged);
        }
        let mut register =
            register.join().map_err(|_| Damaged::new("orders", &"the thread that registers them failed"))?;
        for (order, refused) in refused {
            // One order must not take the protection of all others away.
            tracing::error!(order = %order.order, reason = %refused, "a stored order is not in force");
            register.forget(&order);
            directory.forget(&order);
        }
        let incidents: BTreeMap<_, _> =
            loaded.incidents.into_iter().map(|row| (row.incident.clone(), row)).collect();
        let followups = loaded.followups.iter().map(followup).collect::<Result<Vec<_>, _>>()?;
        let duty = loaded.duty.iter().map(duty).collect::<Result<Vec<_>, _>>()?;
        let followup = FollowUp::restore(rules, clock, followups, duty);
        let mut this = Self {
            engine,
            followup,
            register: Arc::new(register),
            directory,
            around,
            next: loaded.next,
            origins,
            files: Files::default(),
            recent: remembered(loaded.latest_fixes),
            said: Said::default(),
            ahead: BTreeSet::new(),
            incidents,
            quiet: Quiet::new(loaded.quiet),
            cap: CapRecord::default(),
            pending: Pending::default(),
            metrics,
        };
        this.adopt(clock);
        Ok(this)
    }
}

/// The fixes that the broker may send again.
fn remembered(fixes: Vec<StoredFix>) -> Recent {
    let mut recent = Recent::default();
    for StoredFix { role, device, body } in fixes {
        recent.note(recent.stored_key(role, &device, &body));
    }
    recent
}

/// Reads rows as they are asked for; at the first that cannot be read it ends, and leaves word of it.
fn until_damaged<'a, T: 'a>(
    rows: &'a [StoredState],
    read: fn(&StoredState) -> Result<T, Damaged>,
    damaged: &'a RefCell<Option<Damaged>>,
) -> impl Iterator<Item = T> + 'a {
    rows.iter().map_while(move |row| read(row).map_err(|error| *damaged.borrow_mut() = Some(error)).ok())
}

/// Leaves out the orders that ended a history ago.
fn leave_ended(orders: &mut Vec<Arc<Order>>, clock: Timestamp) {
    let all = orders.len();
    orders.retain(|order| order.valid_until + zones::policy::HISTORY > clock);
    if orders.len() < all {
        let count = all - orders.len();
        tracing::info!(
            count,
            "orders have ended: they stay in the register as such until they are withdrawn"
        );
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

fn followup(stored: &StoredState) -> Result<(Uuid, Incident), Damaged> {
    let name = || format!("follow-up of incident {}", stored.key);
    let id = Uuid::parse_str(&stored.key).map_err(|error| Damaged::new(name(), &error))?;
    let incident = rows::read_followup(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    Ok((id, incident))
}

fn duty(stored: &StoredState) -> Result<(StaffRole, DutyRow), Damaged> {
    let name = || format!("duty of role {}", stored.key);
    let role = StaffRole::from_word(&stored.key).ok_or_else(|| Damaged::new(name(), &"no such role"))?;
    let row = rows::read_duty(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    Ok((role, row))
}

fn watch(stored: &StoredState) -> Result<EpisodeRow, Damaged> {
    let name = || format!("state of watch {}", stored.key);
    let watch = stored.key.parse().map_err(|error| Damaged::new(name(), &error))?;
    let episode = rows::read_watch(&stored.state).map_err(|error| Damaged::new(name(), &error))?;
    Ok(EpisodeRow { watch, episode: Some(episode) })
}
