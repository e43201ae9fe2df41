//! Taking up again: from what the store holds to a pipeline that goes on as if it had never stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::JoinHandle;

use uuid::Uuid;
use zones::order::Order;
use zones::{DeviceId, DeviceRow, Engine, EpisodeRow, HistoryRow, OrderId, Restoring, Snapshot, Timestamp};

use super::cap::CapRecord;
use super::decide::{Decider, Pending, Surroundings};
use super::directory::Directory;
use super::files::Files;
use super::quiet::Quiet;
use super::recent::Recent;
use super::register::Register;
use super::rows;
use crate::followup::{DutyRow, FollowUp, Incident, Rules, StaffRole};
use crate::lines::Lines;
use crate::metrics::Metrics;
use crate::store::{Few, Origin, Store, StoreError, StoredFix, StoredOrder, StoredState};

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

/// What the store holds, taken up.
#[derive(Debug)]
pub struct Taken {
    engine: Engine,
    register: Register,
    directory: Directory,
    origins: BTreeMap<OrderId, (Origin, Timestamp)>,
    recent: Recent,
    few: Few,
    /// The first row that could not be read: then the rest is of no use.
    damaged: Option<Damaged>,
}

impl Taken {
    /// Reads a store, row by row: at the size of a country all rows at once would double the memory of a start.
    /// While one thread makes an engine of the rows, this one and the database's fetch the next.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let few = store.load_few().await?;
        let ((mut orders, orders_read), (mut devices, devices_read)) =
            (Fetched::channel(), Fetched::channel());
        let (mut histories, histories_read) = Fetched::channel();
        let taking = std::thread::spawn(move || {
            let mut orders = TakingOrders::new(few);
            orders_read.into_iter().flatten().for_each(|row| orders.order(row));
            let mut devices = orders.all();
            devices_read.into_iter().flatten().for_each(|row| devices.device(&row));
            histories_read.into_iter().flatten().for_each(|row| devices.history(&row));
            devices.all()
        });
        // Where it waits for the other thread nobody waits for this one: nothing else has been started yet.
        store.each_order(|row| orders.push(row)).await?;
        orders.end();
        store.each_device(|row| devices.push(row)).await?;
        devices.end();
        store.each_history(|row| histories.push(row)).await?;
        histories.end();
        Ok(taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// The time up to which the store has decided.
    pub(super) fn clock(&self) -> Timestamp {
        clock_of(&self.few)
    }

    /// The orders that a file was the last to state, by id.
    pub fn of_files(&self) -> impl Iterator<Item = &OrderId> {
        self.origins.iter().filter(|(_, (origin, _))| *origin == Origin::File).map(|(order, _)| order)
    }
}

/// Rows that were fetched, handed on in parts: one by one, handing on would cost more than reading.
struct Fetched<T> {
    part: Vec<T>,
    to: SyncSender<Vec<T>>,
}

impl<T> Fetched<T> {
    /// Rows of a part.
    const PART: usize = 512;

    /// Parts that may wait; with rows of some hundred bytes a megabyte.
    const WAITING: usize = 4;

    fn channel() -> (Self, Receiver<Vec<T>>) {
        let (to, from) = std::sync::mpsc::sync_channel(Self::WAITING);
        (Self { part: Vec::with_capacity(Self::PART), to }, from)
    }

    fn push(&mut self, row: T) {
        self.part.push(row);
        if self.part.len() >= Self::PART {
            self.hand_on();
        }
    }

    /// There are no more.
    fn end(mut self) {
        self.hand_on();
    }

    fn hand_on(&mut self) {
        // Should nobody read any more, who waits for the other thread's result hears why.
        let next = Vec::with_capacity(Self::PART);
        let _ = self.to.send(std::mem::replace(&mut self.part, next));
    }
}

/// A start that takes in orders.
pub(super) struct TakingOrders {
    few: Few,
    recent: Recent,
    orders: Vec<(Arc<Order>, Origin, Timestamp)>,
    damaged: Option<Damaged>,
}

impl TakingOrders {
    pub(super) fn new(mut few: Few) -> Self {
        let mut recent = Recent::default();
        for StoredFix { role, device, body } in std::mem::take(&mut few.latest_fixes) {
            recent.note(recent.stored_key(role, &device, &body));
        }
        Self { few, recent, orders: Vec::new(), damaged: None }
    }

    /// Reads what is stored of an order.
    pub(super) fn order(&mut self, stored: StoredOrder) {
        let StoredOrder { order, document, origin, changed_at, .. } = stored;
        match Order::accepted(&document) {
            Ok(order) => self.orders.push((Arc::new(order), origin, changed_at)),
            Err(error) => note(&mut self.damaged, Damaged::new(format!("order {order}"), &error)),
        }
    }

