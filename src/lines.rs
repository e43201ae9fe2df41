//! Lines of the log that whoever is outside can cause: so many a minute, and then how many more there were. One device
//! with a fault, or one who tries tokens, can cause a hundred thousand, and who reads the log has to find the others.

use zones::Timestamp;

/// So many lines a minute about one matter.
const LINES_A_MINUTE: u32 = 100;

/// What was said about one matter within a minute.
#[derive(Debug)]
pub(crate) struct Lines {
    what: &'static str,
    minute: i64,
    said: u32,
    unsaid: u32,
}

impl Lines {
    /// Lines about that.
    pub(crate) const fn about(what: &'static str) -> Self {
        Self { what, minute: 0, said: 0, unsaid: 0 }
    }

    /// Whether one more line may be written; says first how many were not, when a minute is over.
    pub(crate) fn may_say(&mut self, now: Timestamp) -> bool {
        let minute = now.as_millis().div_euclid(60_000);
        if minute != self.minute {
            if self.unsaid > 0 {
                tracing::warn!(count = self.unsaid, "more {} than are said one by one", self.what);
            }
            (self.minute, self.said, self.unsaid) = (minute, 0, 0);
        }
        let may = self.said < LINES_A_MINUTE;
        if may {
            self.said += 1;
        } else {
            self.unsaid += 1;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_nonsense_leaves_room_in_the_log() {
        let mut said = Lines::about("messages were set aside");
        let at = |secs: i64| Timestamp::from_millis(1_793_646_000_000 + secs * 1_000);
        let lines = (0..1_000).filter(|n| said.may_say(at(n / 50))).count();
        assert_eq!((lines, said.unsaid), (100, 900));
        assert!(said.may_say(at(60)), "the next minute has lines of its own");
        assert_eq!((said.said, said.unsaid), (1, 0));
    }
}
