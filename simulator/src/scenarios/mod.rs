//! `simulator scenarios`: cases of the kind in which such systems failed elsewhere, each a short readable file
//! that says who does what, what must come of it, and what must not.
//!
//! A file is read into a [`Scenario`]; `truth` knows where everybody really is, `device` what is sent and when it
//! arrives; `play` puts that through an engine, `live` through a service at true speed; `verdict` holds what came
//! against what was expected.
//!
//! A case expects what the design says, not what the engine does. Distances in it are measured between true
//! positions: nothing here judges.

mod device;
mod ear;
mod expect;
mod file;
mod live;
mod order;
mod place;
mod play;
mod report;
mod script;
mod suite;
#[cfg(test)]
mod tests;
mod truth;
mod verdict;
mod words;

pub use file::{Scenario, Title};
pub use live::Service;
pub use report::{Report, Result, Told};
pub use suite::{names, select};
pub use verdict::Miss;
