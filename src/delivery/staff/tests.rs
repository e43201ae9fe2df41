//! What travels in the open says what it must, in the room there is, and nothing that it must not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::delivery::words::LONGEST_TEXT_MESSAGE;

/// The basic table of GSM 03.38, as printed in 3GPP TS 23.038, 6.2.1: what a text message of 160 characters is
/// made of.
const GSM_7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const KINDS: [AlertKind; 11] = [
    AlertKind::ExclusionZone,
    AlertKind::InclusionZone,
    AlertKind::VictimProximity,
    AlertKind::Aware,
    AlertKind::Tamper,
    AlertKind::Silence,
    AlertKind::Battery,
    AlertKind::Jamming,
    AlertKind::Parted,
    AlertKind::FollowUp,
    AlertKind::MassSilence,
];
const LEVELS: [Level; 3] = [Level::Clear, Level::Warning, Level::Alarm];
const ASKS: [Ask; 13] = [
    Ask::Acknowledge,
    Ask::RingAgain,
    Ask::RaisedAgain,
    Ask::PhoneDesk,
    Ask::PhoneVictim,
    Ask::DeskRejected,
    Ask::Remind,
    Ask::Missed,
    Ask::NobodyOnDuty,
    Ask::Undelivered,
    Ask::Confirm,
    Ask::Differs,
    Ask::Look,
];

fn notice(kind: AlertKind, level: Level, step: Ask) -> Notice {
    Notice {
        notice: "4f3e2d1c-0000-5abc-8def-001122334455".to_owned(),
        incident: "b7a0f3e2-1111-5abc-8def-001122334455".to_owned(),
        kind,
        level,
        order: OrderId::new("ord-0001").ok(),
        devices: None,
        call: Vec::new(),
        step,
        about: None,
        late: false,
        language: None,
        raised_at: Timestamp::parse("2026-11-21T10:15:30.250Z").unwrap(),
    }
}

fn every() -> impl Iterator<Item = Notice> {
    let with_level = |kind| LEVELS.into_iter().map(move |level| (kind, level));
    KINDS
        .into_iter()
        .flat_map(with_level)
        .flat_map(|(kind, level)| ASKS.into_iter().map(move |ask| notice(kind, level, ask)))
}

fn is_one_text_message(text: &str) -> bool {
    text.chars().count() <= LONGEST_TEXT_MESSAGE && text.chars().all(|c| GSM_7.contains(c))
}

#[test]
fn a_notice_says_what_is_the_matter_and_what_to_do_in_dutch_first() {
    let notice = notice(AlertKind::VictimProximity, Level::Alarm, Ask::PhoneDesk);
    assert_eq!(
        notice.text_message(),
        "Afstand ALARM dicht bij slachtoffer: bel meldkamer / ALARM close to victim: phone desk / b7a0f3e2 ord-0001"
    );
    let letter = notice.letter();
    assert_eq!(letter.subject, "Afstand: ALARM dicht bij slachtoffer / ALARM close to victim – ord-0001");
    assert!(letter.urgent && letter.thread.as_deref() == Some(notice.incident.as_str()));
    assert_eq!(
        letter.text,
        "ALARM: dicht bij slachtoffer, bevel ord-0001.\n\
         De meldkamer heeft niet geaccepteerd: bel de meldkamer.\n\n\
         Incident b7a0f3e2-1111-5abc-8def-001122334455\n\
         Gemeld 2026-11-21T10:15:30.250Z (UTC)\n\
         Alles hierover staat in de console van Afstand.\n\n--\n\n\
         ALARM: close to victim, order ord-0001.\n\
         The control room has not accepted: telephone it.\n\n\
         Incident b7a0f3e2-1111-5abc-8def-001122334455\n\
         Raised 2026-11-21T10:15:30.250Z (UTC)\n\
         All about it is in Afstand's console.\n"
    );
    let json: Value = serde_json::from_str(&notice.to_json().unwrap()).unwrap();
    assert_eq!(
        json,
        json!({
            "notice": "4f3e2d1c-0000-5abc-8def-001122334455",
            "incident": "b7a0f3e2-1111-5abc-8def-001122334455",
            "kind": "victim_proximity", "level": "alarm", "order": "ord-0001", "step": "phone_desk",
            "raised_at": "2026-11-21T10:15:30.250Z",
            "text_nl": "ALARM: dicht bij slachtoffer, bevel ord-0001. De meldkamer heeft niet geaccepteerd: bel de meldkamer.",
            "text_en": "ALARM: close to victim, order ord-0001. The control room has not accepted: telephone it.",
        })
    );
}

#[test]
fn a_deadline_is_named() {
    let about = Some("officer_reviews".to_owned());
    let notice = Notice { about, ..notice(AlertKind::ExclusionZone, Level::Alarm, Ask::Remind) };
    let json: Value = serde_json::from_str(&notice.to_json().unwrap()).unwrap();
    assert_eq!(
        json["text_nl"],
        "ALARM: verboden gebied, bevel ord-0001 (officer_reviews). Een termijn loopt bijna af: handel, en leg het vast."
    );
    assert_eq!(Notice::read(&notice.to_json().unwrap()), Ok(notice));
}

#[test]
fn every_notice_fits_in_one_text_message_with_its_incident_and_order() {
    for notice in every() {
        let text = notice.text_message();
        assert!(is_one_text_message(&text), "{} characters: {text}", text.chars().count());
        assert!(text.contains("b7a0f3e2") && text.ends_with("ord-0001"), "{text}");
        let victims = notice.victims_text_message();
        assert!(is_one_text_message(&victims), "{} characters: {victims}", victims.chars().count());
        let late = Notice { late: true, ..notice }.victims_text_message();
        assert!(is_one_text_message(&late), "{} characters: {late}", late.chars().count());
    }
}

