//! What was found, in numbers that add up over days.

use zones::{Alert, Role};

use crate::judge::Day;
use crate::oracle::{Episode, WATCHES, Watch};
use crate::world::Behaviour;

use super::spells::Spell;

/// Whether an episode counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Deep and long enough, and two good fixes of each party fell within it.
    Counts,
    /// Too short, or too near to the threshold for the radio.
    Short,
    /// Deep and long enough, but the radio gave too little.
    Hidden,
}

/// What was found about one watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// True episodes that count, and those of them that were missed.
    pub(crate) counted: u64,
    pub(crate) missed: u64,
    /// Shorter ones, and those of them that were raised.
    pub(crate) short: u64,
    pub(crate) short_raised: u64,
    /// Ones that the radio hid, those of them that were raised all the same, and of the rest those that something
    /// was said about: a silence, a possible alarm, a warning.
    pub(crate) hidden: u64,
    pub(crate) hidden_raised: u64,
    pub(crate) hidden_told: u64,
    /// Short ones that only the way between two fixes shows, and those of them that were raised.
    pub(crate) passages: u64,
    pub(crate) passages_raised: u64,
    /// Episodes that were raised, and alarms about them.
    pub(crate) raised: u64,
    pub(crate) alarms: u64,
    /// Alarms and warnings about nothing.
    pub(crate) false_alarms: u64,
    pub(crate) false_warnings: u64,
}

/// A fast approach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Approach {
    /// Mean speed at which the distance shrank over the last minute, in km/h.
    pub(crate) kmh: f64,
    /// Seconds between the warning and the alarm distance; negative when it came after.
    pub(crate) lead_s: f64,
    /// The same by the moving zone alone.
    pub(crate) by_pair_s: f64,
    /// What the order's rules make of the truth at the same moments.
    pub(crate) could_s: f64,
    /// The same, of somebody who also looks ahead to the next fix.
    pub(crate) foreseeable_s: f64,
}

impl Approach {
    /// Whether the world made a warning in time possible.
    pub(crate) fn could_be_in_time(&self) -> bool {
        self.could_s >= IN_TIME_S + FURTHER_FIX_S
    }
}

/// A day as a dot in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Noise {
    /// Median error of the day's fixes in metres.
    pub(crate) error_m: f64,
    /// False alarms that the victim sees.
    pub(crate) false_alarms: u64,
}

/// Something worth looking at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    /// Number of the pair-day.
    pub(crate) pair_day: u64,
    /// What the wearer of that pair does.
    pub(crate) doing: String,
    /// When, in milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// What, in words.
    pub(crate) what: String,
}

/// A fast approach is warned of in time so many seconds before the alarm distance.
pub(crate) const IN_TIME_S: f64 = 300.0;
/// A rule that promises this may need one further fix where it is not certain: what could be warned of in time
/// could be warned of this much earlier still.
const FURTHER_FIX_S: f64 = 60.0;

/// Examples kept of each kind of finding.
const EXAMPLES: usize = 5;

/// All findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tally {
    /// Days judged, fixes that arrived, alerts of all kinds.
    pub(crate) pair_days: u64,
    pub(crate) fixes: u64,
    pub(crate) alerts: u64,
    /// By watch, in the order of [`WATCHES`].
    pub(crate) found: [Found; 4],
    /// Delay of alarms in further fixes (0, 1, more) where the first fix that shows an episode leaves no doubt, and
    /// where it leaves some.
    pub(crate) delay_certain: [u64; 3],
    pub(crate) delay_likely: [u64; 3],
    /// Fast approaches with working devices.
    pub(crate) approaches: Vec<Approach>,
    /// A dot a day.
    pub(crate) noise: Vec<Noise>,
    /// Alerts that were said twice, or went back in time.
    pub(crate) twice: u64,
    pub(crate) backwards: u64,
    /// Alarms said to be certain, and those that could not be.
    pub(crate) certain_alarms: u64,
    pub(crate) overclaimed: u64,
    /// Long silences, and those that nothing was said of.
    pub(crate) silences: u64,
    pub(crate) unsaid_silences: u64,
    /// False warnings that came true: the alarm distance was reached as soon as they said, or one fix later.
    pub(crate) came_true: u64,
    /// The first few of each kind.
    pub(crate) examples: Vec<Example>,
}

