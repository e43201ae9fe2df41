//! `[[escalation]]`, `[[deadline]]` and `[[duty]]`: who is told when, by when partners must have acted, and who has
//! which role. Without them there are the built-in ones.

use serde::de::DeserializeOwned;
use serde_json::Value;
use zones::order::{Schedule, Window};
use zones::{AlertKind, Level, Millis};

use super::raw::{Origin, RawDeadline, RawDuty, RawEscalation, RawSchedule, RawStep};
use super::{Contacts, SettingsError};
use crate::followup::{Deadline, Duty, Policy, Recipient, Rules, StaffRole, Step, Task, Unless};

pub(super) fn read(
    escalation: Vec<RawEscalation>,
    deadlines: Vec<RawDeadline>,
    duty: Vec<RawDuty>,
    contacts: &Contacts,
    origin: &Origin,
) -> Result<Rules, SettingsError> {
    let duty = self::duty(duty, contacts, origin)?;
    let staffed = |role: StaffRole| duty.is_empty() || duty.iter().any(|one| one.role == role);
    let mut policies = Vec::with_capacity(escalation.len());
    for (n, raw) in escalation.into_iter().enumerate() {
        let policy = policy(raw, &format!("escalation[{n}]"), origin)?;
        let told = policy.steps.iter().enumerate().flat_map(|(s, step)| {
            step.tell.iter().filter_map(move |recipient| Some((s, recipient.staff()?)))
        });
        for (s, role) in told {
            if !staffed(role) {
                let problem = format!("{role}: no contact and no [[duty]] has this role");
                return Err(origin.wrong(&format!("escalation[{n}].steps[{s}].tell"), problem));
            }
        }
        policies.push(policy);
    }
    let names = contacts.people.iter().map(|contact| contact.name.clone());
    let mut rules = Rules { policies, duty, contacts: names.collect(), ..Rules::default() };
    if !deadlines.is_empty() {
        rules.deadlines = self::deadlines(deadlines, origin)?;
        for (n, deadline) in rules.deadlines.iter().enumerate() {
            let lacks =
                |role: &&StaffRole| !rules.duty.is_empty() && rules.duty.iter().all(|one| one.role != **role);
            if let Some(role) = deadline.escalate_to.iter().find(lacks) {
                let problem = format!("{role}: no contact and no [[duty]] has this role");
                return Err(origin.wrong(&format!("deadline[{n}].escalate_to"), problem));
            }
        }
    }
    Ok(rules)
}

/// What is usable and leaves an alarm with fewer people than it seems.
pub(super) fn warnings(rules: &Rules) -> Vec<String> {
    if rules.duty.is_empty() {
        let text = "no [[contact]] has a role: alarms are told to open consoles and nobody else, and nobody on duty goes \
                    unnoticed";
        return vec![text.to_owned()];
    }
    let counted_on = rules.clone().complete().counted_on();
    let lacking: Vec<&str> = counted_on
        .iter()
        .filter(|role| rules.duty.iter().all(|duty| duty.role != **role))
        .map(|role| role.as_str())
        .collect();
    if lacking.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "no contact and no [[duty]] has a role that alarms are escalated to: {}",
        lacking.join(", ")
    )]
}

/// A word of a list; the error names the list.
fn word<T>(
    text: &str,
    key: &str,
    of: fn(&str) -> Option<T>,
    words: &[&str],
    origin: &Origin,
) -> Result<T, SettingsError> {
    of(text).ok_or_else(|| origin.wrong(key, format!("{text:?} is none of {}", words.join(", "))))
}

/// A word of the decisions, as it stands in JSON.
fn of_json<T: DeserializeOwned>(text: &str, key: &str, origin: &Origin) -> Result<T, SettingsError> {
    let read = serde_json::from_value(Value::String(text.to_owned()));
    read.map_err(|_| origin.wrong(key, format!("{text:?} is not known here")))
}

fn all_of_json<T: DeserializeOwned>(
    texts: &[String],
    key: &str,
    origin: &Origin,
) -> Result<Vec<T>, SettingsError> {
    texts.iter().enumerate().map(|(n, text)| of_json(text, &format!("{key}[{n}]"), origin)).collect()
}

fn level(text: Option<&str>, key: &str, origin: &Origin) -> Result<Level, SettingsError> {
    match text {
        None | Some("alarm") => Ok(Level::Alarm),
        Some("warning") => Ok(Level::Warning),
        Some(text) => Err(origin.wrong(key, format!("{text:?} is neither alarm nor warning"))),
    }
}

fn seconds(value: Option<i64>, key: &str, origin: &Origin) -> Result<Millis, SettingsError> {
    match value {
        Some(secs @ 0..=31_622_400) => Ok(Millis::from_secs(secs)),
        Some(secs) => Err(origin.wrong(key, format!("{secs} is not 0 s to a year"))),
        None => Err(origin.wrong(key, "missing")),
    }
}

