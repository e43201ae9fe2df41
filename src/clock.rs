//! From the system's clock to the engine's time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use zones::{Millis, Timestamp};

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
pub struct Clock(Reading);

#[derive(Clone)]
enum Reading {
    System(Arc<Mutex<Steady>>),
    Given(Arc<dyn Fn(SystemTime) -> Timestamp + Send + Sync>),
}

impl Clock {
    /// The system's clock, but one that never stands still: set back, it goes on at half its speed until it has caught up.
    pub fn system() -> Self {
        Self(Reading::System(Arc::new(Mutex::new(Steady::new(now(), Instant::now())))))
    }

    /// One that reads a moment of the system's clock as `read` says. It must not run backwards.
    pub fn of(read: impl Fn(SystemTime) -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Reading::Given(Arc::new(read)))
    }

    /// Goes on from the time up to which a store has decided: the clock may have been set back while nobody looked. A
    /// clock that is given knows its own time.
    pub fn go_on_from(&self, decided: Timestamp) {
        if let Reading::System(steady) = &self.0 {
            let mut steady = steady.lock().unwrap_or_else(PoisonError::into_inner);
            steady.go_on_from(now(), decided);
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.at(SystemTime::now())
    }

    /// What time it was at a moment of the system's clock.
    pub fn at(&self, moment: SystemTime) -> Timestamp {
        match &self.0 {
            Reading::System(_) => timestamp(moment) + self.ahead(),
            Reading::Given(read) => read(moment),
        }
    }

    /// How far it is ahead of the system's clock, because that was set back.
    pub fn ahead(&self) -> Millis {
        match &self.0 {
            Reading::System(steady) => {
                steady.lock().unwrap_or_else(PoisonError::into_inner).ahead(now(), Instant::now())
            }
            Reading::Given(_) => Millis(0),
        }
    }

    /// The same for those who only ask what time it is.
    pub fn reader(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// How many microseconds behind itself a clock may be found before it counts as set back: less is put right by and by.
const SET_BACK_US: i64 = 5_000_000;

/// What makes a clock that was set back usable. The engine's time cannot run back, so it would stand still until the
/// clock is where it was, an hour perhaps, and nothing would be due in that time: no escalation, no silence. So time
/// goes on at half its speed until the clock has caught up.
struct Steady {
    /// The clock and the machine's own time when they were last read.
    read: (Timestamp, Instant),
    /// How many microseconds what is told is ahead of the clock.
    ahead_us: i64,
}

impl Steady {
    fn new(wall: Timestamp, machine: Instant) -> Self {
        Self { read: (wall, machine), ahead_us: 0 }
    }

    /// How far ahead of the clock it is now.
    fn ahead(&mut self, wall: Timestamp, machine: Instant) -> Millis {
        let (last_wall, last_machine) = std::mem::replace(&mut self.read, (wall, machine));
        let gone_us =
            i64::try_from(machine.saturating_duration_since(last_machine).as_micros()).unwrap_or(i64::MAX);
        let step_us = (wall - last_wall).0.saturating_mul(1_000).saturating_sub(gone_us);
        if step_us < -SET_BACK_US {
            self.ahead_us = self.ahead_us.saturating_sub(step_us);
            self.say_set_back(-step_us);
        } else if step_us > SET_BACK_US {
            self.ahead_us = self.ahead_us.saturating_sub(step_us);
        }
        self.ahead_us = self.ahead_us.saturating_sub(gone_us / 2).max(0);
        Millis(self.ahead_us / 1_000)
    }

    /// Time does not go back behind what was decided before this process began.
    fn go_on_from(&mut self, wall: Timestamp, decided: Timestamp) {
        let behind_us = (decided - wall).0.saturating_mul(1_000);
        self.ahead_us = self.ahead_us.max(behind_us);
        if behind_us > SET_BACK_US {
            self.say_set_back(behind_us);
        }
    }

    fn say_set_back(&self, by_us: i64) {
        let (by_s, ahead_s) = (by_us / 1_000_000, self.ahead_us / 1_000_000);
        tracing::error!(
            by_s,
            ahead_s,
            "the system's clock was set back: until it has caught up, time goes on at half its speed"
        );
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_never_makes_time_stand_still_and_is_right_in_the_end() {
        let (begun, noon) = (Instant::now(), Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        let mut steady = Steady::new(noon, begun);
        // Seconds the machine has run, how far the clock is off by then, and how far ahead of it time is to be.
        for (second, off, ahead) in [
            (10, 0, 0),
            (11, -3, 0), // A little is the clock's own affair.
            (12, -3, 0),
            (13, -603, 600), // Ten minutes back.
            (113, -603, 550),
            (114, -583, 530), // On by twenty seconds: so much less to catch up.
            (1_173, -583, 0),
            (1_174, 3_000, 0),
        ] {
            let wall = noon + Millis((second + off) * 1_000);
            let told = steady.ahead(wall, begun + Duration::from_secs(second.unsigned_abs()));
            // Half of the second in which it happens is caught up in at once.
            assert!((told.as_secs_f64() - f64::from(ahead)).abs() <= 1.5, "{second} {told:?} {ahead}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_while_nobody_looked_goes_on_from_what_was_decided() {
        let (begun, noon) = (Instant::now(), Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        let mut steady = Steady::new(noon, begun);
        steady.go_on_from(noon, noon + Millis(3_600_000));
        let mut told = |seconds: i64| {
            let after = Duration::from_secs(seconds.unsigned_abs());
            let wall = noon + Millis(seconds * 1_000);
            (wall + steady.ahead(wall, begun + after) - noon).as_secs_f64()
        };
        // An hour ahead, and half a second of it is caught up in each second.
        assert_eq!([told(0), told(60), told(7_200), told(7_260)], [3_600.0, 3_630.0, 7_200.0, 7_260.0]);
        steady.go_on_from(noon + Millis(7_261_000), noon);
        assert_eq!(steady.ahead_us, 0, "what was decided before now is how it should be");
    }

    #[test]
    fn the_system_s_clock_is_told_as_it_is() {
        let clock = Clock::system();
        let (before, told, after) = (now(), clock.now(), now());
        assert!(before <= told && told <= after);
        let moment = SystemTime::now();
        assert_eq!(clock.at(moment), timestamp(moment));
    }
}