    /// All orders are there: devices may come. The service was deaf since the last stored input: nobody's silence
    /// counts until it hears.
    pub(super) fn all(self) -> TakingDevices {
        let Self { few, recent, orders: mut all, mut damaged } = self;
        all.sort_unstable_by(|(a, ..), (b, ..)| a.order.cmp(&b.order));
        let origins = all.iter().map(|(order, origin, at)| (order.order.clone(), (*origin, *at))).collect();
        let clock = clock_of(&few);
        let mut orders = Vec::with_capacity(all.len());
        orders.extend(all.into_iter().map(|(order, ..)| order));
        leave_ended(&mut orders, clock);
        let directory = Directory::default();
        let register = std::thread::spawn({
            let (orders, directory) = (orders.clone(), directory.clone());
            move || registered(&orders, &directory)
        });
        let episodes = few.watches.iter().map_while(|row| kept(watch(row), &mut damaged)).collect();
        let engine = Restoring::new(Snapshot {
            clock,
            hearing: false,
            hearing_since: None,
            hearing_served: zones::Millis(0),
            orders,
            devices: Vec::new(),
            histories: Vec::new(),
            episodes,
        });
        TakingDevices { engine, register, directory, origins, recent, few, damaged }
    }
}

/// A start that has all orders, and takes in what is known of devices.
pub(super) struct TakingDevices {
    engine: Restoring,
    register: JoinHandle<Register>,
    directory: Directory,
    origins: BTreeMap<OrderId, (Origin, Timestamp)>,
    recent: Recent,
    few: Few,
    damaged: Option<Damaged>,
}

impl TakingDevices {
    /// Reads what is stored of a device.
    pub(super) fn device(&mut self, stored: &StoredState) {
        if let Some(row) = kept(device(stored), &mut self.damaged) {
            self.engine.device(row);
        }
    }

    /// Reads what is stored of a device's history.
    pub(super) fn history(&mut self, stored: &StoredState) {
        if let Some(row) = kept(history(stored), &mut self.damaged) {
            self.engine.history(row);
        }
    }

    /// All is there.
    pub(super) fn all(self) -> Taken {
        let Self { engine, register, directory, origins, recent, few, mut damaged } = self;
        let (engine, refused) = engine.end();
        let mut register = register.join().unwrap_or_else(|_| {
            note(&mut damaged, Damaged::new("orders", &"the thread that registers them failed"));
            Register::default()
        });
        for (order, refused) in refused {
            // One order must not take the protection of all others away.
            tracing::error!(order = %order.order, reason = %refused, "a stored order is not in force");
            register.forget(&order.order);
            directory.forget(&order.order);
        }
        Taken { engine, register, directory, origins, recent, few, damaged }
    }
}

/// Leaves word of the first problem there was.
fn note(damaged: &mut Option<Damaged>, problem: Damaged) {
    damaged.get_or_insert(problem);
}

/// What was read; of what could not be, word is left.
fn kept<T>(read: Result<T, Damaged>, damaged: &mut Option<Damaged>) -> Option<T> {
    read.map_err(|problem| note(damaged, problem)).ok()
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
    /// Goes on from what was stored.
    pub(super) fn resume(
        taken: Taken,
        around: Surroundings,
        rules: Rules,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Damaged> {
        let Taken { engine, register, directory, origins, recent, few, damaged } = taken;
        if let Some(damaged) = damaged {
            return Err(damaged);
        }
        let clock = clock_of(&few);
        let incidents = few.incidents.into_iter().map(|row| (row.incident.clone(), row)).collect();
        let followups = few.followups.iter().map(followup).collect::<Result<Vec<_>, _>>()?;
        let duty = few.duty.iter().map(duty).collect::<Result<Vec<_>, _>>()?;
        let followup = FollowUp::restore(rules, clock, followups, duty);
        let mut this = Self {
            engine,
            followup,
            register: Arc::new(register),
            directory,
            around,
            next: few.next,
            origins,
            files: Files::default(),
            recent,
            said: Lines::about("messages were set aside"),
            ahead: BTreeSet::new(),
            incidents,
            quiet: Quiet::new(few.quiet),
            cap: CapRecord::default(),
            pending: Pending::default(),
            metrics,
        };
        this.adopt(clock);
        Ok(this)
    }
}

/// The time of the last stored input.
fn clock_of(few: &Few) -> Timestamp {
    few.clock.unwrap_or(Timestamp::from_millis(0))
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
    register.note_all(orders);
    directory.note_all(orders);
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
