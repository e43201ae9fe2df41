//! `simulator live`: a world played over MQTT as devices would, or in process by [`City`].
//!
//! Times in messages are always those of the clock on the wall. With a speed above 1 people move that much
//! faster, and daily rhythm goes by as fast, while devices keep their intervals.

mod city;
mod connection;
mod narration;
mod session;

pub use city::{City, DEMO_SPEED, Emission};
pub use narration::Narration;
pub use session::Live;
