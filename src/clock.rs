//! From the system's clock to the engine's time.

use std::fmt;
use std::sync::Arc;
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

/// What time it is for a service: the system's clock, or one that is given to it. A clone is the same clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn(SystemTime) -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::of(timestamp)
    }

    /// One that reads a moment of the system's clock as `read` says. It must not run backwards.
    pub fn of(read: impl Fn(SystemTime) -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.at(SystemTime::now())
    }

    /// What time it was at a moment of the system's clock.
    pub fn at(&self, moment: SystemTime) -> Timestamp {
        (self.0)(moment)
    }

    /// The same for those who only ask what time it is.
    pub fn reader(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
