//! What is said to whom: CloudEvents 1.0 around the police's or the victim's version of an alert.
//!
//! The victim's version is *built* from the few things that she may and needs to know. Nothing is ever taken
//! out of the police's version to make it, so that what is added there later does not end up with her.

use crate::followup::{DeskState, WhatWasDone};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;
use zones::order::Contact;
use zones::{Alert, AlertKind, Certainty, DeviceId, Level, Millis, Protection, ProtectionReason, Timestamp};

/// A CloudEvents 1.0 event in structured JSON.
#[derive(Debug, Serialize)]
struct Event<'a, D> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    data: D,
}

fn event<D: Serialize>(source: &str, alert: &Alert, data: D) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Event {
        specversion: "1.0",
        id: alert.alert.to_string(),
        source,
        kind: "nl.afstand.alert.v1",
        subject: alert.incident.to_string(),
        time: alert.raised_at,
        datacontenttype: "application/json",
        data,
    })
}

/// The event for a desk: everything an officer needs. `source` names this instance, a URI reference.
pub fn police_event(source: &str, alert: &Alert) -> Result<String, serde_json::Error> {
    event(source, alert, alert)
}

/// The event for a victim device: nothing about the wearer but the danger. No distance: with a few of them and
/// her own places, she or somebody with her device could tell where the wearer is.
pub fn victim_event(source: &str, alert: &Alert) -> Result<String, serde_json::Error> {
    event(source, alert, VictimData::of(alert))
}

/// The event for a victim device that what she was told of is over, with what was done about it.
pub fn all_clear_event(source: &str, alert: &Alert, done: WhatWasDone) -> Result<String, serde_json::Error> {
    event(source, alert, VictimData { done: words_of(done), ..VictimData::of(alert) })
}

/// What is known of something that is over because somebody said so.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// Id of the message.
    pub alert: Uuid,
    /// The incident.
    pub incident: Uuid,
    /// Its place within the incident.
    pub revision: u32,
    /// What it was about.
    pub kind: AlertKind,
    /// When it was over.
    pub at: Timestamp,
    /// The victim's own contact.
    pub contact: Option<&'a Contact>,
}

/// The event for a victim device that what she was told of is over, where no alert says so: somebody in the monitoring
/// centre does.
pub fn resolved_event(source: &str, over: Over<'_>, done: WhatWasDone) -> Result<String, serde_json::Error> {
    let Over { alert, incident, revision, kind, at, contact } = over;
    let mut call = vec![EMERGENCY];
    call.extend(contact.map(|contact| Call { name: &contact.name, phone: &contact.phone }));
    let data = VictimData {
        alert: alert.to_string(),
        incident: incident.to_string(),
        revision,
        kind,
        level: Level::Clear,
        certainty: Certainty::Certain,
        late: false,
        test: false,
        raised_at: at,
        title: title(kind, Level::Clear),
        certainty_text: certainty(Certainty::Certain),
        advice: advice(kind, Level::Clear, false),
        call,
        done: words_of(done),
    };
    serde_json::to_string(&Event {
        specversion: "1.0",
        id: alert.to_string(),
        source,
        kind: "nl.afstand.alert.v1",
        subject: incident.to_string(),
        time: at,
        datacontenttype: "application/json",
        data,
    })
}

/// A text in Dutch and English.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Text {
    /// Dutch.
    pub nl: &'static str,
    /// English.
    pub en: &'static str,
}

/// Whom to call.
#[derive(Debug, Serialize)]
struct Call<'a> {
    name: &'a str,
    phone: &'a str,
}

/// Comes first, always.
const EMERGENCY: Call<'static> = Call { name: "112", phone: "112" };

/// All that a victim is told.
#[derive(Debug, Serialize)]
struct VictimData<'a> {
    alert: String,
    incident: String,
    revision: u32,
    kind: AlertKind,
    level: Level,
    certainty: Certainty,
    late: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    raised_at: Timestamp,
    /// What is the matter.
    title: Text,
    /// How sure that is.
    certainty_text: Text,
    /// What to do now.
    advice: Text,
    call: Vec<Call<'a>>,
    /// What was done about it, where it is over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    done: Vec<Text>,
}

