//! All cases there are, within the program.

use std::path::Path;

use zones::Millis;

use super::file::Scenario;
use super::play::Play;
use super::report::{Report, Told};
use super::verdict::misses;
use crate::Failure;

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*]
    };
}

/// Name and text of each, in the order in which they are told.
pub(super) const FILES: &[(&str, &str)] = &files![
    "approach-on-foot"
    "approach-by-bicycle"
    "approach-by-car"
    "approach-seen-often"
    "car-passes-by"
    "victim-walks-in"
    "towards-each-other"
    "one-train"
    "bus-chance-meeting"
    "time-to-contact-off"
    "lives-just-outside"
    "zone-buffer"
    "edge-hovering"
    "edge-outside"
    "crossed-between-fixes"
    "gap-hides-the-way"
    "passing-each-other"
    "polygon-hole"
    "antimeridian"
    "far-north"
    "sleeps-at-home"
    "school-hours"
    "curfew"
    "curfew-spring-night"
    "curfew-spring-gap"
    "curfew-autumn-night"
    "curfew-autumn-twice"
    "drawer-silent"
    "drawer-at-home"
    "tunnel-then-inside"
    "silent-while-raised"
    "stale-never-clears"
    "strap-cut"
    "dead-battery"
    "battery-charged"
    "jamming"
    "strap-repeated"
    "band-and-phone"
    "device-restart"
    "mass-silence"
    "service-cannot-hear"
    "backlog-incursion"
    "backlog-of-hers"
    "one-late-fix"
    "older-than-a-day"
    "clock-ahead"
    "clock-skew"
    "twice-and-out-of-order"
    "leaving-takes-a-minute"
    "teleport-once"
    "teleport-believed"
    "wifi-jump"
    "coarse-cell-fix"
    "coarse-never-clears"
    "frozen-gnss"
    "rough-fixes"
    "unknown-accuracy"
    "first-fix-inside"
    "two-wearers"
    "two-victims"
    "order-begins-inside"
    "order-ends-inside"
    "order-issued-inside"
    "order-succeeded"
    "order-runs-out"
    "zone-and-victim"
    "backlog-of-his"
    "aware-late"
    "steps-down"
    "her-teleport"
    "two-orders"
    "aware-pressed"
    "aware-test"
    "aware-cancelled"
    "aware-forced"
    "quiet-hours"
    "live-car"
    "live-strap-cut"
    "live-leaving"
    "live-teleport"
    "live-coarse"
    "live-twice"
    "live-backlog"
    "live-crossed"
    "live-jamming"
];

/// Names of all cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Reads the cases of those names, or all where none is given. A name that ends in `.toml` is a file of the
/// reader's own.
pub fn select(wanted: &[String]) -> Result<Vec<Scenario>, Failure> {
    if wanted.is_empty() {
        return FILES.iter().map(|(name, text)| read(name, text)).collect();
    }
    wanted.iter().map(|name| find(name)).collect()
}

fn find(wanted: &str) -> Result<Scenario, Failure> {
    let path = Path::new(wanted);
    if path.extension().is_some_and(|extension| extension == "toml") {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        return read(&name, &text);
    }
    if let Some((name, text)) = FILES.iter().find(|(name, _)| *name == wanted) {
        return read(name, text);
    }
    let known: Vec<&str> = names().collect();
    Err(Failure::new(format!("there is no scenario {wanted}; there are: {}", known.join(", "))))
}

fn read(name: &str, text: &str) -> Result<Scenario, Failure> {
    Scenario::read(name, text).map_err(|error| in_file(name, &error))
}

pub(super) fn in_file(name: &str, error: &zones::Invalid) -> Failure {
    Failure::new(format!("{name}.toml: {error}"))
}

impl Report {
    /// Plays cases through the engine of this program, on their virtual clocks. Fails when one tells what cannot
    /// be.
    pub fn through_engine(scenarios: &[Scenario]) -> Result<Self, Failure> {
        let told = |scenario: &Scenario| {
            let play = Play::of(scenario, "", Millis(0))?;
            let heard = play.through_engine(scenario)?;
            Ok(Told::played(scenario, &heard, misses(scenario, &play, &heard)?))
        };
        let all = scenarios.iter().map(|scenario| told(scenario).map_err(|e| in_file(&scenario.name, &e)));
        Ok(Self::of(all.collect::<Result<_, _>>()?))
    }
}
