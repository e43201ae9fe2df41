//! What the stored states mean: read by whoever writes them, shown here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use zones::order::Order;
use zones::{DeviceId, Fix, OrderId, PersonId, Protection, Role, Timestamp};

use crate::store::{IncidentRow, InputRow, StoredState};

/// Reads what the pipeline stored: the states are opaque to the store and to the API.
pub trait StateReader: Send + Sync + 'static {
    /// Where the states of a person are, by the orders in the register; `None` when no order names the person.
    fn person(&self, person: &PersonId) -> Option<PersonKeys>;

    /// What is watched about a person at a moment by the orders in force, by key, as if none of it had ever been raised.
    fn watches(&self, person: &PersonId, now: Timestamp) -> BTreeMap<String, Watched>;

    /// What a device's state says.
    fn device(&self, stored: &StoredState) -> Result<DeviceState, Unreadable>;

    /// What a watch's state says.
    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable>;

    /// The decisions in a journal row that concern an incident, as `explain` shows them.
    fn decisions(
        &self,
        incident: &IncidentRow,
        input: &InputRow,
    ) -> Result<Vec<serde_json::Value>, Unreadable>;
}

/// Reads the register, and what looking somebody up needs beside it.
pub trait RegisterReader: Send + Sync + 'static {
    /// The orders that name a person, by id.
    fn of_person(&self, person: &PersonId) -> Vec<Arc<Order>>;

    /// The orders that name a device, by id.
    fn of_device(&self, device: &DeviceId) -> Vec<Arc<Order>>;

    /// The first so many orders after one, by id. Short lists: who reads holds up who decides.
    fn after(&self, order: Option<&OrderId>, most: usize) -> Vec<Arc<Order>>;

    /// What a victim was last told of her protection, by the state of her device.
    fn protection(&self, stored: &StoredState) -> Result<Option<Protection>, Unreadable>;

    /// The fix of a row of the journal.
    fn fix(&self, body: &[u8]) -> Result<Fix, Unreadable>;
}

/// A stored state that cannot be read: damaged, or of another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored state {key}: {problem}")]
pub struct Unreadable {
    /// Key of the row.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Where the states of a person are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonKeys {
    /// The devices the person has by orders in the register.
    pub devices: Vec<String>,
    /// Beginnings of the keys of the watches that concern the person.
    pub watch_prefixes: Vec<String>,
}

/// What is known of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceState {
    /// The party it belongs to.
    pub role: Role,
    /// The person who has it.
    pub person: Option<String>,
    /// The last fix that is believed.
    pub last_fix: Option<Fix>,
    /// Whether it said it is on line; `None` when it never said.
    pub online: Option<bool>,
    /// Since when it has been silent, where it is.
    pub silent_since: Option<Timestamp>,
}

/// A watch of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// What it is, `clear`.
    pub watch: WatchState,
    /// The devices without which nothing is known of it.
    pub devices: Vec<String>,
}

/// What is known of a watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchState {
    /// Key of the watch.
    pub watch: String,
    /// The order it follows from.
    pub order: String,
    /// Kind of its alerts (`victim_proximity`, `exclusion_zone`, …).
    pub kind: String,
    /// The wearer.
    pub wearer: String,
    /// The victim, where one is concerned.
    pub victim: Option<String>,
    /// The zone, where one is concerned.
    pub zone: Option<String>,
    /// `clear`, `warning`, `alarm`, or `unknown` while a device that it needs is silent or was never heard. What was
    /// raised stays raised meanwhile.
    pub standing: String,
    /// The incident that is open about it.
    pub incident: Option<String>,
}

/// A device as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DeviceView {
    /// Its id.
    pub device: String,
    /// The party it belongs to: `wearer` or `victim`; `null` while nothing is known of it.
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// The person who has it.
    pub person: Option<String>,
    /// The last fix that is believed, in the form of the contract; `null` when none ever came.
    #[schema(value_type = Option<Object>)]
    pub last_fix: Option<Fix>,
    /// Radius in metres within which the device was then with 68 % confidence: measured, or assumed for the
    /// source.
    pub uncertainty_m: Option<f64>,
    /// Seconds since that fix was taken.
    pub age_s: Option<f64>,
    /// Whether the device said it is on line; `null` when it never said.
    pub online: Option<bool>,
    /// Since when it has been silent, where it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub silent_since: Option<Timestamp>,
    /// Why the state cannot be read, when it cannot: the device is there, what it said is not known.
    pub unreadable: Option<String>,
}

impl DeviceView {
    /// The view of a stored state at the moment `now`. One that cannot be read hides neither itself nor others.
    pub(crate) fn new(stored: &StoredState, reader: &dyn StateReader, now: Timestamp) -> Self {
        match reader.device(stored) {
            Ok(DeviceState { role, person, last_fix, online, silent_since }) => Self {
                device: stored.key.to_string(),
                role: Some(role),
                person,
                uncertainty_m: last_fix.map(|fix| fix.uncertainty_m()),
                age_s: last_fix.map(|fix| (now - fix.fixed_at).as_secs_f64()),
                last_fix,
                online,
                silent_since,
                unreadable: None,
            },
            Err(error) => {
                tracing::error!(%error, "a stored device state cannot be read");
                Self { unreadable: Some(error.problem), ..Self::unknown(&stored.key) }
            }
        }
    }

    /// A device of a person that never sent anything.
    pub(crate) fn unheard(device: &str, person: &PersonId) -> Self {
        Self { person: Some(person.to_string()), ..Self::unknown(device) }
    }

    fn unknown(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            role: None,
            person: None,
            last_fix: None,
            uncertainty_m: None,
            age_s: None,
            online: None,
            silent_since: None,
            unreadable: None,
        }
    }
}
