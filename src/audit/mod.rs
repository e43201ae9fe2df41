//! Who looked at whose position or case: rows that are written before the answer leaves, and that hang together by
//! their hashes, so that whoever changes one is found out.
//!
//! [`Recorder`] is what the API holds; [`Writer`] is the one task that appends. [`verify`](verify()) reads the whole
//! chain again and says where it breaks.

mod chain;
mod recorder;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{Anchor, NOTHING, hash};
pub use recorder::{Entry, Recorder, Unrecorded, Writer, recorder};
pub use verify::{Broken, Verdict, verify};
