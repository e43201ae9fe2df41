//! The result: a table in plain words, or JSON.

use std::io::{self, Write};

use serde::Serialize;
use zones::Timestamp;

use crate::checker::{Found, IN_TIME_S, Tally};
use crate::oracle::WATCHES;

use super::World;
use super::figures::Figure;
use super::targets::{self, Target};

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Kind of world.
    pub world: &'static str,
    /// Seed of the worlds.
    pub seed: u64,
    /// Days of a pair that were judged.
    pub pair_days: u64,
    /// Fixes that arrived.
    pub fixes: u64,
    /// Alerts of all kinds.
    pub alerts: u64,
    /// Whether every target is met.
    pub met: bool,
    /// Each target.
    pub targets: Vec<Target>,
    /// What was found about each kind of watch.
    pub watches: Vec<Watched>,
    /// Warning time of fast approaches.
    pub approaches: Approaches,
    /// Alarms by further fixes that were waited for (0, 1, more): without doubt, and likely.
    pub delay_fixes: [[u64; 3]; 2],
    /// Found, and worth looking at: the first few of each kind.
    pub examples: Vec<Shown>,
}

/// What was found about one kind of watch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Watched {
    pub watch: &'static str,
    pub counted: u64,
    pub missed: u64,
    pub short: u64,
    pub short_raised: u64,
    pub hidden_by_radio: u64,
    pub hidden_raised: u64,
    pub hidden_told: u64,
    pub passages: u64,
    pub passages_raised: u64,
    pub raised: u64,
    pub alarms: u64,
    pub false_alarms: u64,
    pub false_warnings: u64,
}

/// Warning time of fast approaches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Approaches {
    /// Approaches at 30 km/h or more with working devices.
    pub count: u64,
    /// Median seconds between the warning and the alarm distance, and the tenth part's.
    pub median_lead_s: Option<f64>,
    /// Nine in ten are warned of at least so many seconds before.
    pub tenth_lead_s: Option<f64>,
    /// Warned of at least five minutes before, of all of them, possible or not.
    pub in_time_of_all: u64,
    /// The same by the moving zone alone.
    pub in_time_by_proximity: u64,
    /// Those that the order's rules, applied to the truth at the same moments, warn of five minutes before.
    pub in_time_by_the_rules: u64,
    /// The same, of rules that look one expected fix ahead.
    pub in_time_looking_ahead: u64,
    /// False warnings that came true all the same: they were early.
    pub false_but_came_true: u64,
}

/// An example.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Number of the pair-day; world and pair within it follow by division by 32.
    pub pair_day: u64,
    /// What the wearer of that pair does.
    pub doing: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
}

impl Report {
    pub(super) fn of(seed: u64, world: World, tally: &Tally) -> Self {
        let targets = targets::of(tally);
        let watches = WATCHES.iter().zip(&tally.found).map(|(watch, found)| Watched::of(watch.word(), found));
        // The first example of a single day stands for the day, and says nothing.
        let told = tally.examples.iter().filter(|example| !example.what.is_empty());
        let shown = told.map(|example| Shown {
            pair_day: example.pair_day,
            doing: example.doing.clone(),
            at: Timestamp::from_millis(example.at),
            what: example.what.clone(),
        });
        Self {
            world: world.word(),
            seed,
            pair_days: tally.pair_days,
            fixes: tally.fixes,
            alerts: tally.alerts,
            met: targets.iter().all(|target| target.met),
            targets,
            watches: watches.collect(),
            approaches: Approaches::of(tally),
            delay_fixes: [tally.delay_certain, tally.delay_likely],
            examples: shown.collect(),
        }
    }