#[test]
fn every_kind_and_every_request_has_words_of_its_own() {
    let texts = |level: Level, kinds: &[AlertKind], asks: &[Ask]| {
        let pairs = kinds.iter().flat_map(|kind| asks.iter().map(|ask| notice(*kind, level, *ask)));
        pairs.map(|notice| notice.text_message()).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(texts(Level::Alarm, &KINDS, &ASKS), KINDS.len() * ASKS.len());
    // What is over asks one thing only.
    assert_eq!(texts(Level::Clear, &KINDS, &ASKS), KINDS.len());
    for kind in KINDS {
        let text = notice(kind, Level::Alarm, Ask::Look).text_message();
        assert!(!text.contains("melding"), "{} has no words: {text}", kind.as_str());
    }
}

#[test]
fn a_victim_is_told_in_her_words() {
    let notice = notice(AlertKind::VictimProximity, Level::Alarm, Ask::Acknowledge);
    assert_eq!(
        notice.victims_text_message(),
        "De drager is dicht bij u. Ga naar een veilige plek, bel 112. / The wearer is close to you. Go to a safe \
         place, call 112."
    );
    let letter = notice.victims_letter();
    assert_eq!(letter.subject, "De drager is dicht bij u / The wearer is close to you");
    assert!(letter.text.starts_with("De drager is dicht bij u.\nGa meteen naar een veilige plek"));
    let english = Notice { language: Some(Language::En), ..notice.clone() };
    assert!(english.victims_text_message().starts_with("The wearer is close to you."));
    assert!(english.victims_letter().subject.starts_with("The wearer is close to you / De drager"));
    assert!(english.text_message().starts_with("Afstand ALARM dicht bij"), "staff are told as ever");
    let over = Notice { level: Level::Clear, ..notice }.victims_text_message();
    assert!(
        over.starts_with("Dit alarm is voorbij. U hoeft nu niets te doen. / This alert is over."),
        "{over}"
    );
}

#[test]
fn a_word_that_is_not_known_asks_to_look() {
    let known = notice(AlertKind::Silence, Level::Warning, Ask::Acknowledge).to_json().unwrap();
    let read = Notice::read(&known.replace("\"acknowledge\"", "\"dance\"")).unwrap();
    assert_eq!(read.step, Ask::Look);
}

#[test]
fn what_is_no_notice_is_not_sent() {
    let good = notice(AlertKind::Silence, Level::Warning, Ask::Look).to_json().unwrap();
    assert!(Notice::read(&good).is_ok());
    for (was, is) in [
        ("\"b7a0f3e2-", "\"Coolsingel 40, "),
        ("\"silence\"", "\"Jan Jansen\""),
        ("\"ord-0001\"", "\"52.0907, 5.1214\""),
        ("\"step\"", "\"about\":\"Jan Jansen\",\"step\""),
        ("{", "["),
    ] {
        let bad = good.replacen(was, is, 1);
        assert_ne!(bad, good);
        assert_eq!(Notice::read(&bad), Err(SendError::new("the stored notice cannot be read".to_owned())));
    }
}

proptest! {
    /// However much is known of the case and ends up in the stored notice, what travels in the open is the same.
    #[test]
    fn nothing_of_a_case_can_get_into_an_e_mail_or_a_text_message(
        kind in proptest::sample::select(KINDS.to_vec()),
        level in proptest::sample::select(LEVELS.to_vec()),
        step in proptest::sample::select(ASKS.to_vec()),
        lat in 50.7..53.6_f64,
        lon in 3.3..7.3_f64,
        name in "[A-Z][a-z]{3,12} [A-Z][a-z]{3,12}",
        street in "[A-Z][a-z]{4,14}straat [1-9][0-9]{0,2}",
        phone in "06[0-9]{8}",
    ) {
        let plain = notice(kind, level, step);
        let mut full: Value = serde_json::from_str(&plain.to_json().unwrap()).unwrap();
        let secrets = json!({
            "text_nl": format!("{name} is bij {street}"), "text_en": format!("{name} is at {street}"),
            "wearer": name, "wearer_fix": {"lat": lat, "lon": lon}, "address": street,
            "contacts": {"victim_contact": {"name": name, "phone": phone}}, "distance_m": 812.5,
        });
        full.as_object_mut().unwrap().extend(secrets.as_object().unwrap().clone());
        let read = Notice::read(&full.to_string()).unwrap();
        let open = |notice: &Notice| {
            let (letter, victims) = (notice.letter(), notice.victims_letter());
            [notice.text_message(), notice.victims_text_message(), letter.subject, letter.text, victims.subject, victims.text]
        };
        prop_assert_eq!(open(&read), open(&plain));
        for text in open(&read) {
            for secret in [&name, &street, &phone, &format!("{lat:.2}"), &format!("{lon:.2}"), &"812".to_owned()] {
                prop_assert!(!text.contains(secret.as_str()), "{secret} in {text}");
            }
        }
    }

    #[test]
    fn an_order_with_a_long_id_costs_no_more_than_one_text_message(
        order in "[A-Za-z0-9_-]{1,64}",
        kind in proptest::sample::select(KINDS.to_vec()),
        step in proptest::sample::select(ASKS.to_vec()),
    ) {
        let order = OrderId::new(&order).ok();
        let text = Notice { order, ..notice(kind, Level::Warning, step) }.text_message();
        prop_assert!(is_one_text_message(&text), "{text}");
        prop_assert!(text.contains("b7a0f3e2"));
    }
}
