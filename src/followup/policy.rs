//! Who is told when, and by when each partner must have acted: what the settings say, with defaults.

use zones::order::{Risk, Schedule};
use zones::{AlertKind, Level, Millis, Timestamp};

use super::words::{Recipient, StaffRole, Task, Unless};

/// Acknowledged and nothing done for so long: it rings again.
pub(super) const RING_AGAIN: Millis = Millis::from_secs(300);

/// Something was done, and then nothing for so long: it rings again. An alarm may take police a quarter of an hour.
pub(super) const IDLE: Millis = Millis::from_secs(900);

/// What is resolved is remembered this long: for receipts that come late and for who does it a second time.
pub(super) const REMEMBERED: Millis = Millis::from_secs(24 * 3_600);

/// A missed deadline can be kept after all for so long.
pub(super) const LATE_KEPT_FOR: Millis = Millis::from_secs(30 * 24 * 3_600);

/// Longest time a step or a deadline may take: a year.
pub(super) const LONGEST: Millis = Millis::from_secs(366 * 24 * 3_600);

/// A step is repeated at most this often.
pub(super) const SHORTEST_REPEAT: Millis = Millis::from_secs(1);

/// So many devices silent at once are one matter: more than a shift of operators can telephone about (our choice).
pub(super) const MASS_SILENCE_DEVICES: u32 = 20;

/// … and at a large site one in so many of all devices: some always fall silent, each for a reason of its own.
pub(super) const MASS_SILENCE_ONE_IN: u32 = 500;

/// At once means within so long: devices report each minute, so that a network that fails silences them all in one.
pub(super) const MASS_SILENCE_WITHIN: Millis = Millis::from_secs(120);

/// While it goes on, it is looked at this often whether still so many fall silent at once.
pub(super) const MASS_CHECKED_EVERY: Millis = Millis::from_secs(10);

/// It is over when fewer are silent: each of those rings by itself from then on.
pub(super) const MASS_OVER_BELOW: usize = 10;

/// When a group ends, so many of it get clocks of their own, or are resolved with it, at a time …
pub(super) const SETTLED_AT_ONCE: usize = 100;

/// … and the next so long after: ten thousand in five seconds.
pub(super) const SETTLED_EVERY: Millis = Millis(50);

/// A desk that was told of a mass silence hears this long after of more that became an alarm since: as long as a silence
/// takes to become one, so that what follows in a minute comes together.
pub(super) const MASS_DESK_AGAIN: Millis = zones::policy::SILENCE_ALARM_AFTER;

/// A case of high risk in which both were last no farther apart than this is the desk's by itself, also in a mass
/// silence: the distance that guidance advises around a victim, for reaction time.
pub(super) const MASS_NEAR_M: u32 = zones::policy::GUIDANCE_ADVISED_M as u32;

const _: () = assert!(MASS_DESK_AGAIN.0 > MASS_CHECKED_EVERY.0 && MASS_NEAR_M > 0);
const _: () = assert!(SETTLED_AT_ONCE > 0 && SETTLED_EVERY.0 > 0);
const _: () = assert!(MASS_OVER_BELOW < MASS_SILENCE_DEVICES as usize);
const _: () = assert!(MASS_CHECKED_EVERY.0 > 0 && MASS_CHECKED_EVERY.0 < MASS_SILENCE_WITHIN.0);
const _: () = assert!(RING_AGAIN.0 < IDLE.0 && IDLE.0 < REMEMBERED.0 && REMEMBERED.0 < LATE_KEPT_FOR.0);

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// So long after the alert; for `displayed` after her device was told, for `accepted` after the desk was.
    pub after: Millis,
    /// What stops it.
    pub unless: Option<Unless>,
    /// Who is told.
    pub tell: Vec<Recipient>,
    /// What is to be done by hand.
    pub task: Option<Task>,
    /// And again each time so long after.
    pub repeat: Option<Millis>,
}

/// Who is told of which alerts, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Kinds it is for; when empty all but the end of an order, for which nobody need run.
    pub kinds: Vec<AlertKind>,
    /// The worst level of the incidents it is for.
    pub level: Level,
    /// Risks it is for; all when empty.
    pub risks: Vec<Risk>,
    /// Acknowledged and nothing done for so long: it rings again.
    pub ring_again: Millis,
    /// Something was done, and then nothing for so long: it rings again.
    pub idle: Millis,
    /// The steps, in order of time.
    pub steps: Vec<Step>,
}

