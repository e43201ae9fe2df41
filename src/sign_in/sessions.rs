//! Who is signed in. The memory decides; the store is written before anything is told, and when somebody was active
//! about once a minute.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use zones::{DeskId, DeviceId, PersonId, Timestamp};

use super::{NoSignIn, digest, new_secret};
use crate::config::{Holder, Role, SessionLimits, role_of};
use crate::store::{SessionRow, Store};

/// Sessions that may be open at once; one more ends the one whose holder was active longest ago.
const MOST_SESSIONS: usize = 2_000;

/// A console says that somebody is there about twice a minute: so much later than it the service locks.
const GRACE: Duration = Duration::from_mins(1);

/// A victim's page is never locked, and her session lasts so long: it has to hear of danger, and it is on her own
/// telephone.
const VICTIMS_LONGEST: Duration = Duration::from_hours(30 * 24);

/// Activity is written down this often.
const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// Everybody who is signed in.
#[derive(Debug)]
pub struct Sessions {
    store: Store,
    limits: SessionLimits,
    /// Fingerprint of the settings they begin under.
    terms: String,
    /// How many may be open.
    pub(super) most: usize,
    state: Mutex<State>,
    /// One write at a time, so that none overtakes another.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// By the hash of their ids.
    open: HashMap<String, Session>,
    /// Those that changed since they were written.
    changed: HashSet<String>,
    /// Those that ended and may still be in the store.
    over: HashSet<String>,
}

#[derive(Debug)]
struct Session {
    row: SessionRow,
    holder: Holder,
    written_at: Timestamp,
    /// Cancelled when it ends.
    over: CancellationToken,
    /// Cancelled when it is locked, or ends.
    locked: CancellationToken,
}

/// A session that a request came with.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who it is.
    pub holder: Holder,
    /// What an unsafe request has to bring along.
    pub csrf: String,
    /// Whether it is locked.
    pub is_locked: bool,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// How long it may be idle.
    pub idle: Duration,
    /// Cancelled when it ends.
    pub over: CancellationToken,
    /// Cancelled when it is locked, or ends.
    pub locked: CancellationToken,
    hash: String,
}

/// Whether a victim's session is still of who has her device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is.
    Theirs,
    /// The device is another's now: the session has just ended.
    Another {
        /// Who had it, in the register.
        former: String,
    },
    /// It had ended before.
    Over,
}