fn policy(raw: RawEscalation, at: &str, origin: &Origin) -> Result<Policy, SettingsError> {
    let key = |name: &str| format!("{at}.{name}");
    let kinds: Vec<AlertKind> = all_of_json(&raw.kind, &key("kind"), origin)?;
    let level = level(raw.level.as_deref(), &key("level"), origin)?;
    let mut policy = Policy::of_level(level);
    policy.kinds = kinds;
    policy.risks = all_of_json(&raw.risk, &key("risk"), origin)?;
    for (value, name, field) in
        [(raw.ring_again_s, "ring_again_s", &mut policy.ring_again), (raw.idle_s, "idle_s", &mut policy.idle)]
    {
        if value.is_some() {
            *field = seconds(value, &key(name), origin)?;
        }
    }
    if let Some(steps) = raw.steps {
        let steps = steps.iter().enumerate();
        policy.steps =
            steps.map(|(n, raw)| step(raw, &format!("{at}.steps[{n}]"), origin)).collect::<Result<_, _>>()?;
    }
    policy.check().map_err(|unfit| origin.wrong(&key(&unfit.field), unfit.problem))?;
    Ok(policy)
}

fn step(raw: &RawStep, at: &str, origin: &Origin) -> Result<Step, SettingsError> {
    let key = |name: &str| format!("{at}.{name}");
    let tell =
        raw.tell.iter().map(|text| word(text, &key("tell"), Recipient::from_word, Recipient::WORDS, origin));
    let unless = raw.unless.as_deref();
    let task = raw.task.as_deref();
    Ok(Step {
        after: seconds(raw.after_s, &key("after_s"), origin)?,
        unless: unless
            .map(|text| word(text, &key("unless"), Unless::from_word, Unless::WORDS, origin))
            .transpose()?,
        tell: tell.collect::<Result<_, _>>()?,
        task: task.map(|text| word(text, &key("task"), Task::from_word, Task::WORDS, origin)).transpose()?,
        repeat: raw.repeat_s.map(|secs| seconds(Some(secs), &key("repeat_s"), origin)).transpose()?,
    })
}

fn deadlines(raw: Vec<RawDeadline>, origin: &Origin) -> Result<Vec<Deadline>, SettingsError> {
    let mut all: Vec<Deadline> = Vec::with_capacity(raw.len());
    for (n, raw) in raw.into_iter().enumerate() {
        let at = format!("deadline[{n}]");
        let key = |name: &str| format!("{at}.{name}");
        let text =
            |value: Option<String>, name: &str| value.ok_or_else(|| origin.wrong(&key(name), "missing"));
        let remind = raw.remind_before_s.into_iter();
        let roles = raw.escalate_to.iter();
        let deadline = Deadline {
            name: text(raw.name, "name")?,
            partner: text(raw.partner, "partner")?,
            kinds: all_of_json(&raw.kind, &key("kind"), origin)?,
            level: level(raw.level.as_deref(), &key("level"), origin)?,
            within: seconds(raw.within_s, &key("within_s"), origin)?,
            remind_before: remind
                .map(|secs| seconds(Some(secs), &key("remind_before_s"), origin))
                .collect::<Result<_, _>>()?,
            kept_by: text(raw.kept_by, "kept_by")?,
            escalate_to: roles
                .map(|text| word(text, &key("escalate_to"), StaffRole::from_word, StaffRole::WORDS, origin))
                .collect::<Result<_, _>>()?,
        };
        deadline.check().map_err(|unfit| origin.wrong(&key(&unfit.field), unfit.problem))?;
        if all.iter().any(|other| other.name == deadline.name) {
            return Err(origin.wrong(&key("name"), format!("{} is there twice", deadline.name)));
        }
        all.push(deadline);
    }
    Ok(all)
}

/// Who has which role. A role of contacts without a `[[duty]]` is theirs at any time.
fn duty(raw: Vec<RawDuty>, contacts: &Contacts, origin: &Origin) -> Result<Vec<Duty>, SettingsError> {
    let mut duty = Vec::new();
    for (n, raw) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("duty[{n}].{name}");
        let role = raw.role.ok_or_else(|| origin.wrong(&key("role"), "missing"))?;
        let role = word(&role, &key("role"), StaffRole::from_word, StaffRole::WORDS, origin)?;
        if raw.people.is_empty() {
            return Err(origin.wrong(&key("people"), "names nobody"));
        }
        for (p, name) in raw.people.iter().enumerate() {
            if contacts.find(name).is_none() {
                let problem = format!("{name:?} is the name of no [[contact]]");
                return Err(origin.wrong(&key(&format!("people[{p}]")), problem));
            }
        }
        let schedule = raw.schedule.map(|raw| schedule(&raw, &key("schedule"), origin)).transpose()?;
        duty.push(Duty { role, people: raw.people, schedule });
    }
    for role in StaffRole::ALL {
        let people: Vec<String> =
            contacts.with_role(role.as_str()).map(|contact| contact.name.clone()).collect();
        if !people.is_empty() && duty.iter().all(|one| one.role != *role) {
            duty.push(Duty { role: *role, people, schedule: None });
        }
    }
    Ok(duty)
}

fn schedule(raw: &RawSchedule, at: &str, origin: &Origin) -> Result<Schedule, SettingsError> {
    let wrong = |invalid: zones::Invalid| {
        let field = if invalid.field.is_empty() { at.to_owned() } else { format!("{at}.{}", invalid.field) };
        origin.wrong(&field, invalid.problem)
    };
    let mut windows = Vec::with_capacity(raw.weekly.len());
    for (n, window) in raw.weekly.iter().enumerate() {
        let days: Vec<&str> = window.days.iter().map(String::as_str).collect();
        let read = Window::new(&days, &window.from, &window.to);
        windows.push(read.map_err(|invalid| wrong(invalid.within(&format!("weekly[{n}]"))))?);
    }
    Schedule::new(&raw.timezone, windows).map_err(wrong)
}
