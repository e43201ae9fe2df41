//! Timelines, deadlines, and alerts and timelines in the one order of their numbers.

use zones::Timestamp;

use super::database::Value;
use super::read::Select;
use super::rows::{DeadlineCount, DeadlineRow, IncidentRow, LiveRow, OpenAlarms, StoredState, TimelineRow};
use super::tables::Columns;
use super::{MOST_ROWS, Store, StoreError, tables};

impl Store {
    /// What the clocks of incidents follow from, by incident.
    pub(super) async fn all_followups(&self) -> Result<Vec<StoredState>, StoreError> {
        self.all_states(Select::new(tables::FOLLOWUPS.columns, "followups")).await
    }

    /// What is remembered of roles, by role.
    pub(super) async fn all_duty(&self) -> Result<Vec<StoredState>, StoreError> {
        self.all_states(Select::new(tables::DUTY.columns, "duty")).await
    }

    /// Incidents that are closed, and of which something is remembered still.
    pub(super) async fn remembered_incidents(&self) -> Result<Vec<IncidentRow>, StoreError> {
        let select = Select::new(tables::INCIDENTS.columns, "incidents")
            .filter("incident IN (SELECT f.incident FROM followups f) AND closed_at IS NOT NULL", []);
        self.all(select.ordered("incident"), tables::read_incident).await
    }

    /// The timeline of an incident, oldest first: the newest lines of it, no more than [`MOST_ROWS`].
    pub async fn timeline(&self, incident: &str) -> Result<Vec<TimelineRow>, StoreError> {
        let select = Select::new(tables::TIMELINE.columns, "timeline")
            .filter("incident = ?", [Value::text(incident)])
            .page("seq DESC", MOST_ROWS);
        let mut lines = self.all(select, tables::read_timeline).await?;
        lines.reverse();
        Ok(lines)
    }

    /// Incidents that are part of one, the most dangerous first: by risk, then by the last distance, what is silent
    /// before what was heard again. Of all desks or of one.
    pub async fn parts(
        &self,
        of: &str,
        desk: Option<&str>,
        limit: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let select = Select::new(tables::INCIDENTS.columns, "incidents")
            .filter("part_of = ?", [Value::text(of)])
            .filter_some("desk = ?", desk.map(Value::text))
            .page(
                "CASE WHEN closed_at IS NULL AND cleared_at IS NULL THEN 0 ELSE 1 END, COALESCE(risk, 0) DESC, \
                 COALESCE(last_distance_m, 9000000000), incident",
                limit,
            );
        self.all(select, tables::read_incident).await
    }

    /// How many those are, and how many of them are silent still; likewise.
    pub async fn count_parts(&self, of: &str, desk: Option<&str>) -> Result<(i64, i64), StoreError> {
        let columns = "count(*), COALESCE(sum(CASE WHEN closed_at IS NULL AND cleared_at IS NULL THEN 1 ELSE 0 END), 0)";
        let select = Select::new(columns, "incidents")
            .filter("part_of = ?", [Value::text(of)])
            .filter_some("desk = ?", desk.map(Value::text));
        Ok(self.first(select, |row| Ok((row.int()?, row.int()?))).await?.unwrap_or_default())
    }

    /// How many alarms are open, of all desks or of one, without silences whose clocks rest because those of the
    /// incident run that they are part of.
    pub async fn open_alarms(&self, desk: Option<&str>) -> Result<OpenAlarms, StoreError> {
        let sum = |condition| format!("COALESCE(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)");
        let conditions =
            ["level = 'alarm'", "level = 'alarm' AND state = 'new'", "level = 'warning' AND state = 'new'"];
        let select = Select::new(&conditions.map(sum).join(", "), "incidents")
            .filter("closed_at IS NULL", [])
            .filter("(part_of IS NULL OR state <> 'new' OR next_step_at IS NOT NULL)", [])
            .filter_some("desk = ?", desk.map(Value::text));
        let read = |row: &mut Columns<'_>| {
            Ok(OpenAlarms { open: row.int()?, untaken: row.int()?, warnings: row.int()? })
        };
        Ok(self.first(select, read).await?.unwrap_or_default())
    }

    /// The deadlines of an incident, by when they end.
    pub async fn deadlines_of(&self, incident: &str) -> Result<Vec<DeadlineRow>, StoreError> {
        let select = Select::new(tables::DEADLINES.columns, "deadlines")
            .filter("incident = ?", [Value::text(incident)])
            .page("due_at, name, desk", MOST_ROWS);
        self.all(select, tables::read_deadline).await
    }

    /// How the deadlines went that end in a span of time, by name.
    pub async fn deadline_counts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<DeadlineCount>, StoreError> {
        let select = Select::new(tables::COUNT_COLUMNS, "deadlines")
            .filter("due_at >= ? AND due_at < ?", [from.as_millis().into(), to.as_millis().into()])
            .grouped("name, partner");
        self.all(select, tables::read_count).await
    }

    /// The deadlines that end in a span of time and were missed, the last first.
    pub async fn missed_deadlines(
        &self,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<DeadlineRow>, StoreError> {
        let select = Select::new(tables::DEADLINES.columns, "deadlines")
            .filter(
                "missed = 1 AND due_at >= ? AND due_at < ?",
                [from.as_millis().into(), to.as_millis().into()],
            )
            .page("due_at DESC, incident, name, desk", limit);
        self.all(select, tables::read_deadline).await
    }

    /// Alerts and lines of timelines with a higher number, in order: how live events resume. When there are more than
    /// asked for, those that are left out all have a higher number.
    pub async fn live_after(&self, seq: i64, limit: u32) -> Result<Vec<LiveRow>, StoreError> {
        let lines = Select::new(tables::TIMELINE.columns, "timeline").filter("seq > ?", [seq.into()]);
        let lines = self.all(lines.page("seq", limit), tables::read_timeline).await?;
        let alerts = self.alerts_after(seq, limit).await?;
        let mut rows: Vec<LiveRow> = alerts.into_iter().map(LiveRow::Alert).collect();
        rows.extend(lines.into_iter().map(LiveRow::FollowUp));
        rows.sort_by_key(LiveRow::seq);
        rows.truncate(limit as usize);
        Ok(rows)
    }

    /// Number of the newest alert or line of a timeline; 0 when there is none.
    pub async fn latest_live_seq(&self) -> Result<i64, StoreError> {
        let line = self.number("COALESCE(max(seq), 0)", "timeline").await?;
        Ok(line.max(self.latest_alert_seq().await?))
    }
}
