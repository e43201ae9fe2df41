//! A seeded world of wearers and victims with believable movement, and an unkind radio between them and the
//! service. It decides nothing: it shares no detection code with the service, only plain types. Where it judges the
//! detection it runs it, and holds it against a truth of its own.
//!
//! The same seed gives the same bytes on every machine: nothing here iterates over a hash map or reads a clock to
//! decide what happens, and functions whose last bit differs between platforms come from `libm`.
//!
//! - [`record`] writes a world to files: orders, what arrives, and where people really were.
//! - [`live`] plays a world, over MQTT or in process ([`live::City`]).
//! - [`judge`] judges the detection: what was raised against what was true.
//! - [`scenarios`] plays the cases of `simulator/scenarios` and says which went as they must.
//! - [`load`] measures how many fixes a broker and a service take.

mod broker;
mod chance;
mod checker;
mod clock;
mod failure;
mod http;
mod json;
pub mod judge;
pub mod live;
pub mod load;
mod oracle;
mod orders;
mod progress;
mod radio;
pub mod record;
pub mod scenarios;
mod stream;
mod world;

pub use broker::Broker;
pub use failure::Failure;
