//! The sample orders beside this crate, and the worked examples of the contract where they are at hand.

// A test may read its files, stop where they are bad, and say what it skips.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use zones::guidance::{self, Code, Finding, Severity};
use zones::order::{self, Draft, ZoneKind};
use zones::{Timestamp, geodesy};

fn t(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn file(path: impl AsRef<Path>) -> Vec<Draft> {
    let text = std::fs::read_to_string(path).unwrap();
    order::read(&text).unwrap_or_else(|e| panic!("{e}"))
}

fn sample(name: &str) -> Vec<Draft> {
    file(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name))
}

fn told(findings: &[Finding]) -> Vec<(&str, Code, Severity)> {
    findings.iter().map(|f| (f.order.as_str(), f.code, f.severity)).collect()
}

#[test]
fn the_sample_orders_keep_the_guidance_for_years() {
    let drafts = sample("orders.json");
    for now in ["2026-01-05T00:00:00Z", "2026-11-21T00:00:00Z", "2030-12-01T00:00:00Z"] {
        let findings = guidance::check(&drafts, t(now));
        assert_eq!(told(&findings), [("ord-breda", Code::RadiusTooSmall, Severity::Info)], "{now}");
    }
    for draft in drafts {
        let order = draft.order.clone();
        assert!(draft.into_order().is_ok(), "{order}");
    }
}

#[test]
fn the_sample_orders_show_what_an_order_can_hold() {
    let drafts = sample("orders.json");
    let zones = || drafts.iter().flat_map(|draft| &draft.zones);
    assert!(zones().any(|zone| zone.kind == ZoneKind::Inclusion && zone.schedule.is_some()));
    assert!(zones().any(|zone| zone.deviation.is_some()));
    assert!(zones().any(|zone| zone.protects.is_some()));
    let victims = || drafts.iter().flat_map(|draft| &draft.victims);
    assert!(victims().any(|victim| victim.proximity.is_some()));
    assert!(victims().any(|victim| victim.proximity.is_none()));
    assert!(victims().any(|victim| victim.quiet_hours.is_some() && victim.second_channel.is_some()));
    assert!(drafts.iter().any(|draft| !draft.call_order.is_empty()));
    // A zone around a home holds that home, and the wearer's home lies outside all of them.
    for draft in &drafts {
        for zone in draft.zones.iter().filter(|zone| zone.kind == ZoneKind::Exclusion) {
            let shape = zone.shape().unwrap();
            assert!(shape.edge_distance_m(draft.wearer.residence.unwrap()) > 0.0, "{}", zone.zone);
            if let Some(home) = zone.victim.as_ref().and_then(|v| draft.victim(v)?.party.residence) {
                assert!(zone.protects.is_some() || shape.edge_distance_m(home) < 0.0, "{}", zone.zone);
            }
        }
    }
}

#[test]
fn the_sample_findings_show_each_code_once() {
    use Code::*;
    let expected = [
        ("residence-unknown", ResidenceUnknown, Severity::Warning),
        ("residence-too-close", ResidenceTooClose, Severity::Error),
        ("radius-too-small", RadiusTooSmall, Severity::Error),
        ("radius-below-advice", RadiusBelowAdvice, Severity::Warning),
        ("not-enforceable", NotEnforceable, Severity::Error),
        ("expires-soon", ExpiresSoon, Severity::Warning),
    ];
    let drafts = sample("orders-with-findings.json");
    for now in ["2026-11-21T00:00:00Z", "2030-12-01T00:00:00Z"] {
        assert_eq!(told(&guidance::check(&drafts, t(now))), expected, "{now}");
    }
    let crossing = drafts.iter().find(|draft| draft.order.as_str() == "not-enforceable").unwrap();
    let problem = &crossing.zones[0].shape().unwrap_err().problem;
    assert!(problem.contains("itself"), "{problem}");
    for draft in drafts {
        let code = expected.iter().find(|(order, ..)| *order == draft.order.as_str()).unwrap();
        assert_eq!(draft.into_order().is_err(), code.2 == Severity::Error, "{}", code.0);
    }
}

#[test]
fn the_sample_orders_survive_their_canonical_form() {
    for name in ["orders.json", "orders-with-findings.json"] {
        for draft in sample(name) {
            let again = order::read(&draft.to_json()).unwrap().remove(0);
            assert_eq!(again.zones, draft.zones);
            assert_eq!(again.to_json(), draft.to_json());
        }
    }
}

#[test]
fn the_contracts_worked_example() {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../shared/examples/guidance/orders.json"].iter().collect();
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return;
    }
    let findings = guidance::check(&file(path), t("2026-11-21T00:00:00Z"));
    let expected = [
        ("ord-a", Code::RadiusTooSmall, Severity::Error, 500.0, 1_000.0),
        ("ord-b", Code::RadiusBelowAdvice, Severity::Warning, 3_000.0, 5_000.0),
        ("ord-d", Code::ResidenceTooClose, Severity::Error, 902.7, 1_000.0),
        ("ord-e", Code::RadiusTooSmall, Severity::Info, 500.0, 1_000.0),
    ];
    assert_eq!(told(&findings), expected.map(|(order, code, severity, ..)| (order, code, severity)));
    for (finding, (order, _, _, measured, required)) in findings.iter().zip(expected) {
        assert!((finding.measured_m.unwrap() - measured).abs() <= 1.0, "{order}: {finding:?}");
        assert_eq!(finding.required_m, Some(required), "{order}");
    }
}

#[test]
fn a_residence_too_close_is_measured_as_the_crow_flies() {
    let drafts = sample("orders-with-findings.json");
    let close = drafts.iter().find(|draft| draft.order.as_str() == "residence-too-close").unwrap();
    let finding = guidance::check(std::slice::from_ref(close), t("2026-11-21T00:00:00Z")).remove(0);
    let home = |party: &order::Party| party.residence.unwrap();
    let between = geodesy::distance_m(home(&close.wearer), home(&close.victims[0].party));
    assert!((finding.measured_m.unwrap() - (between - 5_000.0)).abs() <= 0.05, "{finding:?}");
}
