//! `afstand demo`: everything in one process with no set-up.

use std::net::SocketAddr;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::out;
use crate::config::{Log, LogFormat};
use crate::demo::{self, Line};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the page and the API listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Seed of the simulated city: the same one plays the same story.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End by itself after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    super::start_log(&Log { format: LogFormat::Text, level: tracing::Level::ERROR });
    super::on_runtime(async {
        let stop = CancellationToken::new();
        super::cancel_on_signal(stop.clone())?;
        if let Some(seconds) = arguments.seconds {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
                stop.cancel();
            });
        }
        let settings = demo::Settings { listen: arguments.listen, seed: arguments.seed };
        // Where nobody reads any more there is nobody to show anything to.
        let over = stop.clone();
        demo::run(settings, stop, move |line| {
            if !matches!(out::print(&words(&line)), Ok(true)) {
                over.cancel();
            }
        })
        .await
    })
}

fn words(line: &Line) -> String {
    match line {
        Line::Plain(text) => format!("{text}\n"),
        Line::At(at, text) => format!("{}  {text}\n", &at.to_string()[11..19]),
    }
}
