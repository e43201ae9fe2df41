//! When a delivery that failed is tried again: DESIGN §8.

use std::sync::Arc;

use zones::Millis;

/// Waits before the attempts; the last one stays.
#[derive(Debug, Clone)]
pub struct Schedule {
    waits: Arc<[Millis]>,
}

impl Default for Schedule {
    /// The contract's: at once, after 2, 5, 10, 20, 30 s, then every 30 s.
    fn default() -> Self {
        Self::new([0, 2, 5, 10, 20, 30].map(Millis::from_secs).to_vec())
    }
}

impl Schedule {
    /// A schedule of one's own: the wait before the first attempt, the second … and every further one.
    pub fn new(waits: Vec<Millis>) -> Self {
        Self { waits: waits.into() }
    }

    /// The wait after so many failed attempts.
    pub fn after(&self, attempts: i64) -> Millis {
        let index = usize::try_from(attempts).unwrap_or(0);
        self.waits.get(index).or(self.waits.last()).copied().unwrap_or_default()
    }

    /// The longest wait there is.
    pub fn longest(&self) -> Millis {
        self.waits.iter().copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_those_of_the_contract() {
        let schedule = Schedule::default();
        let waits: Vec<i64> = (0..9).map(|attempts| schedule.after(attempts).0 / 1_000).collect();
        assert_eq!(waits, [0, 2, 5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(schedule.after(i64::MAX), Millis::from_secs(30));
        assert_eq!(schedule.longest(), Millis::from_secs(30));
    }
}