/// By when a partner must have acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Its name.
    pub name: String,
    /// Whose it is: `desk`, `supervising_officer`, …
    pub partner: String,
    /// Kinds it is for; all when empty.
    pub kinds: Vec<AlertKind>,
    /// The level at which it begins.
    pub level: Level,
    /// How long there is.
    pub within: Millis,
    /// Reminders so long before.
    pub remind_before: Vec<Millis>,
    /// What keeps it: [`ACCEPTED`], or the name of a partner's step.
    pub kept_by: String,
    /// Who is reminded, and told when it is missed.
    pub escalate_to: Vec<StaffRole>,
}

/// The word in [`Deadline::kept_by`] for the desk's receipt.
pub const ACCEPTED: &str = "accepted";

/// Who has a role, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Duty {
    /// The role.
    pub role: StaffRole,
    /// Names of contacts.
    pub people: Vec<String>,
    /// When; `None` is always.
    pub schedule: Option<Schedule>,
}

/// Everything that settings say about follow-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The first that fits counts.
    pub policies: Vec<Policy>,
    /// All that fit count.
    pub deadlines: Vec<Deadline>,
    /// Who has which role. Empty: there is only the console.
    pub duty: Vec<Duty>,
    /// Names of all who can be reached by themselves. Who has an incident is, when the name of the token is one of them.
    pub contacts: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            policies: Policy::defaults(),
            deadlines: Deadline::defaults(),
            duty: Vec::new(),
            contacts: Vec::new(),
        }
    }
}

/// What is wrong with a policy, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Unfit {
    /// The key within the table, such as `steps[2].tell`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Unfit {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl Step {
    fn new(after_s: i64, unless: Option<Unless>, tell: &[Recipient]) -> Self {
        Self { after: Millis::from_secs(after_s), unless, tell: tell.to_vec(), task: None, repeat: None }
    }

    fn repeat(self, secs: i64) -> Self {
        Self { repeat: Some(Millis::from_secs(secs)), ..self }
    }

    fn task(self, task: Task) -> Self {
        Self { task: Some(task), ..self }
    }

    /// Whether it is taken at once, whatever happens.
    pub(super) fn is_at_once(&self) -> bool {
        self.after.0 == 0 && self.unless.is_none()
    }

    /// The first time it is taken after `done`, when the clock began at `from`.
    pub(super) fn next(&self, from: Timestamp, done: Timestamp) -> Option<Timestamp> {
        let first = from + self.after;
        if first > done {
            return Some(first);
        }
        let every = self.repeat?.0.max(SHORTEST_REPEAT.0);
        let times = (done - first).0 / every + 1;
        Some(first + Millis(every) * times)
    }

    /// The same for one who did not look: of all the times up to `until` the last.
    pub(super) fn next_by(&self, from: Timestamp, done: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let next = self.next(from, done)?;
        Some(
            self.repeat
                .map_or(next, |every| next + every.max(SHORTEST_REPEAT) * times_before(next, every, until)),
        )
    }

    /// Which time at that moment it is, from 0.
    pub(super) fn round(&self, from: Timestamp, at: Timestamp) -> u32 {
        let every = self.repeat.map_or(i64::MAX, |every| every.0.max(SHORTEST_REPEAT.0));
        u32::try_from(((at - from).0 - self.after.0) / every).unwrap_or_default()
    }
}

/// How often something comes again after `first` up to `until`.
pub(super) fn times_before(first: Timestamp, every: Millis, until: Timestamp) -> i64 {
    if first < until { (until - first).0 / every.max(SHORTEST_REPEAT).0 } else { 0 }
}

