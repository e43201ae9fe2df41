//! Steps of a watch over a device, or over an order as a whole. They rest on no distance, and the journal has no decision
//! of them: each is an alert, which says from what it followed. The rule and its numbers are read from there.

use serde::Serialize;
use serde_json::Value;
use zones::policy::{EXPIRY_ALARM_DAYS, LATE_AFTER, SILENCE_ALARM_AFTER, SILENT_AFTER_INTERVALS};
use zones::{Millis, Timestamp};

use super::limits::Orders;
use crate::store::AlertRow;

/// The rule by which such a watch stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepRule {
    /// No fix within three expected intervals.
    Silence,
    /// A silence, while a watch of the device stood raised.
    SilenceWhileRaised,
    /// A silence of ten minutes.
    LongSilence,
    /// The device said that it was switched off.
    SwitchedOff,
    /// A live fix ended a silence.
    HeardAgain,
    /// The device said something about itself.
    Said,
    /// The same, while a watch of the device stood raised: what blinds it is an alarm then.
    SaidWhileRaised,
    /// The panic button.
    Pressed,
    /// An order runs out without a successor.
    Expiry,
    /// What was raised ended for the reason that the alert names: a press taken back with her code, an order that changed,
    /// ended, or was succeeded.
    Ended,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The watch.
    pub watch: String,
    /// The rule.
    pub rule: StepRule,
    /// Level before; absent where the alert before lies outside of what is explained.
    pub before: Option<String>,
    /// Level after.
    pub after: String,
    /// Time of the device's newest fix.
    pub last_fix_at: Option<Timestamp>,
    /// Seconds since then.
    pub unheard_s: Option<f64>,
    /// Seconds between two fixes that this order expects; another order of the device may expect them more often.
    pub expected_interval_s: Option<i64>,
    /// Seconds without a fix that are a silence at that interval, and an alarm.
    pub silent_after_s: Option<i64>,
    /// See there.
    pub alarm_after_s: Option<i64>,
    /// What the device said.
    pub said: Option<String>,
    /// The alert.
    pub alert: String,
    /// Why, in words: Dutch, then English.
    pub why: String,
}

/// The steps that alerts are, in their order.
pub(super) fn of(alerts: &[AlertRow], orders: &Orders) -> Vec<Step> {
    let step = |(n, alert): (usize, &AlertRow)| {
        let earlier = alerts[..n].iter().rev().find(|earlier| earlier.incident == alert.incident);
        step(alert, earlier.filter(|earlier| earlier.revision + 1 == alert.revision), orders)
    };
    alerts.iter().enumerate().filter_map(step).collect()
}

fn step(alert: &AlertRow, earlier: Option<&AlertRow>, orders: &Orders) -> Option<Step> {
    let data: Value = serde_json::from_str(&alert.data).ok()?;
    let device = data["device"].as_str();
    let is_silence = alert.kind == "silence";
    if device.is_none() && alert.kind != "order_expiry" {
        return None; // A distance has its decision.
    }
    let last_fix_at = newest_fix(&data).filter(|_| is_silence);
    let unheard = last_fix_at.map(|last| alert.raised_at - last);
    let interval = device.and_then(|device| orders.interval(&alert.order, device)).filter(|_| is_silence);
    let said = data["cause"].as_str();
    let told_before = earlier.and_then(|earlier| newest_fix(&serde_json::from_str(&earlier.data).ok()?));
    let rule = match rule(&alert.kind, &alert.level, said, unheard) {
        // No fix has come since: it ended for another reason.
        StepRule::HeardAgain if told_before.is_some() && told_before >= last_fix_at => StepRule::Ended,
        rule => rule,
    };
    let first = (alert.revision == 1).then(|| "clear".to_owned());
    let told = data["reason"].as_str().unwrap_or_default();
    let why = why(rule, unheard, interval, said).unwrap_or_else(|| told.to_owned());
    Some(Step {
        at: alert.raised_at,
        watch: format!("{}/{}/{}", alert.order, alert.kind, device.unwrap_or_default()),
        rule,
        before: earlier.map(|earlier| earlier.level.to_string()).or(first),
        after: alert.level.to_string(),
        last_fix_at,
        unheard_s: unheard.map(Millis::as_secs_f64),
        expected_interval_s: interval.map(secs),
        silent_after_s: interval.map(|interval| secs(interval * SILENT_AFTER_INTERVALS)),
        alarm_after_s: is_silence.then(|| secs(SILENCE_ALARM_AFTER)),
        said: said.map(str::to_owned),
        alert: alert.alert.clone(),
        why,
    })
}

fn newest_fix(data: &Value) -> Option<Timestamp> {
    Timestamp::parse(data["fixed_at"].as_str()?).ok()
}

