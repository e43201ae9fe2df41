//! Alerts as CAP 1.2 (OASIS Common Alerting Protocol), for a desk that takes in nothing else: the police version, of
//! scope Private, addressed to that desk.
//!
//! What an alert says becomes what CAP has a word for:
//!
//! | Alert | `msgType` | `urgency` | `severity` | `responseType` |
//! |---|---|---|---|---|
//! | first to the desk in its incident | `Alert` | | | |
//! | a later one | `Update` | | | |
//! | a later one, `clear` | `Cancel` | | | |
//! | `alarm`: victim proximity, AWARE | | `Immediate` | `Extreme` | `Execute` |
//! | `alarm`: anything else | | `Immediate` | `Severe` | `Execute` |
//! | `warning` | | `Expected` | `Moderate` | `Monitor` |
//! | `clear` | | `Past` | `Minor` | `AllClear` |
//! | `late` | | `Past` | as above | `Assess` |
//!
//! `certainty`: `certain` is `Observed`, `likely` is `Likely`, `possible` is `Possible`. `category` is always
//! `Security`. `references` names what the desk was sent before in the incident.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use zones::geometry::Shape;
use zones::{Alert, AlertKind, Certainty, Fix, Level, Position, Timestamp};

use super::versions::Text;
use super::words;

const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// A message that the desk was sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub alert: String,
    /// When it was raised.
    pub sent: Timestamp,
}

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub struct CapMessage<'a> {
    /// Names this instance.
    pub source: &'a str,
    /// To whom.
    pub desk: &'a str,
    /// The alert.
    pub alert: &'a Alert,
    /// It is not meant: somebody tries the road.
    pub exercise: bool,
    /// What the desk was sent before in this incident, oldest first.
    pub earlier: &'a [Earlier],
    /// The shape of the alert's zone.
    pub zone: Option<&'a Shape>,
}

/// The message as an XML document.
///
/// # Errors
/// None that a message can lead to: it is written into memory.
pub fn cap_message(message: &CapMessage<'_>) -> io::Result<String> {
    let mut to = Xml(Writer::new_with_indent(Vec::new(), b' ', 1));
    to.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    to.element("alert", Some(NAMESPACE), |to| {
        head(message, to)?;
        info(message, to, "nl-NL", |text| text.nl, 0)?;
        info(message, to, "en-GB", |text| text.en, 1)
    })?;
    String::from_utf8(to.0.into_inner()).map_err(io::Error::other)
}

fn head(message: &CapMessage<'_>, to: &mut Xml) -> io::Result<()> {
    let CapMessage { source, desk, alert, exercise, earlier, .. } = *message;
    let kind = match (earlier.is_empty(), alert.level) {
        (true, _) => "Alert",
        (false, Level::Clear) => "Cancel",
        (false, _) => "Update",
    };
    let sender = word(source);
    to.text("identifier", &word(&alert.alert.to_string()))?;
    to.text("sender", &sender)?;
    to.text("sent", &time(alert.raised_at))?;
    to.text("status", if exercise { "Exercise" } else { "Actual" })?;
    to.text("msgType", kind)?;
    to.text("scope", "Private")?;
    to.text("addresses", &word(desk))?;
    if !earlier.is_empty() {
        let name = |earlier: &Earlier| format!("{sender},{},{}", word(&earlier.alert), time(earlier.sent));
        to.text("references", &earlier.iter().map(name).collect::<Vec<_>>().join(" "))?;
    }
    to.text("incidents", &word(&alert.incident.to_string()))
}

/// What is the matter, in one language: `part` is its place in reasons, which have Dutch first.
fn info(
    message: &CapMessage<'_>,
    to: &mut Xml,
    language: &str,
    said: fn(Text) -> &'static str,
    part: usize,
) -> io::Result<()> {
    let alert = message.alert;
    let (level, kind) = (said(words::level(alert.level)), said(words::kind(alert.kind)));
    let reason = alert.reason.split(" / ").nth(part).unwrap_or(&alert.reason);
    to.element("info", None, |to| {
        to.text("language", language)?;
        to.text("category", "Security")?;
        to.text("event", kind)?;
        to.text("responseType", response(alert))?;
        to.text("urgency", urgency(alert))?;
        to.text("severity", severity(alert))?;
        to.text("certainty", certainty(alert.certainty))?;
        to.text("effective", &time(alert.raised_at))?;
        if let Some(fixed_at) = alert.fixed_at {
            to.text("onset", &time(fixed_at))?;
        }
        to.text("senderName", "Afstand")?;
        to.text("headline", &format!("{level}: {kind} ({})", alert.order))?;
        to.text("description", reason)?;
        if alert.arrest_on_sight && alert.level != Level::Clear {
            to.text("instruction", said(ARREST))?;
        }
        if let Some(contact) = &alert.contacts.supervising_officer {
            to.text("contact", &format!("{}, {}", contact.name, contact.phone))?;
        }
        parameters(alert, to)?;
        areas(message, to, said)
    })
}

const ARREST: Text = Text {
    nl: "Aanhouding op heterdaad is mogelijk (art. 184/184a Sr).",
    en: "Arrest on the spot is possible (art. 184/184a Sr).",
};

