//! The map with streets, fetched through the service from a small server of tiles.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use reqwest::Url;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::bench::{Answer, Bench, request};
use crate::api::{AppState, router};
use crate::config::MapStyles;
use crate::tiles::{Theme, Tiles};

struct Street {
    server: MockServer,
    bench: Bench,
    app: Router,
}

impl Street {
    /// A service whose map is the style given; addresses in it begin with `HERE`.
    async fn with(style: Value) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = MockServer::start().await;
        let style = style.to_string().replace("HERE", &server.uri());
        let served = ResponseTemplate::new(200).set_body_raw(style, "application/json");
        Mock::given(path("/stijl")).respond_with(served).mount(&server).await;
        let url = Url::parse(&format!("{}/stijl?f=mapbox", server.uri())).unwrap();
        let tiles = Tiles::new(MapStyles { light: url.clone(), dark: url }).unwrap();
        let bench = Bench::new().await;
        let state = AppState { tiles: Some(Arc::new(tiles)), ..bench.state.clone() };
        let app = router(state, &bench.shutdown);
        Self { server, bench, app }
    }

    async fn serves(&self, at: &str, response: ResponseTemplate) {
        Mock::given(method("GET")).and(path(at)).respond_with(response).mount(&self.server).await;
    }

    async fn get(&self, at: &str) -> Answer {
        let mut request = request(Method::GET, "operator", at, "");
        // What a browser sends along, and nobody else has to know.
        request.headers_mut().insert(header::COOKIE, "session=secret".parse().unwrap());
        request.headers_mut().insert(header::REFERER, "http://console/#/incidents".parse().unwrap());
        request.headers_mut().insert(header::USER_AGENT, "the operator's browser".parse().unwrap());
        let response = tower::ServiceExt::oneshot(self.app.clone(), request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body }
    }

    async fn asked(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }
}

fn style() -> Value {
    json!({
        "version": 8,
        "sources": {
            "straten": {"type": "vector", "tiles": ["HERE/t/{z}/{x}/{y}?f=mvt&key=k"], "maxzoom": 17},
            "lucht": {"type": "raster", "url": "lucht.json"},
            "lijst": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
        },
        "glyphs": "/letters/{fontstack}/{range}.pbf",
        "sprite": "HERE/tekens/a",
        "layers": [{"id": "weg", "type": "line", "source": "straten", "source-layer": "wegen"}]
    })
}

/// An address without what tells it from those of other styles.
fn unmarked(address: &Value) -> &str {
    let (path, mark) = address.as_str().unwrap().split_once('?').unwrap();
    assert!(mark.len() == 8 && mark.bytes().all(|b| b.is_ascii_hexdigit()), "{mark}");
    path
}

fn tiles(at: &str) -> Value {
    json!({"version": 8, "sources": {"s": {"type": "vector", "tiles": [at]}}, "layers": []})
}

#[tokio::test]
async fn every_address_of_the_style_leads_back_here_and_from_here_to_its_own_server() {
    let street = Street::with(style()).await;
    let lucht = json!({"tiles": ["lucht/{z}/{y}/{x}.png"], "minzoom": 3, "attribution": "© Kadaster"});
    street.serves("/lucht.json", ResponseTemplate::new(200).set_body_json(lucht)).await;
    let got = street.get("/tiles/dark/style").await;
    assert_eq!((got.status, got.header(header::CONTENT_TYPE)), (StatusCode::OK, "application/json"));
    assert!(!got.text().contains("127.0.0.1") && !got.text().contains("key"), "{}", got.text());
    let json = got.json();
    let sources = &json["sources"];
    // In the order of their names.
    assert_eq!(unmarked(&sources["lucht"]["tiles"][0]), "/tiles/dark/tile/0/{z}/{x}/{y}");
    assert_eq!(unmarked(&sources["straten"]["tiles"][0]), "/tiles/dark/tile/1/{z}/{x}/{y}");
    assert_eq!((&sources["lucht"]["minzoom"], &sources["straten"]["maxzoom"]), (&json!(3), &json!(17)));
    assert_eq!(sources["lucht"]["attribution"], "© Kadaster");
    assert_eq!(unmarked(&json["glyphs"]), "/tiles/dark/glyphs/{fontstack}/{range}");
    assert_eq!(unmarked(&json["sprite"]), "/tiles/dark/sprite/0");
    assert_eq!(json["layers"], style()["layers"]);

    street
        .serves("/lucht/7/42/65.png", ResponseTemplate::new(200).set_body_raw(&b"png"[..], "image/png"))
        .await;
    street.serves("/letters/Noto%20Sans/0-255.pbf", ResponseTemplate::new(200).set_body_bytes(b"abc")).await;
    street.serves("/tekens/a@2x.json", ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let air = street.get("/tiles/dark/tile/0/7/65/42").await;
    assert_eq!(
        (air.status, air.header(header::CONTENT_TYPE), &air.body[..]),
        (StatusCode::OK, "image/png", &b"png"[..])
    );
    assert_eq!(air.header(header::CACHE_CONTROL), "private, max-age=86400");
    assert_eq!(street.get("/tiles/dark/glyphs/Noto%20Sans/0-255").await.text(), "abc");
    assert_eq!(street.get("/tiles/dark/sprite/0@2x.json").await.text(), "{}");
}

#[tokio::test]
async fn the_server_of_the_map_learns_nothing_of_who_looks() {
    let street = Street::with(tiles("HERE/t/{z}/{x}/{y}?f=mvt")).await;
    Mock::given(path("/t/7/65/42"))
        .and(query_param("f", "mvt"))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(&b"t"[..], "application/vnd.mapbox-vector-tile"),
        )
        .mount(&street.server)
        .await;
    let got = street.get("/tiles/light/tile/0/7/65/42?incident=inc-1&reason=x").await;
    assert_eq!(got.text(), "t");
    for asked in street.asked().await {
        assert!(!format!("{asked:?}").to_lowercase().contains("inc-1"), "{asked:?}");
        for name in ["cookie", "referer", "authorization", "x-forwarded-for", "origin"] {
            assert!(!asked.headers.contains_key(name), "{name}: {asked:?}");
        }
        assert!(asked.headers["user-agent"].to_str().unwrap().starts_with("afstand/"));
    }
    // The style was read once for all of it.
    street.get("/tiles/light/tile/0/7/65/42").await;
    assert_eq!(street.asked().await.iter().filter(|asked| asked.url.path() == "/stijl").count(), 1);
}

