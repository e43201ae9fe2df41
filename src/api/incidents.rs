//! The queue: `GET /v1/incidents`, `GET /v1/incidents/{incident}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::order::Callee;
use zones::{AlertKind, PersonId, Timestamp};

use super::AppState;
use super::access::Scope;
use super::desks::DeliveryView;
use super::extract::{Page, Params};
use super::followup::{self, DeadlineView, FollowUpView, TimelineView};
use super::problem::{Document, Problem};
use super::silent::SilentView;
use crate::followup::{Condition, State as FollowUpState};
use crate::store::{
    AlertRow, Channel, DeliveryRecord, IncidentCursor, IncidentFilter, IncidentRow, IncidentStory,
    InputFilter, MOST_ROWS, ReceiptRow,
};

/// Levels of the contract (§8).
const LEVELS: [&str; 3] = ["warning", "alarm", "clear"];

/// Kinds of alert of the contract (§8).
const KINDS: [&str; 12] = [
    "exclusion_zone",
    "inclusion_zone",
    "victim_proximity",
    "aware",
    "tamper",
    "silence",
    "battery",
    "jamming",
    "parted",
    "order_expiry",
    "follow_up",
    "mass_silence",
];

/// Alerts of an incident whose decisions are shown, the newest; `explain` shows them all.
const MOST_EXPLAINED: usize = 20;

/// Pages of the journal that are searched for the decisions behind one alert.
const MOST_JOURNAL_PAGES: usize = 5;

/// An incident as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct IncidentView {
    /// The incident's id.
    pub incident: String,
    /// Order of its watch; none where it concerns many (`mass_silence`), whose own incidents say theirs.
    pub order: Option<String>,
    /// Kind of its alerts.
    #[schema(example = "victim_proximity")]
    pub kind: String,
    /// The wearer; none where it concerns many.
    pub wearer: Option<String>,
    /// The victim, where one is concerned.
    pub victim: Option<String>,
    /// The zone, where one is concerned.
    pub zone: Option<String>,
    /// The device, where one is concerned.
    pub device: Option<String>,
    /// The desk its alerts go to.
    pub desk: Option<String>,
    /// Level now: `warning`, `alarm` or `clear`.
    pub level: String,
    /// Highest level it has had.
    pub worst: String,
    /// Certainty now: `certain`, `likely` or `possible`.
    pub certainty: String,
    /// How far its follow-up is: `new`, `acknowledged`, `in_progress` or `resolved`.
    pub state: String,
    /// Whether it lasts: `active` or `cleared`. What is over is still somebody's.
    pub condition: &'static str,
    /// What is known of its follow-up beside that.
    #[serde(flatten)]
    pub follow_up: FollowUpView,
    /// Revision of its last alert.
    pub revision: i64,
    /// When the first alert was raised.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When the last thing happened to it.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// When its level went to `clear`, while it is there.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cleared_at: Option<Timestamp>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}

/// An incident in a list, with what its newest alert measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ListedIncident {
    /// The incident.
    #[serde(flatten)]
    pub incident: IncidentView,
    /// What the newest alert said: a figure a reader of the queue needs without opening each.
    pub latest: Option<Measured>,
}

/// The figures of an alert; field by field as in its `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Measured {
    /// Metres to the other party, or to the zone's edge (negative inside).
    pub distance_m: Option<f64>,
    /// Uncertainty of that, in metres.
    pub uncertainty_m: Option<f64>,
    /// Closing speed in m/s.
    pub closing_mps: Option<f64>,
    /// Seconds to the alarm distance.
    pub contact_s: Option<f64>,
    /// Whether it was found afterwards.
    #[serde(default)]
    pub late: bool,
    /// When it was measured.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fixed_at: Option<Timestamp>,
}

