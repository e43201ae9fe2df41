//! Recorded input through the engine, on a virtual clock: reading on all cores, deciding in order on one.

mod line;
mod reader;

use std::io::{self, Read};
use std::sync::Arc;

use serde::Serialize;
use zones::order::Order;
use zones::{Alert, Effect, Engine, Input, Outcome, Refused, Timestamp};

use crate::pipeline::rows::{self, StoredDecision};
use crate::pipeline::translate;
use crate::store::{InputKind, InputRow};
use crate::wire::{Message, Unusable};
use line::{Line, What};
use reader::Chunk;

/// What replay has to tell, in the order of the input.
#[derive(Debug)]
pub enum Event {
    /// An alert was raised.
    Alert(Box<Alert>),
    /// What the service would have written in its journal; told by [`run_with_journal`] only. Its number is that of
    /// the line.
    Judged(Box<InputRow>),
    /// A line cannot be used, and is skipped.
    Unusable {
        /// Its number, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// A line was used, but something about it should be known.
    Remark {
        /// Its number, from 1; 0 for the orders.
        line: u64,
        /// What.
        text: String,
    },
}

/// What was replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Lines that were not blank.
    pub lines: u64,
    /// Position reports taken in.
    pub fixes: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Lines that could not be used.
    pub skipped: u64,
}

/// Replays NDJSON input of §10 against orders; `tell` is called with what follows.
///
/// # Errors
/// When the input cannot be read, or `tell` fails.
pub fn run(
    orders: &[Arc<Order>],
    input: impl Read + Send,
    tell: impl FnMut(Event) -> io::Result<()>,
) -> io::Result<Summary> {
    replay(orders, input, false, tell)
}

/// The same, and tells what was decided about every input too.
///
/// # Errors
/// As [`run`].
pub fn run_with_journal(
    orders: &[Arc<Order>],
    input: impl Read + Send,
    tell: impl FnMut(Event) -> io::Result<()>,
) -> io::Result<Summary> {
    replay(orders, input, true, tell)
}

fn replay(
    orders: &[Arc<Order>],
    input: impl Read + Send,
    journal: bool,
    tell: impl FnMut(Event) -> io::Result<()>,
) -> io::Result<Summary> {
    let mut replay =
        Replay { engine: Engine::new(), orders, begun: false, journal, summary: Summary::default(), tell };
    reader::read(input, |chunk| replay.chunk(&chunk))?;
    Ok(replay.summary)
}

struct Replay<'o, T> {
    engine: Engine,
    orders: &'o [Arc<Order>],
    begun: bool,
    journal: bool,
    summary: Summary,
    tell: T,
}

impl<T: FnMut(Event) -> io::Result<()>> Replay<'_, T> {
    fn chunk(&mut self, chunk: &Chunk) -> io::Result<()> {
        for (number, what) in chunk.lines() {
            let number = *number;
            self.summary.lines += 1;
            let taken = match what {
                What::Fix { received_at, role, device, fix } => {
                    self.begin(*received_at)?;
                    self.input(number, *received_at, Input::Fix { role: *role, device, fix: *fix })?
                }
                What::Other(place) => match Line::read(chunk.text(place)) {
                    Ok(line) => self.line(number, &line)?,
                    Err(unusable) => Err(unusable),
                },
            };
            if let Err(unusable) = taken {
                self.summary.skipped += 1;
                (self.tell)(Event::Unusable { line: number, reason: unusable.to_string() })?;
            }
        }
        Ok(())
    }

    /// A line of any kind.
    fn line(&mut self, number: u64, line: &Line<'_>) -> io::Result<Result<(), Unusable>> {
        self.begin(line.received_at)?;
        let topic = line.topic();
        let message = match line.message(&topic) {
            Ok(message) => message,
            Err(unusable) => return Ok(Err(unusable)),
        };
        if let Message::Fixes { rejected, .. } = &message {
            for (index, unusable) in rejected {
                (self.tell)(Event::Remark { line: number, text: format!("fix[{index}]: {unusable}") })?;
            }
        }
        let mut inputs = Vec::new();
        line.inputs(&message, |input| inputs.push(input));
        if let Message::AwareCancel { device, at, code } = &message {
            inputs.push(translate::cancel(&self.engine, device, *at, code));
        }
        let all_bad = matches!(&message, Message::Fixes { fixes, .. } if fixes.is_empty());
        let mut taken = if all_bad { Err(line::plain("none of its fixes can be used")) } else { Ok(()) };
        for input in inputs {
            let one = self.input(number, line.received_at, input)?;
            taken = taken.and(one);
        }
        Ok(taken)
    }

    fn input(&mut self, line: u64, at: Timestamp, input: Input<'_>) -> io::Result<Result<(), Unusable>> {
        let is_fix = matches!(input, Input::Fix { .. });
        let row = if self.journal { Some(self.row(line, at, &input)?) } else { None };
        let outcome = self.engine.handle(at, input);
        let is_news = outcome.as_ref().is_ok_and(|outcome| *outcome != Outcome::Duplicate);
        self.drain(row.filter(|_| is_news))?;
        match outcome {
            Err(_) => return Ok(Err(translate::unknown("device"))),
            Ok(Outcome::ClockAhead(ahead)) => {
                let text = format!(
                    "the device's clock is {:.0} s ahead: judged by its arrival",
                    ahead.as_secs_f64()
                );
                (self.tell)(Event::Remark { line, text })?;
            }
            Ok(_) => {}
        }
        self.summary.fixes += u64::from(is_fix);
        Ok(Ok(()))
    }

    /// The journal's row of an input, after what was due before it: that has rows of its own.
    fn row(&mut self, line: u64, at: Timestamp, input: &Input<'_>) -> io::Result<InputRow> {
        let number = i64::try_from(line).unwrap_or(i64::MAX);
        let at = at.max(self.engine.clock());
        while let Some(due) = self.engine.poll_deadline().filter(|due| *due <= at) {
            let due = due.max(self.engine.clock());
            // A tick cannot be refused.
            let _: Result<Outcome, Refused> = self.engine.handle(due, Input::Tick);
            self.drain(Some(rows::input(number, due, &Input::Tick)))?;
        }
        Ok(rows::input(number, at, input))
    }

    /// Registers the orders at the time of the first usable line: the virtual clock begins there.
    fn begin(&mut self, at: Timestamp) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        for order in self.orders {
            if let Err(refused) = self.engine.handle(at, Input::Order(Arc::clone(order))) {
                let text = format!("order {}: not in force: {refused}", order.order);
                (self.tell)(Event::Remark { line: 0, text })?;
            }
            self.drain(None)?;
        }
        Ok(())
    }

    /// Tells what follows, and the row with its decisions where there is one.
    fn drain(&mut self, row: Option<InputRow>) -> io::Result<()> {
        let mut decisions = Vec::new();
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Alert(alert) => {
                    self.summary.alerts += 1;
                    (self.tell)(Event::Alert(alert))?;
                }
                Effect::Decision(decision) if row.is_some() => {
                    decisions.extend(StoredDecision::new(&self.engine, &decision));
                }
                _ => {}
            }
        }
        match row {
            Some(row) if row.kind != InputKind::Tick || !decisions.is_empty() => {
                let row = InputRow { decisions: rows::decisions(&decisions), ..row };
                (self.tell)(Event::Judged(Box::new(row)))
            }
            _ => Ok(()),
        }
    }
}