fn rule(kind: &str, level: &str, said: Option<&str>, unheard: Option<Millis>) -> StepRule {
    let long = unheard.is_none_or(|unheard| unheard >= SILENCE_ALARM_AFTER);
    match (kind, level, said) {
        ("silence", "alarm" | "warning", Some(_)) => StepRule::SwitchedOff,
        ("silence", "clear", _) => StepRule::HeardAgain,
        ("silence", "alarm", _) if long => StepRule::LongSilence,
        ("silence", "alarm", _) => StepRule::SilenceWhileRaised,
        ("silence", ..) => StepRule::Silence,
        ("aware", "alarm" | "warning", _) => StepRule::Pressed,
        ("order_expiry", "alarm" | "warning", _) => StepRule::Expiry,
        (_, "alarm", Some("shielded" | "beacon_lost")) => StepRule::SaidWhileRaised,
        (_, _, Some(_)) => StepRule::Said,
        _ => StepRule::Ended,
    }
}

/// Why, in Dutch and English; `None` where the alert's own reason is all there is.
fn why(
    rule: StepRule,
    unheard: Option<Millis>,
    interval: Option<Millis>,
    said: Option<&str>,
) -> Option<String> {
    let (times, long) = (SILENT_AFTER_INTERVALS, secs(SILENCE_ALARM_AFTER));
    let said = said.unwrap_or_default();
    // Who was never heard is silent for as long as it was expected, and the alert says so.
    let for_s = || unheard.map(secs);
    Some(match rule {
        StepRule::Silence => {
            let (for_s, every_s) = (for_s()?, interval.map(secs)?);
            format!(
                "al {for_s} s geen positie; verwacht wordt er een per {every_s} s, en {times} keer zo lang zonder is \
                 stilte / no fix for {for_s} s; one is expected every {every_s} s, and {times} times that without is \
                 silence"
            )
        }
        StepRule::SilenceWhileRaised => {
            let for_s = for_s()?;
            format!(
                "al {for_s} s geen positie, terwijl een bewaking van dit toestel op waarschuwing of alarm stond: \
                 meteen alarm, niet pas na {long} s / no fix for {for_s} s, while a watch of this device stood at \
                 warning or alarm: an alarm at once, not after {long} s"
            )
        }
        StepRule::LongSilence => {
            let for_s = for_s()?;
            format!(
                "al {for_s} s geen positie: een stilte van {long} s of meer is een alarm / \
                 no fix for {for_s} s: a silence of {long} s or more is an alarm"
            )
        }
        StepRule::SwitchedOff => "het toestel zei dat het werd uitgezet: meteen alarm / \
             the device said that it was switched off: an alarm at once"
            .to_owned(),
        StepRule::HeardAgain => {
            let late = secs(LATE_AFTER);
            format!(
                "een positie die hooguit {late} s onderweg was, beëindigt de stilte / \
                 a fix that was under way for {late} s at the most ends the silence"
            )
        }
        StepRule::Said => said_by_device(said)?,
        StepRule::SaidWhileRaised => format!(
            "het toestel zei {said}, terwijl een bewaking ervan op waarschuwing of alarm stond: meteen alarm / \
             the device said {said}, while a watch of it stood at warning or alarm: an alarm at once"
        ),
        StepRule::Pressed => "op de knop gedrukt: altijd een alarm, behalve een test / \
             the button was pressed: always an alarm, but for a test"
            .to_owned(),
        StepRule::Expiry => format!(
            "het bevel heeft geen opvolger; vanaf {EXPIRY_ALARM_DAYS} dag voor het einde is dat een alarm / \
             the order has no successor; from {EXPIRY_ALARM_DAYS} day before its end that is an alarm"
        ),
        StepRule::Ended => return None,
    })
}

fn said_by_device(said: &str) -> Option<String> {
    let (nl, en) = match said {
        "strap_tamper" | "case_tamper" | "jamming" => (
            "dat is altijd een alarm, en eindigt niet vanzelf",
            "that is always an alarm, and does not end by itself",
        ),
        "battery_low" => ("dat is een waarschuwing, tot het laadt", "that is a warning, until it is charged"),
        "battery_critical" => ("dat is een alarm, tot het laadt", "that is an alarm, until it is charged"),
        "charging" => ("dat beëindigt een lege batterij", "that ends a low battery"),
        "shielded" | "beacon_lost" => (
            "dat is een waarschuwing zolang geen bewaking ervan op waarschuwing of alarm staat",
            "that is a warning as long as no watch of it stands at warning or alarm",
        ),
        "beacon_found" => ("dat beëindigt het verlies van het baken", "that ends the loss of the beacon"),
        _ => return None,
    };
    Some(format!("het toestel zei {said}: {nl} / the device said {said}: {en}"))
}

