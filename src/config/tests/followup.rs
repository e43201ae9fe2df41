//! `[[escalation]]`, `[[deadline]]` and `[[duty]]`: what is understood, and the line that ends a start.

use zones::{AlertKind, Level, Millis, Timestamp};

use super::*;
use crate::followup::{Policy, Recipient, StaffRole, Task, Unless};

const RULES: &str = r#"
[[contact]]
name = "anna"
roles = ["operator", "second_operator"]
mqtt = true
[[contact]]
name = "bea"
roles = ["shift_lead"]
mqtt = true
[[duty]]
role = "on_call_manager"
people = ["bea"]
schedule = { timezone = "Europe/Amsterdam", weekly = [{ days = ["sat", "sun"], from = "08:00", to = "20:00" }] }
[[escalation]]
kind = ["victim_proximity", "aware"]
level = "alarm"
risk = ["high"]
ring_again_s = 120
steps = [
  { after_s = 0, tell = ["operator", "victim", "desk"] },
  { after_s = 20, unless = "accepted", tell = ["operator"], task = "phone_desk" },
  { after_s = 60, unless = "acknowledged", tell = ["shift_lead"], repeat_s = 30 },
]
[[deadline]]
name = "officer_reviews"
partner = "supervising_officer"
kind = ["exclusion_zone"]
within_s = 7200
remind_before_s = [1800, 600]
kept_by = "officer_reviewed"
escalate_to = ["shift_lead"]
"#;

fn whole() -> String {
    format!("{WHOLE}{RULES}")
}

#[test]
fn the_rules_are_understood() {
    let rules = Case::new(&whole()).load(&[]).unwrap().rules;
    let [policy] = rules.policies.as_slice() else { panic!("{rules:?}") };
    assert_eq!(policy.kinds, [AlertKind::VictimProximity, AlertKind::Aware]);
    assert_eq!((policy.level, policy.ring_again), (Level::Alarm, Millis::from_secs(120)));
    assert_eq!(policy.steps.len(), 3);
    assert_eq!(policy.steps[1].unless, Some(Unless::Accepted));
    assert_eq!(policy.steps[1].task, Some(Task::PhoneDesk));
    assert_eq!(policy.steps[2].tell, [Recipient::ShiftLead]);
    let [deadline] = rules.deadlines.as_slice() else { panic!("{rules:?}") };
    assert_eq!(deadline.remind_before, [1_800, 600].map(Millis::from_secs));
    let of = |role| rules.duty.iter().find(|duty| duty.role == role).unwrap();
    assert_eq!(of(StaffRole::SecondOperator).people, ["anna"], "by the role of the contact");
    let weekend = of(StaffRole::OnCallManager).schedule.as_ref().unwrap();
    assert!(weekend.applies(Timestamp::parse("2026-11-28T12:00:00+01:00").unwrap()), "a Saturday");
    assert!(!weekend.applies(Timestamp::parse("2026-11-27T12:00:00+01:00").unwrap()));
}

#[test]
fn without_them_there_are_the_built_in_ones() {
    let rules = Case::new(WHOLE).load(&[]).unwrap().rules;
    assert!(rules.policies.is_empty() && rules.duty.is_empty());
    assert_eq!(rules.deadlines.len(), 3);
    for policy in Policy::defaults() {
        policy.check().unwrap();
    }
}

