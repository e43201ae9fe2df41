use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

use super::bench::{Bench, request};
use crate::api::page::FILES;

#[tokio::test]
async fn the_page_needs_nothing_but_its_own_files() {
    let bench = Bench::new().await;
    for path in ["/", "/victim"] {
        needs_nothing_else(&bench, path).await;
    }
}

async fn needs_nothing_else(bench: &Bench, path: &str) {
    let page = bench.get("nobody", path).await;
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(
        page.header(header::CONTENT_SECURITY_POLICY),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self'"
    );
    let html = page.text();
    // What the policy would forbid is not there.
    for forbidden in ["style=", "<style", "onclick", "javascript:", "http://", "https://", "<script>"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let loaded =
        html.split(['"', '\'']).filter(|part| part.starts_with("/assets/") || part.starts_with("/victim/"));
    for path in loaded {
        assert_eq!(bench.get("nobody", path).await.status, StatusCode::OK, "{path}");
    }
}

/// The companion can be installed: what says so is there, and its worker may stand between the network and nothing else.
#[tokio::test]
async fn the_companions_worker_is_for_the_companion_alone() {
    let bench = Bench::new().await;
    if !FILES.iter().any(|file| file.path == "victim.html") {
        println!("skipped: this build has no dashboard, only the page that says so");
        return;
    }
    let worker = bench.get("nobody", "/victim/worker.js").await;
    assert_eq!(
        (worker.status, worker.header("service-worker-allowed"), worker.header(header::CACHE_CONTROL)),
        (StatusCode::OK, "/victim", "no-store")
    );
    let manifest = bench.get("nobody", "/victim/manifest.webmanifest").await;
    assert_eq!(manifest.header(header::CONTENT_TYPE), "application/manifest+json");
    let manifest = manifest.json();
    assert_eq!((&manifest["start_url"], &manifest["scope"]), (&json!("/victim"), &json!("/victim")));
    for icon in manifest["icons"].as_array().unwrap() {
        let icon = bench.get("nobody", icon["src"].as_str().unwrap()).await;
        assert_eq!((icon.status, icon.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/png"));
    }
    assert_eq!(bench.get("nobody", "/victim/nothing.js").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_file_that_was_built_in_can_be_had_in_every_encoding() {
    let bench = Bench::new().await;
    let mut assets = 0;
    for file in FILES.iter().filter(|file| file.path.starts_with("assets/")) {
        assets += 1;
        let path = format!("/{}", file.path);
        let plain = bench.get("nobody", &path).await;
        assert_eq!(
            (plain.status, plain.header(header::CONTENT_TYPE)),
            (StatusCode::OK, file.media),
            "{path}"
        );
        assert!(plain.header(header::CACHE_CONTROL).contains("immutable"), "{path}");
        assert_eq!(plain.header(header::CONTENT_ENCODING), "", "{path}");
        let gzip = bench.send(asking(&path, "deflate, gzip;q=0.8, br;q=0")).await;
        match gzip.header(header::CONTENT_ENCODING) {
            "gzip" => {
                let mut text = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip.body[..]), &mut text)
                    .unwrap();
                assert_eq!(text, plain.body, "{path}");
                let brotli = bench.send(asking(&path, "gzip, br")).await;
                assert_eq!(brotli.header(header::CONTENT_ENCODING), "br", "{path}");
                assert!(brotli.body.len() < plain.body.len(), "{path}");
            }
            encoding => assert_eq!((encoding, &gzip.body), ("", &plain.body), "{path}"),
        }
    }
    if assets == 0 {
        println!("skipped: this build has no dashboard, only the page that says so");
    }
    let nowhere = bench.get("nobody", "/assets/%2e%2e/index.html").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

fn asking(path: &str, encodings: &str) -> axum::http::Request<Body> {
    let mut request = request(Method::GET, "nobody", path, "");
    request.headers_mut().insert(header::ACCEPT_ENCODING, encodings.parse().unwrap());
    request
}

#[tokio::test]
async fn the_description_can_be_read_without_a_network() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("nobody", "/docs").await.header(header::LOCATION), "/docs/");
    let reader = bench.get("nobody", "/docs/").await;
    assert!(!reader.text().contains("http"), "{}", reader.text());
    let script = bench.get("nobody", "/docs/swagger-initializer.js").await;
    assert!(script.text().contains("\"/openapi.json\""), "{}", script.text());
    let policy = script.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("connect-src 'self'") && !policy.contains("script-src 'self' "), "{policy}");
    assert_eq!(bench.get("nobody", "/docs/swagger-ui-bundle.js").await.status, StatusCode::OK);
}
