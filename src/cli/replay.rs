//! `afstand replay`: recorded input through the engine, on a virtual clock.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::out;
use crate::replay::{self, Event};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Orders: one or an array of them.
    #[arg(long)]
    orders: PathBuf,
    /// Input as NDJSON, in order of arrival.
    #[arg(long)]
    input: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let opened = super::open_recorded(&arguments.orders, &arguments.input);
    let (orders, input) = match opened {
        Ok(opened) => opened,
        Err(errors) => {
            errors.into_iter().for_each(out::say);
            return super::unusable_input();
        }
    };
    let mut alerts = BufWriter::new(io::stdout().lock());
    let replayed = replay::run(&orders, input, |event| match event {
        Event::Alert(alert) => {
            serde_json::to_writer(&mut alerts, &*alert)?;
            alerts.write_all(b"\n")
        }
        Event::Unusable { line, reason } | Event::Remark { line, text: reason } => {
            out::say(format_args!("line {line}: {reason}"));
            Ok(())
        }
        Event::Judged(_) => Ok(()),
    });
    let summary = replayed.and_then(|summary| alerts.flush().map(|()| summary));
    match summary {
        Ok(summary) => {
            out::say(serde_json::json!(summary));
            ExitCode::SUCCESS
        }
        Err(error) if out::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            out::say(super::unreadable(&arguments.input, &error));
            super::unusable_input()
        }
    }
}
