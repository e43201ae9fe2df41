//! Printing. What a command prints is its product, so this is the one place that does; and whoever reads it may have had
//! enough (`| head`), which is no error of ours.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a text on stdout, as it is; `false` when nobody reads any more.
pub(super) fn print(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if is_closed(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether nobody reads any more.
pub(super) fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Says something on stderr. Where that is closed there is nobody to be told.
pub(super) fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
