//! Devices: what they measure, lose, delay, repeat and say of a person's true way. All times here are those of
//! the receiver's clock on the wall; `Pacing` says where the world is at such a time.

mod battery;
mod device;
mod error;
mod fault;
mod noise;
mod sent;

#[cfg(test)]
mod tests;

pub(crate) use device::{Device, Surroundings};
pub(crate) use noise::Noise;
pub(crate) use sent::{Body, Event, Origin, Sent, SentFix, role_of};

/// How the world's time runs beside the clock on the wall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pacing {
    /// When both were the same, in milliseconds since 1970 UTC.
    pub(crate) start: i64,
    /// Seconds of the world in a second of the wall.
    pub(crate) speed: f64,
}

impl Pacing {
    /// The world's time when the wall shows `wall`.
    pub(crate) fn world(&self, wall: i64) -> i64 {
        if self.speed == 1.0 { wall } else { self.start + ((wall - self.start) as f64 * self.speed) as i64 }
    }

    /// What the wall shows when the world is at `world`.
    pub(crate) fn wall(&self, world: i64) -> i64 {
        if self.speed == 1.0 {
            world
        } else {
            self.start + ((world - self.start) as f64 / self.speed).ceil() as i64
        }
    }
}
