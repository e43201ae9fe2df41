//! The engine: a state machine that is told things and says what follows.
//!
//! Mutate once, then drain: [`Engine::handle`], then [`Engine::poll_effect`] until it is empty.
//! [`Engine::poll_deadline`] says when it wants to be woken with [`Input::Tick`]. Whatever was due before the
//! time of an input happens first, at its own time, so that the output does not depend on how punctually the
//! driver ticks.
//!
//! The road of a fix: [`fixes`] takes it in ([`plausible`] may hold it, [`late`] judges it in its own time),
//! [`judge`] looks at every watch it touches and [`way`] at the way to it, `standing` decides about a step,
//! [`announce`] turns a step into an alert. What follows from a step: [`command`], [`protection`].

mod announce;
mod approach;
mod aware;
mod clockwork;
mod command;
mod device;
mod events;
mod evidence;
mod expiry;
mod fixes;
mod judge;
mod late;
mod plausible;
mod protection;
mod register;
mod restore;
mod silence;
mod snapshot;
mod successor;
#[cfg(test)]
mod tests;
mod timers;
mod track;
mod turns;
mod watch;
mod way;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub use device::{DeviceState, Said, Seen};
pub use protection::{Protection, ProtectionReason, ProtectionState, Told};
pub use register::Refused;
pub use restore::Restoring;
pub use snapshot::{Change, Changes, DeviceRow, EpisodeRow, HistoryRow, Snapshot};
pub use track::{Kept, Track};
pub use watch::{Subject, WatchKey};

use crate::alert::Alert;
use crate::decision::Decision;
use crate::lookup::Lookup;
use crate::order::Order;
use crate::standing::Episode;
use crate::{DeviceEventKind, DeviceId, Input, Millis, OrderId, PersonId, Role, Timestamp};
use device::{Beside, Device};
use timers::{Timer, Timers};
use uuid::Uuid;
use watch::Watch;

/// What follows from an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A watch was judged.
    Decision(Decision),
    /// A standing changed: tell the recipients.
    Alert(Box<Alert>),
    /// Something belongs to an incident that changes no level.
    Noted(Note),
    /// A victim's protection changed: tell her device.
    Protection {
        /// The victim; `None` when no order names her any more.
        victim: Option<PersonId>,
        /// Her device.
        device: DeviceId,
        /// How well she is protected, and why it is no better.
        protection: Protection,
    },
    /// An ankle monitor is to report at another interval.
    Command {
        /// The ankle monitor.
        device: DeviceId,
        /// Seconds between its fixes.
        fix_interval_s: i64,
        /// Until when; after that it goes back to its own by itself.
        until: Timestamp,
    },
}

/// Something that belongs to an incident but changes no level, so that it is no alert: it is counted and shown there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The watch whose incident it is.
    pub watch: WatchKey,
    /// The incident.
    pub incident: Uuid,
    /// When it was taken in.
    pub at: Timestamp,
    /// What it is.
    pub what: Noted,
}

/// What a [`Note`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// A device said again what raised its watch, or something no worse.
    Repeated(DeviceEventKind),
    /// Somebody tried to cancel a press of AWARE, and the alarm goes on.
    NotCancelled(NotCancelled),
}

/// Why a press of AWARE is not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCancelled {
    /// Nothing was pressed, or that is over.
    NothingToCancel,
    /// Too long after the press.
    TooLate,
    /// With another code than hers.
    WrongCode,
    /// No order gives her a code.
    NoCode,
    /// With the right code, after too many others.
    TooManyTries,
}

impl NotCancelled {
    /// The word in JSON and in timelines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingToCancel => "nothing_to_cancel",
            Self::TooLate => "too_late",
            Self::WrongCode => "wrong_code",
            Self::NoCode => "no_code",
            Self::TooManyTries => "too_many_tries",
        }
    }
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Taken in; for a fix, judged.
    Done,
    /// Taken in, but the device's clock is this far ahead: judged by its time of arrival.
    ClockAhead(Millis),
    /// Said before: nothing changed.
    Duplicate,
    /// Older than what was judged already: judged against the time it belongs to, live standing is not moved.
    Older,
    /// Older than the history that is kept: recorded, not judged.
    TooOld,
    /// Nobody could have reached it: kept as evidence, and believed when the next one agrees with it.
    Held,
    /// A press of AWARE is not cancelled: the alarm goes on, and the attempt is evidence.
    NotCancelled(NotCancelled),
}

/// An order in the register.
#[derive(Debug)]
struct Registered {
    order: Arc<Order>,
    watches: Box<[u32]>,
    devices: Box<[u32]>,
}

/// Whether devices can be heard, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hearing {
    on: bool,
    since: Option<Timestamp>,
    /// How much of the grace went by in spells of hearing that ended before it did.
    served: Millis,
}

