//! The cases themselves are tested: each of them can fail, and a wrong file is refused with a reason.

use std::collections::BTreeSet;

use zones::{AlertKind, Approach, Certainty, Level, Millis, ProtectionState, Timestamp};

use super::device::{Arrival, Message};
use super::expect::Kind;
use super::file::Scenario;
use super::place::Place;
use super::play::{Heard, Play};
use super::suite::{FILES, select};
use super::verdict::{miss, misses};

const CERTAINTIES: [Certainty; 3] = [Certainty::Possible, Certainty::Likely, Certainty::Certain];
const STATES: [ProtectionState; 3] =
    [ProtectionState::Protected, ProtectionState::Limited, ProtectionState::Unprotected];
const APPROACHES: [Approach; 4] =
    [Approach::WearerApproaches, Approach::VictimApproaches, Approach::Both, Approach::Unclear];
const LEVELS: [Level; 3] = [Level::Warning, Level::Alarm, Level::Clear];

fn all() -> Vec<Scenario> {
    select(&[]).unwrap()
}

fn play(scenario: &Scenario) -> Play {
    Play::of(scenario, "", Millis(0)).unwrap()
}

#[test]
fn every_file_is_a_case_and_every_case_a_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    let known: BTreeSet<String> = super::names().map(str::to_owned).collect();
    assert_eq!(files, known);
    assert_eq!(known.len(), FILES.len());
    let titles: BTreeSet<String> = all().into_iter().map(|scenario| scenario.title.nl).collect();
    assert_eq!(titles.len(), FILES.len());
    assert!(FILES.len() >= 40);
    assert!(all().iter().filter(|scenario| scenario.live).count() >= 8);
}

/// An engine that says nothing.
#[test]
fn whatever_must_come_is_missed_when_nothing_comes() {
    for scenario in all() {
        let play = play(&scenario);
        let missed = misses(&scenario, &play, &[]).unwrap();
        let must = scenario.expectations.iter().filter(|e| e.to_string().starts_with("must: ")).count();
        assert_eq!(missed.len(), must, "{}", scenario.name);
        assert!(missed.iter().all(|miss| miss.came.iter().any(|line| line.starts_with("no "))));
    }
}

/// An engine that cries wolf, about everything, at every time.
fn everything(scenario: &Scenario) -> Vec<Heard> {
    let length = scenario.ends - scenario.calendar.starts;
    let step = Millis((length.0 / 200).max(1_000));
    let about: Vec<String> = scenario.people.iter().map(|person| person.name.clone()).collect();
    let about = [about, vec!["village".to_owned(), "house".to_owned()]].concat();
    let mut all = Vec::new();
    let mut at = scenario.calendar.starts;
    while at <= scenario.ends {
        let told = [Kind::Command].into_iter().chain(STATES.map(Kind::Protection));
        all.extend(
            told.map(|kind| Heard {
                about: about.clone(),
                ..Heard::told(0, at, kind, "", "wolf".to_owned())
            }),
        );
        for kind in super::expect::KINDS {
            for (level, certainty, late) in LEVELS
                .into_iter()
                .flat_map(|level| CERTAINTIES.map(|certainty| (level, certainty)))
                .flat_map(|(level, certainty)| [true, false].map(|late| (level, certainty, late)))
            {
                let (about, kind) = (about.clone(), Kind::Alert(kind));
                let wolf = Heard::told(0, at, kind, "", "wolf".to_owned());
                // Each alert has another than the time before.
                let approach = Some(APPROACHES[(all.len() + all.len() / 148) % 4]);
                all.push(Heard {
                    level,
                    certainty,
                    late,
                    approach,
                    about,
                    to_victim: true,
                    to_desk: true,
                    ..wolf
                });
            }
        }
        at = at + step;
    }
    all
}

#[test]
fn whatever_must_not_come_is_missed_when_everything_comes() {
    for scenario in all() {
        let play = play(&scenario);
        let missed = misses(&scenario, &play, &everything(&scenario)).unwrap();
        let expected: BTreeSet<String> = missed.iter().map(|miss| miss.expected.clone()).collect();
        let lines = scenario.expectations.iter().map(ToString::to_string);
        for line in lines.filter(|line| line.starts_with("must not: ")) {
            assert!(expected.contains(&line), "{}: {line}", scenario.name);
        }
    }
}