/// An incident with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct IncidentDetail {
    /// The incident.
    #[serde(flatten)]
    pub incident: IncidentView,
    /// Its alerts, oldest first.
    pub alerts: Vec<AlertView>,
    /// What was sent to whom, and how that went. A desk sees its own.
    pub deliveries: Vec<DeliveryView>,
    /// What recipients said. A desk sees its own.
    pub receipts: Vec<ReceiptView>,
    /// Everything that happened to it, oldest first; the newest thousand lines. A desk sees what concerns it.
    pub timeline: Vec<TimelineView>,
    /// Partners' deadlines. A desk sees its own.
    pub deadlines: Vec<DeadlineView>,
    /// Whom the case wants telephoned, in what order; absent where it does not say, or the order is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_order: Option<CallOrderView>,
    /// Of many silent devices: which, the most dangerous first. A desk that was told of them sees its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<SilentView>,
}

/// Whom to telephone first, and then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CallOrderView {
    /// `wearer`, `victim`, `police`.
    #[schema(value_type = Vec<String>)]
    pub order: Vec<Callee>,
    /// The same in Dutch.
    pub text_nl: String,
    /// The same in English.
    pub text_en: String,
}

/// An alert with the decisions behind it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Its number: the id of the live event.
    pub seq: i64,
    /// `data` of the event, police version.
    #[schema(value_type = Object)]
    pub data: Value,
    /// The decisions it follows from, as they were stored; for the newest twenty alerts, and not for desks.
    #[schema(value_type = Vec<Object>)]
    pub decisions: Vec<Value>,
    /// Why the decisions are not shown, when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions_missing: Option<&'static str>,
}

/// What a recipient said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReceiptView {
    /// When, by the recipient's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The road it came by.
    pub channel: &'static str,
    /// Device id or desk id.
    pub recipient: String,
    /// The alert it is about.
    pub alert: Option<String>,
    /// `displayed`, `confirmed`, `received`, `accepted`, `rejected`, `dispatched`, `on_scene` or `closed`.
    pub state: String,
    /// The recipient's own reference.
    pub reference: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// Incidents, last changed first. A desk sees its own.
#[utoipa::path(
    get,
    path = "/v1/incidents",
    tag = "incidents",
    params(
        ("state" = Option<String>, Query, description = "`open`, `closed`, or states of the follow-up with a comma \
         between: `new,acknowledged`"),
        ("condition" = Option<String>, Query, description = "`active` or `cleared`"),
        ("owner" = Option<String>, Query, description = "Who has it"),
        ("order" = Option<String>, Query, description = "Order of its watch"),
        ("level" = Option<String>, Query, description = "Level now: `warning`, `alarm` or `clear`"),
        ("kind" = Option<String>, Query, description = "Kind of its alerts, as in the alert"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<ListedIncident>),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn list(
    State(state): State<AppState>,
    scope: Scope,
    mut params: Params,
) -> Result<Json<Page<ListedIncident>>, Problem> {
    let (open, states) = states(params.text("state")?)?;
    let condition = params.word("condition", Condition::WORDS)?;
    let mut filter = IncidentFilter {
        open,
        states,
        active: condition.map(|word| word == Condition::Active.as_str()),
        owner: params.text("owner")?,
        order: params.text("order")?,
        level: params.word("level", &LEVELS)?.map(str::to_owned),
        kind: params.word("kind", &KINDS)?.map(str::to_owned),
        desk: scope.desk()?,
        ..IncidentFilter::default()
    };
    let mut paging = params.paging::<IncidentCursor>("incidents")?;
    filter.before = paging.after.take();
    let rows = state.store.incidents(&filter, paging.ask()).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.incident.as_str()).collect();
    let mut newest = state.store.newest_alerts(&ids).await?;
    let show = |row: IncidentRow| {
        let alert = newest.remove(&row.incident);
        let latest = alert.and_then(|alert| serde_json::from_str(&alert.data).ok());
        ListedIncident { latest, incident: view(row) }
    };
    Ok(Json(paging.page(rows, IncidentRow::cursor, show)))
}

