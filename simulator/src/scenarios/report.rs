//! How the cases went, for a tired reader and for a program.

use std::io::{self, Write};

use serde::Serialize;

use super::expect::Kind;
use super::file::{Scenario, Title};
use super::play::Heard;
use super::verdict::Miss;

/// How all cases went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Cases in which everything expected came, and nothing that must not.
    pub passed: usize,
    /// Cases in which that is not so.
    pub missed: usize,
    /// Cases that cannot be played at true speed, when that was asked.
    pub not_playable: usize,
    /// Case by case.
    pub scenarios: Vec<Told>,
}

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: Title,
    /// The rule it holds the detection to.
    pub rule: String,
    /// How it went.
    pub result: Result,
    /// Alerts that came.
    pub alerts: usize,
    /// What was expected and did not come, or was not to come and did.
    pub misses: Vec<Miss>,
}

/// How a case went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// As it must.
    Pass,
    /// Otherwise.
    Miss,
    /// Not played: it cannot be, in real time.
    NotPlayable,
}

impl Told {
    pub(super) fn played(scenario: &Scenario, heard: &[Heard], misses: Vec<Miss>) -> Self {
        let alerts = heard.iter().filter(|heard| matches!(heard.kind, Kind::Alert(_))).count();
        let result = if misses.is_empty() { Result::Pass } else { Result::Miss };
        Self { result, alerts, misses, ..Self::not_playable(scenario) }
    }

    pub(super) fn not_playable(scenario: &Scenario) -> Self {
        Self {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            rule: scenario.rule.clone(),
            result: Result::NotPlayable,
            alerts: 0,
            misses: Vec::new(),
        }
    }

    fn print(&self, to: &mut impl Write) -> io::Result<()> {
        let word = match self.result {
            Result::Pass => "pass",
            Result::Miss => "MISS",
            Result::NotPlayable => "–   ",
        };
        writeln!(to, "{word}  {:<26} {} / {}", self.name, self.title.nl, self.title.en)?;
        for miss in &self.misses {
            writeln!(to, "      expected  {}", miss.expected)?;
            writeln!(to, "                in {}", miss.when)?;
            for (index, line) in miss.came.iter().enumerate() {
                writeln!(to, "      {}  {line}", if index == 0 { "came    " } else { "        " })?;
            }
        }
        if self.result == Result::Miss {
            writeln!(to, "      the rule  {}", self.rule)?;
        }
        Ok(())
    }
}

impl Report {
    pub(super) fn of(scenarios: Vec<Told>) -> Self {
        let count = |result| scenarios.iter().filter(|told| told.result == result).count();
        Self {
            passed: count(Result::Pass),
            missed: count(Result::Miss),
            not_playable: count(Result::NotPlayable),
            scenarios,
        }
    }

    /// Prints a line a case, what went wrong under it, and the counts.
    pub fn print(&self, to: &mut impl Write) -> io::Result<()> {
        for told in &self.scenarios {
            told.print(to)?;
        }
        write!(to, "{} passed, {} missed", self.passed, self.missed)?;
        match self.not_playable {
            0 => writeln!(to),
            count => writeln!(to, ", {count} not playable in real time"),
        }
    }
}
