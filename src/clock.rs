//! From the system's clock to the engine's time.

use std::time::SystemTime;

use zones::Timestamp;

/// A moment of the system clock, cut to milliseconds.
pub fn timestamp(at: SystemTime) -> Timestamp {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        Err(before) => {
            Timestamp::from_millis(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX))
        }
    }
}

/// Now, by the system clock.
pub fn now() -> Timestamp {
    timestamp(SystemTime::now())
}
