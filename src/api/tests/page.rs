use axum::http::{StatusCode, header};

use super::bench::Bench;

#[tokio::test]
async fn the_page_needs_nothing_but_its_own_files() {
    let bench = Bench::new().await;
    let page = bench.get("nobody", "/").await;
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(
        page.header(header::CONTENT_SECURITY_POLICY),
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    );
    let html = page.text();
    // What the policy would forbid is not there.
    for forbidden in ["style=", "<style", "onclick", "javascript:", "http://", "https://", "<script>"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let loaded = html.split(['"', '\'']).filter(|part| part.starts_with('/') && part.contains('.'));
    let mut files = 0;
    for path in loaded {
        assert_eq!(bench.get("nobody", path).await.status, StatusCode::OK, "{path}");
        files += 1;
    }
    assert!(files >= 2, "a style and a script");
}

#[tokio::test]
async fn the_page_puts_text_in_as_text_only() {
    let bench = Bench::new().await;
    let script = bench.get("nobody", "/page.js").await.text();
    assert!(script.contains("textContent"));
    for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(way), "{way}");
    }
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