impl Tally {
    /// The plain numbers of a day.
    pub(super) fn of_day(pair_day: u64, behaviour: Behaviour, day: &Day) -> Self {
        let mut errors: Vec<f64> = day.heard.iter().map(|heard| heard.error_m).collect();
        errors.sort_unstable_by(f64::total_cmp);
        let error_m = errors.get(errors.len() / 2).copied().unwrap_or(0.0);
        Self {
            pair_days: 1,
            fixes: day.fixes,
            alerts: day.raised.len() as u64,
            noise: vec![Noise { error_m, false_alarms: 0 }],
            examples: vec![Example { pair_day, doing: format!("{behaviour:?}"), at: 0, what: String::new() }],
            ..Self::default()
        }
    }

    /// Takes in what was found on other days, later in order.
    pub(crate) fn add(&mut self, other: Self) {
        self.pair_days += other.pair_days;
        self.fixes += other.fixes;
        self.alerts += other.alerts;
        for (to, from) in self.found.iter_mut().zip(other.found) {
            to.add(&from);
        }
        for i in 0..3 {
            self.delay_certain[i] += other.delay_certain[i];
            self.delay_likely[i] += other.delay_likely[i];
        }
        self.approaches.extend(other.approaches);
        self.noise.extend(other.noise);
        self.twice += other.twice;
        self.backwards += other.backwards;
        self.certain_alarms += other.certain_alarms;
        self.overclaimed += other.overclaimed;
        self.silences += other.silences;
        self.unsaid_silences += other.unsaid_silences;
        self.came_true += other.came_true;
        for example in other.examples.into_iter().filter(|example| !example.what.is_empty()) {
            let kind = |example: &Example| example.what.split(',').next().map(str::to_owned);
            let same = self.examples.iter().filter(|known| kind(known) == kind(&example)).count();
            if same < EXAMPLES {
                self.examples.push(example);
            }
        }
    }

    /// Found about the watches whose alerts the victim sees, together.
    pub(crate) fn victim_sees(&self) -> Found {
        self.sum(Watch::concerns_victim)
    }

    /// Found about all watches together.
    pub(crate) fn all(&self) -> Found {
        self.sum(|_| true)
    }

    /// Found about the others.
    pub(crate) fn operator_sees(&self) -> Found {
        self.sum(|watch| !watch.concerns_victim())
    }

    fn sum(&self, which: impl Fn(Watch) -> bool) -> Found {
        let mut sum = Found::default();
        for (watch, found) in WATCHES.into_iter().zip(&self.found) {
            if which(watch) {
                sum.add(found);
            }
        }
        sum
    }

    fn of(&mut self, watch: Watch) -> &mut Found {
        &mut self.found[watch as usize]
    }

    fn example(&mut self, at: i64, what: String) {
        // The first stands for the day itself, and says nothing.
        if let Some(day) = self.examples.first().cloned() {
            self.examples.push(Example { at, what, ..day });
        }
    }

    pub(super) fn false_alarm(&mut self, watch: Watch, spell: &Spell<'_>, truth_m: f64, allowed_m: f64) {
        self.of(watch).false_alarms += 1;
        if watch.concerns_victim()
            && let Some(noise) = self.noise.last_mut()
        {
            noise.false_alarms += 1;
        }
        let what = told("false alarm", watch, spell, truth_m, allowed_m);
        self.example(spell.said_at, what);
    }

    pub(super) fn false_warning(&mut self, watch: Watch, spell: &Spell<'_>, truth_m: f64, allowed_m: f64) {
        self.of(watch).false_warnings += 1;
        let what = told("false warning", watch, spell, truth_m, allowed_m);
        self.example(spell.said_at, what);
    }

    pub(super) fn episode(&mut self, episode: &Episode, weight: Weight, raised: bool, alarms: usize) {
        let found = self.of(episode.watch);
        let (all, of_them) = match weight {
            Weight::Counts => (&mut found.counted, &mut found.missed),
            Weight::Short => (&mut found.short, &mut found.short_raised),
            Weight::Hidden => (&mut found.hidden, &mut found.hidden_raised),
        };
        *all += 1;
        *of_them += u64::from(raised != (weight == Weight::Counts));
        found.raised += u64::from(raised);
        found.alarms += alarms as u64;
        let seconds = (episode.until - episode.from) / 1_000;
        let word = episode.watch.word();
        if weight == Weight::Counts && !raised {
            self.example(episode.from, format!("missed: {word}, {seconds} s within the alarm threshold"));
        }
        if alarms > 1 {
            self.example(episode.from, format!("flapping: {word}, {alarms} alarms about {seconds} s"));
        }
    }