impl Sessions {
    pub(super) async fn resume(
        store: Store,
        limits: SessionLimits,
        terms: String,
        now: Timestamp,
    ) -> Result<Self, NoSignIn> {
        let mut state = State::default();
        for row in store.sessions().await? {
            match holder(&row).filter(|_| row.terms == terms && now < ends_at(&row, limits)) {
                Some(holder) => drop(state.open.insert(row.hash.clone(), session(row, holder))),
                None => drop(state.over.insert(row.hash)),
            }
        }
        Ok(Self {
            store,
            limits,
            terms,
            most: MOST_SESSIONS,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// Begins one, and ends the one with the hash `instead`; the id for the cookie. `bearer` is who has the victim
    /// device that it speaks for.
    ///
    /// # Errors
    /// When it cannot be written: then nobody is signed in.
    pub async fn begin(
        &self,
        holder: Holder,
        bearer: Option<&PersonId>,
        instead: Option<&str>,
        now: Timestamp,
    ) -> Result<String, NoSignIn> {
        let id = new_secret()?;
        let row = SessionRow {
            hash: digest(&id),
            name: holder.name.clone(),
            person: holder.person.clone(),
            role: holder.role.as_str().into(),
            desk: holder.desk.as_ref().map(ToString::to_string),
            device: holder.device.as_ref().map(ToString::to_string),
            bearer: bearer.map(ToString::to_string),
            terms: self.terms.clone(),
            begun_at: now,
            active_at: now,
            locked: false,
        };
        let hash = row.hash.clone();
        {
            let mut state = self.state();
            if let Some(instead) = instead {
                state.end(instead);
            }
            while state.open.len() >= self.most
                && let Some(longest_idle) = state.longest_idle()
            {
                state.end(&longest_idle);
            }
            state.changed.insert(hash.clone());
            state.open.insert(hash.clone(), session(row, holder));
        }
        if let Err(error) = self.write().await {
            self.state().end(&hash);
            return Err(error);
        }
        Ok(id)
    }

    /// The session of an id.
    pub fn find(&self, id: &str, now: Timestamp) -> Option<Found> {
        let hash = digest(id);
        let mut state = self.state();
        let session = state.open.get(&hash)?;
        let ends_at = ends_at(&session.row, self.limits);
        if now >= ends_at {
            state.end(&hash);
            return None;
        }
        if self.is_locked(&session.row, now) {
            session.locked.cancel();
        }
        Some(Found {
            holder: session.holder.clone(),
            csrf: csrf(id),
            is_locked: session.locked.is_cancelled(),
            ends_at,
            idle: self.limits.idle,
            over: session.over.clone(),
            locked: session.locked.clone(),
            hash,
        })
    }

    /// Its holder did something.
    pub fn touch(&self, found: &Found, now: Timestamp) {
        let mut guard = self.state();
        let state = &mut *guard;
        if let Some(session) = state.open.get_mut(&found.hash)
            && !session.locked.is_cancelled()
        {
            session.row.active_at = session.row.active_at.max(now);
            if now >= later(session.written_at, WRITTEN_EVERY) {
                session.written_at = now;
                state.changed.insert(found.hash.clone());
            }
        }
    }

    /// Locks it before its time.
    ///
    /// # Errors
    /// When that cannot be written; it is locked until a restart all the same.
    pub async fn lock(&self, found: &Found) -> Result<(), NoSignIn> {
        {
            let mut guard = self.state();
            let state = &mut *guard;
            if let Some(session) = state.open.get_mut(&found.hash) {
                session.row.locked = true;
                session.locked.cancel();
                state.changed.insert(found.hash.clone());
            }
        }
        self.write().await
    }

    /// Ends it.
    ///
    /// # Errors
    /// When that cannot be written yet; it is over all the same, and writing is tried again.
    pub async fn end(&self, found: &Found) -> Result<(), NoSignIn> {
        self.state().end(&found.hash);
        self.write().await
    }

    /// Holds it against who has its device now: to the first one it is bound, and another one's it is not – then it is
    /// over. What cannot be written yet holds all the same, and writing is tried again.
    pub async fn hold(&self, found: &Found, bearer: &PersonId) -> Held {
        let held = {
            let mut guard = self.state();
            let state = &mut *guard;
            let Some(session) = state.open.get_mut(&found.hash) else { return Held::Over };
            match session.row.bearer.clone() {
                Some(bound) if bound == bearer.as_str() => return Held::Theirs,
                Some(former) => {
                    state.end(&found.hash);
                    Held::Another { former }
                }
                None => {
                    session.row.bearer = Some(bearer.to_string());
                    state.changed.insert(found.hash.clone());
                    Held::Theirs
                }
            }
        };
        self.write_or_later().await;
        held
    }

    /// Ends what is over, locks what is idle, and writes what changed.
    pub(super) async fn sweep(&self, now: Timestamp) {
        {
            let mut state = self.state();
            let over: Vec<String> = (state.open.iter())
                .filter(|(_, session)| now >= ends_at(&session.row, self.limits))
                .map(|(hash, _)| hash.clone())
                .collect();
            for hash in &over {
                state.end(hash);
            }
            for session in state.open.values().filter(|session| self.is_locked(&session.row, now)) {
                session.locked.cancel();
            }
        }
        self.write_or_later().await;
    }

    async fn write_or_later(&self) {
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "sessions cannot be written; it is tried again");
        }
    }

    fn is_locked(&self, row: &SessionRow, now: Timestamp) -> bool {
        row.locked || (!is_victims(row) && now >= later(row.active_at, self.limits.idle + GRACE))
    }

    /// Writes what changed.
    async fn write(&self) -> Result<(), NoSignIn> {
        let _one = self.writing.lock().await;
        let (mut taken, rows) = {
            let mut state = self.state();
            let (changed, over) = (std::mem::take(&mut state.changed), std::mem::take(&mut state.over));
            let rows: Vec<SessionRow> =
                changed.iter().filter_map(|hash| state.open.get(hash)).map(|s| s.row.clone()).collect();
            (Taken { sessions: self, changed, over }, rows)
        };
        let ended: Vec<String> = taken.over.iter().cloned().collect();
        self.store.keep_sessions(&rows, &ended).await?;
        (taken.changed, taken.over) = Default::default();
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done between two of its statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is being written. Whatever keeps it from being written – an error, or a caller who waits no longer – it is
/// still to be: a session that ended or was locked must not be open again after a restart.
struct Taken<'s> {
    sessions: &'s Sessions,
    changed: HashSet<String>,
    over: HashSet<String>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.changed.is_empty() && self.over.is_empty() {
            return;
        }
        let mut state = self.sessions.state();
        state.changed.extend(self.changed.drain());
        state.over.extend(self.over.drain());
    }
}

impl Found {
    /// What the session is known by in here, for an attempt to sign in again.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl State {
    fn end(&mut self, hash: &str) {
        if let Some(session) = self.open.remove(hash) {
            session.over.cancel();
        }
        self.changed.remove(hash);
        self.over.insert(hash.to_owned());
    }

    fn longest_idle(&self) -> Option<String> {
        self.open.values().min_by_key(|session| session.row.active_at).map(|session| session.row.hash.clone())
    }
}

fn session(row: SessionRow, holder: Holder) -> Session {
    let over = CancellationToken::new();
    let locked = over.child_token();
    Session { written_at: row.active_at, row, holder, over, locked }
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(moment.as_millis().saturating_add(millis))
}

fn ends_at(row: &SessionRow, limits: SessionLimits) -> Timestamp {
    later(row.begun_at, if is_victims(row) { VICTIMS_LONGEST } else { limits.longest })
}

fn is_victims(row: &SessionRow) -> bool {
    row.role == Role::Victim.as_str()
}

/// Who a stored session is of; nobody when it says what this program does not know.
fn holder(row: &SessionRow) -> Option<Holder> {
    let role: Role = role_of(&row.role).ok()?;
    let desk = row.desk.as_deref().map(DeskId::new).transpose().ok()?;
    let device = row.device.as_deref().map(DeviceId::new).transpose().ok()?;
    Some(Holder { name: row.name.clone(), person: row.person.clone(), role, desk, device, only: None })
}

/// What a page has to know of a session to change anything: another site cannot read it, and it says nothing about
/// the id.
fn csrf(id: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("afstand csrf {id}")))
}
