//! Many devices silent at once: which, the most dangerous first.

use serde::Serialize;
use utoipa::ToSchema;
use zones::Timestamp;

use super::AppState;
use super::problem::Problem;
use crate::store::IncidentRow;

/// Devices that are listed at most; `GET /v1/incidents?kind=silence` has them all.
const MOST_LISTED: u32 = 500;

/// The risks of a case (SASH), as the store ranks them.
const RISKS: [&str; 3] = ["low", "medium", "high"];

/// The silences that are one incident; of those a desk sees its own, counted as well.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SilentView {
    /// How many there were in all.
    pub all: i64,
    /// How many of them last.
    pub silent: i64,
    /// The first five hundred: what lasts first, by risk, then by last distance; what is not known comes last.
    pub list: Vec<SilentOne>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SilentOne {
    /// The silence's own incident.
    pub incident: String,
    /// The device.
    pub device: Option<String>,
    /// Its order.
    pub order: String,
    /// The wearer.
    pub wearer: String,
    /// The victim, where it is her device.
    pub victim: Option<String>,
    /// Risk of the case: `high`, `medium`, `low`, or not known.
    pub risk: Option<&'static str>,
    /// Metres between the wearer and the nearest victim by the last fix of each.
    pub last_distance_m: Option<i64>,
    /// Level of the silence now.
    pub level: String,
    /// Highest level it has had.
    pub worst: String,
    /// How far its own follow-up is.
    pub state: String,
    /// `active` while it is silent.
    pub condition: &'static str,
    /// When its silence was first raised.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
}

impl SilentView {
    /// Those of an incident, or of a desk in it.
    pub(super) async fn of(state: &AppState, incident: &str, desk: Option<&str>) -> Result<Self, Problem> {
        let (all, silent) = state.store.count_parts(incident, desk).await?;
        let list = state.store.parts(incident, desk, MOST_LISTED).await?;
        Ok(Self { all, silent, list: list.into_iter().map(SilentOne::from).collect() })
    }
}

impl From<IncidentRow> for SilentOne {
    fn from(row: IncidentRow) -> Self {
        let rank = row.follow_up.risk.and_then(|rank| usize::try_from(rank - 1).ok());
        Self {
            risk: rank.and_then(|rank| RISKS.get(rank).copied()),
            last_distance_m: row.follow_up.last_distance_m,
            condition: if row.cleared_at.is_some() { "cleared" } else { "active" },
            incident: row.incident,
            device: row.device,
            order: row.order,
            wearer: row.wearer,
            victim: row.victim,
            level: row.level.into_owned(),
            worst: row.worst.into_owned(),
            state: row.state.into_owned(),
            opened_at: row.opened_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zones::order::Risk;

    #[test]
    fn a_rank_is_that_of_the_risk() {
        for risk in [Risk::Low, Risk::Medium, Risk::High] {
            assert_eq!(serde_json::to_value(risk).unwrap(), RISKS[risk as usize]);
        }
    }
}
