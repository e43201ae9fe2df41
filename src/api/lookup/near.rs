//! `GET /v1/lookup/near`: who was near a place at a time? From the journal, in order of arrival, a bounded stretch at
//! a time; what was not looked at is said.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use zones::geometry::{Shape, Way};
use zones::{Certainty, DeviceId, Fix, Millis, Position, Role, Timestamp, geodesy, policy};

use super::{WALK, place_of};
use crate::api::AppState;
use crate::api::extract::{CursorKey, Params, open_cursor, seal_cursor};
use crate::api::problem::{Document, Kind, Problem};
use crate::store::{FixFilter, JournalFix, MOST_ROWS};

/// Rows of the journal that one request looks at, and for how long.
const MOST_LOOKED_AT: usize = if cfg!(test) { 3_000 } else { 100_000 };
const LOOKS_FOR: Duration = Duration::from_secs(4);

/// Largest radius in metres: beyond it the answer is half a town.
const LARGEST_RADIUS_M: f64 = 10_000.0;

/// How far around the moment is looked, in seconds, and at most.
const WITHIN_S: i64 = 300;
const LARGEST_WITHIN_S: i64 = 3_600;

/// Name of the list in cursors.
const LIST: &str = "near";

/// Who was near a place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct NearView {
    /// Devices that were there or may have been, nearest first.
    pub seen: Vec<Seen>,
    /// Arrivals that were looked at: from this moment …
    #[schema(value_type = String, format = DateTime)]
    pub arrived_from: Timestamp,
    /// … up to this one.
    #[schema(value_type = String, format = DateTime)]
    pub arrived_until: Timestamp,
    /// Position reports that were looked at.
    pub looked_at: usize,
    /// What was not, and so says nothing about who was not there.
    pub not_looked_at: Vec<NotLookedAt>,
    /// Give this as `cursor` to look at later arrivals; `null` when there are none.
    pub next: Option<String>,
}

/// A device that was near.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Seen {
    /// The device.
    pub device: String,
    /// The party it belongs to.
    #[schema(value_type = String)]
    pub role: Role,
    /// The person who has it by the register now; `null` when no order names it any more.
    pub person: Option<String>,
    /// When it was nearest.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How near, in metres along the ground.
    pub distance_m: f64,
    /// Radius within which it was then with 68 % confidence, in metres.
    pub uncertainty_m: f64,
    /// `certain` when all of that circle is within the radius, `likely` when its centre is, `possible` when its edge is.
    #[schema(value_type = String)]
    pub certainty: Certainty,
    /// `fix`, or `way`: on the straight way between two reports at most two minutes apart.
    pub how: &'static str,
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NotLookedAt {
    /// `later_arrivals` (`next` looks at them), `not_arrived_yet` (devices may still send reports of that time),
    /// `ways_over_the_edge` (between reports of which only one was looked at), `unreadable`.
    pub what: &'static str,
    /// How many, where that is known.
    pub count: Option<usize>,
}

/// What is asked.
struct Question {
    place: Position,
    circle: Shape,
    radius_m: f64,
    from: Timestamp,
    to: Timestamp,
    /// Last row that was looked at before.
    after: Option<Place>,
}

/// A place in the journal, in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(Timestamp, i64);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.0.as_millis(), self.1)
    }
}

impl CursorKey for Place {
    fn open(text: &str) -> Option<Self> {
        let (millis, seq) = text.split_once('_')?;
        Some(Self(Timestamp::from_millis(millis.parse().ok()?), seq.parse().ok()?))
    }
}

