//! Who looks at a case from a terminal, past the service: written into the audit where that can be done.
//!
//! A service that runs is the only one that writes its store, so a look beside it is not noted; nor is one at a store that
//! cannot be written. Then the command says so. Who may read the store's file is for the operating system to hold.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::audit::{self, Entry};
use crate::clock;
use crate::explain::Question;
use crate::store::Store;

/// The role in the audit of who came by no role of the service.
const TERMINAL: &str = "terminal";

/// Writes into the audit that somebody at this terminal is shown an explanation.
///
/// # Errors
/// Why it is not written.
pub(super) async fn note(url: &str, question: &Question) -> Result<(), String> {
    if !url.starts_with("sqlite:") {
        // Whoever opens it to write takes it over from the service that may be running.
        return Err("this store has no lock by which one could tell that no service runs".to_owned());
    }
    let store = Store::open(url).await.map_err(|error| error.to_string())?;
    let (recorder, writer) = audit::recorder(store.clone(), Arc::default());
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    let noted = recorder.record(entry(question, user())).await;
    stop.cancel();
    // It has written, or said why not.
    let _ = writing.await;
    store.close().await;
    noted.map_err(|error| error.to_string())
}

fn entry(question: &Question, who: String) -> Entry {
    let (subject, query) = match question {
        Question::Incident(incident) => (incident.clone(), String::new()),
        Question::Moment { device, at } => (device.clone(), format!("at={at}")),
    };
    Entry {
        at: clock::now(),
        who,
        role: TERMINAL,
        bound_to: None,
        endpoint: "afstand explain".to_owned(),
        subject,
        query,
        reason: None,
        outcome: 200,
    }
}

/// Who runs this, as the operating system knows him; what an environment claims counts for nothing.
fn user() -> String {
    let Ok(process) = fs::metadata("/proc/self") else { return "unknown".to_owned() };
    let names = fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(process.uid(), &names)
}

/// The name of a user with his number, by the lines of `/etc/passwd`; the number alone where they have no name for it.
fn named(uid: u32, lines: &str) -> String {
    let name = lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zones::Timestamp;

    #[test]
    fn who_sits_at_the_terminal_is_named_as_the_system_knows_him() {
        let lines = "root:x:0:0:root:/root:/bin/sh\nbroken\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        assert_eq!(named(1_000, lines), "anna (uid 1000)");
        assert_eq!(named(0, lines), "root (uid 0)");
        assert_eq!(named(7, lines), "uid 7");
    }

    #[test]
    fn the_row_says_what_was_looked_at() {
        let at = Timestamp::parse("2026-11-21T10:15:30Z").unwrap();
        let moment = entry(&Question::Moment { device: "am-1".to_owned(), at }, "anna".to_owned());
        assert_eq!((&*moment.subject, &*moment.query), ("am-1", "at=2026-11-21T10:15:30.000Z"));
        let incident = entry(&Question::Incident("i-1".to_owned()), "anna".to_owned());
        assert_eq!((&*incident.subject, incident.role, &*incident.who), ("i-1", "terminal", "anna"));
    }
}
