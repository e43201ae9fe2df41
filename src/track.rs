//! Where both parties of an incident were while it lasted, from the journal: for those who replay it on a map.

use serde::Serialize;
use zones::{Fix, Millis, Role, Timestamp};

use crate::explain::AROUND;
use crate::pipeline::rows;
use crate::store::{IncidentRow, InputFilter, InputKind, MOST_ROWS, Store, StoreError};

/// Most fixes of one device: the first. A day at an interval of a minute is 1,440.
pub const MOST_FIXES: usize = 10_000;

/// Longest time that is looked at.
pub const LONGEST: Millis = Millis::from_secs(24 * 3_600);

/// The journal is read in pieces of this length: a long read would keep the service's log from being emptied.
const PIECE: Millis = Millis::from_secs(1_800);

/// Where the parties were.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// First moment looked at.
    pub from: Timestamp,
    /// Last moment looked at.
    pub to: Timestamp,
    /// One a device.
    pub devices: Vec<DeviceTrack>,
}

/// Where a device was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceTrack {
    /// The device.
    pub device: String,
    /// The party it belongs to.
    pub role: Role,
    /// The person who has it by the order as it is now.
    pub person: String,
    /// Fixes in order of their own time.
    pub fixes: Vec<TrackFix>,
    /// Whether there were more than [`MOST_FIXES`].
    pub cut: bool,
}

/// A fix of the past.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackFix {
    /// The fix, as in the contract.
    #[serde(flatten)]
    pub fix: Fix,
    /// When it arrived: what came later was not known then.
    pub received_at: Timestamp,
}

/// The parties' tracks during an incident; `now` ends what is not over yet.
///
/// # Errors
/// When the store cannot be read.
pub async fn of_incident(store: &Store, incident: &IncidentRow, now: Timestamp) -> Result<Track, StoreError> {
    let from = incident.opened_at - AROUND;
    let over = incident.closed_at.or(incident.cleared_at);
    let to = over.map_or(now, |over| over.max(incident.changed_at) + AROUND).min(now).min(from + LONGEST);
    let mut devices = parties(store, incident).await?;
    for track in &mut devices {
        read(store, track, from, to).await?;
        track.fixes.sort_by_key(|fix| fix.fix.fixed_at);
    }
    Ok(Track { from, to, devices })
}

/// The devices of the wearer and of the victim, if there is one, without their fixes.
async fn parties(store: &Store, incident: &IncidentRow) -> Result<Vec<DeviceTrack>, StoreError> {
    let Some(stored) = store.order(&incident.order).await? else { return Ok(Vec::new()) };
    let Ok(order) = zones::order::Order::accepted(&stored.document) else { return Ok(Vec::new()) };
    let is_concerned = |role: Role, person: &str| match role {
        Role::Wearer => person == incident.wearer,
        Role::Victim => incident.victim.as_deref() == Some(person),
    };
    let concerned = order.parties().filter(|(role, party)| is_concerned(*role, party.person.as_str()));
    Ok(concerned
        .filter_map(|(role, party)| {
            let (device, person) = (party.device.as_ref()?.to_string(), party.person.to_string());
            Some(DeviceTrack { device, role, person, fixes: Vec::new(), cut: false })
        })
        .collect())
}

async fn read(
    store: &Store,
    track: &mut DeviceTrack,
    from: Timestamp,
    to: Timestamp,
) -> Result<(), StoreError> {
    let mut begin = from;
    while begin <= to {
        let end = (begin + PIECE).min(to);
        let device = Some(track.device.clone());
        let mut filter = InputFilter { device, from: begin, to: end, after: None };
        loop {
            let page = store.inputs(&filter, MOST_ROWS).await?;
            let last = page.last().map(|row| (row.received_at, row.seq));
            for row in page.iter().filter(|row| row.kind == InputKind::Fix) {
                // A damaged row is no place to be.
                let Ok(fix) = rows::read_fix(&row.body) else { continue };
                if track.fixes.len() == MOST_FIXES {
                    track.cut = true;
                    return Ok(());
                }
                track.fixes.push(TrackFix { fix, received_at: row.received_at });
            }
            match last {
                Some(last) if page.len() >= MOST_ROWS as usize => filter.after = Some(last),
                _ => break,
            }
        }
        begin = end + Millis(1);
    }
    Ok(())
}
