//! An explanation for people at a terminal.

use std::fmt::Write as _;

use super::limits::{Limits, WatchKind};
use super::{About, Explanation, Happened, Heard, Judgement, MOST_INPUTS, Step, words};
use zones::Role;

/// The explanation as text.
pub fn render(explanation: &Explanation) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write(&mut text, explanation);
    text
}

fn write(text: &mut String, explanation: &Explanation) -> std::fmt::Result {
    match &explanation.about {
        About::Incident { incident, kind, watch, level, worst, .. } => {
            writeln!(text, "Incident {incident}: {kind}, {watch}")?;
            writeln!(text, "Stand nu {level}, hoogste {worst} / Level now {level}, highest {worst}")?;
        }
        About::Moment { device, at } => writeln!(text, "Toestel / Device {device}, {at}")?,
    }
    writeln!(text, "Van / From {} tot / to {}", explanation.from, explanation.to)?;
    for heard in &explanation.inputs {
        input(text, heard)?;
    }
    if explanation.cut {
        writeln!(
            text,
            "\nMeer dan {MOST_INPUTS}: de rest is weggelaten / More than {MOST_INPUTS}: the rest is left out"
        )?;
    }
    explanation.steps.iter().try_for_each(|taken| step(text, taken))?;
    if !explanation.happened.is_empty() {
        writeln!(text, "\nMeldingen en bezorging / Alerts and deliveries")?;
    }
    explanation.happened.iter().try_for_each(|happened| line(text, happened))
}

fn input(text: &mut String, heard: &Heard) -> std::fmt::Result {
    write!(text, "\n{}  {}", heard.received_at, heard.kind)?;
    if let Some(device) = &heard.device {
        let role = match heard.role {
            Some(Role::Wearer) => " (enkelband / ankle monitor)",
            Some(Role::Victim) => " (slachtofferdevice / victim device)",
            None => "",
        };
        write!(text, "  {device}{role}")?;
    }
    if let Some(at) = heard.fixed_at {
        write!(text, "  van / of {at}")?;
    }
    if let Some(uncertainty_m) = heard.uncertainty_m {
        write!(text, " ± {uncertainty_m:.0} m")?;
    }
    if let Some(said) = &heard.said {
        write!(text, "  {}", said.as_str().map_or_else(|| said.to_string(), str::to_owned))?;
    }
    writeln!(text)?;
    for remark in &heard.remarks {
        both(text, "  ", remark)?;
    }
    heard.judgements.iter().try_for_each(|judged| judgement(text, judged))
}

fn judgement(text: &mut String, judged: &Judgement) -> std::fmt::Result {
    let rule = serde_json::to_value(judged.rule).unwrap_or_default();
    let (before, after) = (words::standing(judged.before), words::standing(judged.after));
    // Of what was not measured nobody is more or less sure.
    let sure = judged.distance_m.map(|_| words::certainty(judged.certainty));
    let sure = sure.map(|(nl, en)| (format!(" ({nl})"), format!(" ({en})"))).unwrap_or_default();
    write!(text, "  {}  {}", judged.watch, rule.as_str().unwrap_or_default())?;
    writeln!(text, "  {} → {}{} / {} → {}{}", before.0, after.0, sure.0, before.1, after.1, sure.1)?;
    if let Some(distance_m) = judged.distance_m {
        write!(text, "    {distance_m:.1} m")?;
        if let Some(uncertainty_m) = judged.uncertainty_m {
            write!(text, " ± {uncertainty_m:.1} m")?;
        }
        if let Some(limits) = judged.limits {
            thresholds(text, limits)?;
        }
        writeln!(text)?;
    }
    both(text, "    ", &judged.why)?;
    let Some(alert) = &judged.alert else { return Ok(()) };
    write!(text, "    ▲ {} {}", alert.level, alert.alert)?;
    if let Some(closing_mps) = alert.closing_mps {
        write!(text, "; naderen / closing in {closing_mps:.1} m/s")?;
    }
    if let Some(contact_s) = alert.contact_s {
        write!(text, "; contact {contact_s:.0} s")?;
    }
    if let Some(approach) = &alert.approach {
        write!(text, "; {approach}")?;
    }
    writeln!(text)
}

fn step(text: &mut String, step: &Step) -> std::fmt::Result {
    let rule = serde_json::to_value(step.rule).unwrap_or_default();
    writeln!(text, "\n{}  {}  {}", step.at, step.watch, rule.as_str().unwrap_or_default())?;
    let level = |level: &str| match level {
        "clear" => ("vrij", "clear"),
        "warning" => ("waarschuwing", "warning"),
        "alarm" => ("alarm", "alarm"),
        _ => ("?", "?"),
    };
    let (before, after) = (level(step.before.as_deref().unwrap_or_default()), level(&step.after));
    writeln!(text, "    {} → {} / {} → {}", before.0, after.0, before.1, after.1)?;
    if let Some(at) = step.last_fix_at {
        writeln!(text, "    laatste positie van / last fix of {at}")?;
    }
    both(text, "    ", &step.why)?;
    writeln!(text, "    ▲ {} {}", step.after, step.alert)
}

fn thresholds(text: &mut String, limits: Limits) -> std::fmt::Result {
    match limits.kind {
        WatchKind::VictimProximity => {
            write!(
                text,
                "; alarm {:.0} m, waarschuwing / warning {:.0} m",
                limits.alarm_m, limits.warning_m
            )?;
            if limits.warning_s > 0.0 {
                write!(text, ", {:.0} s", limits.warning_s)?;
            }
            Ok(())
        }
        WatchKind::ExclusionZone => {
            write!(text, "; alarm in het gebied / inside, waarschuwing / warning {:.0} m", limits.warning_m)
        }
        WatchKind::InclusionZone => write!(text, "; alarm buiten het gebied / outside"),
    }
}

fn line(text: &mut String, happened: &Happened) -> std::fmt::Result {
    let what = match happened.what {
        "alert" => "melding / alert",
        "sent" => "te bezorgen / to be sent",
        "attempt_failed" => "mislukt / failed",
        "received" => "ontvangen / received",
        "displayed" => "getoond / displayed",
        "confirmed" => "bevestigd / confirmed",
        "given_up" => "vervallen / given up",
        other => other,
    };
    write!(text, "{}  {what}", happened.at)?;
    let parts = [happened.level.as_deref(), happened.channel, happened.recipient.as_deref()];
    for part in parts.into_iter().flatten() {
        write!(text, "  {part}")?;
    }
    writeln!(text)?;
    match &happened.detail {
        Some(detail) => both(text, "    ", detail),
        None => Ok(()),
    }
}

/// Dutch and English on a line each.
fn both(text: &mut String, indent: &str, words: &str) -> std::fmt::Result {
    words.split(" / ").try_for_each(|part| writeln!(text, "{indent}{part}"))
}
