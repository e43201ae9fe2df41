//! `afstand audit verify`: whether the audit is as it was written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::out;
use crate::audit::{self, Anchor, Verdict};
use crate::config::Settings;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Follow the chain from its first row to its last: exit status 0 when it is intact, 1 when it is broken (the first
    /// row that is wrong is named), 2 when it cannot be read.
    Verify {
        /// Settings of the service whose store is read. It may run meanwhile.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A row as the log of the service has it (`anchor=…`): finds a chain that was made anew. Can be repeated.
        #[arg(long, value_name = "SEQ:HASH")]
        anchor: Vec<Anchor>,
    },
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Command::Verify { config, anchor } = &arguments.command;
    match verify(config, anchor) {
        Ok(Verdict::Intact(last)) => {
            super::printed(&format!("intact: {} rows\nanchor={last}\n", last.seq), ExitCode::SUCCESS)
        }
        Ok(Verdict::Broken(broken)) => {
            super::printed(&format!("broken at row {}: {broken}\n", broken.row()), ExitCode::FAILURE)
        }
        Err(error) => {
            out::say(error);
            super::unusable_input()
        }
    }
}

fn verify(config: &Path, anchors: &[Anchor]) -> Result<Verdict, String> {
    let settings = Settings::load(config).map_err(|error| error.to_string())?;
    let mut found = Err("the store was not read".to_owned());
    super::on_runtime(async {
        found = async {
            let store = Store::open_to_read(&settings.store_url).await?;
            let verdict = audit::verify(&store, anchors).await;
            store.close().await;
            verdict
        }
        .await
        .map_err(|error| error.to_string());
        Ok(())
    });
    found
}
