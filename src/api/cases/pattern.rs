//! What a case looks like over weeks: how often, how near, at what hours, and whether somebody feels for the edge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zones::{Calendar, Timestamp, policy};

use crate::store::{AlertRow, IncidentRow};

/// A week, from Monday.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Week {
    /// Its Monday.
    #[schema(example = "2026-11-16")]
    pub monday: String,
    /// Rises to a warning about a distance or a place.
    pub warnings: u32,
    /// Rises to an alarm about those.
    pub alarms: u32,
    /// How often she pressed AWARE; trials are not counted.
    pub aware: u32,
    /// Rises about devices: strap, jamming, battery and the like; silence is told in hours.
    pub devices: u32,
    /// The smallest distance between both that an alert of the week has; in between he may have been nearer.
    pub nearest: Option<Nearest>,
    /// Approaches that went beyond the warning distance and not as far as the alarm.
    pub stopped_short: u32,
    /// Visits to a buffer that did not go on into the zone.
    pub buffer_visits: u32,
    /// So many of both that it is a pattern.
    pub boundary_testing: bool,
    /// How often something began, by hour of the day in local time: 24 numbers.
    pub hours: Vec<u32>,
    /// Hours in which the wearer's device was said to be silent.
    pub wearer_silent_h: f64,
    /// Hours in which a victim's device was.
    pub victim_silent_h: f64,
    /// How soon people acted on its alarms.
    pub follow_up: Reaction,
}

/// How near he came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct Nearest {
    /// In metres.
    pub distance_m: f64,
    /// In metres.
    pub uncertainty_m: f64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// How soon people acted on alarms.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub(crate) struct Reaction {
    /// Incidents that were alarms.
    pub alarms: u32,
    /// Of those, acknowledged by somebody.
    pub acknowledged: u32,
    /// Seconds until then: the one in the middle.
    pub median_s: Option<f64>,
    /// The longest.
    pub longest_s: Option<f64>,
}

/// What the pattern needs of an alert beside its row.
#[derive(Debug, Deserialize)]
struct Told {
    #[serde(default)]
    late: bool,
    #[serde(default)]
    test: bool,
    certainty: String,
    distance_m: Option<f64>,
    uncertainty_m: Option<f64>,
}

/// How an incident stands, and since when.
#[derive(Debug, Clone, Copy)]
struct Spell {
    since: Timestamp,
    worst: Rank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Warning,
    Alarm,
}

impl Rank {
    /// `None` is the end.
    fn of(level: &str) -> Option<Self> {
        match level {
            "alarm" => Some(Self::Alarm),
            "warning" => Some(Self::Warning),
            _ => None,
        }
    }
}

/// Weeks in the making.
struct Weeks<'a> {
    calendar: &'a Calendar,
    /// Where they begin, ascending; the last is the end of all.
    edges: Vec<Timestamp>,
    made: Vec<Week>,
    /// What stands raised, by incident.
    spells: BTreeMap<&'a str, Spell>,
}

/// The pattern of an order: a week between each two of `edges`. `alerts` are those from the first edge to the last, in
/// order of time, `incidents` those opened then.
pub(crate) fn pattern(
    calendar: &Calendar,
    edges: Vec<Timestamp>,
    alerts: &[AlertRow],
    incidents: &[IncidentRow],
) -> Vec<Week> {
    let starts = &edges[..edges.len().saturating_sub(1)];
    let made = starts.iter().map(|monday| Week::new(calendar.date(*monday))).collect();
    let mut all = Weeks { calendar, edges, made, spells: BTreeMap::new() };
    for alert in alerts {
        if let Ok(told) = serde_json::from_str(&alert.data) {
            all.take(alert, &told);
        }
    }
    all.end_silences(alerts);
    all.react(incidents);
    for week in &mut all.made {
        let both = week.stopped_short + week.buffer_visits;
        week.boundary_testing = both >= policy::BOUNDARY_TESTING_FROM;
    }
    all.made
}

impl Week {
    fn new(monday: String) -> Self {
        Self {
            monday,
            warnings: 0,
            alarms: 0,
            aware: 0,
            devices: 0,
            nearest: None,
            stopped_short: 0,
            buffer_visits: 0,
            boundary_testing: false,
            hours: vec![0; 24],
            wearer_silent_h: 0.0,
            victim_silent_h: 0.0,
            follow_up: Reaction::default(),
        }
    }
}

impl<'a> Weeks<'a> {
    fn of(&mut self, at: Timestamp) -> Option<&mut Week> {
        let place = self.edges.partition_point(|edge| *edge <= at).checked_sub(1)?;
        self.made.get_mut(place)
    }