#[test]
fn what_would_leave_an_alarm_with_nobody_ends_the_start() {
    for (was, is, want) in [
        ("tell = [\"shift_lead\"]", "tell = []", "escalation[0].steps[2].tell: names nobody"),
        (
            ", repeat_s = 30",
            "",
            "escalation[0].steps[2].repeat_s: missing: the last step of an alarm that nobody acknowledges is repeated",
        ),
        ("repeat_s = 30", "repeat_s = 0", "escalation[0].steps[2].repeat_s: is not 1 s to a year"),
        (
            "unless = \"acknowledged\"",
            "unless = \"displayed\"",
            "escalation[0].steps: nobody is told when nobody acknowledges",
        ),
        (
            "after_s = 60",
            "after_s = 10",
            "escalation[0].steps[2].after_s: steps are in order of time, the first from 0 on",
        ),
        ("after_s = 60, ", "", "escalation[0].steps[2].after_s: missing"),
        (
            "tell = [\"operator\", \"victim\", \"desk\"]",
            "tell = [\"victim\"]",
            "escalation[0].steps[0]: the first step tells somebody of staff whatever happens",
        ),
        (
            "[\"shift_lead\"], repeat_s",
            "[\"shift_lead\", \"desk\"], repeat_s",
            "escalation[0].steps[2].tell: desk has the alert at 0 s, whatever stands here, and not again: use task = \"phone_desk\"",
        ),
        (
            "unless = \"accepted\", tell = [\"operator\"]",
            "unless = \"displayed\", tell = [\"victim\"]",
            "escalation[0].steps[1].tell: victim has the alert at 0 s, whatever stands here, and not again: use victim_second",
        ),
        (
            "after_s = 0, tell",
            "after_s = 0, repeat_s = 60, tell",
            "escalation[0].steps[0].tell: victim has the alert at 0 s",
        ),
        (
            "[\"shift_lead\"], repeat_s",
            "[\"prosecutor\"], repeat_s",
            "escalation[0].steps[2].tell: prosecutor: no contact and no [[duty]] has this role",
        ),
        (
            "[\"shift_lead\"], repeat_s",
            "[\"boss\"], repeat_s",
            "escalation[0].steps[2].tell: \"boss\" is none of operator, second_operator",
        ),
        ("ring_again_s = 120", "ring_again_s = 0", "escalation[0].ring_again_s: is not 1 s to a year"),
        ("ring_again_s = 120", "ring_again = 120", "escalation[0].ring_again: unknown key"),
        ("\"aware\"", "\"weather\"", "escalation[0].kind[1]: \"weather\" is not known here"),
        ("[\"high\"]", "[\"huge\"]", "escalation[0].risk[0]: \"huge\" is not known here"),
        (
            "level = \"alarm\"",
            "level = \"clear\"",
            "escalation[0].level: \"clear\" is neither alarm nor warning",
        ),
        (
            "unless = \"accepted\"",
            "unless = \"bored\"",
            "escalation[0].steps[1].unless: \"bored\" is none of acknowledged, displayed, accepted",
        ),
        (
            "[1800, 600]",
            "[7200]",
            "deadline[0].remind_before_s: a reminder lies between the beginning and the deadline",
        ),
        ("within_s = 7200\n", "", "deadline[0].within_s: missing"),
        ("escalate_to = [\"shift_lead\"]", "escalate_to = []", "deadline[0].escalate_to: names nobody"),
        (
            "escalate_to = [\"shift_lead\"]",
            "escalate_to = [\"shift_lead\", \"prosecutor\"]",
            "deadline[0].escalate_to: prosecutor: no contact and no [[duty]] has this role",
        ),
        (
            "people = [\"bea\"]",
            "people = [\"carl\"]",
            "duty[0].people[0]: \"carl\" is the name of no [[contact]]",
        ),
        ("people = [\"bea\"]", "people = []", "duty[0].people: names nobody"),
        ("role = \"on_call_manager\"", "role = \"boss\"", "duty[0].role: \"boss\" is none of operator"),
        ("from = \"08:00\"", "from = \"8\"", "duty[0].schedule.weekly[0].from: "),
        ("Europe/Amsterdam", "Europe/Delft", "duty[0].schedule.timezone: "),
    ] {
        let settings = whole();
        assert!(settings.contains(was), "{was}");
        let error = Case::new(&settings.replacen(was, is, 1)).error(&[]);
        assert!(error.starts_with(&format!("afstand.toml: {want}")), "{was} → {is}: {error}");
    }
}

#[test]
fn a_start_says_that_alarms_reach_fewer_people_than_it_seems() {
    let said = |settings: &str| Case::new(settings).load(&[]).unwrap().said_at_start().collect::<Vec<_>>();
    let [alone] = &said(WHOLE)[..] else { panic!("{:?}", said(WHOLE)) };
    assert!(alone.starts_with("no [[contact]] has a role"), "{alone}");
    assert_eq!(said(&whole()), [""; 0], "everybody is there");
    let without = whole().replace("roles = [\"operator\", \"second_operator\"]", "roles = [\"operator\"]");
    let expected = "no contact and no [[duty]] has a role that alarms are escalated to: second_operator";
    assert_eq!(said(&without), [expected]);
    // Deadlines without anybody at all are the console's.
    let (_, deadline) = RULES.split_once("[[deadline]]").unwrap();
    assert_eq!(said(&format!("{WHOLE}[[deadline]]{deadline}")).len(), 1);
}
