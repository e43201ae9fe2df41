//! `afstand replay`: recorded input through the engine, on a virtual clock.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

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
    let opened = open(arguments);
    let (orders, input) = match opened {
        Ok(opened) => opened,
        Err(errors) => {
            for error in errors {
                eprintln!("{error}");
            }
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
            eprintln!("line {line}: {reason}");
            Ok(())
        }
    });
    let summary = replayed.and_then(|summary| alerts.flush().map(|()| summary));
    match summary {
        Ok(summary) => {
            eprintln!("{}", serde_json::json!(summary));
            ExitCode::SUCCESS
        }
        // Whoever reads the alerts has had enough (`| head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", super::unreadable(&arguments.input, &error));
            super::unusable_input()
        }
    }
}

type Opened = (Vec<Arc<zones::order::Order>>, File);

fn open(arguments: &Arguments) -> Result<Opened, Vec<String>> {
    let mut orders = Vec::new();
    for draft in super::read_orders(&arguments.orders)? {
        let id = draft.order.clone();
        match draft.into_order() {
            Ok(order) => orders.push(Arc::new(order)),
            Err(findings) => {
                for finding in findings {
                    eprintln!("order {id}: not in force: {}: {}", finding.code.as_str(), finding.message);
                }
            }
        }
    }
    let input = File::open(&arguments.input)
        .and_then(
            |file| if file.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) },
        )
        .map_err(|error| vec![super::unreadable(&arguments.input, &error)])?;
    Ok((orders, input))
}