impl Policy {
    /// The policies where settings say nothing: the end of an order, an alarm of any kind, a warning of any kind.
    pub fn defaults() -> Vec<Self> {
        let [alarm, warning] = Self::built_in();
        let expiry = |of: &Self, steps| Self { kinds: vec![AlertKind::OrderExpiry], steps, ..of.clone() };
        let day = 24 * 3_600;
        let step = |after_s, unless, tell| Step::new(after_s, unless, &[tell]);
        let waits = Some(Unless::Acknowledged);
        // Nobody need run for it, and the case contact knows what is to become of the order.
        let last_day = vec![
            step(0, None, Recipient::CaseContact),
            step(2 * 3_600, waits, Recipient::CaseContact),
            step(4 * 3_600, waits, Recipient::ShiftLead).repeat(4 * 3_600),
        ];
        let before = vec![
            step(0, None, Recipient::CaseContact),
            step(day, waits, Recipient::CaseContact),
            step(2 * day, waits, Recipient::ShiftLead).repeat(day),
        ];
        vec![expiry(&alarm, last_day), expiry(&warning, before), alarm, warning]
    }

    fn built_in() -> [Self; 2] {
        use Recipient as R;
        use Unless::{Accepted, Acknowledged, Displayed};
        let any = |level, steps| Self {
            kinds: Vec::new(),
            level,
            risks: Vec::new(),
            ring_again: RING_AGAIN,
            idle: IDLE,
            steps,
        };
        let alarm = vec![
            Step::new(0, None, &[R::Operator, R::Victim, R::Desk]),
            Step::new(15, Some(Displayed), &[R::VictimSecond]),
            Step::new(30, Some(Acknowledged), &[R::SecondOperator]),
            Step::new(60, Some(Acknowledged), &[R::ShiftLead]),
            Step::new(60, Some(Accepted), &[R::Operator]).task(Task::PhoneDesk),
            Step::new(120, Some(Acknowledged), &[R::OnCallManager]).repeat(120),
        ];
        let warning = vec![
            Step::new(0, None, &[R::Operator, R::Victim]),
            Step::new(300, Some(Acknowledged), &[R::SecondOperator]),
            Step::new(1_800, Some(Acknowledged), &[R::ShiftLead]).repeat(3_600),
        ];
        [any(Level::Alarm, alarm), any(Level::Warning, warning)]
    }

    /// The built-in policy for a level.
    pub fn of_level(level: Level) -> Self {
        let [alarm, warning] = Self::built_in();
        if level == Level::Alarm { alarm } else { warning }
    }

    /// Whether it is for such incidents.
    pub fn fits(&self, kind: AlertKind, worst: Level, risk: Option<Risk>) -> bool {
        let any = self.kinds.is_empty() && kind != AlertKind::OrderExpiry;
        self.level == worst
            && (any || self.kinds.contains(&kind))
            && (self.risks.is_empty() || risk.is_some_and(|risk| self.risks.contains(&risk)))
    }

    /// Finds what could leave an alarm with nobody: each error names its key.
    pub fn check(&self) -> Result<(), Unfit> {
        let mut before = Millis(0);
        for (n, step) in self.steps.iter().enumerate() {
            let key = |name: &str| format!("steps[{n}].{name}");
            if step.after < before || step.after > LONGEST {
                return Err(Unfit::new(key("after_s"), "steps are in order of time, the first from 0 on"));
            }
            before = step.after;
            if step.tell.is_empty() && step.task.is_none() {
                return Err(Unfit::new(key("tell"), "names nobody"));
            }
            let alert_itself =
                [(Recipient::Victim, "victim_second"), (Recipient::Desk, "task = \"phone_desk\"")];
            for (recipient, instead) in alert_itself.into_iter().filter(|(one, _)| step.tell.contains(one)) {
                if step.after.0 > 0 || step.unless.is_some() || step.repeat.is_some() {
                    let problem = format!(
                        "{recipient} has the alert at 0 s, whatever stands here, and not again: use {instead}"
                    );
                    return Err(Unfit::new(key("tell"), problem));
                }
            }
            if step.repeat.is_some_and(|every| every < SHORTEST_REPEAT || every > LONGEST) {
                return Err(Unfit::new(key("repeat_s"), "is not 1 s to a year"));
            }
        }
        let staff = |step: &&Step| step.tell.iter().any(|recipient| recipient.staff().is_some());
        let Some(first) = self.steps.first() else { return Err(Unfit::new("steps", "names nobody")) };
        if first.unless.is_some() || !staff(&first) {
            return Err(Unfit::new("steps[0]", "the first step tells somebody of staff whatever happens"));
        }
        if self.level == Level::Alarm {
            let waits = |step: &&Step| step.unless == Some(Unless::Acknowledged) && staff(step);
            let last = self.steps.iter().rposition(|step| waits(&step));
            match last.map(|n| (n, &self.steps[n])) {
                None => return Err(Unfit::new("steps", "nobody is told when nobody acknowledges")),
                Some((n, step)) if step.repeat.is_none() => {
                    let problem = "missing: the last step of an alarm that nobody acknowledges is repeated";
                    return Err(Unfit::new(format!("steps[{n}].repeat_s"), problem));
                }
                Some(_) => {}
            }
        }
        for (key, time) in [("ring_again_s", self.ring_again), ("idle_s", self.idle)] {
            if time < SHORTEST_REPEAT || time > LONGEST {
                return Err(Unfit::new(key, "is not 1 s to a year"));
            }
        }
        Ok(())
    }
}