/// Everything of the alert that CAP has no element for, under the names that it has in JSON.
fn parameters(alert: &Alert, to: &mut Xml) -> io::Result<()> {
    let number = |number: Option<f64>| number.map(|number| number.to_string());
    let id = |id: Option<&dyn ToString>| id.map(ToString::to_string);
    let many = alert.many.as_ref();
    let basis = serde_json::to_value(alert.legal_basis).unwrap_or_default();
    let all = [
        ("incident", Some(alert.incident.to_string())),
        ("alert", Some(alert.alert.to_string())),
        ("revision", Some(alert.revision.to_string())),
        ("kind", Some(alert.kind.as_str().to_owned())),
        ("level", Some(alert.level.as_str().to_owned())),
        ("late", Some(alert.late.to_string())),
        ("order", Some(alert.order.to_string())),
        ("legal_basis", basis.as_str().map(str::to_owned)),
        ("arrest_on_sight", Some(alert.arrest_on_sight.to_string())),
        ("wearer", Some(alert.wearer.to_string())),
        ("victim", id(alert.victim.as_ref().map(|id| id as &dyn ToString))),
        ("zone", id(alert.zone.as_ref().map(|id| id as &dyn ToString))),
        ("device", id(alert.device.as_ref().map(|id| id as &dyn ToString))),
        ("distance_m", number(alert.distance_m)),
        ("uncertainty_m", number(alert.uncertainty_m)),
        ("closing_mps", number(alert.closing_mps)),
        ("contact_s", number(alert.contact_s)),
        ("devices", many.map(|many| many.devices.to_string())),
        ("of_desk", many.map(|many| many.of_desk.to_string())),
        (
            "silent",
            many.map(|many| many.silent.iter().map(|one| one.order.as_str()).collect::<Vec<_>>().join(" ")),
        ),
    ];
    for (name, value) in all {
        let Some(value) = value else { continue };
        to.element("parameter", None, |to| {
            to.text("valueName", name)?;
            to.text("value", &value)
        })?;
    }
    Ok(())
}

/// Where both were last seen, and the zone. CAP has no holes: of a zone with holes the outer edge is shown.
fn areas(message: &CapMessage<'_>, to: &mut Xml, said: fn(Text) -> &'static str) -> io::Result<()> {
    let alert = message.alert;
    let seen = |what: Text, fix: &Option<Fix>| fix.map(|fix| (what, fix));
    let people = [
        seen(Text { nl: "Drager, laatst gezien", en: "Wearer, last seen" }, &alert.wearer_fix),
        seen(Text { nl: "Slachtoffer, laatst gezien", en: "Victim, last seen" }, &alert.victim_fix),
    ];
    for (what, fix) in people.into_iter().flatten() {
        to.element("area", None, |to| {
            to.text("areaDesc", &format!("{} {}", said(what), time(fix.fixed_at)))?;
            to.text("circle", &circle(fix.position, fix.uncertainty_m()))
        })?;
    }
    let (Some(zone), Some(shape)) = (&alert.zone, message.zone) else { return Ok(()) };
    to.element("area", None, |to| {
        to.text("areaDesc", &format!("{} {zone}", said(Text { nl: "Gebied", en: "Zone" })))?;
        if let Some((center, radius_m)) = shape.center_and_radius() {
            return to.text("circle", &circle(center, radius_m));
        }
        for outer in shape.rings().iter().filter_map(|polygon| polygon.first()) {
            to.text("polygon", &outer.iter().map(|at| point(*at)).collect::<Vec<_>>().join(" "))?;
        }
        Ok(())
    })
}

fn urgency(alert: &Alert) -> &'static str {
    match alert.level {
        _ if alert.late => "Past",
        Level::Alarm => "Immediate",
        Level::Warning => "Expected",
        Level::Clear => "Past",
    }
}

fn severity(alert: &Alert) -> &'static str {
    match (alert.level, alert.kind) {
        (Level::Alarm, AlertKind::VictimProximity | AlertKind::Aware) => "Extreme",
        (Level::Alarm, _) => "Severe",
        (Level::Warning, _) => "Moderate",
        (Level::Clear, _) => "Minor",
    }
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => "Observed",
        Certainty::Likely => "Likely",
        Certainty::Possible => "Possible",
    }
}

fn response(alert: &Alert) -> &'static str {
    match alert.level {
        Level::Clear => "AllClear",
        _ if alert.late => "Assess",
        Level::Alarm => "Execute",
        Level::Warning => "Monitor",
    }
}

/// `lat,lon`, in degrees to a decimetre.
fn point(at: Position) -> String {
    format!("{:.6},{:.6}", at.lat_deg(), at.lon_deg())
}

/// A point and a radius in kilometres.
fn circle(center: Position, radius_m: f64) -> String {
    format!("{} {:.3}", point(center), radius_m / 1_000.0)
}

/// Without fractions, and with UTC as CAP wants it written.
fn time(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}-00:00", text.split(['.', 'Z']).next().unwrap_or_default())
}

/// A text without what CAP forbids in names: white space, commas, `<` and `&`.
fn word(text: &str) -> String {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '&');
    text.chars().map(|c| if odd(c) { '_' } else { c }).collect()
}

struct Xml(Writer<Vec<u8>>);

impl Xml {
    /// An element with others in it.
    fn element(
        &mut self,
        name: &'static str,
        namespace: Option<&str>,
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut start = quick_xml::events::BytesStart::new(name);
        start.extend_attributes(namespace.map(|namespace| ("xmlns", namespace)));
        let end = start.to_end().into_owned();
        self.0.write_event(Event::Start(start))?;
        inside(self)?;
        self.0.write_event(Event::End(end))
    }

    /// An element with a text in it. Characters that no XML document may hold become U+FFFD.
    fn text(&mut self, name: &'static str, text: &str) -> io::Result<()> {
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let text: String = text.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect();
        self.0.create_element(name).write_text_content(BytesText::new(&text)).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