impl<'a> VictimData<'a> {
    fn of(alert: &'a Alert) -> Self {
        let mut call = vec![EMERGENCY];
        if let Some(contact) = &alert.contacts.victim_contact {
            call.push(Call { name: &contact.name, phone: &contact.phone });
        }
        Self {
            alert: alert.alert.to_string(),
            incident: alert.incident.to_string(),
            revision: alert.revision,
            kind: alert.kind,
            level: alert.level,
            certainty: alert.certainty,
            late: alert.late,
            test: alert.test,
            raised_at: alert.raised_at,
            title: if alert.test { TEST_TITLE } else { title(alert.kind, alert.level) },
            certainty_text: certainty(alert.certainty),
            advice: if alert.test { TEST_ADVICE } else { advice(alert.kind, alert.level, alert.late) },
            call,
            done: Vec::new(),
        }
    }
}

/// What a victim's app shows when it is opened.
#[derive(Debug, Serialize)]
struct VictimPicture<'a> {
    /// Her own.
    own_device: &'a str,
    /// Whether a code cancels her press of AWARE.
    aware_code: bool,
    /// How well she is protected; `null` while that is not known.
    protection: Option<&'a Protection>,
    /// What she can do about it.
    advice: Vec<Text>,
    /// Whom to call: 112, then her own contact.
    call: Vec<Call<'a>>,
    /// The events that she was sent and that still stand, the newest of each incident.
    alerts: Vec<&'a RawValue>,
    /// How often her own device is to say where it is, in seconds; `null` where no order names it.
    fix_interval_s: Option<i64>,
    /// Whether her browsers can be woken.
    push: bool,
}

/// What a victim's app shows: which device is hers, whether she has a code that cancels AWARE, how well she is
/// protected, what she can do about it, whom to call, what stands, how often her device is to report, and whether her
/// browsers can be woken. `alerts` are events that [`victim_event`] made.
pub fn victim_picture(
    device: &DeviceId,
    has_code: bool,
    protection: Option<&Protection>,
    contacts: &[&Contact],
    alerts: &[String],
    fix_interval: Option<Millis>,
    push: bool,
) -> Result<String, serde_json::Error> {
    let reasons = protection.map_or(&[][..], |protection| &protection.reasons);
    let mut call = vec![EMERGENCY];
    call.extend(contacts.iter().map(|contact| Call { name: &contact.name, phone: &contact.phone }));
    serde_json::to_string(&VictimPicture {
        own_device: device.as_str(),
        aware_code: has_code,
        protection,
        advice: reasons.iter().filter_map(|reason| remedy(*reason)).collect(),
        call,
        alerts: alerts.iter().map(|event| serde_json::from_str(event)).collect::<Result<_, _>>()?,
        fix_interval_s: fix_interval.map(|interval| interval.0 / 1_000),
        push,
    })
}

/// How well a victim is protected, as her device is told.
pub fn victim_protection(protection: &Protection) -> Result<String, serde_json::Error> {
    serde_json::to_string(protection)
}

/// What she can do herself about a reason not to be protected; `None` where that is nothing.
fn remedy(reason: ProtectionReason) -> Option<Text> {
    use ProtectionReason as R;
    Some(match reason {
        R::NoOrderInForce => Text {
            nl: "Er is nu geen maatregel die u beschermt. Vraag uw contactpersoon hoe dat zit.",
            en: "No order protects you now. Ask your contact about it.",
        },
        R::OwnDeviceUnseen => Text {
            nl: "Uw device heeft zich nog niet gemeld. Kijk of het aan staat, is opgeladen en bereik heeft.",
            en: "Your device has not reported yet. See that it is switched on, charged and in reach of the network.",
        },
        R::OwnDeviceSilent => Text {
            nl: "Uw device meldt zich niet. Kijk of het aan staat, is opgeladen en bereik heeft.",
            en: "Your device does not report. See that it is switched on, charged and in reach of the network.",
        },
        R::OwnPositionVague => Text {
            nl: "Uw device weet niet goed waar u bent. Ga als het kan naar buiten of dicht bij een raam.",
            en: "Your device does not know well where you are. If you can, go outside or close to a window.",
        },
        R::OwnDeviceParted => Text {
            nl: "Uw device en uw telefoon zijn van elkaar gescheiden. Houd ze bij elkaar.",
            en: "Your device and your telephone are apart. Keep them together.",
        },
        R::OwnBatteryCritical => Text {
            nl: "De batterij van uw device is bijna leeg. Laad het nu op.",
            en: "The battery of your device is nearly empty. Charge it now.",
        },
        R::WearerDeviceSilent
        | R::WearerDeviceUnseen
        | R::WearerPositionVague
        | R::WearerDeviceTampered
        | R::WearerDeviceParted
        | R::DistanceUncertain => return None,
    })
}

const TEST_TITLE: Text =
    Text { nl: "Test van uw noodknop geslaagd", en: "Your panic button works: this was a test" };

