//! What can be wrong with a store, in one line that names it without its password.

use sqlx::migrate::MigrateError;

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
    #[error(
        "store {url} is of a newer version ({found}) than this program knows ({known}); update the program"
    )]
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

/// The store's URL as errors and logs may show it.
#[derive(Debug, Clone)]
pub(super) struct Label(String);

impl Label {
    /// Takes the password and the parameters (which may hold another) out of a URL.
    pub(super) fn new(url: &str) -> Self {
        let bare = url.split_once('?').map_or(url, |(bare, _)| bare);
        let Some((scheme, rest)) = bare.split_once("://") else { return Self(bare.to_owned()) };
        let Some((user, host)) = rest.rsplit_once('@') else { return Self(bare.to_owned()) };
        let name = user.split_once(':').map_or(user, |(name, _)| name);
        Self(format!("{scheme}://{name}@{host}"))
    }

    fn text(&self) -> String {
        self.0.clone()
    }

    /// The URL cannot be used.
    pub(super) fn url(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Url { url: self.text(), problem: problem.into() }
    }

    /// It did not answer.
    pub(super) fn unreachable(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Unreachable { url: self.text(), problem: problem.into() }
    }

    /// Somebody else holds it up.
    pub(super) fn busy(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Busy { url: self.text(), problem: problem.into() }
    }

    /// Another service has it open.
    pub(super) fn owned(&self) -> StoreError {
        StoreError::Owned { url: self.text() }
    }

    /// Another service took it over.
    pub(super) fn taken_over(&self) -> StoreError {
        StoreError::TakenOver { url: self.text() }
    }

    /// It was opened to be read.
    pub(super) fn only_read(&self) -> StoreError {
        StoreError::Refused { url: self.text(), problem: "it was opened to be read".to_owned() }
    }

    /// Its tables are of this older version.
    pub(super) fn older(&self, found: i64, known: i64) -> StoreError {
        let problem =
            format!("its tables have version {found}, not {known}: a start of the service updates them");
        StoreError::Refused { url: self.text(), problem }
    }

    /// Its tables are of this newer version.
    pub(super) fn newer(&self, found: i64, known: i64) -> StoreError {
        StoreError::Newer { url: self.text(), found, known }
    }

    /// It holds what cannot be.
    pub(super) fn corrupt(&self, problem: impl Into<String>) -> StoreError {
        StoreError::Corrupt { url: self.text(), problem: problem.into() }
    }

    /// It was closed in this process.
    pub(super) fn closed(&self) -> StoreError {
        StoreError::Refused { url: self.text(), problem: "it was closed".to_owned() }
    }

    /// What the library said. The server's details are left out: they quote values.
    pub(super) fn of(&self, error: &sqlx::Error) -> StoreError {
        use sqlx::Error as E;
        let url = self.text();
        match error {
            E::Database(inner) => {
                let problem = one_line(inner.message());
                match meaning(inner.code().as_deref().unwrap_or_default()) {
                    Meaning::Unreachable => StoreError::Unreachable { url, problem },
                    Meaning::Busy => StoreError::Busy { url, problem },
                    Meaning::Full => StoreError::Full { url, problem },
                    Meaning::Corrupt => StoreError::Corrupt { url, problem },
                    Meaning::Refused => StoreError::Refused { url, problem },
                }
            }
            E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::WorkerCrashed | E::BeginFailed => {
                StoreError::Unreachable { url, problem: one_line(&error.to_string()) }
            }
            E::PoolClosed => self.closed(),
            E::Configuration(_) => StoreError::Url { url, problem: one_line(&error.to_string()) },
            E::Decode(_) | E::ColumnDecode { .. } => self.corrupt(one_line(&error.to_string())),
            _ => StoreError::Refused { url, problem: one_line(&error.to_string()) },
        }
    }

    /// Why the tables could not be brought to the version `known` here.
    pub(super) fn of_migration(&self, error: &MigrateError, known: i64) -> StoreError {
        match error {
            MigrateError::VersionMissing(found) if *found > known => self.newer(*found, known),
            MigrateError::VersionMissing(version) => {
                self.corrupt(format!("its tables have version {version}, which never was"))
            }
            MigrateError::VersionMismatch(version) => {
                self.corrupt(format!("its tables were made by another version {version}"))
            }
            MigrateError::Dirty(version) => {
                self.corrupt(format!("an update of its tables to version {version} was broken off"))
            }
            MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => self.of(inner),
            other => StoreError::Refused { url: self.text(), problem: one_line(&other.to_string()) },
        }
    }
}

/// What an error code of a database asks of the caller.
enum Meaning {
    Unreachable,
    Busy,
    Full,
    Corrupt,
    Refused,
}

/// Reads the five characters of a PostgreSQL SQLSTATE or the extended number of SQLite.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>, <https://www.sqlite.org/rescode.html>.
fn meaning(code: &str) -> Meaning {
    if code.len() == 5 {
        return match (&code[..2], code) {
            (_, "57P01" | "57P02" | "57P03" | "57P05") | ("08", _) => Meaning::Unreachable,
            ("40", _) | (_, "55P03" | "57014" | "25006") => Meaning::Busy,
            ("53", _) => Meaning::Full,
            ("XX", _) => Meaning::Corrupt,
            _ => Meaning::Refused,
        };
    }
    // The low byte is the primary code, the rest says more.
    match code.parse::<i32>().unwrap_or_default() & 0xff {
        5 | 6 => Meaning::Busy,
        7 | 13 => Meaning::Full,
        8 | 10 | 14 => Meaning::Unreachable,
        11 | 26 => Meaning::Corrupt,
        _ => Meaning::Refused,
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_never_shows_a_password() {
        for (url, shown) in [
            ("postgres://u:se/cret@h:5432/db", "postgres://u@h:5432/db"),
            ("postgres://u:a@b@h/db?password=secret", "postgres://u@h/db"),
            ("postgres://h/db", "postgres://h/db"),
            ("sqlite:afstand.db", "sqlite:afstand.db"),
            ("sqlite:///var/lib/a.db?mode=rwc", "sqlite:///var/lib/a.db"),
        ] {
            let line = Label::new(url).unreachable("no route").to_string();
            assert_eq!(line, format!("store {shown} cannot be reached: no route"));
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let label = Label::new("sqlite:x");
        assert!(label.of(&sqlx::Error::PoolTimedOut).is_retryable());
        assert!(label.of(&sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into())).is_retryable());
        assert!(label.busy("x").is_retryable());
        for last in [label.owned(), label.taken_over(), label.corrupt("x"), label.closed(), label.url("x")] {
            assert!(!last.is_retryable(), "{last}");
        }
        for (code, again) in [
            ("57P01", true),
            ("08006", true),
            ("40001", true),
            ("53100", true),
            ("23505", false),
            ("42P01", false),
            ("5", true),
            ("517", true),
            ("13", true),
            ("778", true),
            ("11", false),
            ("1555", false),
        ] {
            let retry = matches!(meaning(code), Meaning::Unreachable | Meaning::Busy | Meaning::Full);
            assert_eq!(retry, again, "{code}");
        }
    }
}
