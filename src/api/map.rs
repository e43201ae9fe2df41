//! `/tiles`: the map with streets behind what the console draws, fetched through this service. 204 where there is
//! none: the console then shows the one that is built in.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::AppState;
use super::problem::{Kind, Problem};
use crate::tiles::{Piece, Theme, Unavailable, Wanted};

/// How long a browser keeps the style, and the pieces: streets change by the month.
const KEEP_STYLE: HeaderValue = HeaderValue::from_static("private, max-age=300");
const KEEP_PIECE: HeaderValue = HeaderValue::from_static("private, max-age=86400");

/// Not described: these are for the console, and change with it.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/tiles/{theme}/style", get(style))
        .route("/tiles/{theme}/tile/{source}/{z}/{x}/{y}", get(tile))
        .route("/tiles/{theme}/glyphs/{font}/{range}", get(glyphs))
        .route("/tiles/{theme}/sprite/{file}", get(sprite))
}

async fn style(State(state): State<AppState>, Path(theme): Path<String>) -> Result<Response, Problem> {
    let theme = theme_of(&theme)?;
    let Some(tiles) = &state.tiles else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let json = tiles.style(theme).await.map_err(|why| unavailable(&state, why))?;
    let media = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, KEEP_STYLE)], json).into_response())
}

async fn tile(
    state: State<AppState>,
    Path((theme, source, z, x, y)): Path<(String, usize, u8, u32, u32)>,
) -> Result<Response, Problem> {
    piece(&state, &theme, &Wanted::Tile { source, z, x, y }).await
}

async fn glyphs(
    state: State<AppState>,
    Path((theme, font, range)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    piece(&state, &theme, &Wanted::Glyphs { font: &font, range: &range }).await
}

async fn sprite(
    state: State<AppState>,
    Path((theme, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let digits = file.bytes().take_while(u8::is_ascii_digit).count();
    let (number, end) = file.split_at(digits);
    let number = number.parse().map_err(|_| Problem::new(Kind::NOT_FOUND))?;
    piece(&state, &theme, &Wanted::Sprite { number, end }).await
}

async fn piece(state: &AppState, theme: &str, wanted: &Wanted<'_>) -> Result<Response, Problem> {
    let theme = theme_of(theme)?;
    let tiles = state.tiles.as_ref().ok_or_else(|| Problem::new(Kind::NOT_FOUND))?;
    let mut response = match tiles.piece(theme, wanted).await.map_err(|why| unavailable(state, why))? {
        Some(piece) => whole(piece),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, KEEP_PIECE);
    Ok(response)
}

fn whole(Piece { media, is_gzip, body }: Piece) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if is_gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn theme_of(word: &str) -> Result<Theme, Problem> {
    match word {
        "light" => Ok(Theme::Light),
        "dark" => Ok(Theme::Dark),
        _ => Err(Problem::new(Kind::NOT_FOUND)),
    }
}

fn unavailable(state: &AppState, why: Unavailable) -> Problem {
    match why {
        Unavailable::NotNamed => Problem::new(Kind::NOT_FOUND),
        why => {
            state.metrics.map_failures.inc();
            // An outage is in the log once: each look at a map asks for dozens of pieces.
            Problem::new(Kind::NO_MAP).detail(why.to_string()).logged()
        }
    }
}
