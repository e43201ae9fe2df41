//! `afstand explain`: why, step by step, from the store of a service or from recorded input.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zones::Timestamp;

use super::{looked, out};
use crate::clock;
use crate::config::Settings;
use crate::explain::{self, Explanation, Question};
use crate::store::Store;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["incident", "device"]))]
#[command(group = clap::ArgGroup::new("where").required(true).args(["config", "input"]))]
pub(super) struct Arguments {
    /// The incident to explain.
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// A device, also when nothing was raised about it.
    #[arg(long, requires = "at")]
    device: Option<String>,
    /// The moment (RFC 3339).
    #[arg(long, requires = "device", value_parser = |text: &str| Timestamp::parse(text).map_err(|e| e.problem))]
    at: Option<Timestamp>,
    /// Settings of the service whose store is read. It may run meanwhile.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Orders for recorded input: one or an array of them.
    #[arg(long, value_name = "FILE", requires = "input")]
    orders: Option<PathBuf>,
    /// Recorded input, as for `replay`.
    #[arg(long, value_name = "FILE", requires = "orders")]
    input: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let explained = match arguments.question() {
        Some(question) => arguments.explain(&question),
        None => Err(vec!["nothing to explain was named".to_owned()]),
    };
    match explained
        .and_then(|explanation| print(&explanation, arguments.json).map_err(|e| vec![e.to_string()]))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            errors.into_iter().for_each(out::say);
            super::unusable_input()
        }
    }
}

impl Arguments {
    fn question(&self) -> Option<Question> {
        match (&self.incident, &self.device, self.at) {
            (Some(incident), ..) => Some(Question::Incident(incident.clone())),
            (None, Some(device), Some(at)) => Some(Question::Moment { device: device.clone(), at }),
            _ => None,
        }
    }

    fn explain(&self, question: &Question) -> Result<Explanation, Vec<String>> {
        match (&self.config, &self.orders, &self.input) {
            (Some(config), ..) => {
                let settings = Settings::load(config).map_err(|error| vec![error.to_string()])?;
                of_store(&settings.store_url, question).map_err(|error| vec![error])
            }
            (None, Some(orders), Some(input)) => {
                let (orders, opened) = super::open_recorded(orders, input)?;
                let mut opened = Some(opened);
                let open = || opened.take().map_or_else(|| again(input), Ok);
                explain::of_input(&orders, open, question).map_err(|error| match error {
                    explain::Unexplained::Input(error) => vec![super::unreadable(input, &error)],
                    other => vec![other.to_string()],
                })
            }
            _ => Err(vec!["neither a store nor recorded input was named".to_owned()]),
        }
    }
}

/// Opens a file a second time.
fn again(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is read twice, so it must be a file"))
    }
}

fn of_store(url: &str, question: &Question) -> Result<Explanation, String> {
    let mut found = Err("the store was not read".to_owned());
    super::on_runtime(async {
        found = async {
            let store = Store::open_to_read(url).await.map_err(|error| error.to_string())?;
            let explained = explain::of_store(&store, question, clock::now()).await;
            store.close().await;
            let explained = explained.map_err(|error| error.to_string())?;
            // Before the answer leaves, as with every look.
            if let Err(why) = looked::note(url, question).await {
                out::say(format_args!(
                    "this look is not in the audit: {why} (what the service itself answers is: \
                     GET /v1/incidents/ID/explain)"
                ));
            }
            Ok(explained)
        }
        .await;
        Ok(())
    });
    found
}

fn print(explanation: &Explanation, as_json: bool) -> io::Result<()> {
    let text =
        if as_json { serde_json::to_string(explanation)? + "\n" } else { explain::render(explanation) };
    out::print(&text).map(drop)
}
