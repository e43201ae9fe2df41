//! Findings in words, Dutch first, then English. They name ids, distances and dates, never a place or a name.

use std::fmt::Write;

use super::{Code, Finding, Severity};
use crate::{Invalid, PersonId, Timestamp};

/// What there is to say.
pub(super) enum Reason<'a> {
    /// The wearer has no residence.
    WearerResidence,
    /// The zone's victim has none, and the zone names no other place.
    VictimResidence,
    /// A distance falls short.
    Distance { code: Code, severity: Severity, measured_m: f64, required_m: f64 },
    /// The wearer has no device.
    WearerDevice,
    /// A victim with a moving zone has no device.
    VictimDevice(&'a PersonId),
    /// The order ends before it begins.
    Dates,
    /// The geometry is no sound shape.
    Shape(&'a Invalid),
    /// The schedule leaves no moment.
    Schedule,
    /// The order ends soon, or has ended.
    Expiry { until: Timestamp, now: Timestamp },
}

/// Both languages in one line.
pub(super) fn say(reason: &Reason<'_>) -> String {
    let (dutch, english) = match reason {
        Reason::WearerResidence => (
            "De woning van de drager is onbekend; afstanden tot verbodsgebieden zijn niet te toetsen.".into(),
            "The wearer's residence is unknown; distances to exclusion zones cannot be checked.".into(),
        ),
        Reason::VictimResidence => (
            "De woning van het slachtoffer is onbekend en het gebied noemt geen andere plaats; de straal is \
             niet te toetsen."
                .into(),
            "The victim's residence is unknown and the zone names no other place; its reach cannot be \
             checked."
                .into(),
        ),
        Reason::Distance { code, severity, measured_m, required_m } => {
            distance(*code, *severity, *measured_m, *required_m)
        }
        Reason::WearerDevice => {
            ("De drager heeft geen enkelband.".into(), "The wearer has no ankle monitor.".into())
        }
        Reason::VictimDevice(person) => (
            format!("Slachtoffer {person} heeft een meebewegend gebied, maar geen slachtofferdevice."),
            format!("Victim {person} has a moving zone but no victim device."),
        ),
        Reason::Dates => (
            "Het einde van de geldigheid ligt niet na het begin.".into(),
            "The end of validity is not after its beginning.".into(),
        ),
        Reason::Shape(problem) => (
            "De geometrie van het gebied is leeg of onbruikbaar.".into(),
            format!("The zone's geometry cannot be used: {problem}."),
        ),
        Reason::Schedule => (
            "Het rooster geldt op geen enkel moment binnen de geldigheid van het bevel.".into(),
            "The schedule applies at no moment within the order's validity.".into(),
        ),
        Reason::Expiry { until, now } => expiry(*until, *now),
    };
    format!("{dutch} / {english}")
}

fn distance(code: Code, severity: Severity, measured_m: f64, required_m: f64) -> (String, String) {
    let (nl, en) = (dutch_m(measured_m.abs()), english_m(measured_m.abs()));
    let (nl_least, en_least) = (dutch_m(required_m), english_m(required_m));
    let (mut dutch, mut english) = match (code, measured_m < 0.0) {
        (Code::ResidenceTooClose, false) => (
            format!(
                "De woning van de drager ligt {nl} van de rand van het verbodsgebied; minstens {nl_least}."
            ),
            format!("The wearer's residence is {en} from the exclusion zone's edge; at least {en_least}."),
        ),
        (Code::ResidenceTooClose, true) => (
            format!(
                "De woning van de drager ligt in het verbodsgebied, {nl} binnen de rand; minstens {nl_least} erbuiten."
            ),
            format!(
                "The wearer's residence is in the exclusion zone, {en} inside its edge; at least {en_least} outside."
            ),
        ),
        (_, true) => (
            format!(
                "De beschermde plaats ligt {nl} buiten het verbodsgebied; het moet er minstens {nl_least} omheen reiken."
            ),
            format!(
                "The protected place is {en} outside the exclusion zone, which must reach {en_least} around it."
            ),
        ),
        (Code::RadiusBelowAdvice, false) => (
            format!("Het verbodsgebied reikt {nl} om de beschermde plaats; geadviseerd is {nl_least}."),
            format!("The exclusion zone reaches {en} around the protected place; advised is {en_least}."),
        ),
        (_, false) => (
            format!("Het verbodsgebied reikt {nl} om de beschermde plaats; minstens {nl_least}."),
            format!("The exclusion zone reaches {en} around the protected place; at least {en_least}."),
        ),
    };
    if severity == Severity::Info {
        dutch.push_str(" Een afwijking is vastgelegd.");
        english.push_str(" A deviation is on record.");
    }
    (dutch, english)
}

fn expiry(until: Timestamp, now: Timestamp) -> (String, String) {
    let days = (until - now).0.div_euclid(24 * 3_600_000);
    if until <= now {
        return (
            "Het bevel is verlopen en heeft geen opvolger.".into(),
            "The order has expired and has no successor.".into(),
        );
    }
    let nl_days = if days == 1 { "dag" } else { "dagen" };
    let en_days = if days == 1 { "day" } else { "days" };
    (
        format!("Het bevel loopt over {days} {nl_days} af; geen opvolger begint vóór het einde."),
        format!("The order expires in {days} {en_days}; no successor starts before its end."),
    )
}

/// Metres the Dutch way: `1.234,5 m`.
fn dutch_m(metres: f64) -> String {
    grouped(metres, '.', ',')
}

/// Metres the English way: `1,234.5 m`.
fn english_m(metres: f64) -> String {
    grouped(metres, ',', '.')
}

fn grouped(metres: f64, thousands: char, decimal: char) -> String {
    let tenths = (metres * 10.0).round() as i64;
    let whole = (tenths / 10).to_string();
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    if tenths % 10 != 0 {
        text.push(decimal);
        text.push_str(&(tenths % 10).to_string());
    }
    text + " m"
}

/// Findings for a terminal, a line each: severity, code, order, zone, measure and message.
pub fn render(findings: &[Finding]) -> String {
    let mut lines = String::new();
    for finding in findings {
        let zone = finding.zone.as_ref().map_or("-", |zone| zone.as_str());
        let measure = match (finding.measured_m, finding.required_m) {
            (Some(measured), Some(required)) => format!("{measured} m < {required} m"),
            _ => "-".to_owned(),
        };
        let (severity, code) = (finding.severity.as_str(), finding.code.as_str());
        // Writing to a text cannot fail.
        let _ = writeln!(
            lines,
            "{severity:<7}  {code:<19}  {}  {zone}  {measure}  {}",
            finding.order, finding.message
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_are_written_as_each_language_writes_them() {
        for (metres, dutch, english) in [
            (0.0, "0 m", "0 m"),
            (902.7, "902,7 m", "902.7 m"),
            (1_000.0, "1.000 m", "1,000 m"),
            (1_234_567.89, "1.234.567,9 m", "1,234,567.9 m"),
        ] {
            assert_eq!((dutch_m(metres).as_str(), english_m(metres).as_str()), (dutch, english));
        }
    }

    #[test]
    fn the_days_left_are_whole_days() {
        let now = Timestamp::parse("2026-11-21T00:00:00Z").unwrap();
        let words = |hours: i64| expiry(now + crate::Millis::from_secs(hours * 3_600), now).0;
        assert!(words(0).contains("verlopen"), "{}", words(0));
        assert!(words(23).contains("over 0 dagen"), "{}", words(23));
        assert!(words(47).contains("over 1 dag "), "{}", words(47));
        assert!(words(29 * 24).contains("over 29 dagen"), "{}", words(29 * 24));
    }
}