/// One incident with its alerts, their decisions, and what came of their deliveries.
#[utoipa::path(
    get,
    path = "/v1/incidents/{incident}",
    tag = "incidents",
    params(("incident" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, description = "The incident", body = IncidentDetail),
        (status = 404, description = "There is none, or it is another desk's", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn one(
    State(state): State<AppState>,
    scope: Scope,
    Path(incident): Path<String>,
) -> Result<Json<IncidentDetail>, Problem> {
    Ok(Json(detail(&state, &scope, &incident).await?))
}

/// One incident as the caller may see it.
pub(super) async fn detail(
    state: &AppState,
    scope: &Scope,
    incident: &str,
) -> Result<IncidentDetail, Problem> {
    // One answer for what is not there and what is not the caller's: a desk learns nothing of others.
    let unknown = || Problem::unknown("incident", incident);
    let story = state.store.incident(incident).await?.ok_or_else(unknown)?;
    let told_of_many = was_told_of_many(scope, &story);
    if !scope.sees(story.incident.desk.as_deref()) && !told_of_many {
        return Err(unknown());
    }
    let IncidentStory { incident, alerts, deliveries, receipts, timeline, deadlines } = story;
    let explain = matches!(scope, Scope::All);
    let first_explained = alerts.len().saturating_sub(MOST_EXPLAINED);
    let mut shown = Vec::with_capacity(alerts.len());
    for (number, alert) in alerts.into_iter().enumerate() {
        let (decisions, decisions_missing) = match (explain, number >= first_explained) {
            (true, true) => decisions(state, &incident, &alert).await?,
            (true, false) => (Vec::new(), Some("shown for the newest alerts only")),
            (false, _) => (Vec::new(), Some("not shown to desks")),
        };
        shown.push(alert_view(alert, decisions, decisions_missing));
    }
    let own = |channel: Channel, recipient: &str| match channel {
        Channel::DeskMqtt | Channel::DeskWebhook => scope.sees(Some(recipient)),
        // Whom else an alert woke is no desk's business.
        Channel::VictimMqtt
        | Channel::StaffMqtt
        | Channel::StaffWebhook
        | Channel::Email
        | Channel::Sms
        | Channel::VictimSms
        | Channel::VictimEmail => matches!(scope, Scope::All),
    };
    let is_own = |d: &DeliveryRecord| own(d.delivery.channel, &d.delivery.recipient);
    let call_order = if explain { call_order(state, &incident) } else { None };
    let is_mass = incident.kind == AlertKind::MassSilence.as_str();
    let desk = scope.desk()?;
    Ok(IncidentDetail {
        silent: if is_mass {
            Some(SilentView::of(state, &incident.incident, desk.as_deref()).await?)
        } else {
            None
        },
        call_order,
        alerts: shown,
        deliveries: deliveries.into_iter().filter(is_own).map(DeliveryView::from).collect(),
        receipts: receipts.into_iter().filter(|r| own(r.channel, &r.recipient)).map(receipt_view).collect(),
        timeline: timeline
            .into_iter()
            .filter(|line| followup::shows(scope, line) || (told_of_many && followup::tells_of(scope, line)))
            .map(TimelineView::from)
            .collect(),
        deadlines: deadlines
            .into_iter()
            .filter(|clock| followup::concerns(scope, clock))
            .map(DeadlineView::from)
            .collect(),
        incident: view(incident),
    })
}

/// Whether it is of many silent devices, and the desk was told of those that are its own: it reads of these, and of
/// nobody else's.
fn was_told_of_many(scope: &Scope, story: &IncidentStory) -> bool {
    let Scope::Desk(own) = scope else { return false };
    let to_it = |sent: &DeliveryRecord| {
        let by_desk = matches!(sent.delivery.channel, Channel::DeskMqtt | Channel::DeskWebhook);
        by_desk && sent.delivery.recipient == own.as_str()
    };
    story.incident.kind == AlertKind::MassSilence.as_str() && story.deliveries.iter().any(to_it)
}

fn call_order(state: &AppState, incident: &IncidentRow) -> Option<CallOrderView> {
    let wearer = PersonId::new(&incident.wearer).ok()?;
    let orders = state.register.of_person(&wearer);
    let order = orders.into_iter().find(|order| order.order.as_str() == incident.order)?;
    if order.call_order.is_empty() {
        return None;
    }
    let [text_nl, text_en] = crate::delivery::call_order(&order.call_order);
    Some(CallOrderView { order: order.call_order.clone(), text_nl, text_en })
}

/// The decisions about an incident at the moment one of its alerts was raised.
async fn decisions(
    state: &AppState,
    incident: &IncidentRow,
    alert: &AlertRow,
) -> Result<(Vec<Value>, Option<&'static str>), Problem> {
    let mut filter = InputFilter { device: None, from: alert.raised_at, to: alert.raised_at, after: None };
    let mut found = Vec::new();
    for _ in 0..MOST_JOURNAL_PAGES {
        let inputs = state.store.inputs(&filter, MOST_ROWS).await?;
        for input in &inputs {
            match state.states.decisions(incident, input) {
                Ok(decisions) => found.extend(decisions),
                Err(error) => {
                    tracing::error!(%error, "stored decisions cannot be read");
                    return Ok((found, Some("they cannot be read")));
                }
            }
        }
        match inputs.last() {
            Some(last) if inputs.len() >= MOST_ROWS as usize => {
                filter.after = Some((last.received_at, last.seq));
            }
            _ => return Ok((found, None)),
        }
    }
    Ok((found, Some("too much arrived at that moment to search it here; `afstand explain` does")))
}

/// Which incidents a `state` parameter asks for: open or closed ones, or those in these states.
fn states(text: Option<String>) -> Result<(Option<bool>, Vec<String>), Problem> {
    let Some(text) = text else { return Ok((None, Vec::new())) };
    if let "open" | "closed" = &*text {
        return Ok((Some(text == "open"), Vec::new()));
    }
    let mut states: Vec<String> = text.split(',').map(str::to_owned).collect();
    states.sort();
    states.dedup();
    match states.iter().find(|word| FollowUpState::from_word(word).is_none()) {
        Some(word) => {
            let known = FollowUpState::WORDS.join(", ");
            Err(Problem::parameter("state", format!("{word:.40?} is none of open, closed, {known}")))
        }
        None => Ok((None, states)),
    }
}

pub(super) fn view(row: IncidentRow) -> IncidentView {
    IncidentView {
        condition: if row.cleared_at.is_some() { "cleared" } else { "active" },
        follow_up: FollowUpView::from(row.follow_up),
        incident: row.incident,
        order: Some(row.order).filter(|order| !order.is_empty()),
        kind: row.kind.into_owned(),
        wearer: Some(row.wearer).filter(|wearer| !wearer.is_empty()),
        victim: row.victim,
        zone: row.zone,
        device: row.device,
        desk: row.desk,
        level: row.level.into_owned(),
        worst: row.worst.into_owned(),
        certainty: row.certainty.into_owned(),
        state: row.state.into_owned(),
        revision: row.revision,
        opened_at: row.opened_at,
        changed_at: row.changed_at,
        cleared_at: row.cleared_at,
        closed_at: row.closed_at,
    }
}

fn alert_view(row: AlertRow, decisions: Vec<Value>, decisions_missing: Option<&'static str>) -> AlertView {
    let data = serde_json::from_str(&row.data).unwrap_or(Value::String(row.data));
    AlertView { seq: row.seq, data, decisions, decisions_missing }
}

fn receipt_view(row: ReceiptRow) -> ReceiptView {
    ReceiptView {
        at: row.at,
        received_at: row.received_at,
        channel: row.channel.word(),
        recipient: row.recipient,
        alert: row.alert,
        state: row.state.into_owned(),
        reference: row.reference,
        reason: row.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_filters_are_those_of_the_engine() {
        for kind in KINDS {
            let read: AlertKind = serde_json::from_value(kind.into()).unwrap();
            assert_eq!(read.as_str(), kind);
        }
        for level in LEVELS {
            serde_json::from_value::<zones::Level>(level.into()).unwrap();
        }
    }
}
