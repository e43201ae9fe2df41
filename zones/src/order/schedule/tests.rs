//! Schedules against a second opinion: a calendar that is asked minute by minute what the clock on the wall
//! reads, and compares the words.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;
use crate::Millis;

const MINUTE: Millis = Millis(60_000);
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn t(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn schedule(timezone: &str, windows: &[(&[&str], &str, &str)]) -> Schedule {
    let windows = windows.iter().map(|(days, from, to)| Window::new(days, from, to).unwrap()).collect();
    Schedule::new(timezone, windows).unwrap()
}

/// All changes from `from` up to `until`, as text.
fn changes(schedule: &Schedule, from: &str, until: &str) -> Vec<(String, bool)> {
    let mut at = t(from);
    let mut found = Vec::new();
    while let Some(change) = schedule.next_change(at).filter(|change| *change < t(until)) {
        found.push((change.to_string().replace(":00.000Z", "Z"), schedule.applies(change)));
        at = change;
    }
    found
}

fn expect(found: &[(String, bool)], expected: &[(&str, bool)]) {
    let found: Vec<(&str, bool)> = found.iter().map(|(at, state)| (at.as_str(), *state)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_curfew_runs_over_midnight_and_begins_by_the_clock() {
    let curfew = schedule("Europe/Amsterdam", &[(&["mon", "tue"], "22:00", "06:00")]);
    // Monday 2 November 2026; Amsterdam is at +01:00.
    expect(
        &changes(&curfew, "2026-11-01T00:00:00Z", "2026-11-09T00:00:00Z"),
        &[
            ("2026-11-02T21:00Z", true),
            ("2026-11-03T05:00Z", false),
            ("2026-11-03T21:00Z", true),
            ("2026-11-04T05:00Z", false),
        ],
    );
    let millisecond = Millis(1);
    assert!(!curfew.applies(t("2026-11-02T21:00:00Z") - millisecond));
    assert!(curfew.applies(t("2026-11-02T21:00:00Z")));
    assert!(curfew.applies(t("2026-11-03T05:00:00Z") - millisecond));
    assert!(!curfew.applies(t("2026-11-03T05:00:00Z")));
}

#[test]
fn the_night_that_is_an_hour_short() {
    // On 28 March 2027 clocks in Amsterdam go from 02:00 to 03:00 at 01:00Z.
    let night = schedule("Europe/Amsterdam", &[(&["sat"], "22:00", "06:00")]);
    expect(
        &changes(&night, "2027-03-27T12:00:00Z", "2027-03-29T00:00:00Z"),
        &[("2027-03-27T21:00Z", true), ("2027-03-28T04:00Z", false)],
    );
    // 02:30 does not exist: it moves forward to 03:00, when the clock jumps past it.
    let from_half_past_two = schedule("Europe/Amsterdam", &[(&["sun"], "02:30", "06:00")]);
    expect(
        &changes(&from_half_past_two, "2027-03-27T12:00:00Z", "2027-03-29T00:00:00Z"),
        &[("2027-03-28T01:00Z", true), ("2027-03-28T04:00Z", false)],
    );
    let until_half_past_two = schedule("Europe/Amsterdam", &[(&["sun"], "00:00", "02:30")]);
    expect(
        &changes(&until_half_past_two, "2027-03-27T12:00:00Z", "2027-03-29T00:00:00Z"),
        &[("2027-03-27T23:00Z", true), ("2027-03-28T01:00Z", false)],
    );
}

#[test]
fn the_night_that_is_an_hour_long() {
    // On 25 October 2026 clocks in Amsterdam go from 03:00 back to 02:00 at 01:00Z.
    let night = schedule("Europe/Amsterdam", &[(&["sat"], "22:00", "06:00")]);
    expect(
        &changes(&night, "2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z"),
        &[("2026-10-24T20:00Z", true), ("2026-10-25T05:00Z", false)],
    );
    // A quarter to three comes twice, and counts both times.
    let quarter = schedule("Europe/Amsterdam", &[(&["sun"], "02:15", "02:45")]);
    expect(
        &changes(&quarter, "2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z"),
        &[
            ("2026-10-25T00:15Z", true),
            ("2026-10-25T00:45Z", false),
            ("2026-10-25T01:15Z", true),
            ("2026-10-25T01:45Z", false),
        ],
    );
    // A window that ends where the clock jumps back into it goes on without a break.
    let whole_hour = schedule("Europe/Amsterdam", &[(&["sun"], "02:00", "03:00")]);
    expect(
        &changes(&whole_hour, "2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z"),
        &[("2026-10-25T00:00Z", true), ("2026-10-25T02:00Z", false)],
    );
}

#[test]
fn from_equal_to_is_a_whole_day_of_the_calendar() {
    let sunday = schedule("Europe/Amsterdam", &[(&["sun"], "00:00", "00:00")]);
    for (day, hours) in [("2026-10-25", 25), ("2027-03-28", 23), ("2026-11-01", 24)] {
        let noon = t(&format!("{day}T12:00:00Z"));
        let begin = sunday.next_change(noon - Millis::from_secs(24 * 3_600)).unwrap();
        let end = sunday.next_change(begin).unwrap();
        assert!(sunday.applies(noon));
        assert_eq!(end - begin, Millis::from_secs(hours * 3_600), "{day}");
    }
}

#[test]
fn a_schedule_that_never_changes_has_no_next_change() {
    let always = schedule("Europe/Amsterdam", &[(&DAYS, "07:00", "07:00")]);
    let never = schedule("Europe/Amsterdam", &[]);
    for at in ["1850-01-01T00:00:00Z", "2026-10-25T00:59:59.999Z", "9999-12-30T00:00:00Z"] {
        assert_eq!(always.state_at(t(at)), (true, None));
        assert_eq!(never.state_at(t(at)), (false, None));
    }
    let (from, until) = (t("2026-11-02T00:00:00Z"), t("2026-11-06T00:00:00Z"));
    assert!(always.applies_between(from, until) && !never.applies_between(from, until));
    assert!(!always.applies_between(from, from));
    let weekend = schedule("Europe/Amsterdam", &[(&["sat", "sun"], "00:00", "00:00")]);
    assert!(!weekend.applies_between(from, until));
    assert!(weekend.applies_between(from, t("2026-11-07T00:00:00Z")));
}

#[test]
fn the_end_of_the_calendar_is_survived() {
    let curfew = schedule("America/New_York", &[(&["mon"], "22:00", "06:00")]);
    for millis in [i64::MAX, i64::MIN] {
        let at = Timestamp::from_millis(millis);
        assert!(curfew.next_change(at).is_none_or(|change| change > at));
    }
}

#[test]
fn an_unknown_time_zone_is_refused() {
    for name in ["Europe/Utrecht", "", "CEST-1", "../../etc/localtime"] {
        assert_eq!(Schedule::new(name, vec![]).unwrap_err().field, "timezone", "{name}");
    }
    assert_eq!(Schedule::new("europe/amsterdam", vec![]).unwrap().timezone(), "Europe/Amsterdam");
}

/// What the clock reads in each minute of a year: the day, the day before (both Monday = 0), the time.
type Clock = Vec<(u8, u8, u16)>;

/// The clock's words for a whole year in a zone, asked once.
fn clock(zone: &str, year: i16) -> &'static Clock {
    static YEARS: LazyLock<Mutex<BTreeMap<(String, i16), &'static Clock>>> = LazyLock::new(Mutex::default);
    YEARS.lock().unwrap().entry((zone.to_owned(), year)).or_insert_with(|| {
        let tz = TimeZone::get(zone).unwrap();
        let (start, end) = (start_of(year), start_of(year + 1));
        let words = (0..(end - start).0 / MINUTE.0).map(|minute| {
            let local = tz.to_datetime((start + MINUTE * minute).to_jiff());
            let today = local.weekday();
            let number = |day: Weekday| day.to_monday_zero_offset() as u8;
            (number(today), number(today.previous()), local.hour() as u16 * 60 + local.minute() as u16)
        });
        Box::leak(Box::new(words.collect()))
    })
}

fn start_of(year: i16) -> Timestamp {
    t(&format!("{year}-01-01T00:00:00Z"))
}

/// A window as the property tests make it: days as a set of numbers, minutes of the day.
#[derive(Debug, Clone)]
struct Plain {
    days: Vec<u8>,
    from: u16,
    to: u16,
}

impl Plain {
    fn holds(&self, (today, yesterday, time): (u8, u8, u16)) -> bool {
        let begun_today = self.days.contains(&today) && time >= self.from;
        let begun_yesterday = self.days.contains(&yesterday) && time < self.to;
        if self.from < self.to { begun_today && time < self.to } else { begun_today || begun_yesterday }
    }

    fn window(&self) -> Window {
        let days: Vec<&str> = self.days.iter().map(|&day| DAYS[usize::from(day)]).collect();
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Window::new(&days, &clock(self.from), &clock(self.to)).unwrap()
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    // Times near the hours at which clocks jump, whole quarters, and any minute.
    let time = prop_oneof![100_u16..220, (0_u16..96).prop_map(|quarter| quarter * 15), 0_u16..1_440];
    let days = proptest::collection::vec(0_u8..7, 0..=7);
    (days, time.clone(), time).prop_map(|(days, from, to)| Plain { days, from, to })
}

fn zone_and_year() -> impl Strategy<Value = (&'static str, i16)> {
    prop_oneof![
        Just(("Europe/Amsterdam", 2026)),
        Just(("America/New_York", 2027)),
        Just(("Australia/Lord_Howe", 2026)), // jumps by half an hour
        Just(("Pacific/Apia", 2011)),        // had no 30 December
        Just(("UTC", 2026)),
        Just(("Europe/Amsterdam", 2037)), // where the table of jumps ends and the rule begins
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_whole_year_agrees_with_the_clock_on_the_wall(
        (zone, year) in zone_and_year(),
        windows in proptest::collection::vec(plain(), 0..4),
    ) {
        let schedule = Schedule::new(zone, windows.iter().map(Plain::window).collect()).unwrap();
        let start = start_of(year);
        let clock = clock(zone, year);
        let oracle = |minute: usize| windows.iter().any(|window| window.holds(clock[minute]));

        let mut state = oracle(0);
        prop_assert_eq!(schedule.applies(start), state);
        let mut expected = Vec::new();
        let mut at = start;
        for minute in 1..clock.len() {
            at = at + MINUTE;
            if oracle(minute) != state {
                state = !state;
                expected.push(at);
            }
        }
        let mut found = Vec::new();
        let mut at = start;
        while let Some(change) = schedule.next_change(at).filter(|c| *c < start_of(year + 1)) {
            prop_assert_ne!(schedule.applies(change), schedule.applies(change - Millis(1)));
            found.push(change);
            at = change;
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_moment_agrees_with_the_clock_on_the_wall(
        (zone, year) in zone_and_year(),
        windows in proptest::collection::vec(plain(), 0..4),
        moments in proptest::collection::vec(0_i64..365 * 24 * 3_600_000, 1..50),
    ) {
        let schedule = Schedule::new(zone, windows.iter().map(Plain::window).collect()).unwrap();
        let clock = clock(zone, year);
        for millis in moments {
            let at = start_of(year) + Millis(millis);
            let words = clock[(millis / MINUTE.0) as usize];
            let (state, until) = schedule.state_at(at);
            prop_assert_eq!(state, windows.iter().any(|window| window.holds(words)));
            prop_assert_eq!(schedule.applies(at), state);
            if let Some(until) = until {
                prop_assert!(until > at);
                prop_assert_ne!(schedule.applies(until), state);
                prop_assert_eq!(schedule.next_change(until - Millis(1)), Some(until));
            }
        }
    }
}