fn secs(span: Millis) -> i64 {
    span.0 / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::borrow::Cow;

    fn alert(revision: i64, secs: i64, kind: &'static str, level: &'static str, more: &Value) -> AlertRow {
        let mut data = json!({"device": "am-1", "reason": "Bevel is afgelopen / Order has ended"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        AlertRow {
            seq: revision,
            alert: format!("alert-{revision}"),
            incident: "incident".to_owned(),
            revision,
            raised_at: Timestamp::from_millis(secs * 1_000),
            level: Cow::Borrowed(level),
            kind: Cow::Borrowed(kind),
            order: "ord-1".to_owned(),
            wearer: "wearer-1".to_owned(),
            victim: None,
            desk: None,
            data: data.to_string(),
        }
    }

    fn order() -> std::sync::Arc<zones::order::Order> {
        let document = json!({
            "order": "ord-1", "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "wearer-1", "device": "am-1"},
            "victims": [{"person": "victim-1", "device": "vd-1", "proximity": {
                "alarm_m": 1_000, "warning_m": 2_000, "warning_s": 0}}],
            "zones": {"type": "FeatureCollection", "features": []}, "contacts": {},
        });
        std::sync::Arc::new(zones::order::Order::accepted(&document.to_string()).unwrap())
    }

    #[test]
    fn a_silence_is_told_from_its_first_missed_fix_to_its_end() {
        // A fix a second after 1970 began; silent at 181 s, for long at 601 s, back at 700 s, silent again while a
        // watch is raised.
        let last = json!({"fixed_at": "1970-01-01T00:00:01.000Z"});
        let again = json!({"fixed_at": "1970-01-01T00:11:40.000Z"});
        let alerts = [
            alert(1, 181, "silence", "warning", &last),
            alert(2, 601, "silence", "alarm", &last),
            alert(3, 700, "silence", "clear", &again),
            alert(4, 880, "silence", "alarm", &again),
        ];
        let mut orders = Orders::default();
        orders.enter("ord-1", 1, Some(order()));
        let steps = of(&alerts, &orders);
        let told: Vec<_> = steps
            .iter()
            .map(|step| (step.rule, step.before.as_deref(), step.after.as_str(), step.unheard_s))
            .collect();
        assert_eq!(
            told,
            [
                (StepRule::Silence, Some("clear"), "warning", Some(180.0)),
                (StepRule::LongSilence, Some("warning"), "alarm", Some(600.0)),
                (StepRule::HeardAgain, Some("alarm"), "clear", Some(0.0)),
                (StepRule::SilenceWhileRaised, Some("clear"), "alarm", Some(180.0)),
            ]
        );
        assert!(steps[0].why.contains("no fix for 180 s; one is expected every 60 s"), "{}", steps[0].why);
        assert_eq!((steps[0].expected_interval_s, steps[0].silent_after_s), (Some(60), Some(180)));
        // Of who was never heard the alert says that.
        let never = of(&[alert(1, 181, "silence", "warning", &json!({}))], &orders);
        assert_eq!(
            (never[0].unheard_s, never[0].why.as_str()),
            (None, "Bevel is afgelopen / Order has ended")
        );
        assert_eq!((steps[0].watch.as_str(), steps[0].alarm_after_s), ("ord-1/silence/am-1", Some(600)));
        // The order ends while it is silent: nothing was heard.
        let ended = [alerts[0].clone(), alert(2, 200, "silence", "clear", &last)];
        assert_eq!(of(&ended, &orders)[1].rule, StepRule::Ended);
        // From the second on, nothing is made up about what stood before.
        assert_eq!(of(&alerts[2..], &Orders::default())[0].before, None);
    }

    #[test]
    fn every_thing_that_a_device_says_has_its_rule_and_its_words() {
        for (kind, level, cause, rule, words) in [
            ("tamper", "alarm", "strap_tamper", StepRule::Said, "does not end by itself"),
            ("battery", "warning", "battery_low", StepRule::Said, "until it is charged"),
            ("battery", "alarm", "battery_critical", StepRule::Said, "an alarm, until"),
            ("battery", "clear", "charging", StepRule::Said, "ends a low battery"),
            ("jamming", "alarm", "jamming", StepRule::Said, "always an alarm"),
            ("jamming", "warning", "shielded", StepRule::Said, "as long as no watch"),
            ("jamming", "alarm", "shielded", StepRule::SaidWhileRaised, "an alarm at once"),
            ("parted", "alarm", "beacon_lost", StepRule::SaidWhileRaised, "an alarm at once"),
            ("parted", "clear", "beacon_found", StepRule::Said, "ends the loss"),
            ("silence", "alarm", "shutdown", StepRule::SwitchedOff, "switched off"),
        ] {
            let steps = of(&[alert(1, 60, kind, level, &json!({"cause": cause}))], &Orders::default());
            assert_eq!((steps[0].rule, steps[0].said.as_deref()), (rule, Some(cause)), "{kind} {cause}");
            let (nl, en) = steps[0].why.split_once(" / ").unwrap();
            assert!(en.contains(words) && !nl.contains(" the "), "{nl} / {en}");
        }
        let ended = of(&[alert(2, 60, "tamper", "clear", &json!({}))], &Orders::default());
        assert_eq!(
            (ended[0].rule, ended[0].why.as_str()),
            (StepRule::Ended, "Bevel is afgelopen / Order has ended")
        );
        // What rests on a distance has its decision, and is no step.
        assert_eq!(
            of(&[alert(1, 60, "exclusion_zone", "alarm", &json!({"device": null}))], &Orders::default()),
            []
        );
    }
}
