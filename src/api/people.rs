//! Where people are and how their devices do: `GET /v1/people/{person}`, `GET /v1/devices`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::PersonId;

use super::AppState;
use super::extract::{Page, Params};
use super::problem::{Document, Problem};
use super::states::{DeviceView, WatchState, Watched};
use crate::store::MOST_ROWS;

/// What is known of a person now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// The person.
    pub person: String,
    /// The person's devices: where, how sure, how old.
    pub devices: Vec<DeviceView>,
    /// What is watched about the person, and how it stands.
    pub watches: Vec<WatchState>,
    /// Keys of watches whose state cannot be read; they are watched all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(person)).routes(routes!(devices))
}

/// Where a person is, how sure that is, how old, and how every watch about the person stands.
#[utoipa::path(
    get,
    path = "/v1/people/{person}",
    tag = "people",
    params(("person" = String, Path, description = "The person's id")),
    responses(
        (status = 200, description = "The person", body = PersonView),
        (status = 404, description = "In no order of the register", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn person(
    State(state): State<AppState>,
    Path(person): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    let person = PersonId::new(&person).map_err(|e| Problem::parameter("person", e.problem))?;
    let keys = state.states.person(&person).ok_or_else(|| Problem::unknown("person", person.as_str()))?;
    let now = (state.clock)();
    let mut view = PersonView {
        person: person.to_string(),
        devices: Vec::new(),
        watches: Vec::new(),
        unreadable: Vec::new(),
    };
    for device in &keys.devices {
        // A device that never sent anything has no state: it is shown, with nothing known of it.
        view.devices.push(match state.store.device(device).await? {
            Some(stored) => DeviceView::new(&stored, &*state.states, now),
            None => DeviceView::unheard(device, &person),
        });
    }
    let mut watched = state.states.watches(&person, now);
    for prefix in &keys.watch_prefixes {
        for stored in state.store.watches_of_prefix(prefix, None, MOST_ROWS).await? {
            // A prefix that is no folder is a whole name: `…/pair/v-1` must not bring `…/pair/v-10`.
            if !prefix.ends_with('/') && *stored.key != **prefix {
                continue;
            }
            match state.states.watch(&stored) {
                Ok(watch) => match watched.get_mut(&watch.watch) {
                    Some(known) => known.watch = watch,
                    // About a device or the order itself.
                    None => view.watches.push(watch),
                },
                Err(error) => {
                    tracing::error!(%error, "a stored watch state cannot be read");
                    watched.remove(&*stored.key);
                    view.unreadable.push(stored.key.into());
                }
            }
        }
    }
    let mut unheard = BTreeMap::new();
    for Watched { mut watch, devices } in watched.into_values() {
        for device in devices {
            let is_unheard = match unheard.get(&device) {
                Some(known) => *known,
                None => is_unheard(&state, &device).await?,
            };
            unheard.insert(device, is_unheard);
            // What was raised stays raised while the silence lasts.
            if is_unheard && watch.standing == "clear" {
                "unknown".clone_into(&mut watch.standing);
            }
        }
        view.watches.push(watch);
    }
    view.watches.sort_by(|a, b| a.watch.cmp(&b.watch));
    Ok(Json(view))
}

/// Whether nothing is known of where a device is now: it is silent, was never heard, or its state cannot be read.
async fn is_unheard(state: &AppState, device: &str) -> Result<bool, Problem> {
    let Some(stored) = state.store.device(device).await? else { return Ok(true) };
    let known = state.states.device(&stored);
    Ok(known.map_or(true, |known| known.last_fix.is_none() || known.silent_since.is_some()))
}

/// Devices that were heard, by id: where, how sure, how old.
#[utoipa::path(
    get,
    path = "/v1/devices",
    tag = "people",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses((status = 200, description = "A page", body = Page<DeviceView>)),
    security(("token" = [])),
)]
async fn devices(State(state): State<AppState>, params: Params) -> Result<Json<Page<DeviceView>>, Problem> {
    let paging = params.paging::<String>("devices")?;
    let rows = state.store.devices(paging.after.as_deref(), paging.ask()).await?;
    let now = (state.clock)();
    let show = |stored| DeviceView::new(&stored, &*state.states, now);
    Ok(Json(paging.page(rows, |row| row.key.to_string(), show)))
}