impl Deadline {
    /// The deadlines where settings name none: those that the chain has agreed on for a violation.
    pub fn defaults() -> Vec<Self> {
        let violations = [AlertKind::ExclusionZone, AlertKind::InclusionZone, AlertKind::VictimProximity];
        let of = |name: &str, partner: &str, within_s, remind_s: &[i64], kept_by: &str| Self {
            name: name.to_owned(),
            partner: partner.to_owned(),
            kinds: violations.to_vec(),
            level: Level::Alarm,
            within: Millis::from_secs(within_s),
            remind_before: remind_s.iter().map(|secs| Millis::from_secs(*secs)).collect(),
            kept_by: kept_by.to_owned(),
            escalate_to: vec![StaffRole::ShiftLead],
        };
        vec![
            of("desk_accepts", "desk", 60, &[], ACCEPTED),
            of("officer_reviews", "supervising_officer", 4 * 3_600, &[3_600], "officer_reviewed"),
            of("prosecutor_informed", "prosecutor", 24 * 3_600, &[4 * 3_600], "prosecutor_informed"),
        ]
    }

    /// Whether an incident of that kind gets it.
    pub fn fits(&self, kind: AlertKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether the desk's receipt keeps it.
    pub fn is_of_desk(&self) -> bool {
        self.kept_by == ACCEPTED
    }

    /// Finds what is wrong with it: each error names its key.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.within < SHORTEST_REPEAT || self.within > LONGEST {
            return Err(Unfit::new("within_s", "is not 1 s to a year"));
        }
        let reminds = self.remind_before.iter().all(|before| before.0 > 0 && *before < self.within);
        if !reminds {
            return Err(Unfit::new(
                "remind_before_s",
                "a reminder lies between the beginning and the deadline",
            ));
        }
        if self.escalate_to.is_empty() {
            return Err(Unfit::new("escalate_to", "names nobody"));
        }
        if !zones::is_id(&self.name) || !zones::is_id(&self.kept_by) {
            return Err(Unfit::new("name", "names are 1 to 64 characters of A-Z a-z 0-9 _ -"));
        }
        Ok(())
    }
}

impl Rules {
    /// The policy of an incident: the first that fits, and the built-in one where none does.
    pub(super) fn policy(&self, kind: AlertKind, worst: Level, risk: Option<Risk>) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.fits(kind, worst, risk))
    }

    /// Names of partners' steps that keep a deadline.
    pub fn partner_steps(&self) -> impl Iterator<Item = &str> {
        self.deadlines.iter().filter(|deadline| !deadline.is_of_desk()).map(|deadline| &*deadline.kept_by)
    }

    /// Roles of the watch that a step or a deadline counts on: somebody must have them at any time.
    pub fn counted_on(&self) -> Vec<StaffRole> {
        let takes_all = |before: &Policy, policy: &Policy| {
            before.level == policy.level
                && before.kinds.is_empty()
                && before.risks.is_empty()
                && policy.kinds != [AlertKind::OrderExpiry]
        };
        let mut roles = Vec::new();
        for (n, policy) in self.policies.iter().enumerate() {
            if !self.policies.iter().take(n).any(|before| takes_all(before, policy)) {
                let told = policy.steps.iter().flat_map(|step| &step.tell);
                roles.extend(told.filter_map(|recipient| recipient.staff()));
            }
        }
        roles.extend(self.deadlines.iter().flat_map(|deadline| &deadline.escalate_to));
        roles.retain(|role| role.is_of_the_watch());
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Adds the built-in policies behind those there are, so that every incident has one.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.policies.extend(Policy::defaults());
        self
    }
}
