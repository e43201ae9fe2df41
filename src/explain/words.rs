//! Why a judgement came out as it did, in words: Dutch first, then English. No position, no address.

use zones::policy::{
    CLEARS_WITHIN, COARSE_M, FASTEST_MPS, FROZEN_AFTER, HELD_FOR, LEAVE_FOR, LEAVE_M, LINKED_WITHIN,
};
use zones::{Certainty, Millis, Rule, Standing};

use super::limits::{Limits, WatchKind};
use crate::pipeline::rows::StoredDecision;

/// A fix on which no watch was judged.
pub(super) const NOT_JUDGED: &str = "Geen bewaking is op deze positie beoordeeld: er is geen zone dichtbij, geen \
     bevel van kracht, of zij is ouder dan wat al bekend was / No watch was judged on this fix: there is no zone \
     near, no order in force, or it is older than what was known already";

/// Dutch and English.
struct Both(String, String);

impl Both {
    fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self(nl.into(), en.into())
    }

    fn then(self, joint: &str, next: &Self) -> Self {
        Self(format!("{}{joint}{}", self.0, next.0), format!("{}{joint}{}", self.1, next.1))
    }

    fn text(self) -> String {
        format!("{} / {}", self.0, self.1)
    }
}

/// Why a judgement came out as it did.
pub(super) fn why(decision: &StoredDecision, limits: Option<Limits>) -> String {
    let seen = match decision.rule {
        Rule::ExclusionZone | Rule::InclusionZone | Rule::VictimProximity => place(decision, limits),
        Rule::LateExclusionZone | Rule::LateInclusionZone | Rule::LateVictimProximity => {
            return late_finding(&place(decision, limits)).text();
        }
        Rule::Held => return held(decision, limits).text(),
        Rule::OutsideSchedule => Both::new(
            "het tijdvenster van het gebied geldt op dat moment niet",
            "the zone's time window does not apply at that time",
        ),
        Rule::OtherUnseen => Both::new(
            "van de andere partij is nog geen positie bekend",
            "no position of the other party is known yet",
        ),
        Rule::WayThroughZone => Both::new(
            format!(
                "de rechte weg tussen twee posities (hooguit {} s uiteen) gaat door het gebied",
                secs(LINKED_WITHIN)
            ),
            format!(
                "the straight way between two fixes (at most {} s apart) crosses the zone",
                secs(LINKED_WITHIN)
            ),
        ),
        Rule::WaysMeet => Both::new(
            "tussen hun posities door kwamen beiden binnen de alarmafstand van elkaar",
            "between their fixes both came within the alarm distance of each other",
        ),
        Rule::TimeToContact => contact(decision, limits),
        Rule::Copied => Both::new(
            format!(
                "niemand kon zo snel op deze positie komen (meer dan {FASTEST_MPS:.0} m/s), en alleen dezelfde \
                 coördinaten spreken ervoor: niets is er zeker op, tot andere ermee overeenkomen of zij {} s bleef",
                secs(HELD_FOR)
            ),
            format!(
                "nobody could have reached this fix (over {FASTEST_MPS:.0} m/s), and only the very same coordinates \
                 speak for it: nothing is certain on it until others agree or it has stayed for {} s",
                secs(HELD_FOR)
            ),
        ),
        Rule::Frozen => Both::new(
            format!(
                "het toestel zegt vers te zijn, maar zijn coördinaten veranderen niet (terwijl het beweegt, of al \
                 {} min): de onzekerheid groeit vanaf nu",
                FROZEN_AFTER.0 / 60_000
            ),
            format!(
                "the device claims to be fresh, but its coordinates do not change (while it moves, or for {} min): \
                 the uncertainty grows from now on",
                FROZEN_AFTER.0 / 60_000
            ),
        ),
    };
    seen.then("; ", &step(decision, limits)).text()
}

/// A standing, in Dutch and English.
pub(super) fn standing(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Clear => ("vrij", "clear"),
        Standing::Possible => ("mogelijk alarm", "possible alarm"),
        Standing::Warning => ("waarschuwing", "warning"),
        Standing::Alarm => ("alarm", "alarm"),
    }
}

/// A certainty, in Dutch and English.
pub(super) fn certainty(certainty: Certainty) -> (&'static str, &'static str) {
    match certainty {
        Certainty::Possible => ("mogelijk", "possible"),
        Certainty::Likely => ("waarschijnlijk", "likely"),
        Certainty::Certain => ("zeker", "certain"),
    }
}

/// A fix arrived late.
pub(super) fn late(by: Millis) -> String {
    let s = secs(by);
    format!("Te laat ontvangen: {s} s na de meting / Received late: {s} s after it was taken")
}

