//! What was heard, and each judgement it led to.

use serde::Serialize;
use serde_json::Value;
use zones::{Certainty, Fix, Level, Role, Rule, Source, Standing, Timestamp, policy};

use super::limits::{Limits, Orders};
use super::{Scope, Unexplained, words};
use crate::pipeline::rows::{self, StoredDecision};
use crate::store::{AlertRow, InputKind, InputRow};

/// One thing that was heard or happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heard {
    /// Its number in the journal; of recorded input the line.
    pub number: i64,
    /// When it arrived.
    pub received_at: Timestamp,
    /// `fix`, `event`, `tick`, …
    pub kind: &'static str,
    /// The party the device belongs to.
    pub role: Option<Role>,
    /// The device.
    pub device: Option<String>,
    /// When it happened by the device's clock.
    pub fixed_at: Option<Timestamp>,
    /// Radius in metres of a fix's 68 % confidence: measured, or assumed for its source.
    pub uncertainty_m: Option<f64>,
    /// Where a fix comes from.
    pub source: Option<Source>,
    /// What a device said of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Value>,
    /// What is to be known about it, Dutch and English.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// How watches were judged on it.
    pub judgements: Vec<Judgement>,
}

/// One judgement of a watch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// Name of the watch.
    pub watch: String,
    /// The rule.
    pub rule: Rule,
    /// The time that was judged.
    pub at: Timestamp,
    /// Distance in metres, to a zone's edge negative inside.
    pub distance_m: Option<f64>,
    /// Its uncertainty in metres.
    pub uncertainty_m: Option<f32>,
    /// The thresholds of the order in force then.
    pub limits: Option<Limits>,
    /// Standing before.
    pub before: Standing,
    /// Standing after.
    pub after: Standing,
    /// How sure.
    pub certainty: Certainty,
    /// The alert that followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Raised>,
    /// Why, in words: Dutch, then English.
    pub why: String,
}

/// What the alert of a judgement says beyond it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Raised {
    /// Its id.
    pub alert: String,
    /// Its level.
    pub level: String,
    /// Closing speed in m/s, where it is known.
    pub closing_mps: Option<f64>,
    /// Seconds until they meet, where they close in.
    pub contact_s: Option<f64>,
    /// Who comes towards whom.
    pub approach: Option<String>,
}

/// What a row of the journal says within a scope; `None` when nothing in it belongs there.
pub(super) fn heard(
    row: &InputRow,
    scope: &Scope,
    orders: &Orders,
    alerts: &[AlertRow],
) -> Result<Option<Heard>, Unexplained> {
    let damaged = |problem: String| Unexplained::Damaged { number: row.seq, problem };
    let decisions = rows::read_decisions(&row.decisions).map_err(|e| damaged(e.to_string()))?;
    let judged_any = !decisions.is_empty();
    let kept = decisions.into_iter().filter(|decision| scope.holds(&row.device, &decision.watch));
    let judgements: Vec<_> = kept.map(|decision| judgement(decision, row, orders, alerts)).collect();
    if judgements.is_empty() && !scope.keeps(&row.device) {
        return Ok(None);
    }
    let fix = match row.kind {
        InputKind::Fix => Some(rows::read_fix(&row.body).map_err(|e| damaged(e.to_string()))?),
        _ => None,
    };
    let said = match row.kind {
        InputKind::Event => serde_json::from_slice::<Value>(&row.body).ok().map(|said| said["event"].clone()),
        InputKind::Online => serde_json::from_slice(&row.body).ok(),
        InputKind::Aware => serde_json::from_slice(&row.body).ok().and_then(|press| said_of(&press)),
        _ => None,
    };
    let mut remarks = fix.map(|fix| remarks(row, &fix)).unwrap_or_default();
    if fix.is_some() && !judged_any {
        remarks.push(words::NOT_JUDGED.to_owned());
    }
    Ok(Some(Heard {
        number: row.seq,
        received_at: row.received_at,
        kind: word_of(row.kind),
        role: row.role,
        device: Some(row.device.to_string()).filter(|device| !device.is_empty()),
        fixed_at: row.fixed_at,
        uncertainty_m: fix.map(|fix| fix.uncertainty_m()),
        source: fix.and_then(|fix| fix.source),
        said,
        remarks,
        judgements,
    }))
}

/// What a press was beside a press. Its place is none of an explanation's business.
fn said_of(press: &Value) -> Option<Value> {
    if press["cancel"] == true {
        let code = press["code"].as_str().unwrap_or_default();
        return Some(format!("cancel, code {code}").into());
    }
    (press["test"] == true).then(|| "test".into())
}

fn judgement(decision: StoredDecision, row: &InputRow, orders: &Orders, alerts: &[AlertRow]) -> Judgement {
    let limits = orders.limits(&decision.watch, row.seq);
    let why = words::why(&decision, limits);
    let StoredDecision { watch, rule, at, distance_m, uncertainty_m, before, after, certainty } = decision;
    let alert = alerts.iter().filter(|_| before != after).find_map(|alert| raised(alert, row, &watch, after));
    Judgement { watch, rule, at, distance_m, uncertainty_m, limits, before, after, certainty, alert, why }
}

/// The alert, where it is the one that followed from a step to `after` of that watch.
fn raised(alert: &AlertRow, row: &InputRow, watch: &str, after: Standing) -> Option<Raised> {
    if alert.raised_at != row.received_at || alert.level != Level::from(after).as_str() {
        return None;
    }
    let data: Value = serde_json::from_str(&alert.data).ok()?;
    let subject = match (data["zone"].as_str(), alert.victim.as_deref()) {
        (Some(zone), _) => format!("{}/zone/{zone}", alert.order),
        (None, Some(victim)) if alert.kind == "victim_proximity" => format!("{}/pair/{victim}", alert.order),
        _ => return None,
    };
    (subject == watch).then(|| Raised {
        alert: alert.alert.clone(),
        level: alert.level.to_string(),
        closing_mps: data["closing_mps"].as_f64(),
        contact_s: data["contact_s"].as_f64(),
        approach: data["approach"].as_str().map(str::to_owned),
    })
}

fn remarks(row: &InputRow, fix: &Fix) -> Vec<String> {
    let mut remarks = Vec::new();
    let travelled = row.received_at - fix.fixed_at;
    if travelled > policy::LATE_AFTER {
        remarks.push(words::late(travelled));
    }
    if fix.fixed_at - row.received_at > policy::CLOCK_AHEAD {
        remarks.push(words::ahead(fix.fixed_at - row.received_at));
    }
    if fix.is_coarse() {
        remarks.push(words::coarse(fix.uncertainty_m()));
    }
    remarks
}

const fn word_of(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Fix => "fix",
        InputKind::Event => "event",
        InputKind::Online => "online",
        InputKind::Aware => "aware",
        InputKind::Order => "order",
        InputKind::OrderWithdrawn => "order_withdrawn",
        InputKind::IncidentClosed => "incident_closed",
        InputKind::Hearing => "hearing",
        InputKind::Tick => "tick",
        InputKind::Receipt => "receipt",
        InputKind::Command => "command",
    }
}
