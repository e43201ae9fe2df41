//! From when to when something was raised, as whoever is told would count it.

use zones::{Level, Standing};

use crate::judge::Raised;

/// One time that a level was reached.
pub(super) struct Spell<'a> {
    /// The alert that began it.
    pub(super) alert: &'a Raised,
    /// When it was said.
    pub(super) said_at: i64,
    /// From when it holds: when it was said, or the time that a late finding is about.
    pub(super) from: i64,
    /// Until when.
    pub(super) until: i64,
}

/// The times that a watch reached `level`, by its alerts in the order they were raised. What is only possible is for
/// the operator alone, and no level of this kind.
pub(super) fn spells<'a>(about: &[&'a Raised], level: Level, end: i64) -> Vec<Spell<'a>> {
    let mut found: Vec<Spell<'a>> = Vec::new();
    let mut open = false;
    for raised in about {
        let alert = &raised.alert;
        let reached = alert.level >= level && !alert.operator_only;
        let stands = match level {
            Level::Alarm => raised.stands >= Standing::Alarm,
            _ => raised.stands >= Standing::Warning,
        };
        let said_at = alert.raised_at.as_millis();
        match (open, reached) {
            (false, true) => {
                let late_at = alert.fixed_at.filter(|_| alert.late).map(zones::Timestamp::as_millis);
                // A late finding is about the past; it may or may not move how things stand.
                open = !alert.late || stands;
                let from = late_at.map_or(said_at, |at| at.min(said_at));
                found.push(Spell { alert: raised, said_at, from, until: if open { end } else { from } });
            }
            (true, false) if !alert.late || !stands => {
                open = false;
                if let Some(spell) = found.last_mut() {
                    spell.until = said_at;
                }
            }
            _ => {}
        }
    }
    found
}