/// As GoKoala of PDOK answers: tiles in the order z, y, x with a query, no sprite but an empty one, and addresses in the
/// metadata that nobody fetches.
#[tokio::test]
async fn a_style_in_the_form_of_pdok_can_be_used() {
    let pdok = |sprite: Value| {
        json!({
            "version": 8, "id": "standaard", "name": "", "pitch": 0, "center": [5.3878, 52.1561], "sprite": sprite,
            "metadata": {"ol:webfonts": "HERE/ogc/v1/resources/fonts/{font-family}/{fontweight}{-fontstyle}.css"},
            "glyphs": "HERE/ogc/v1/resources/fonts/{fontstack}/{range}.pbf",
            "sources": {"brt": {"type": "vector", "minzoom": 0, "maxzoom": 12,
                "tiles": ["HERE/ogc/v1/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt"]}},
            "layers": [{"id": "a", "type": "fill", "source": "brt", "source-layer": "nederland"}]
        })
    };
    let street = Street::with(pdok(json!(""))).await;
    let style = street.get("/tiles/light/style").await.json();
    assert!(style.get("sprite").is_none(), "none is asked for: {style}");
    let tile = ResponseTemplate::new(200)
        .set_body_raw(&b"mvt"[..], "application/vnd.mapbox-vector-tile")
        .insert_header("content-encoding", "gzip");
    Mock::given(path("/ogc/v1/tiles/WebMercatorQuad/7/42/65"))
        .and(query_param("f", "mvt"))
        .respond_with(tile)
        .mount(&street.server)
        .await;
    let at = style["sources"]["brt"]["tiles"][0].as_str().unwrap();
    let got = street.get(&at.replace("{z}/{x}/{y}", "7/65/42")).await;
    assert_eq!((got.text().as_str(), got.header(header::CONTENT_ENCODING)), ("mvt", "gzip"));
    assert_eq!(street.get("/tiles/light/sprite/0.json").await.status, StatusCode::NOT_FOUND);
    // Its other styles have one.
    let other = Street::with(pdok(json!("HERE/ogc/v1/resources/standaardsprites/sprite@1"))).await;
    other.serves("/ogc/v1/resources/standaardsprites/sprite@1@2x.png", ResponseTemplate::new(200)).await;
    assert_eq!(other.get("/tiles/light/sprite/0@2x.png?x").await.status, StatusCode::OK);
    for wrong in [json!(7), json!([{"id": "a"}]), json!([{"id": "a", "url": ""}])] {
        let got = Street::with(pdok(wrong)).await.get("/tiles/light/style").await;
        assert_eq!(got.problem()["type"], "urn:afstand:problem:no-map");
    }
}

#[tokio::test]
async fn what_a_browser_kept_of_one_address_is_not_taken_for_a_piece_of_another() {
    let street = Street::with(tiles("HERE/v1/{z}/{x}/{y}")).await;
    let mark = async |path: &str| {
        let url = Url::parse(&format!("{}{path}", street.server.uri())).unwrap();
        let tiles = Tiles::new(MapStyles { light: url.clone(), dark: url }).unwrap();
        let style: Value = serde_json::from_str(&tiles.style(Theme::Light).await.unwrap()).unwrap();
        style["sources"]["s"]["tiles"][0].as_str().unwrap().rsplit_once('?').unwrap().1.to_owned()
    };
    for (at, addresses) in [("/same", "v1"), ("/other", "v2")] {
        let style = tiles(&format!("{}/{addresses}/{{z}}/{{x}}/{{y}}", street.server.uri()));
        street.serves(at, ResponseTemplate::new(200).set_body_json(style)).await;
    }
    let first = mark("/stijl").await;
    assert_eq!(first, mark("/same").await, "also after a restart");
    assert_ne!(first, mark("/other").await, "the settings name another style");
}

