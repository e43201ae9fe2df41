//! What can be wrong with a store, in one line that names it without its password.

/// Why the store did not do it. `url` never holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The URL cannot be used.
    #[error("store {url}: {problem}")]
    Url {
        /// The store.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It cannot be reached, or was lost on the way: what was being committed may or may not be stored.
    #[error("store {url} cannot be reached: {problem}")]
    Unreachable {
        /// The store.
        url: String,
        /// What happened.
        problem: String,
    },
    /// Somebody else holds it up; nothing was stored.
    #[error("store {url} is busy: {problem}")]
    Busy {
        /// The store.
        url: String,
        /// What happened.
        problem: String,
    },
    /// No room or no means left; nothing was stored.
    #[error("store {url} has no room: {problem}")]
    Full {
        /// The store.
        url: String,
        /// What is lacking.
        problem: String,
    },
    /// Another service has it open.
    #[error("store {url} is in use by another running service; one store has one writer")]
    Owned {
        /// The store.
        url: String,
    },
    /// Another service has taken it over since it was opened here; nothing was stored.
    #[error("store {url} was taken over by another service; this one must stop")]
    TakenOver {
        /// The store.
        url: String,
    },
    /// It was written by a newer version of this program.
    #[error("store {url} is of a newer version ({found}) than this program knows ({known}); update the program")]
    Newer {
        /// The store.
        url: String,
        /// Version of the store's tables.
        found: i64,
        /// Newest version that is known here.
        known: i64,
    },
    /// It holds something that was not written by this program, or is damaged.
    #[error("store {url} is damaged: {problem}")]
    Corrupt {
        /// The store.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// It refused; nothing was stored, and a second try will not help.
    #[error("store {url} refused: {problem}")]
    Refused {
        /// The store.
        url: String,
        /// What it said.
        problem: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later, unchanged.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Busy { .. } | Self::Full { .. })
    }
}
