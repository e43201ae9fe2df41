//! The rules themselves.

use super::terms::Terms;
use super::words::{self, Reason};
use super::{Code, Finding, Severity};
use crate::geometry::Shape;
use crate::order::{Draft, DraftZone, Victim, ZoneKind};
use crate::policy::{EXPIRES_SOON, GUIDANCE_ADVISED_M, GUIDANCE_LEAST_M};
use crate::{Position, Timestamp};

/// What concerns an order as a whole, but for its expiry.
pub(super) fn whole(draft: &Draft) -> Vec<Finding> {
    let mut findings = Vec::new();
    if draft.wearer.residence.is_none() {
        findings.push(plain(draft, None, Code::ResidenceUnknown, &Reason::WearerResidence));
    }
    let mut unenforceable =
        |reason: &Reason<'_>| findings.push(plain(draft, None, Code::NotEnforceable, reason));
    if draft.wearer.device.is_none() {
        unenforceable(&Reason::WearerDevice);
    }
    let unequipped = |victim: &&Victim| victim.proximity.is_some() && victim.party.device.is_none();
    for victim in draft.victims.iter().filter(unequipped) {
        unenforceable(&Reason::VictimDevice(&victim.party.person));
    }
    if draft.valid_from >= draft.valid_until {
        unenforceable(&Reason::Dates);
    }
    findings
}

/// Whether an order ends soon, or has ended, without another to take over.
pub(super) fn expiry(draft: &Draft, terms: &Terms, now: Timestamp) -> Option<Finding> {
    let left = draft.valid_until - now;
    (left < EXPIRES_SOON && !terms.has_successor(draft))
        .then(|| plain(draft, None, Code::ExpiresSoon, &Reason::Expiry { until: draft.valid_until, now }))
}

/// What concerns its zones, one after the other.
pub(super) fn zones(draft: &Draft) -> Vec<Finding> {
    draft.zones.iter().flat_map(|zone| of_zone(draft, zone)).collect()
}

fn of_zone(draft: &Draft, zone: &DraftZone) -> Vec<Finding> {
    let mut findings = Vec::new();
    if zone.kind == ZoneKind::Exclusion {
        let place = protected_place(draft, zone);
        if let Protected::Unknown = place {
            findings.push(plain(draft, Some(zone), Code::ResidenceUnknown, &Reason::VictimResidence));
        }
        if let Ok(shape) = zone.shape() {
            findings.extend(residence_distance(draft, zone, shape));
            if let Protected::At(place) = place {
                findings.extend(reach(draft, zone, shape, place));
            }
        }
    }
    findings.extend(unenforceable(draft, zone));
    findings
}

/// The zones that cannot be enforced, and why.
pub(super) fn unenforceable_zones(draft: &Draft) -> Vec<Finding> {
    draft.zones.iter().flat_map(|zone| unenforceable(draft, zone)).collect()
}

fn unenforceable(draft: &Draft, zone: &DraftZone) -> impl Iterator<Item = Finding> {
    let say = |reason| plain(draft, Some(zone), Code::NotEnforceable, &reason);
    let shape = zone.shape().err().map(|problem| say(Reason::Shape(problem)));
    let schedule = never_applies(draft, zone).then(|| say(Reason::Schedule));
    shape.into_iter().chain(schedule)
}

/// Where the place lies that an exclusion zone protects.
enum Protected {
    /// It protects no victim.
    Nothing,
    /// It protects a victim, and nobody knows where.
    Unknown,
    At(Position),
}

fn protected_place(draft: &Draft, zone: &DraftZone) -> Protected {
    match (zone.protects, &zone.victim) {
        (Some(place), _) => Protected::At(place),
        (None, None) => Protected::Nothing,
        (None, Some(person)) => match draft.victim(person).and_then(|victim| victim.party.residence) {
            Some(residence) => Protected::At(residence),
            None => Protected::Unknown,
        },
    }
}

fn residence_distance(draft: &Draft, zone: &DraftZone, shape: &Shape) -> Option<Finding> {
    let measured_m = decimetres(shape.edge_distance_m(draft.wearer.residence?));
    let code = Code::ResidenceTooClose;
    (measured_m < GUIDANCE_LEAST_M).then(|| measure(draft, zone, code, measured_m, GUIDANCE_LEAST_M))
}

/// How far the zone reaches beyond the place in the direction where it reaches least.
fn reach(draft: &Draft, zone: &DraftZone, shape: &Shape, place: Position) -> Option<Finding> {
    let measured_m = decimetres(-shape.edge_distance_m(place));
    let (code, required_m) = if measured_m < GUIDANCE_LEAST_M {
        (Code::RadiusTooSmall, GUIDANCE_LEAST_M)
    } else if measured_m < GUIDANCE_ADVISED_M {
        (Code::RadiusBelowAdvice, GUIDANCE_ADVISED_M)
    } else {
        return None;
    };
    Some(measure(draft, zone, code, measured_m, required_m))
}

/// Whether the schedule leaves the zone no moment of the order's validity. Where the dates are in the wrong
/// order, that is said, and the schedule is asked about the year after `valid_from`.
fn never_applies(draft: &Draft, zone: &DraftZone) -> bool {
    let year = crate::Millis::from_secs(366 * 24 * 3_600);
    let until =
        if draft.valid_from < draft.valid_until { draft.valid_until } else { draft.valid_from + year };
    zone.schedule.as_ref().is_some_and(|schedule| !schedule.applies_between(draft.valid_from, until))
}

/// A distance as it is judged and printed: to 0.1 m, and never −0.
fn decimetres(metres: f64) -> f64 {
    (metres * 10.0).round() / 10.0 + 0.0
}

fn plain(draft: &Draft, zone: Option<&DraftZone>, code: Code, reason: &Reason<'_>) -> Finding {
    let severity = if code == Code::NotEnforceable { Severity::Error } else { Severity::Warning };
    Finding {
        order: draft.order.clone(),
        zone: zone.map(|zone| zone.zone.clone()),
        code,
        severity,
        measured_m: None,
        required_m: None,
        message: words::say(reason),
    }
}

fn measure(draft: &Draft, zone: &DraftZone, code: Code, measured_m: f64, required_m: f64) -> Finding {
    let excused = zone.deviation.as_deref().is_some_and(crate::order::Deviation::is_complete);
    let severity = match code {
        Code::RadiusBelowAdvice => Severity::Warning,
        _ if excused => Severity::Info,
        _ => Severity::Error,
    };
    Finding {
        order: draft.order.clone(),
        zone: Some(zone.zone.clone()),
        code,
        severity,
        measured_m: Some(measured_m),
        required_m: Some(required_m),
        message: words::say(&Reason::Distance { code, severity, measured_m, required_m }),
    }
}
