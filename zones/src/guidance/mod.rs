//! The guidance (§6): whether an order can be enforced, and keeps the distances that give police time.
//!
//! A zone's `deviation` excuses it from the rules about distance only: what would be an `error` is said as
//! `info`. It must say both why and who decided. No deviation makes an order enforceable that has no device, no
//! shape or no time to apply: [`Code::NotEnforceable`] stays an error. Warnings are not changed by a deviation,
//! since they keep nothing out of force.
//!
//! A measure is rounded to 0.1 m before it is judged, so that what is printed is what was judged.

use serde::{Deserialize, Serialize, Serializer};

use crate::order::Draft;
use crate::{OrderId, Timestamp, ZoneId};

mod rules;
mod terms;
mod words;

pub use terms::Term;
use terms::Terms;
pub(crate) use terms::is_succeeded;
pub use words::render;

/// A rule of the guidance, in the order of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The wearer, or the victim of a zone that names no other place, has no residence: distances cannot be
    /// checked.
    ResidenceUnknown,
    /// The wearer lives less than 1,000 m from the edge of an exclusion zone, or inside (Inspectie JenV 2024).
    ResidenceTooClose,
    /// An exclusion zone does not reach 1,000 m beyond the place it protects in every direction, or does not
    /// contain it (Inspectie JenV 2024).
    RadiusTooSmall,
    /// It does not reach the advised 5,000 m (Kamerbrief 19-11-2024).
    RadiusBelowAdvice,
    /// There is no device, no sound shape, no period of validity, or no time at which a zone applies.
    NotEnforceable,
    /// Less than 30 days of validity are left, and no order takes over (Inspectie JenV 2024).
    ExpiresSoon,
}

impl Code {
    /// The code as it stands in JSON and on a terminal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResidenceUnknown => "RESIDENCE_UNKNOWN",
            Self::ResidenceTooClose => "RESIDENCE_TOO_CLOSE",
            Self::RadiusTooSmall => "RADIUS_TOO_SMALL",
            Self::RadiusBelowAdvice => "RADIUS_BELOW_ADVICE",
            Self::NotEnforceable => "NOT_ENFORCEABLE",
            Self::ExpiresSoon => "EXPIRES_SOON",
        }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Would be an error, but a deviation was decided.
    Info,
    /// Advice; the order is in force.
    Warning,
    /// Keeps the order out of force.
    Error,
}

impl Severity {
    /// The word as it stands in JSON and on a terminal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing the guidance has to say about an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The order.
    pub order: OrderId,
    /// The zone; `None` when it is about the order as a whole.
    pub zone: Option<ZoneId>,
    /// The rule.
    pub code: Code,
    /// Its weight here.
    pub severity: Severity,
    /// What was measured, in metres to 0.1 m; `None` for a rule without a measure. Negative: on the wrong side
    /// of the edge.
    #[serde(serialize_with = "metres")]
    pub measured_m: Option<f64>,
    /// What it must be at least, in metres.
    #[serde(serialize_with = "metres")]
    pub required_m: Option<f64>,
    /// The finding in words, Dutch first, then English; names nothing but ids and distances.
    pub message: String,
}

/// Whole metres without a decimal point, as the contract's examples have them.
#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)] // the form serde asks for
fn metres<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(m) if m.fract() == 0.0 => to.serialize_i64(*m as i64),
        Some(m) => to.serialize_f64(*m),
        None => to.serialize_none(),
    }
}

/// Everything the guidance has to say about some orders at `now`: orders and their zones as given, of each first
/// what concerns the whole order, codes in the table's order. A successor is looked for among the drafts.
pub fn check(drafts: &[Draft], now: Timestamp) -> Vec<Finding> {
    check_beside(drafts, &[], now)
}

/// The same, where other orders are already known that may be successors. A draft replaces a known order with
/// the same id.
pub fn check_beside(drafts: &[Draft], known: &[Term], now: Timestamp) -> Vec<Finding> {
    let terms = Terms::new(drafts, known);
    let mut findings = Vec::new();
    for draft in drafts {
        let expiry = rules::expiry(draft, &terms, now);
        findings.extend(rules::whole(draft));
        findings.extend(expiry);
        findings.extend(rules::zones(draft));
    }
    findings
}

/// The findings that keep an order out of force. They depend neither on the date nor on other orders.
pub(crate) fn errors(draft: &Draft) -> Vec<Finding> {
    let mut findings = rules::whole(draft);
    findings.extend(rules::zones(draft));
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

/// The findings that no deviation excuses: there is nothing to enforce.
pub(crate) fn unenforceable(draft: &Draft) -> Vec<Finding> {
    let mut findings = rules::whole(draft);
    findings.extend(rules::unenforceable_zones(draft));
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

#[cfg(test)]
mod tests;