/// A case that has an expectation of every kind, and goes as it must.
const EVERY_KIND: &str = r#"
title = { nl = "Alles", en = "All" }
rule = "all"
starts = "2026-11-02 09:00"
ends = "09:30"
[place]
home = [5.6, 52.2]
[[order]]
wearer = "bram"
victims = ["anna"]
proximity = { warning_s = 0 }
[story]
script = """
09:00 anna is at home
09:00 bram is 3020 m E of home
09:02 bram cycles 15 km/h to 1500 m E of home
09:20 bram cycles 15 km/h to 4 km E of home
"""
[expect]
must = """
victim_proximity
victim_proximity warning to victim
victim_proximity warning sure live wearer_approaches about bram within 2 fixes by bram after bram comes within 2 km of anna
victim_proximity warning within 90 s after bram comes within 2 km of anna
victim_proximity warning before 09:20
victim_proximity warning between 09:05 and 09:10
victim_proximity warning at least 5 min before 09:20
victim_proximity clear after bram leaves 2 km of anna
more than 1 victim_proximity
protection protected about anna
command about bram
"""
must_not = """
anything alarm
victim_proximity possible
victim_proximity victim_approaches
protection unprotected after 09:01
anything late
silence about anna
anything to desk
anything before bram comes within 2 km of anna
more than 1 victim_proximity warning
"""
"#;

#[test]
fn an_expectation_of_every_kind_holds_and_fails_when_it_is_turned_round() {
    let scenario = Scenario::read("every-kind", EVERY_KIND).unwrap();
    let play = play(&scenario);
    let heard = play.through_engine(&scenario).unwrap();
    assert_eq!(misses(&scenario, &play, &heard).unwrap(), []);
    for expectation in &scenario.expectations {
        let inverted = expectation.inverted();
        assert!(miss(&scenario, &play, &heard, &inverted).unwrap().is_some(), "{expectation}");
    }
}

/// What the error says when a piece of that case is replaced by another.
fn error(piece: &str, by: &str) -> String {
    assert!(EVERY_KIND.contains(piece), "{piece}");
    let scenario = Scenario::read("wrong", &EVERY_KIND.replacen(piece, by, 1));
    let error = scenario.and_then(|scenario| {
        let play = Play::of(&scenario, "", Millis(0))?;
        play.through_engine(&scenario)?;
        misses(&scenario, &play, &[]).map(|_| ())
    });
    error.expect_err(by).to_string()
}

#[test]
fn a_wrong_file_is_refused_and_says_where_it_is_wrong() {
    for (piece, by, words) in [
        ("rule = ", "rulle = ", "unknown field `rulle`"),
        ("ends = \"09:30\"", "ends = \"2026-11-02 08:00\"", "ends: a story lasts longer than nothing"),
        ("ends = \"09:30\"", "ends = \"9.30\"", "ends: `2026-11-02 9.30` is not a local time"),
        ("home = [5.6, 52.2]", "home = [5.6, 152.2]", "place.home"),
        ("home = [5.6, 52.2]", "home = \"2 km E of shop\"", "place.home: `shop` is no place"),
        ("wearer = \"bram\"", "wearer = \"b ram\"", "a name is 1 to 16 characters"),
        ("wearer = \"bram\"", "wearer = \"anna\"", "anna cannot be both wearer and victim"),
        ("[story]", "[device.kees]\nevery_s = 5\n[story]", "device.kees: is nobody's"),
        ("[story]", "[device.bram]\nevery_s = 0\n[story]", "device.bram.every_s: 0 is not from 1"),
        ("09:00 anna is at home", "09:00 anna is at hoome", "“09:00 anna is at hoome”: `hoome` is no place"),
        ("09:00 anna is at home", "09:00 anna flies home", "does not know what `flies home` means"),
        ("09:00 anna is at home", "09:00 anna is at home now", "does not know what to do with `now`"),
        ("09:00 anna is at home", "09:45 anna is at home", "is not within the story"),
        ("09:00 anna is at home", "09:03 anna is at home", "but is earlier"),
        ("09:00 anna is at home", "09:00 anna walks to home", "anna is nowhere yet at 09:00:00"),
        ("09:00 anna is at home", "09:00 anna goes offline until 08:00", "ends after the story"),
        ("09:00 anna is at home", "09:00 anna says hello", "`hello` is no event of the contract"),
        ("anything alarm", "nothing alarm", "`nothing alarm` is no kind of alert"),
        ("anything late", "anything late today", "`within` should stand where `today` stands"),
        ("silence about anna", "silence about kees", "`kees` is no person and no zone of this case"),
        ("before bram comes within 2 km", "before bram comes within 2 m", "that never happens in this story"),
        ("between 09:05 and 09:10", "between 09:10 and 09:05", "speaks of no time within the story"),
        ("within 2 fixes by bram", "within 200 fixes by bram", "so many fixes do not arrive"),
        ("more than 1 victim", "more than 1.5 victim", "1.5 is no count"),
        ("proximity = { warning_s = 0 }", "proximity = { alarm_m = -1 }", "order"),
        ("rule = ", "live = true\nrule = ", "ends: a story lasts longer than nothing and at most 5 minutes"),
    ] {
        let said = error(piece, by);
        assert!(said.contains(words), "{by}: {said}");
    }
}

