//! The words of notices: Dutch first, then English. No position, no name, no address: what is here travels in the
//! open.

use zones::order::{Callee, Language};
use zones::{AlertKind, Level};

use super::staff::{Ask, Notice};
use super::versions::{Text, advice, title};

/// Most characters of a text message that is sent as one.
pub(super) const LONGEST_TEXT_MESSAGE: usize = 160;
/// So much of an incident's id stands in a text message: enough to find it by.
const INCIDENT_SHOWN: usize = 8;

/// What is the matter, and what is asked, as sentences: Dutch, then English.
pub(super) fn sentences(notice: &Notice) -> [(String, &'static str); 2] {
    let (level, kind, ask) = (level(notice.level), kind(notice.kind), ask(notice.step, notice.level));
    let about = notice.about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
    let order = notice.order.as_ref();
    let nl = order.map(|order| format!(", bevel {order}")).unwrap_or_default();
    let en = order.map(|order| format!(", order {order}")).unwrap_or_default();
    [
        (format!("{}: {}{nl}{about}.", level.nl, counted(notice, kind.nl)), ask.nl),
        (format!("{}: {}{en}{about}.", level.en, counted(notice, kind.en)), ask.en),
    ]
}

/// The text message of a notice. The order's id is what is cut where there is no room.
pub(super) fn text_message(notice: &Notice) -> String {
    let (level, kind, ask) = (level(notice.level), kind(notice.kind), ask_briefly(notice.step, notice.level));
    let incident: String = notice.incident.chars().take(INCIDENT_SHOWN).collect();
    let words = format!(
        "Afstand {} {}: {} / {} {}: {} / {incident}",
        level.nl,
        counted(notice, kind.nl),
        ask.nl,
        level.en,
        counted(notice, kind.en),
        ask.en
    );
    match &notice.order {
        Some(order) => {
            let room = LONGEST_TEXT_MESSAGE.saturating_sub(words.chars().count() + 1);
            let order: String = order.as_str().chars().take(room).collect();
            format!("{words} {order}").trim_end().to_owned()
        }
        None => words,
    }
}

/// The subject of a notice's letter.
pub(super) fn subject(notice: &Notice) -> String {
    let (level, kind) = (level(notice.level), kind(notice.kind));
    let order = notice.order.as_ref().map(|order| format!(" – {order}")).unwrap_or_default();
    let (nl, en) = (counted(notice, kind.nl), counted(notice, kind.en));
    format!("Afstand: {} {nl} / {} {en}{order}", level.nl, level.en)
}

/// What it is about, with how many devices where it is about many.
fn counted(notice: &Notice, kind: &str) -> String {
    match notice.devices {
        Some(devices) => format!("{kind} ({devices})"),
        None => kind.to_owned(),
    }
}

/// The text of a notice's letter.
pub(super) fn letter(notice: &Notice) -> String {
    let [(what_nl, ask_nl), (what_en, ask_en)] = sentences(notice);
    let [call_nl, call_en] = call_order(&notice.call).map(after_a_space);
    let (incident, at) = (&notice.incident, notice.raised_at);
    format!(
        "{what_nl}\n{ask_nl}{call_nl}\n\nIncident {incident}\nGemeld {at} (UTC)\nAlles hierover staat in de console van \
         Afstand.\n\n--\n\n{what_en}\n{ask_en}{call_en}\n\nIncident {incident}\nRaised {at} (UTC)\nAll about it is in \
         Afstand's console.\n"
    )
}

/// The text message to a victim, whose device did not show an alert.
pub(super) fn victims_text_message(notice: &Notice) -> String {
    let (title, advice) =
        (title(notice.kind, notice.level), advice_briefly(notice.kind, notice.level, notice.late));
    let [first, second] = in_her_order(notice, [(title.nl, advice.nl), (title.en, advice.en)]);
    format!("{}. {} / {}. {}", first.0, first.1, second.0, second.1)
}

/// Subject and text of the letter to a victim, whose device did not show an alert.
pub(super) fn victims_letter(notice: &Notice) -> (String, String) {
    let (title, advice) = (title(notice.kind, notice.level), advice(notice.kind, notice.level, notice.late));
    let [first, second] = in_her_order(notice, [(title.nl, advice.nl), (title.en, advice.en)]);
    let subject = format!("{} / {}", first.0, second.0);
    (subject, format!("{}.\n{}\n\n--\n\n{}.\n{}\n", first.0, first.1, second.0, second.1))
}

/// Whom to telephone in what order, as a sentence in Dutch and in English; nothing where the case does not say.
pub(crate) fn call_order(callees: &[Callee]) -> [String; 2] {
    let name = |callee: &Callee| match callee {
        Callee::Wearer => ("de drager", "the wearer"),
        Callee::Victim => ("het slachtoffer", "the victim"),
        Callee::Police => ("de politie", "the police"),
    };
    let mut names = callees.iter().map(name);
    let Some((nl, en)) = names.next() else { return Default::default() };
    let first = [format!("Bel eerst {nl}"), format!("Phone {en} first")];
    let [nl, en] = names.fold(first, |[nl, en], (next_nl, next_en)| {
        [format!("{nl}, dan {next_nl}"), format!("{en}, then {next_en}")]
    });
    [nl + ".", en + "."]
}

/// A sentence that follows on another.
pub(super) fn after_a_space(sentence: String) -> String {
    if sentence.is_empty() { sentence } else { format!(" {sentence}") }
}

/// Dutch first, unless she asked for English.
fn in_her_order<T>(notice: &Notice, [nl, en]: [T; 2]) -> [T; 2] {
    match notice.language.unwrap_or_default() {
        Language::Nl => [nl, en],
        Language::En => [en, nl],
    }
}

/// A level.
pub(super) fn level(level: Level) -> Text {
    match level {
        Level::Clear => Text { nl: "VOORBIJ", en: "OVER" },
        Level::Warning => Text { nl: "WAARSCHUWING", en: "WARNING" },
        Level::Alarm => Text { nl: "ALARM", en: "ALARM" },
    }
}

/// What an alert is about.
pub(super) fn kind(kind: AlertKind) -> Text {
    match kind.as_str() {
        "exclusion_zone" => Text { nl: "verboden gebied", en: "exclusion zone" },
        "inclusion_zone" => Text { nl: "gebiedsgebod", en: "inclusion zone" },
        "victim_proximity" => Text { nl: "dicht bij slachtoffer", en: "close to victim" },
        "aware" => Text { nl: "noodknop AWARE", en: "panic button AWARE" },
        "tamper" => Text { nl: "sabotage", en: "tampering" },
        "silence" => Text { nl: "toestel zwijgt", en: "device silent" },
        "battery" => Text { nl: "batterij", en: "battery" },
        "jamming" => Text { nl: "radio gestoord", en: "radio jammed" },
        "parted" => Text { nl: "baken of telefoon kwijt", en: "beacon or phone lost" },
        "order_expiry" => Text { nl: "bevel loopt af", en: "order expires" },
        "follow_up" => Text { nl: "opvolging", en: "follow-up" },
        "mass_silence" => Text { nl: "veel toestellen zwijgen", en: "many devices silent" },
        // A kind of its own that has no words of its own yet.
        _ => Text { nl: "melding", en: "alert" },
    }
}

/// What is asked, in a sentence.
fn ask(step: Ask, level: Level) -> Text {
    match step {
        _ if level == Level::Clear => Text {
            nl: "Het is voorbij, maar nog niet afgesloten: kijk in de console.",
            en: "It is over, but not closed yet: see the console.",
        },
        Ask::Acknowledge => Text {
            nl: "Niemand heeft dit nog aangenomen: neem het aan in de console.",
            en: "Nobody has acknowledged this yet: acknowledge it in the console.",
        },
        Ask::RingAgain => Text {
            nl: "Dit is aangenomen, maar er is nog niets gedaan: handel, en leg het vast.",
            en: "This was acknowledged, but nothing was done yet: act, and record it.",
        },
        Ask::RaisedAgain => Text {
            nl: "Dit is aangenomen, en wordt opnieuw gemeld: kijk in de console.",
            en: "This was acknowledged, and is raised again: see the console.",
        },
        Ask::PhoneDesk => Text {
            nl: "De meldkamer heeft niet geaccepteerd: bel de meldkamer.",
            en: "The control room has not accepted: telephone it.",
        },
        Ask::PhoneVictim => Text {
            nl: "Haar toestel heeft dit niet getoond: bel het slachtoffer.",
            en: "Her device has not shown this: telephone the victim.",
        },
        Ask::DeskRejected => Text {
            nl: "De meldkamer wijst dit af: de reden staat in de console.",
            en: "The control room rejects this: its reason is in the console.",
        },
        Ask::Remind => Text {
            nl: "Een termijn loopt bijna af: handel, en leg het vast.",
            en: "A deadline is near: act, and record it.",
        },
        Ask::Missed => Text {
            nl: "Een termijn is gemist: handel alsnog, en leg het vast.",
            en: "A deadline was missed: act now, and record it.",
        },
        Ask::NobodyOnDuty => Text {
            nl: "Niemand heeft dienst voor deze rol: zorg dat er iemand is.",
            en: "Nobody is on duty for this role: see to it that somebody is.",
        },
        Ask::Undelivered => Text {
            nl: "Een bericht komt niet aan: zoek een andere weg.",
            en: "A message does not arrive: find another way.",
        },
        Ask::Confirm => Text {
            nl: "Een collega stelt voor dit af te sluiten: beoordeel het ook.",
            en: "A colleague proposes to close this: judge it as well.",
        },
        Ask::Differs => Text {
            nl: "Een collega stelt een andere afloop voor dan u: beoordeel het opnieuw.",
            en: "A colleague proposes another outcome than you did: judge it again.",
        },
        Ask::Look => Text { nl: "Kijk in de console.", en: "See the console." },
    }
}

/// What is asked, in a few words.
fn ask_briefly(step: Ask, level: Level) -> Text {
    match step {
        _ if level == Level::Clear => Text { nl: "sluit af", en: "close it" },
        Ask::Acknowledge => Text { nl: "neem aan", en: "acknowledge" },
        Ask::RingAgain => Text { nl: "nog niets gedaan", en: "nothing done yet" },
        Ask::RaisedAgain => Text { nl: "opnieuw gemeld", en: "raised again" },
        Ask::PhoneDesk => Text { nl: "bel meldkamer", en: "phone desk" },
        Ask::PhoneVictim => Text { nl: "bel slachtoffer", en: "phone victim" },
        Ask::DeskRejected => Text { nl: "meldkamer wijst af", en: "desk rejects" },
        Ask::Remind => Text { nl: "termijn bijna om", en: "deadline near" },
        Ask::Missed => Text { nl: "termijn gemist", en: "deadline missed" },
        Ask::NobodyOnDuty => Text { nl: "niemand in dienst", en: "nobody on duty" },
        Ask::Undelivered => Text { nl: "bericht komt niet aan", en: "not delivered" },
        Ask::Confirm => Text { nl: "beoordeel afsluiten", en: "judge closing" },
        Ask::Differs => Text { nl: "andere afloop", en: "other outcome" },
        Ask::Look => Text { nl: "zie console", en: "see console" },
    }
}

/// What a victim can do now, in a few words.
fn advice_briefly(kind: AlertKind, level: Level, late: bool) -> Text {
    match (kind, level) {
        (_, Level::Clear) => Text { nl: "U hoeft nu niets te doen.", en: "You need not do anything now." },
        (AlertKind::Aware, _) => {
            Text { nl: "Ga naar een veilige plek, bel 112.", en: "Go to a safe place, call 112." }
        }
        _ if late => {
            Text { nl: "Dit was eerder. Let op, bel 112.", en: "This was before. Be alert, call 112." }
        }
        (_, Level::Alarm) => {
            Text { nl: "Ga naar een veilige plek, bel 112.", en: "Go to a safe place, call 112." }
        }
        (_, Level::Warning) => {
            Text { nl: "Let op. Bel 112 bij gevaar.", en: "Be alert. In danger call 112." }
        }
    }
}