    /// Prints the table.
    pub fn print(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "Beoordeling van de detectie / judgement of the detection")?;
        writeln!(
            to,
            "wereld / world {}, seed {}, {} paardagen / pair-days, {} fixes, {} meldingen / alerts\n",
            self.world, self.seed, self.pair_days, self.fixes, self.alerts
        )?;
        for target in &self.targets {
            print_target(to, target)?;
        }
        self.print_watches(to)?;
        self.print_approaches(to)?;
        if !self.examples.is_empty() {
            writeln!(to, "\nVoorbeelden / examples (pair-day, time):")?;
        }
        for example in &self.examples {
            writeln!(to, "  {:>6}  {}  {} ({})", example.pair_day, example.at, example.what, example.doing)?;
        }
        writeln!(
            to,
            "\n{}",
            if self.met {
                "Alle doelen gehaald / every target is met."
            } else {
                "Niet alle doelen gehaald / not every target is met."
            }
        )?;
        writeln!(
            to,
            "Intervallen / intervals: 95 %; Wilson (1927) for shares, Garwood (1936, exact Poisson) for rates."
        )
    }

    fn print_watches(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(
            to,
            "\n{:<22}{:>9}{:>8}{:>16}{:>22}{:>15}{:>10}",
            "", "tellen", "gemist", "kort (gemeld)", "verborgen (+ gezegd)", "valse alarmen", "waarsch."
        )?;
        writeln!(
            to,
            "{:<22}{:>9}{:>8}{:>16}{:>22}{:>15}{:>10}",
            "", "counted", "missed", "short (raised)", "hidden (+ told)", "false alarms", "warnings"
        )?;
        for watch in &self.watches {
            writeln!(
                to,
                "{:<22}{:>9}{:>8}{:>16}{:>22}{:>15}{:>10}",
                watch.watch,
                watch.counted,
                watch.missed,
                format!("{} ({})", watch.short, watch.short_raised),
                format!("{} ({} + {})", watch.hidden_by_radio, watch.hidden_raised, watch.hidden_told),
                watch.false_alarms,
                watch.false_warnings
            )?;
        }
        Ok(())
    }

    fn print_approaches(&self, to: &mut impl Write) -> io::Result<()> {
        let a = &self.approaches;
        let seconds = |s: Option<f64>| s.map_or_else(|| "–".to_owned(), |s| format!("{s:.0} s"));
        writeln!(
            to,
            "\nSnelle naderingen / fast approaches (30 km/h +): {}; waarschuwing vooraf / warned before: median {}, nine in ten at least {}.",
            a.count,
            seconds(a.median_lead_s),
            seconds(a.tenth_lead_s)
        )?;
        writeln!(
            to,
            "Five minutes before: {} of all, {} by proximity alone; by the rules on the truth {}, looking a fix ahead {}.",
            a.in_time_of_all, a.in_time_by_proximity, a.in_time_by_the_rules, a.in_time_looking_ahead
        )?;
        writeln!(
            to,
            "Van de valse waarschuwingen kwamen er uit / of the false warnings came true, within the warning time and a fix: {}.",
            a.false_but_came_true
        )?;
        let [certain, likely] = self.delay_fixes;
        writeln!(
            to,
            "Vertraging in fixes / delay in fixes (0, 1, more): without doubt {certain:?}, likely {likely:?}."
        )
    }
}

fn print_target(to: &mut impl Write, target: &Target) -> io::Result<()> {
    let mark = if target.met { "gehaald / met   " } else { "GEMIST / MISSED " };
    let Figure { value, low, high } = target.figure;
    let measured = value.map_or_else(
        || "niets gemeten / nothing measured".to_owned(),
        |value| format!("{} [{} – {}]", short(value), short(low), short(high)),
    );
    let relation = if target.at_most { "≤" } else { "≥" };
    writeln!(
        to,
        "{mark} {} / {}: {measured} ({}), {relation} {}",
        target.nl,
        target.name,
        target.of,
        short(target.bound)
    )
}

/// Three figures that matter are enough.
fn short(value: f64) -> String {
    match value {
        v if v == v.round() => format!("{v}"),
        v if v.abs() >= 100.0 => format!("{v:.0}"),
        v if v.abs() >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    }
}

impl Watched {
    fn of(watch: &'static str, found: &Found) -> Self {
        Self {
            watch,
            counted: found.counted,
            missed: found.missed,
            short: found.short,
            short_raised: found.short_raised,
            hidden_by_radio: found.hidden,
            hidden_raised: found.hidden_raised,
            hidden_told: found.hidden_told,
            passages: found.passages,
            passages_raised: found.passages_raised,
            raised: found.raised,
            alarms: found.alarms,
            false_alarms: found.false_alarms,
            false_warnings: found.false_warnings,
        }
    }
}

impl Approaches {
    fn of(tally: &Tally) -> Self {
        let mut leads: Vec<f64> = tally.approaches.iter().map(|a| a.lead_s).collect();
        leads.sort_by(f64::total_cmp);
        let quantile = |part: usize, of: usize| leads.get(leads.len() * part / of).copied();
        let in_time = |lead: fn(&crate::checker::Approach) -> f64| {
            tally.approaches.iter().filter(|a| lead(a) >= IN_TIME_S).count() as u64
        };
        Self {
            count: leads.len() as u64,
            median_lead_s: quantile(1, 2),
            tenth_lead_s: quantile(1, 10),
            in_time_of_all: in_time(|a| a.lead_s),
            in_time_by_proximity: in_time(|a| a.by_pair_s),
            in_time_by_the_rules: in_time(|a| a.could_s),
            in_time_looking_ahead: in_time(|a| a.foreseeable_s),
            false_but_came_true: tally.came_true,
        }
    }
}
