//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// First wait; also what a single dropped connection costs at most.
const FIRST: Duration = Duration::from_millis(200);
/// Longest wait between two attempts.
const LONGEST: Duration = Duration::from_secs(15);
/// A connection that stood this long was a good one: the next loss starts from [`FIRST`] again. A shorter
/// one keeps counting, so that two services that throw each other out do not do so at full speed.
const STEADY: Duration = Duration::from_secs(5);

/// Exponential waits with jitter, without end.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The wait after an attempt; `lived` is how long the connection stood, `None` when it never did, and
    /// `refused` says that trying again soon cannot help (wrong password).
    pub(super) fn after(&mut self, lived: Option<Duration>, refused: bool) -> Duration {
        if lived.is_some_and(|lived| lived >= STEADY) {
            self.attempts = 0;
        }
        let wait = if refused { LONGEST } else { step(self.attempts) };
        self.attempts = self.attempts.saturating_add(1);
        // Without a random number all that is lost is the jitter.
        jitter(wait, getrandom::u32().unwrap_or(u32::MAX))
    }
}

fn step(attempts: u32) -> Duration {
    FIRST.saturating_mul(1 << attempts.min(16)).min(LONGEST)
}

/// Between half of `wait` and all of it, so that many clients do not come back in the same instant.
fn jitter(wait: Duration, random: u32) -> Duration {
    wait.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_fifteen_seconds() {
        let waits: Vec<u128> = (0..9).map(|attempt| step(attempt).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
        assert_eq!(step(u32::MAX), LONGEST);
    }

    #[test]
    fn only_a_connection_that_stood_a_while_starts_the_waits_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..6 {
            backoff.after(None, false);
        }
        assert!(backoff.after(Some(Duration::from_millis(50)), false) >= Duration::from_millis(6_400));
        assert!(backoff.after(Some(STEADY), false) <= FIRST);
    }

    #[test]
    fn a_refusal_is_tried_again_slowly_from_the_first_time() {
        assert!(Backoff::default().after(None, true) >= LONGEST / 2);
    }

    proptest! {
        #[test]
        fn jitter_keeps_between_half_and_the_whole(ms in 1_u64..20_000, random: u32) {
            let wait = Duration::from_millis(ms);
            let jittered = jitter(wait, random);
            prop_assert!(jittered >= wait / 2 && jittered <= wait);
        }
    }
}