const TEST_ADVICE: Text = Text {
    nl: "Dit was een test: uw melding komt aan. Er wordt niemand gebeld. Druk bij gevaar opnieuw.",
    en: "This was a test: your call comes through. Nobody is called. Press again when in danger.",
};

/// What was done, in the order in which it counts for her. Nothing of where anybody was.
fn words_of(done: WhatWasDone) -> Vec<Text> {
    let police = match done.desk {
        Some(DeskState::OnScene | DeskState::Closed) => {
            Some(Text { nl: "De politie is ter plaatse geweest.", en: "Police have been there." })
        }
        Some(DeskState::Dispatched) => {
            Some(Text { nl: "De politie is op weg gegaan.", en: "Police went on their way." })
        }
        Some(DeskState::Accepted) => {
            Some(Text { nl: "De politie heeft de melding aangenomen.", en: "Police took the report on." })
        }
        _ => None,
    };
    let centre = if done.resolved {
        Text { nl: "De meldkamer heeft dit afgehandeld.", en: "The monitoring centre has dealt with it." }
    } else if done.acted {
        Text { nl: "De meldkamer heeft actie ondernomen.", en: "The monitoring centre has acted." }
    } else if done.acknowledged {
        Text { nl: "De meldkamer heeft het gezien.", en: "The monitoring centre has seen it." }
    } else {
        Text { nl: "De meldkamer kijkt ernaar.", en: "The monitoring centre looks into it." }
    };
    police.into_iter().chain([centre]).collect()
}

/// What is the matter, in her words.
pub(super) fn title(kind: AlertKind, level: Level) -> Text {
    match (kind, level) {
        (_, Level::Clear) => Text { nl: "Dit alarm is voorbij", en: "This alert is over" },
        (AlertKind::Aware, _) => Text { nl: "Uw noodknop is ingedrukt", en: "Your panic button was pressed" },
        (AlertKind::VictimProximity, Level::Alarm) => {
            Text { nl: "De drager is dicht bij u", en: "The wearer is close to you" }
        }
        (AlertKind::VictimProximity, Level::Warning) => {
            Text { nl: "De drager komt bij u in de buurt", en: "The wearer is coming near you" }
        }
        (AlertKind::ExclusionZone, Level::Alarm) => {
            Text { nl: "De drager is in een verboden gebied", en: "The wearer is in a forbidden area" }
        }
        (AlertKind::ExclusionZone, Level::Warning) => {
            Text { nl: "De drager is bij een verboden gebied", en: "The wearer is near a forbidden area" }
        }
        // Kinds that are not sent to her have words all the same, should that ever change.
        (_, Level::Alarm) => Text { nl: "Er is een alarm", en: "There is an alarm" },
        (_, Level::Warning) => Text { nl: "Er is een waarschuwing", en: "There is a warning" },
    }
}

fn certainty(certainty: Certainty) -> Text {
    match certainty {
        Certainty::Certain => Text { nl: "zeker", en: "certain" },
        Certainty::Likely => Text { nl: "waarschijnlijk", en: "likely" },
        Certainty::Possible => Text { nl: "mogelijk", en: "possible" },
    }
}

/// What she can do now.
pub(super) fn advice(kind: AlertKind, level: Level, late: bool) -> Text {
    match (kind, level) {
        (_, Level::Clear) => Text {
            nl: "U hoeft nu niets te doen. Voelt u zich niet veilig, bel dan uw contactpersoon of 112.",
            en: "You need not do anything now. If you do not feel safe, call your contact or 112.",
        },
        (AlertKind::Aware, _) => Text {
            nl: "Uw melding is binnen. Ga naar een veilige plek en bel 112 als u kunt.",
            en: "Your call for help has come in. Go to a safe place and call 112 if you can.",
        },
        _ if late => Text {
            nl: "Dit bericht gaat over een eerder moment en kwam laat binnen. Let goed op, en bel 112 als u gevaar ziet.",
            en: "This message is about an earlier moment and came in late. Be alert, and call 112 if you see danger.",
        },
        (_, Level::Alarm) => Text {
            nl: "Ga meteen naar een veilige plek, bij andere mensen of achter een dichte deur. Bel 112. Zoek de drager niet op.",
            en: "Go to a safe place at once, with other people or behind a locked door. Call 112. Do not approach the wearer.",
        },
        (_, Level::Warning) => Text {
            nl: "Let goed op en houd uw telefoon bij de hand. Ga als het kan naar een veilige plek. Bel 112 als u gevaar ziet.",
            en: "Be alert and keep your telephone at hand. Go to a safe place if you can. Call 112 if you see danger.",
        },
    }
}

#[cfg(test)]
pub(super) mod tests;