/// A device's clock is ahead.
pub(super) fn ahead(by: Millis) -> String {
    let s = secs(by);
    format!(
        "De klok van het toestel loopt {s} s voor: beoordeeld op het moment van ontvangst / \
         The device's clock is {s} s ahead: judged by its time of arrival"
    )
}

/// A fix is coarse.
pub(super) fn coarse(uncertainty_m: f64) -> String {
    format!(
        "Grove positie, ± {uncertainty_m:.0} m (meer dan {COARSE_M:.0} m): kan geen verlaten tonen / \
         Coarse fix, ± {uncertainty_m:.0} m (over {COARSE_M:.0} m): cannot show that somebody left"
    )
}

fn secs(span: Millis) -> i64 {
    span.0 / 1_000
}

/// What was measured.
fn measured(decision: &StoredDecision) -> Option<(f64, f64)> {
    Some((decision.distance_m?, f64::from(decision.uncertainty_m.unwrap_or_default())))
}

/// Where the distance lies among the thresholds.
fn place(decision: &StoredDecision, limits: Option<Limits>) -> Both {
    let Some((d, u)) = measured(decision) else {
        return Both::new("er viel niets te meten", "there was nothing to measure");
    };
    let Some(limits) = limits else {
        return Both::new(
            format!("{d:.1} m ± {u:.1} m; de grenzen van het bevel van toen zijn niet meer te lezen"),
            format!("{d:.1} m ± {u:.1} m; the thresholds of the order at that time cannot be read any more"),
        );
    };
    match limits.kind {
        WatchKind::VictimProximity => near_her(d, u, limits),
        WatchKind::ExclusionZone => near_zone(d, u, limits.warning_m),
        WatchKind::InclusionZone => in_or_out(d, u),
    }
}

fn near_her(d: f64, u: f64, limits: Limits) -> Both {
    let Limits { alarm_m, warning_m, .. } = limits;
    if u > alarm_m && (d <= warning_m || d - u <= alarm_m) {
        Both::new(
            format!(
                "{d:.1} m, maar met ± {u:.1} m is dat onzekerder dan de alarmafstand van {alarm_m:.0} m: hooguit mogelijk"
            ),
            format!(
                "{d:.1} m, but at ± {u:.1} m that is less sure than the alarm distance of {alarm_m:.0} m: possible at most"
            ),
        )
    } else if d <= alarm_m {
        Both::new(
            format!("{d:.1} m is binnen de alarmafstand van {alarm_m:.0} m"),
            format!("{d:.1} m is within the alarm distance of {alarm_m:.0} m"),
        )
    } else if d <= warning_m {
        Both::new(
            format!(
                "{d:.1} m is binnen de waarschuwingsafstand van {warning_m:.0} m, niet binnen de {alarm_m:.0} m van het alarm"
            ),
            format!(
                "{d:.1} m is within the warning distance of {warning_m:.0} m, not within the {alarm_m:.0} m of the alarm"
            ),
        )
    } else if d - u <= alarm_m {
        Both::new(
            format!(
                "{d:.1} m is verder dan {warning_m:.0} m, maar de rand van de onzekerheid (± {u:.1} m) raakt de alarmafstand"
            ),
            format!(
                "{d:.1} m is beyond {warning_m:.0} m, but the edge of the uncertainty (± {u:.1} m) reaches the alarm distance"
            ),
        )
    } else {
        Both::new(
            format!("{d:.1} m is verder dan de waarschuwingsafstand van {warning_m:.0} m"),
            format!("{d:.1} m is beyond the warning distance of {warning_m:.0} m"),
        )
    }
}

fn near_zone(d: f64, u: f64, buffer_m: f64) -> Both {
    if d <= 0.0 {
        Both::new(
            format!("in het verboden gebied, {:.1} m van de rand", d.abs()),
            format!("in the exclusion zone, {:.1} m from its edge", d.abs()),
        )
    } else if d <= buffer_m {
        Both::new(
            format!("{d:.1} m van het verboden gebied, binnen de {buffer_m:.0} m eromheen"),
            format!("{d:.1} m from the exclusion zone, within the {buffer_m:.0} m around it"),
        )
    } else if d - u <= 0.0 {
        Both::new(
            format!(
                "{d:.1} m buiten het verboden gebied, maar de rand van de onzekerheid (± {u:.1} m) ligt erin"
            ),
            format!(
                "{d:.1} m outside the exclusion zone, but the edge of the uncertainty (± {u:.1} m) lies in it"
            ),
        )
    } else {
        Both::new(
            format!("{d:.1} m buiten het verboden gebied, ook met de onzekerheid van {u:.1} m"),
            format!("{d:.1} m outside the exclusion zone, with the uncertainty of {u:.1} m too"),
        )
    }
}

