//! The folder of order files: read at the start and when a file changes.
//!
//! An order that came from a file is withdrawn when no file states it any more, also when the file went while
//! the service was down. A file that cannot be read changes nothing: what it stated before stays in force, and
//! the log says what is wrong. An empty folder withdraws nothing either: more likely it is not mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zones::order::Draft;
use zones::{Invalid, OrderId};

use super::Failure;
use crate::clock;
use crate::pipeline::FileOrder;

/// How often the folder is looked at. Looking costs little, and works on every file system.
const EVERY: Duration = Duration::from_secs(2);

/// What tells whether a file has changed.
type Mark = (Option<SystemTime>, u64);

/// A file as it was last read.
#[derive(Default)]
struct Known {
    mark: Option<Mark>,
    orders: BTreeSet<OrderId>,
    /// It could be read at least once.
    read: bool,
}

/// Watches a folder until `stop`. `from_before` are the orders in force that came from files earlier.
pub(super) async fn watch(
    dir: PathBuf,
    from_before: BTreeSet<OrderId>,
    out: mpsc::Sender<FileOrder>,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let mut known = BTreeMap::from([(before(), Known { mark: None, orders: from_before, read: true })]);
    let mut tick = tokio::time::interval(EVERY);
    let (mut complained, mut first) = (false, true);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let (looked, looked_in) = (std::mem::take(&mut known), dir.clone());
        let found =
            tokio::task::spawn_blocking(move || look(&looked_in, looked)).await.map_err(Failure::new)?;
        let (now, changes) = found;
        known = now;
        match changes {
            Ok(changes) => {
                complained = false;
                for change in changes {
                    if out.send(change).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Err(error) if !complained => {
                complained = true;
                tracing::error!(dir = %dir.display(), %error, "the orders folder cannot be read; its orders stay as they are");
            }
            Err(_) => {}
        }
        // Whatever came of it: the pipeline waits for this, and the messages at the broker with it.
        if std::mem::take(&mut first) && out.send(FileOrder::Looked).await.is_err() {
            return Ok(());
        }
    }
}

/// Stands for the files of an earlier run, whatever their names were.
fn before() -> PathBuf {
    PathBuf::new()
}

type Looked = (BTreeMap<PathBuf, Known>, std::io::Result<Vec<FileOrder>>);

/// Reads what has changed in the folder.
fn look(dir: &Path, mut known: BTreeMap<PathBuf, Known>) -> Looked {
    let files = match files(dir) {
        Ok(files) => files,
        Err(error) => return (known, Err(error)),
    };
    let stated_before = stated(&known);
    let mut changes = Vec::new();
    let is_empty = files.is_empty();
    if is_empty && !stated_before.is_empty() {
        return (
            known,
            Err(std::io::Error::other("it holds no order file, but orders in force came from it")),
        );
    }
    known.retain(|path, _| *path == before() || files.iter().any(|(file, _)| file == path));
    for (path, mark) in files {
        let entry = known.entry(path.clone()).or_default();
        if entry.mark == Some(mark) {
            continue;
        }
        entry.mark = Some(mark);
        match read(&path) {
            Ok((drafts, errors)) => {
                let stated = drafts.iter().map(|draft| draft.order.clone());
                // Of a file with a bad order in it, what it stated before stays as well.
                if errors.is_empty() {
                    entry.read = true;
                    entry.orders = stated.collect();
                } else {
                    entry.orders.extend(stated);
                }
                for error in errors {
                    tracing::error!(file = %path.display(), %error, "an order of this file cannot be read");
                }
                let modified = mark.0.map(clock::timestamp);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let file: Arc<str> = name.into();
                let state =
                    |draft| FileOrder::Stated { draft: Box::new(draft), file: Arc::clone(&file), modified };
                changes.extend(drafts.into_iter().map(state));
            }
            Err(error) => {
                tracing::error!(file = %path.display(), %error, "an order file cannot be read; what it stated stays as it is");
            }
        }
    }
    if known.values().all(|file| file.read) {
        known.remove(&before()); // Every file has said what it states.
    }
    let now = stated(&known);
    // What went comes first: its device may be what another order names now.
    let mut all: Vec<_> = stated_before.difference(&now).cloned().map(FileOrder::Gone).collect();
    all.append(&mut changes);
    (known, Ok(all))
}

fn stated(known: &BTreeMap<PathBuf, Known>) -> BTreeSet<OrderId> {
    known.values().flat_map(|file| file.orders.iter().cloned()).collect()
}

/// The `*.json` files of the folder, by name.
fn files(dir: &Path) -> std::io::Result<Vec<(PathBuf, Mark)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            match std::fs::metadata(&path) {
                Ok(data) => files.push((path, (data.modified().ok(), data.len()))),
                Err(error) => {
                    tracing::error!(file = %path.display(), %error, "an order file cannot be read");
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The usable orders of a file, and what is wrong with the others.
fn read(path: &Path) -> Result<(Vec<Draft>, Vec<Invalid>), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let each = zones::order::read_each(&text).map_err(|error| error.to_string())?;
    let (mut drafts, mut errors) = (Vec::new(), Vec::new());
    for order in each {
        match order {
            Ok(draft) => drafts.push(draft),
            Err(error) => errors.push(error),
        }
    }
    Ok((drafts, errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str) -> String {
        format!(
            r#"{{"order":"{id}","legal_basis":"special_condition","valid_from":"2026-11-01T00:00:00Z",
            "valid_until":"2027-11-01T00:00:00Z","wearer":{{"person":"w-{id}","device":"am-{id}"}},"victims":[],
            "zones":{{"type":"FeatureCollection","features":[]}},"contacts":{{}}}}"#
        )
    }

    fn names(looked: Looked) -> (BTreeMap<PathBuf, Known>, Vec<String>) {
        let name = |change: FileOrder| match change {
            FileOrder::Stated { draft, .. } => format!("+{}", draft.order),
            FileOrder::Gone(order) => format!("-{order}"),
            FileOrder::Looked => "looked".to_owned(),
        };
        (looked.0, looked.1.unwrap().into_iter().map(name).collect())
    }

    #[test]
    fn files_come_change_break_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("a.json", &order("a"));
        write("b.json", &format!("[{},{}]", order("b"), order("c")));
        write("notes.txt", "not an order");
        let (known, changes) = names(look(dir.path(), BTreeMap::new()));
        assert_eq!(changes, ["+a", "+b", "+c"]);
        let (known, changes) = names(look(dir.path(), known));
        assert_eq!(changes, [] as [String; 0], "nothing changed");
        write("b.json", &order("b"));
        let (known, changes) = names(look(dir.path(), known));
        assert_eq!(changes, ["-c", "+b"]);
        write("a.json", "{ broken");
        let (known, changes) = names(look(dir.path(), known));
        assert_eq!(changes, [] as [String; 0], "a broken file takes nobody's protection away");
        std::fs::remove_file(dir.path().join("a.json")).unwrap();
        let (known, changes) = names(look(dir.path(), known));
        assert_eq!(changes, ["-a"]);
        std::fs::remove_file(dir.path().join("b.json")).unwrap();
        let (known, changes) = look(dir.path(), known);
        assert!(changes.is_err(), "an empty folder withdraws nothing");
        drop(dir);
        let gone = look(Path::new("/nowhere/at/all"), known);
        assert!(gone.1.is_err(), "a folder that is away withdraws nothing");
        assert_eq!(stated(&gone.0).len(), 1);
    }

    #[test]
    fn what_went_while_the_service_was_down_is_withdrawn_once_every_file_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("a.json", &order("a"));
        write("b.json", "{ broken");
        let ids = ["a", "b", "gone"].map(|id| OrderId::new(id).unwrap());
        let known = BTreeMap::from([(before(), Known { mark: None, orders: ids.into(), read: true })]);
        let (known, changes) = names(look(dir.path(), known));
        assert_eq!(changes, ["+a"], "the broken file may be the one that states the others");
        write("b.json", &order("b"));
        let (_, changes) = names(look(dir.path(), known));
        assert_eq!(changes, ["-gone", "+b"]);
    }
}
