//! `GET /v1/lookup/place`: who may not be here?

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use zones::order::{LegalBasis, Order, Zone, ZoneKind};
use zones::{DeskId, Position, Timestamp};

use super::{order, place_of, walk};
use crate::api::AppState;
use crate::api::access::Scope;
use crate::api::extract::Params;
use crate::api::problem::{Document, Problem};
use crate::api::states::RegisterReader;

/// Orders that are looked at between two looks of those who decide.
const AT_A_TIME: usize = if cfg!(test) { 7 } else { 1_000 };

/// Zones that are shown.
const MOST_ZONES: usize = 500;

/// What holds at a place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// The moment it is about.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Wearers who must not be here at that moment.
    pub may_not_be_here: BTreeSet<String>,
    /// Wearers who must be somewhere that holds this place.
    pub must_be_here: BTreeSet<String>,
    /// The zones of orders in force that hold the place, or whose warning ring does, by order.
    pub zones: Vec<ZoneHere>,
    /// Whether there are more than are shown.
    pub cut: bool,
}

/// A zone that holds a place, or whose warning ring does.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ZoneHere {
    /// Its order.
    pub order: String,
    /// The zone.
    pub zone: String,
    /// `exclusion` or `inclusion`.
    #[schema(value_type = String)]
    pub kind: ZoneKind,
    /// The wearer it is for.
    pub wearer: String,
    /// The victim it protects.
    pub victim: Option<String>,
    /// Metres to its edge, along the ground; negative within.
    pub edge_m: f64,
    /// Width of its warning ring in metres.
    pub buffer_m: f64,
    /// Whether it holds the place; otherwise only its warning ring does.
    pub covers: bool,
    /// Whether it applies at that moment.
    pub applies: bool,
    /// When that changes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changes_at: Option<Timestamp>,
    /// The law its order rests on.
    #[schema(value_type = String)]
    pub legal_basis: LegalBasis,
    /// Whether police may arrest on the spot for a breach.
    pub arrest_on_sight: bool,
    /// The desk of its order.
    pub desk: Option<String>,
}

/// Who may not be here: the orders in force whose zones hold a place, by their schedules, with the distance to the
/// edge. Moving zones around victims are not looked at: this says nothing of where anybody is. A desk sees its own
/// orders.
#[utoipa::path(
    get,
    path = "/v1/lookup/place",
    tag = "look-ups",
    params(
        ("lat" = f64, Query, description = "Latitude in degrees"),
        ("lon" = f64, Query, description = "Longitude in degrees"),
        ("at" = Option<String>, Query, description = "The moment (RFC 3339); now if not given"),
    ),
    responses(
        (status = 200, description = "What holds there", body = PlaceView),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn place(
    State(state): State<AppState>,
    scope: Scope,
    mut params: Params,
) -> Result<Json<PlaceView>, Problem> {
    let place = place_of(&mut params)?;
    let at = params.time("at")?.unwrap_or_else(|| (state.clock)());
    params.finish()?;
    let register = Arc::clone(&state.register);
    walk(move || look(&*register, &scope, place, at)).await.map(Json)
}

fn look(register: &dyn RegisterReader, scope: &Scope, place: Position, at: Timestamp) -> PlaceView {
    let mut view = PlaceView {
        at,
        may_not_be_here: BTreeSet::new(),
        must_be_here: BTreeSet::new(),
        zones: Vec::new(),
        cut: false,
    };
    let mut last = None;
    loop {
        let orders = register.after(last.as_ref(), AT_A_TIME);
        let Some(newest) = orders.last() else { return view };
        last = Some(newest.order.clone());
        let seen = |order: &&Arc<Order>| scope.sees(order.desk.as_ref().map(DeskId::as_str));
        for order in orders.iter().filter(seen).filter(|order| order.in_force(at)) {
            for zone in &order.zones {
                if let Some(here) = here(order, zone, place, at) {
                    view.add(here);
                }
            }
        }
    }
}

/// The zone at the place, if it or its warning ring holds it.
fn here(order: &Order, zone: &Zone, place: Position, at: Timestamp) -> Option<ZoneHere> {
    let (roughly_m, error_m) = zone.shape.quick_edge_distance_m(place);
    if roughly_m - error_m > zone.buffer_m {
        return None;
    }
    let edge_m = zone.shape.edge_distance_m(place);
    if edge_m > zone.buffer_m {
        return None;
    }
    let (applies, changes_at) = order::applies(order, zone, at);
    Some(ZoneHere {
        order: order.order.to_string(),
        zone: zone.zone.to_string(),
        kind: zone.kind,
        wearer: order.wearer.person.to_string(),
        victim: zone.victim.as_ref().map(ToString::to_string),
        edge_m,
        buffer_m: zone.buffer_m,
        covers: edge_m <= 0.0,
        applies,
        changes_at,
        legal_basis: order.legal_basis,
        arrest_on_sight: order.legal_basis.arrest_on_sight(),
        desk: order.desk.as_ref().map(ToString::to_string),
    })
}

impl PlaceView {
    fn add(&mut self, here: ZoneHere) {
        if here.covers && here.applies {
            let who = match here.kind {
                ZoneKind::Exclusion => &mut self.may_not_be_here,
                ZoneKind::Inclusion => &mut self.must_be_here,
            };
            who.insert(here.wearer.clone());
        }
        if self.zones.len() < MOST_ZONES {
            self.zones.push(here);
        } else {
            self.cut = true;
        }
    }
}