fn in_or_out(d: f64, u: f64) -> Both {
    let far = d.abs();
    if d > 0.0 {
        Both::new(
            format!("{far:.1} m buiten het gebied waar hij moet zijn"),
            format!("{far:.1} m outside the zone he must be in"),
        )
    } else if d + u >= 0.0 {
        Both::new(
            format!(
                "in het gebied waar hij moet zijn, {far:.1} m van de rand; de onzekerheid (± {u:.1} m) reikt tot buiten"
            ),
            format!(
                "in the zone he must be in, {far:.1} m from its edge; the uncertainty (± {u:.1} m) reaches outside"
            ),
        )
    } else {
        Both::new(
            format!("in het gebied waar hij moet zijn, {far:.1} m van de rand"),
            format!("in the zone he must be in, {far:.1} m from its edge"),
        )
    }
}

fn contact(decision: &StoredDecision, limits: Option<Limits>) -> Both {
    let (d, _) = measured(decision).unwrap_or_default();
    let within = limits.map_or_else(String::new, |limits| format!(" {:.0} s", limits.warning_s));
    Both::new(
        format!("{d:.1} m, maar zij naderen elkaar zo dat de alarmafstand binnen{within} bereikt is"),
        format!("{d:.1} m, but they close in so that the alarm distance is reached within{within}"),
    )
}

fn held(decision: &StoredDecision, limits: Option<Limits>) -> Both {
    let (v, s) = (FASTEST_MPS, secs(HELD_FOR));
    let held = Both::new(
        format!(
            "deze positie kan niemand hebben bereikt (meer dan {v:.0} m/s vanaf de vorige, ook met beider \
             nauwkeurigheid): zij wordt vastgehouden tot een volgende binnen {s} s haar bevestigt"
        ),
        format!(
            "nobody could have reached this fix (over {v:.0} m/s from the one before, with both accuracies allowed \
             for): it is held until a next one within {s} s agrees with it"
        ),
    );
    let held = if measured(decision).is_some() {
        let would = Both::new("zij zou zeggen: ", "it would say: ").then("", &place(decision, limits));
        held.then("; ", &would)
    } else {
        held
    };
    let is_possible = decision.after == Standing::Possible && decision.before == Standing::Clear;
    let meanwhile = if is_possible {
        Both::new(
            "intussen is dat een mogelijk alarm, voor de operator alleen",
            "meanwhile that is a possible alarm, for the operator alone",
        )
    } else {
        Both::new("intussen verandert er niets", "meanwhile nothing changes")
    };
    held.then("; ", &meanwhile)
}

fn late_finding(seen: &Both) -> Both {
    Both::new("achteraf, op de tijd van de positie zelf: ", "afterwards, at the fix's own time: ")
        .then("", seen)
        .then("; ", &Both::new("de stand van nu verandert niet", "the standing of now does not change"))
}

/// What became of the standing.
fn step(decision: &StoredDecision, limits: Option<Limits>) -> Both {
    let (before, after) = (standing(decision.before), standing(decision.after));
    if decision.after > decision.before {
        return Both::new(
            format!("de stand gaat van {} naar {}", before.0, after.0),
            format!("the standing goes from {} to {}", before.1, after.1),
        );
    }
    if decision.after < decision.before {
        let (m, s) = (LEAVE_M, secs(LEAVE_FOR));
        return Both::new(
            format!(
                "{s} s lang meer dan {m:.0} m (of tweemaal de onzekerheid) voorbij de grens: van {} naar {}",
                before.0, after.0
            ),
            format!(
                "for {s} s more than {m:.0} m (or twice the uncertainty) beyond the threshold: from {} to {}",
                before.1, after.1
            ),
        );
    }
    if decision.after == Standing::Clear {
        return Both::new(
            "de stand blijft vrij, er wordt niets gemeld",
            "the standing stays clear, nothing is raised",
        );
    }
    let stays = Both::new(
        format!("de stand blijft {} en is al gemeld", after.0),
        format!("the standing stays {}, which was told already", after.1),
    );
    if is_beyond(decision, limits) {
        let (m, s, old) = (LEAVE_M, secs(LEAVE_FOR), secs(CLEARS_WITHIN));
        return stays.then(": ", &Both::new(
            format!("verlaten telt na {s} s op meer dan {m:.0} m (of tweemaal de onzekerheid) voorbij de grens, met posities van hooguit {old} s oud"),
            format!("leaving counts after {s} s at more than {m:.0} m (or twice the uncertainty) beyond the threshold, by fixes no older than {old} s"),
        ));
    }
    stays
}