#[tokio::test]
async fn nothing_can_be_asked_for_that_the_style_does_not_name() {
    let street = Street::with(style()).await;
    let lucht = json!({"tiles": ["lucht/{z}/{x}/{y}"]});
    street.serves("/lucht.json", ResponseTemplate::new(200).set_body_json(lucht)).await;
    street.get("/tiles/light/style").await;
    let before = street.asked().await.len();
    for at in [
        "/tiles/light/tile/2/7/65/42",
        "/tiles/light/tile/0/7/128/42",
        "/tiles/light/tile/0/25/1/1",
        "/tiles/light/tile/0/99/1/1",
        "/tiles/light/glyphs/..%2F..%2Fgeheim/0-255",
        "/tiles/light/glyphs/Noto/0-255.pbf%3Fx",
        "/tiles/light/sprite/0.exe",
        "/tiles/light/sprite/7.png",
        "/tiles/light/sprite/x.png",
        "/tiles/pink/style",
        "/tiles/light/geheim",
    ] {
        assert_eq!(street.get(at).await.status, StatusCode::NOT_FOUND, "{at}");
    }
    assert!(street.get("/tiles/light/tile/0/-1/1/1").await.status.is_client_error());
    assert_eq!(street.asked().await.len(), before);
}

#[tokio::test]
async fn a_style_that_leads_elsewhere_is_not_used() {
    for (at, why) in [
        ("https://elsewhere.example/{z}/{x}/{y}", "another server, elsewhere.example"),
        ("//elsewhere.example/{z}/{x}/{y}", "another server"),
        ("http://me:pw@127.0.0.1/{z}/{x}/{y}", "another server"),
        ("HERE/{quadkey}", "no z, x and y"),
        ("HERE/{z}/{x}/{y}/{bbox}", "parts that are not known"),
    ] {
        let got = Street::with(tiles(at)).await.get("/tiles/light/style").await;
        assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{at}");
        assert!(got.problem()["detail"].as_str().unwrap().contains(why), "{at}: {}", got.text());
    }
    for style in
        [json!([]), json!({"version": 8}), json!({"sources": {"v": {"type": "video", "urls": ["HERE/v"]}}})]
    {
        let got = Street::with(style).await.get("/tiles/light/style").await;
        assert_eq!(got.problem()["type"], "urn:afstand:problem:no-map");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_what_is_too_large_or_late_is_given_up() {
    let street = Street::with(tiles("HERE/t/{z}/{x}/{y}")).await;
    let elsewhere = format!("{}/geheim", street.server.uri());
    let redirect = ResponseTemplate::new(302).insert_header("location", elsewhere.as_str());
    street.serves("/t/1/0/0", redirect).await;
    street.serves("/t/1/0/1", ResponseTemplate::new(200).set_body_bytes(vec![0; (4 << 20) + 1])).await;
    street.serves("/t/1/1/0", ResponseTemplate::new(200).set_delay(Duration::from_secs(8))).await;
    street.serves("/t/1/1/1", ResponseTemplate::new(200).set_body_raw(&b"<script>"[..], "text/html")).await;
    street.serves("/geheim", ResponseTemplate::new(200).set_body_bytes(b"secret")).await;
    let failing = [("/1/0/0", "302"), ("/1/0/1", "more than"), ("/1/1/0", "no answer in time")];
    for (at, why) in failing {
        let got = street.get(&format!("/tiles/light/tile/0{at}")).await;
        assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{at}");
        assert!(got.problem()["detail"].as_str().unwrap().contains(why), "{at}: {}", got.text());
    }
    assert_eq!(street.bench.metrics.map_failures.get(), failing.len() as u64);
    assert!(street.asked().await.iter().all(|asked| asked.url.path() != "/geheim"));
    // Where the map has nothing there is nothing, and what is no part of a map is none that a browser would run.
    assert_eq!(street.get("/tiles/light/tile/0/2/0/0").await.status, StatusCode::NO_CONTENT);
    let html = street.get("/tiles/light/tile/0/1/1/1").await;
    assert_eq!(html.header(header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(html.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
}

#[tokio::test]
async fn without_a_setting_there_is_no_map_and_nobody_is_let_in_without_a_token() {
    let bench = Bench::new().await;
    let none = bench.get("operator", "/tiles/light/style").await;
    assert_eq!((none.status, none.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(bench.get("operator", "/tiles/light/tile/0/1/1/1").await.status, StatusCode::NOT_FOUND);
    let street = Street::with(style()).await;
    let stranger = request(Method::GET, "nobody", "/tiles/light/style", "");
    let response = tower::ServiceExt::oneshot(street.app.clone(), stranger).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(street.asked().await.is_empty());
    drop(street.bench);
}
