//! The `afstand` command.

use std::process::ExitCode;

/// Rows are made by one thread and given back by another, thousands in a batch, and a start reads everything and
/// drops most of it: with the system's allocator the memory of a large register doubles, and stays so.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    afstand::cli::run()
}
