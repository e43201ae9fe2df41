//! The decision pipeline: messages and commands in, one commit per batch out.
//!
//! Two loops. [`run`](Pipeline::run) decides: it alone owns the engine. The committer makes batches durable,
//! one after the other, and only then tells anybody: acknowledgements to the broker, answers to the API, news
//! to the dispatcher and to live streams. While one batch is being written the next one fills.
//!
//! INVARIANT: nothing is acknowledged, answered or announced before its commit.
//! INVARIANT: both queues are bounded; a store that is slow slows the broker, and nobody else.

mod aside;
mod cap;
mod commit;
mod committed;
mod decide;
mod desks;
mod directory;
mod files;
mod followup;
mod notices;
mod orders;
mod quiet;
mod recent;
pub(crate) mod register;
mod resume;
pub(crate) mod rows;
mod run;
#[cfg(test)]
mod tests;
pub(crate) mod translate;

pub use directory::Directory;
pub use files::FileOrder;
pub use followup::DutyNow;
pub use run::{Damaged, Pipeline, Settings, Sources, Taken};