    pub(super) fn hidden_unraised(&mut self, episode: &Episode, told: bool) {
        self.of(episode.watch).hidden_told += u64::from(told);
        if !told {
            let seconds = (episode.until - episode.from) / 1_000;
            self.example(
                episode.from,
                format!("hidden: {}, {seconds} s, and nothing said", episode.watch.word()),
            );
        }
    }

    pub(super) fn passage(&mut self, episode: &Episode, raised: bool) {
        let found = self.of(episode.watch);
        found.passages += 1;
        found.passages_raised += u64::from(raised);
        if !raised {
            let seconds = (episode.until - episode.from) as f64 / 1_000.0;
            self.example(episode.from, format!("passage: {}, {seconds} s", episode.watch.word()));
        }
    }

    pub(super) fn delay(&mut self, episode: &Episode, certain: bool, further: usize) {
        let to = if certain { &mut self.delay_certain } else { &mut self.delay_likely };
        to[further.min(2)] += 1;
        if further > usize::from(!certain) {
            let sure = if certain { "without doubt" } else { "likely" };
            let what = format!("delay: {}, {sure}, {further} further fixes", episode.watch.word());
            self.example(episode.from, what);
        }
    }

    pub(super) fn approach(&mut self, at: i64, approach: Approach) {
        if approach.could_be_in_time() && approach.lead_s < IN_TIME_S {
            let Approach { kmh, lead_s, could_s, .. } = approach;
            let what = format!("late warning, {kmh:.0} km/h, {lead_s:.0} s before, could be {could_s:.0} s");
            self.example(at, what);
        }
        self.approaches.push(approach);
    }

    pub(super) fn twice(&mut self, alert: &Alert) {
        self.twice += 1;
        self.example(alert.raised_at.as_millis(), format!("twice: {}", alert.kind.as_str()));
    }

    pub(super) fn backwards(&mut self, alert: &Alert) {
        self.backwards += 1;
        self.example(alert.raised_at.as_millis(), format!("back in time: {}", alert.kind.as_str()));
    }

    pub(super) fn overclaimed(&mut self, alert: &Alert) {
        self.overclaimed += 1;
        let said = (alert.distance_m.unwrap_or(f64::NAN), alert.uncertainty_m.unwrap_or(f64::NAN));
        let what = format!("overclaimed, said to be certain at {} ± {} m", said.0, said.1);
        self.example(alert.raised_at.as_millis(), what);
    }

    pub(super) fn unsaid_silence(&mut self, role: Role, since: i64) {
        self.unsaid_silences += 1;
        self.example(since, format!("unsaid silence: of the {}", role.as_str()));
    }
}

impl Found {
    fn add(&mut self, other: &Self) {
        self.counted += other.counted;
        self.missed += other.missed;
        self.short += other.short;
        self.short_raised += other.short_raised;
        self.hidden += other.hidden;
        self.hidden_raised += other.hidden_raised;
        self.hidden_told += other.hidden_told;
        self.passages += other.passages;
        self.passages_raised += other.passages_raised;
        self.raised += other.raised;
        self.alarms += other.alarms;
        self.false_alarms += other.false_alarms;
        self.false_warnings += other.false_warnings;
    }
}

fn told(kind: &str, watch: Watch, spell: &Spell<'_>, truth_m: f64, allowed_m: f64) -> String {
    let alert = &spell.alert.alert;
    let (said, doubt) = (alert.distance_m.unwrap_or(f64::NAN), alert.uncertainty_m.unwrap_or(f64::NAN));
    let late = if alert.late { ", late" } else { "" };
    let sure = format!("{:?}", alert.certainty).to_lowercase();
    format!(
        "{kind}: {}, {sure}{late}, said {said} ± {doubt} m; truly {truth_m:.0} m beyond, error allowed {allowed_m:.0} m",
        watch.word()
    )
}
