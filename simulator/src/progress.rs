//! How far long work is: a bar on a terminal, a line every few seconds elsewhere. Both on stderr.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Progress of one piece of work.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    unit: &'static str,
    of: u64,
    began: Instant,
    said: Cell<Instant>,
}

impl Progress {
    /// Work called `what` that is done at `of` `unit`s.
    pub(crate) fn new(what: &'static str, of: u64, unit: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(of);
            let form = format!("{what} [{{bar:40}}] {{pos}}/{{len}} {unit}, {{eta}} left {{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&form) {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, what, unit, of, began: now, said: Cell::new(now) }
    }

    /// Says that it is at `position`.
    pub(crate) fn at(&self, position: u64) {
        self.at_with(position, String::new);
    }

    /// The same, with something more to say.
    pub(crate) fn at_with(&self, position: u64, more: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
            bar.set_message(more());
        } else if self.said.get().elapsed() >= LINE_EVERY {
            self.said.set(Instant::now());
            let (after, more) = (self.began.elapsed().as_secs(), more());
            let line = format!("{}: {position}/{} {} after {after} s {more}", self.what, self.of, self.unit);
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(std::io::stderr(), "{}", line.trim_end());
        }
    }

    /// Removes the bar.
    pub(crate) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