/// Who was near a place at a time, by what devices reported, also of reports that came late (a day at most). Needs a
/// reason. One request looks at a bounded part of the journal; `next` goes on.
#[utoipa::path(
    get,
    path = "/v1/lookup/near",
    tag = "look-ups",
    params(
        ("lat" = f64, Query, description = "Latitude in degrees"),
        ("lon" = f64, Query, description = "Longitude in degrees"),
        ("radius_m" = f64, Query, description = "How near, in metres: more than 0, at most 10,000"),
        ("at" = String, Query, description = "The moment (RFC 3339)"),
        ("within_s" = Option<i64>, Query, description = "Seconds around the moment, 1 to 3600; 300 if not given"),
        ("cursor" = Option<String>, Query, description = "`next` of the answer before"),
        ("reason" = Option<String>, Query, description = "Why; it is noted. Or the header `X-Reason`"),
    ),
    responses(
        (status = 200, description = "Who was near", body = NearView),
        (status = 400, description = "A parameter that cannot be used, or no reason", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn near(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<Json<NearView>, Problem> {
    let place = place_of(&mut params)?;
    let needed = |name| move || Problem::parameter(name, "is missing");
    let radius_m = params.decimal("radius_m")?.ok_or_else(needed("radius_m"))?;
    if !(radius_m > 0.0 && radius_m <= LARGEST_RADIUS_M) {
        return Err(Problem::parameter(
            "radius_m",
            format!("is not more than 0 and at most {LARGEST_RADIUS_M}"),
        ));
    }
    let at = params.time("at")?.ok_or_else(needed("at"))?;
    let within_s = params.number::<i64>("within_s")?.unwrap_or(WITHIN_S);
    if !(1..=LARGEST_WITHIN_S).contains(&within_s) {
        return Err(Problem::parameter("within_s", format!("is not 1 to {LARGEST_WITHIN_S}")));
    }
    let after = match params.text("cursor")? {
        None => None,
        Some(text) => {
            let place = open_cursor(LIST, &text).and_then(|key| Place::open(&key));
            Some(place.ok_or_else(|| Problem::parameter("cursor", "is none that this look-up gave"))?)
        }
    };
    params.finish()?;
    let within = Millis::from_secs(within_s);
    let circle = Shape::circle(place, radius_m)?;
    let question = Question { place, circle, radius_m, from: at - within, to: at + within, after };
    let _turn = WALK.acquire().await.map_err(|_| Problem::new(Kind::BUSY))?;
    look(&state, &question).await.map(Json)
}

async fn look(state: &AppState, question: &Question) -> Result<NearView, Problem> {
    let now = (state.clock)();
    // A device whose clock is ahead reports a moment before it comes; one that was cut off, up to a day after it.
    let from = question.from - policy::CLOCK_AHEAD;
    let end = question.to + policy::HISTORY;
    let mut filter = FixFilter {
        arrived_from: from,
        arrived_to: end.min(now),
        after: question.after.map(|Place(at, seq)| (at, seq)),
    };
    let began = Instant::now();
    let (mut tracks, mut looked_at, mut unreadable, mut next) = (Tracks::default(), 0, 0, None);
    loop {
        let rows = state.store.fixes(&filter, MOST_ROWS).await?;
        let Some(last) = rows.last() else { break };
        let (place, is_last) = (Place(last.received_at, last.seq), rows.len() < MOST_ROWS as usize);
        filter.after = Some((place.0, place.1));
        looked_at += rows.len();
        for row in rows.into_iter().filter(|row| question.concerns(row)) {
            match state.register.fix(&row.body) {
                Ok(fix) => tracks.entry((row.device, row.role)).or_default().push(fix),
                Err(_) => unreadable += 1,
            }
        }
        if is_last {
            break;
        }
        if looked_at >= MOST_LOOKED_AT || began.elapsed() >= LOOKS_FOR {
            next = Some(place);
            break;
        }
    }
    let mut view = NearView {
        seen: question.answer(tracks, state),
        arrived_from: question.after.map_or(from, |Place(at, _)| at),
        arrived_until: next.map_or(filter.arrived_to, |Place(at, _)| at),
        looked_at,
        not_looked_at: Vec::new(),
        next: next.map(|place| seal_cursor(LIST, &place.to_string())),
    };
    let mut not = |what, count, is_so| {
        if is_so {
            view.not_looked_at.push(NotLookedAt { what, count });
        }
    };
    not("later_arrivals", None, next.is_some());
    not("not_arrived_yet", None, end > now);
    not("ways_over_the_edge", None, next.is_some() || question.after.is_some());
    not("unreadable", Some(unreadable), unreadable > 0);
    Ok(view)
}

/// What devices reported.
type Tracks = BTreeMap<(String, Role), Vec<Fix>>;

impl Question {
    /// Whether a report is of that time, or may be the other end of a way through it.
    fn concerns(&self, row: &JournalFix) -> bool {
        let around = policy::LINKED_WITHIN;
        row.fixed_at.is_some_and(|at| self.from - around <= at && at <= self.to + around)
    }

    fn answer(&self, tracks: Tracks, state: &AppState) -> Vec<Seen> {
        let mut seen: Vec<Seen> = tracks
            .into_iter()
            .filter_map(|((device, role), fixes)| {
                let nearest = self.nearest(fixes)?;
                let person = person_with(state, &device, role);
                Some(Seen { device, role, person, ..nearest })
            })
            .collect();
        seen.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m));
        seen
    }

    /// Where a device was nearest in that time, if it was or may have been within the radius.
    fn nearest(&self, mut fixes: Vec<Fix>) -> Option<Seen> {
        fixes.sort_by_key(|fix| fix.fixed_at);
        let in_time = |at: &Timestamp| self.from <= *at && *at <= self.to;
        let at_fixes = fixes
            .iter()
            .filter(|fix| in_time(&fix.fixed_at))
            .filter_map(|fix| self.sight(fix.position, fix.fixed_at, fix.uncertainty_m(), "fix"));
        let on_ways = fixes.windows(2).filter_map(|ends| {
            let [before, after] = ends else { return None };
            let took = after.fixed_at - before.fixed_at;
            if took > policy::LINKED_WITHIN {
                return None;
            }
            let way = Way::new(before.position, after.position);
            let share = self.circle.share_within(&way)?;
            let at = before.fixed_at + Millis((share * took.0 as f64).round() as i64);
            let uncertainty_m = before.uncertainty_m().max(after.uncertainty_m());
            in_time(&at).then(|| self.sight(way.at(share), at, uncertainty_m, "way")).flatten()
        });
        at_fixes.chain(on_ways).min_by(|a, b| a.distance_m.total_cmp(&b.distance_m))
    }

    fn sight(&self, there: Position, at: Timestamp, uncertainty_m: f64, how: &'static str) -> Option<Seen> {
        let distance_m = geodesy::distance_m(self.place, there);
        let certainty = if distance_m + uncertainty_m <= self.radius_m && how == "fix" {
            Certainty::Certain
        } else if distance_m <= self.radius_m {
            Certainty::Likely
        } else if distance_m - uncertainty_m <= self.radius_m {
            Certainty::Possible
        } else {
            return None;
        };
        let (device, role, person) = (String::new(), Role::Wearer, None);
        Some(Seen { device, role, person, at, distance_m, uncertainty_m, certainty, how })
    }
}

/// The person who has a device by the register now.
fn person_with(state: &AppState, device: &str, role: Role) -> Option<String> {
    let device = DeviceId::new(device).ok()?;
    let orders = state.register.of_device(&device);
    let named = orders.iter().flat_map(|order| order.parties());
    let mut named = named.filter(|(has, party)| *has == role && party.device.as_ref() == Some(&device));
    named.next().map(|(_, party)| party.person.to_string())
}