/// Where things stand, and what to do next. Holds one part of the register; it never assumes to hold all.
#[derive(Debug)]
pub struct Engine {
    clock: Timestamp,
    hearing: Hearing,
    orders: BTreeMap<OrderId, Registered>,
    /// Slots of wearers' devices by the name of the person, one entry an order.
    wearers: Lookup,
    devices: Vec<Device>,
    /// One for each device.
    besides: Vec<Beside>,
    free_devices: Vec<u32>,
    device_names: Lookup,
    watches: Vec<Watch>,
    free_watches: Vec<u32>,
    /// Watches over devices themselves; only those that were raised once.
    about_devices: BTreeMap<WatchKey, Episode>,
    timers: Timers,
    turns: turns::Turns,
    /// Orders that ended a history ago and were forgotten.
    forgotten: Vec<Arc<Order>>,
    effects: VecDeque<Effect>,
    changed_devices: Vec<u32>,
    changed_histories: Vec<u32>,
    gone_devices: BTreeSet<(Role, DeviceId)>,
    changed_watches: Vec<u32>,
    changed_about: BTreeSet<WatchKey>,
    /// Victim devices whose protection may have changed.
    protection_due: Vec<u32>,
    /// Room to work in, so that a fix allocates nothing.
    near: Vec<u32>,
    due: Vec<Timer>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine that knows nobody and can hear.
    pub fn new() -> Self {
        Self {
            clock: Timestamp::from_millis(i64::MIN),
            hearing: Hearing { on: true, since: None, served: Millis(0) },
            orders: BTreeMap::new(),
            wearers: Lookup::default(),
            devices: Vec::new(),
            besides: Vec::new(),
            free_devices: Vec::new(),
            device_names: Lookup::default(),
            watches: Vec::new(),
            free_watches: Vec::new(),
            about_devices: BTreeMap::new(),
            timers: Timers::default(),
            turns: turns::Turns::default(),
            forgotten: Vec::new(),
            effects: VecDeque::new(),
            changed_devices: Vec::new(),
            changed_histories: Vec::new(),
            gone_devices: BTreeSet::new(),
            changed_watches: Vec::new(),
            changed_about: BTreeSet::new(),
            protection_due: Vec::new(),
            near: Vec::new(),
            due: Vec::new(),
        }
    }

    /// Takes in one input at time `now`. A `now` before that of an earlier input counts as that one's: time
    /// never runs back.
    ///
    /// An error changes nothing but the passing of time.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>) -> Result<Outcome, Refused> {
        let now = now.max(self.clock);
        self.run_timers(now);
        self.clock = now;
        let outcome = self.take(now, input);
        self.say_protection();
        outcome
    }

    fn take(&mut self, now: Timestamp, input: Input<'_>) -> Result<Outcome, Refused> {
        match input {
            Input::Fix { role, device, fix } => self.take_fix(now, role, device, fix),
            Input::Device { role, device, event } => self.take_event(now, role, device, event),
            Input::Online { role, device, online } => self.take_online(role, device, online),
            Input::Aware { device, aware } => self.take_aware(now, device, aware),
            Input::AwareCancel { device, cancel } => self.cancel_aware(now, device, cancel),
            Input::Order(order) => self.put_order(now, &order),
            Input::OrderWithdrawn(order) => self.withdraw_order(now, &order),
            Input::IncidentClosed { watch, incident } => Ok(self.close_incident(&watch, incident)),
            Input::Hearing(on) => Ok(self.set_hearing(now, on)),
            Input::Tick => Ok(Outcome::Done),
        }
    }

    /// The next thing that follows from what was handled; `None` when all is said.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to handle [`Input::Tick`] at the latest. It may turn out that nothing was due.
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.timers.next_at()
    }

    /// The latest time that was handled.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// How many devices the registered orders name.
    pub fn device_count(&self) -> usize {
        self.devices.len() - self.free_devices.len()
    }

    /// The orders registered, ascending by id.
    pub fn orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.values().map(|registered| &registered.order)
    }

    /// One registered order.
    pub fn order(&self, order: &OrderId) -> Option<&Arc<Order>> {
        self.orders.get(order).map(|registered| &registered.order)
    }

    /// The registered orders of a wearer, ascending by id.
    pub fn orders_of_wearer<'a>(&'a self, wearer: &'a PersonId) -> impl Iterator<Item = &'a Arc<Order>> {
        let devices = self.wearers.all(wearer.as_str()).map(|slot| &self.devices[slot as usize]);
        let ids: BTreeSet<&OrderId> = devices.flat_map(|device| &device.orders).collect();
        ids.into_iter().filter_map(|id| self.order(id)).filter(|order| order.wearer.person == *wearer)
    }

    /// The name of the watch in a [`Decision`].
    pub fn watch_key(&self, watch: u32) -> Option<WatchKey> {
        self.watches.get(watch as usize)?.key()
    }

    fn find(&self, role: Role, device: &str) -> Result<u32, Refused> {
        let is = |slot: u32| {
            let known = &self.devices[slot as usize];
            known.role == role && known.id.as_str() == device
        };
        self.device_names.get(device, is).ok_or(Refused::UnknownDevice)
    }

    fn note_device(&mut self, slot: u32) {
        let device = &mut self.devices[slot as usize];
        if !device.changed {
            device.changed = true;
            self.changed_devices.push(slot);
        }
    }

    fn note_history(&mut self, slot: u32) {
        let device = &mut self.devices[slot as usize];
        if !std::mem::replace(&mut device.history_changed, true) {
            self.changed_histories.push(slot);
        }
    }

    fn note_watch(&mut self, slot: u32) {
        let watch = &mut self.watches[slot as usize];
        if !watch.changed {
            watch.changed = true;
            self.changed_watches.push(slot);
        }
    }
}