#[test]
fn the_example_of_the_readme_is_a_case() {
    let readme = include_str!("../../scenarios/README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    // Shown for their form; a case with a schedule is not played live.
    let example = example.replace("live = true", "live = false").replace("copies = 30", "copies = 1");
    let scenario = Scenario::read("example", &example).unwrap();
    assert_eq!((scenario.people.len(), scenario.orders.len(), scenario.expectations.len()), (2, 1, 2));
    Play::of(&scenario, "", Millis(0)).unwrap();
}

#[test]
fn a_live_case_must_be_playable_in_real_time() {
    let read = |ends: &str, must: &str| {
        let text = format!(
            "title = {{ nl = \"a\", en = \"b\" }}\nrule = \"c\"\nstarts = \"2026-11-02 09:00\"\nends = \"{ends}\"\n\
             live = true\n[place]\nhome = [5.6, 52.2]\n[[order]]\nwearer = \"bram\"\n[story]\n\
             script = \"09:00 bram is at home\"\n[expect]\nmust = \"{must}\"\n"
        );
        Scenario::read("live", &text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(read("09:01", "silence alarm to desk"), Ok(()));
    assert!(read("09:01", "silence warning").unwrap_err().contains("`to victim` or `to desk`"));
    assert!(read("09:06", "silence alarm to desk").unwrap_err().contains("at most 5 minutes"));
}

/// A case of one person who is at home, whose script goes on with these lines.
fn sent(script: &str) -> Vec<(i64, Vec<i64>)> {
    let text = format!(
        "title = {{ nl = \"a\", en = \"b\" }}\nrule = \"c\"\nstarts = \"2026-11-02 09:00\"\nends = \"09:05\"\n\
         [place]\nhome = [5.6, 52.2]\n[[order]]\nwearer = \"bram\"\n[story]\n\
         script = \"\"\"\n09:00 bram is at home\n{script}\n\"\"\"\n[expect]\nmust = \"silence\"\n"
    );
    let scenario = Scenario::read("sent", &text).unwrap();
    let starts = scenario.calendar.starts;
    let seconds = |at: Timestamp| (at - starts).0 / 1_000;
    let fixes = |arrival: &Arrival| match &arrival.message {
        Message::Fixes(fixes) => fixes.iter().map(|fix| seconds(fix.fixed_at)).collect(),
        Message::Event(event) => vec![-seconds(event.at)],
        Message::Aware(_) | Message::Cancel(_) => Vec::new(),
    };
    play(&scenario).arrivals.iter().map(|arrival| (seconds(arrival.at), fixes(arrival))).collect()
}

#[test]
fn devices_send_as_the_script_says() {
    let usual = |at: i64| (at + 1, vec![at]);
    assert_eq!(sent(""), [0, 60, 120, 180, 240].map(usual));
    assert_eq!(sent("09:01:30 bram goes silent until 09:03:30"), [0, 60, 240].map(usual));
    assert_eq!(sent("09:01:30 bram sends every 100 s"), [0, 60, 90, 190, 290].map(usual));
    assert_eq!(
        sent("09:00:30 bram goes offline until 09:03:30"),
        [usual(0), (211, vec![60, 120, 180]), usual(240)]
    );
    assert_eq!(sent("09:03:30 bram sends out of order"), [usual(0), usual(60), usual(120), usual(180)]);
    assert_eq!(
        sent("09:00:30 bram sends out of order"),
        [usual(0), (121, vec![120]), (121, vec![60]), (241, vec![240]), (241, vec![180])]
    );
    assert_eq!(
        sent("09:03:30 bram sends twice"),
        [0, 60, 120, 180, 240].map(usual).into_iter().chain([(243, vec![240])]).collect::<Vec<_>>()
    );
    assert_eq!(sent("09:03:30 bram has a clock 10 s behind").last(), Some(&(241, vec![230])));
    assert_eq!(sent("09:03:30 bram has delay 9 s").last(), Some(&(249, vec![240])));
    assert_eq!(sent("09:04:10 bram says strap_tamper").last(), Some(&(251, vec![-250])));
    assert_eq!(
        sent("09:02:10 bram seems at 1 km E of home arriving 09:04:50").last(),
        Some(&(290, vec![130]))
    );
}

#[test]
fn people_go_where_the_script_sends_them_as_fast_as_it_says() {
    let scenario = Scenario::read("every-kind", EVERY_KIND).unwrap();
    let play = play(&scenario);
    let home = Place::At(zones::Position::new(52.2, 5.6).unwrap());
    let at = |seconds: i64| {
        let moment = scenario.calendar.starts + Millis::from_secs(seconds);
        play.truth.distance_m(0, &home, moment).unwrap()
    };
    // 15 km/h are 250 m a minute; he sets out after two.
    for (seconds, metres) in
        [(0, 3_020.0), (120, 3_020.0), (240, 2_520.0), (485, 1_500.0), (1_200, 1_500.0), (1_320, 2_000.0)]
    {
        assert!((at(seconds) - metres).abs() < 0.5, "{seconds}: {}", at(seconds));
    }
}

#[test]
fn kinds_of_alerts_are_all_known() {
    let kinds: BTreeSet<AlertKind> = super::expect::KINDS.into_iter().collect();
    assert_eq!(kinds.len(), super::expect::KINDS.len());
}