/// Whether the distance by itself would not have raised the standing that remains.
fn is_beyond(decision: &StoredDecision, limits: Option<Limits>) -> bool {
    let (Some((d, _)), Some(limits)) = (measured(decision), limits) else { return false };
    let threshold_m = if decision.after == Standing::Alarm { limits.alarm_m } else { limits.warning_m };
    match limits.kind {
        WatchKind::InclusionZone => d <= 0.0,
        _ => d > threshold_m,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zones::Timestamp;

    const PAIR: Limits =
        Limits { kind: WatchKind::VictimProximity, alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 300.0 };

    fn said(rule: Rule, d: f64, u: f32, steps: (Standing, Standing), limits: Limits) -> String {
        let decision = StoredDecision {
            watch: "o/pair/v".into(),
            rule,
            at: Timestamp::from_millis(0),
            distance_m: Some(d),
            uncertainty_m: Some(u),
            before: steps.0,
            after: steps.1,
            certainty: Certainty::Likely,
        };
        why(&decision, Some(limits))
    }

    #[test]
    fn every_road_to_a_judgement_has_its_words() {
        use Standing::{Alarm, Clear, Possible, Warning};
        let zone = Limits { kind: WatchKind::ExclusionZone, alarm_m: 0.0, warning_m: 100.0, warning_s: 0.0 };
        let home = Limits { kind: WatchKind::InclusionZone, warning_m: 0.0, ..zone };
        let near = Rule::VictimProximity;
        for (rule, d, u, steps, limits, words) in [
            (near, 900.0, 10.0, (Clear, Alarm), PAIR, "within the alarm distance of 1000 m"),
            (near, 900.0, 10.0, (Clear, Alarm), PAIR, "from clear to alarm"),
            (near, 1_900.0, 10.0, (Clear, Warning), PAIR, "within the warning distance of 2000 m"),
            (near, 2_300.0, 1_400.0, (Clear, Possible), PAIR, "possible at most"),
            (near, 2_300.0, 10.0, (Clear, Clear), PAIR, "stays clear, nothing is raised"),
            (near, 1_030.0, 10.0, (Alarm, Alarm), PAIR, "leaving counts after 60 s"),
            (near, 900.0, 10.0, (Alarm, Alarm), PAIR, "told already"),
            (near, 2_300.0, 10.0, (Alarm, Clear), PAIR, "from alarm to clear"),
            (Rule::TimeToContact, 4_000.0, 10.0, (Clear, Warning), PAIR, "reached within 300 s"),
            (Rule::ExclusionZone, -20.0, 5.0, (Clear, Alarm), zone, "in the exclusion zone, 20.0 m"),
            (Rule::ExclusionZone, 40.0, 5.0, (Clear, Warning), zone, "within the 100 m around it"),
            (Rule::ExclusionZone, 140.0, 150.0, (Clear, Possible), zone, "edge of the uncertainty"),
            (Rule::InclusionZone, 15.0, 5.0, (Clear, Alarm), home, "15.0 m outside the zone he must be in"),
            (Rule::InclusionZone, -3.0, 5.0, (Clear, Clear), home, "reaches outside"),
            (Rule::LateExclusionZone, -20.0, 5.0, (Clear, Clear), zone, "afterwards, at the fix's own time"),
            (Rule::Held, -20.0, 5.0, (Clear, Possible), zone, "for the operator alone"),
            (Rule::Copied, 500.0, 5.0, (Clear, Clear), zone, "only the very same coordinates"),
            (Rule::Held, 500.0, 5.0, (Clear, Clear), zone, "nobody could have reached this fix (over 70 m/s"),
        ] {
            let text = said(rule, d, u, steps, limits);
            let (nl, en) = text.split_once(" / ").unwrap();
            assert!(en.contains(words), "{en}");
            assert!(nl.len() > 20 && !nl.contains(" the "), "{nl}");
        }
    }

    #[test]
    fn without_the_order_the_numbers_are_still_told() {
        let decision = StoredDecision {
            watch: "o/pair/v".into(),
            rule: Rule::VictimProximity,
            at: Timestamp::from_millis(0),
            distance_m: Some(12.25),
            uncertainty_m: Some(3.0),
            before: Standing::Clear,
            after: Standing::Clear,
            certainty: Certainty::Certain,
        };
        assert!(why(&decision, None).contains("cannot be read any more"));
        assert!(why(&decision, None).contains("± 3.0 m"));
    }
}