    fn take(&mut self, alert: &'a AlertRow, told: &Told) {
        let rank = Rank::of(&alert.level);
        let vague = rank.is_some() && told.certainty == "possible";
        if !vague {
            self.note_distance(alert, told);
        }
        // What was found afterwards moved no standing; a trial is none of his doing; a mere possibility no approach.
        if told.late || told.test || vague {
            return;
        }
        let before = self.spells.get(&*alert.incident).copied();
        let Some(rank) = rank else {
            if let Some(spell) = self.spells.remove(&*alert.incident) {
                self.end(alert, spell, alert.raised_at);
            }
            return;
        };
        if before.is_none_or(|spell| rank > spell.worst) || alert.kind == "aware" {
            self.rise(alert, rank, before.is_none());
        }
        let since = before.map_or(alert.raised_at, |spell| spell.since);
        let worst = before.map_or(rank, |spell| spell.worst.max(rank));
        self.spells.insert(&alert.incident, Spell { since, worst });
    }

    /// A late finding shows how near he was as well as any.
    fn note_distance(&mut self, alert: &AlertRow, told: &Told) {
        let (Some(distance_m), Some(uncertainty_m)) = (told.distance_m, told.uncertainty_m) else { return };
        if alert.kind != "victim_proximity" || alert.level == "clear" {
            return;
        }
        if let Some(week) = self.of(alert.raised_at)
            && week.nearest.is_none_or(|nearest| distance_m < nearest.distance_m)
        {
            week.nearest = Some(Nearest { distance_m, uncertainty_m, at: alert.raised_at });
        }
    }

    fn rise(&mut self, alert: &AlertRow, rank: Rank, begins: bool) {
        let hour = usize::from(self.calendar.hour(alert.raised_at));
        let Some(week) = self.of(alert.raised_at) else { return };
        match (&*alert.kind, rank) {
            ("victim_proximity" | "exclusion_zone" | "inclusion_zone", Rank::Warning) => week.warnings += 1,
            ("victim_proximity" | "exclusion_zone" | "inclusion_zone", Rank::Alarm) => week.alarms += 1,
            ("aware", _) => week.aware += 1,
            ("tamper" | "jamming" | "battery" | "parted", _) => week.devices += 1,
            _ => return,
        }
        if let Some(count) = week.hours.get_mut(hour).filter(|_| begins && alert.kind != "battery") {
            *count += 1;
        }
    }

    fn end(&mut self, alert: &AlertRow, spell: Spell, at: Timestamp) {
        match (&*alert.kind, spell.worst) {
            ("silence", _) => self.silent(alert.victim.is_some(), spell.since, at),
            ("victim_proximity", Rank::Warning) => {
                self.of(spell.since).into_iter().for_each(|week| week.stopped_short += 1);
            }
            ("exclusion_zone", Rank::Warning) => {
                self.of(spell.since).into_iter().for_each(|week| week.buffer_visits += 1);
            }
            _ => {}
        }
    }

    /// Of a silence that lasts the hours so far count. An approach that lasts may yet become an alarm.
    fn end_silences(&mut self, alerts: &[AlertRow]) {
        let Some(end) = self.edges.last().copied() else { return };
        for alert in alerts.iter().filter(|alert| alert.kind == "silence") {
            if let Some(spell) = self.spells.remove(&*alert.incident) {
                self.end(alert, spell, end);
            }
        }
    }

    /// Hours of a silence, each in the week it belongs to. An alert about a victim's device names her.
    fn silent(&mut self, hers: bool, from: Timestamp, until: Timestamp) {
        for (week, edges) in self.made.iter_mut().zip(self.edges.windows(2)) {
            let [begins, ends] = edges else { return };
            let hours = (until.min(*ends) - from.max(*begins)).as_secs_f64().max(0.0) / 3_600.0;
            *if hers { &mut week.victim_silent_h } else { &mut week.wearer_silent_h } += hours;
        }
    }

    fn react(&mut self, incidents: &[IncidentRow]) {
        let mut waits: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for incident in incidents.iter().filter(|incident| incident.worst == "alarm") {
            let place = self.edges.partition_point(|edge| *edge <= incident.opened_at).checked_sub(1);
            let Some((place, week)) = place.and_then(|n| Some((n, self.made.get_mut(n)?))) else { continue };
            week.follow_up.alarms += 1;
            if let Some(at) = incident.follow_up.acknowledged_at {
                week.follow_up.acknowledged += 1;
                waits.entry(place).or_default().push((at - incident.opened_at).as_secs_f64());
            }
        }
        for (place, mut waited) in waits {
            waited.sort_by(f64::total_cmp);
            if let Some(week) = self.made.get_mut(place) {
                week.follow_up.median_s = waited.get(waited.len() / 2).copied();
                week.follow_up.longest_s = waited.last().copied();
            }
        }
    }
}

#[cfg(test)]
mod tests;
