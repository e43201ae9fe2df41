//! The `afstand` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    afstand::cli::run()
}
