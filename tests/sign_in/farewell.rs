//! Who signs out is signed out at the provider too, where it has a place for that.

use reqwest::{Method, Url};

use super::support::provider::{CLIENT, Provider};
use super::{Stage, people};

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_is_led_to_the_provider_and_back_and_carries_nothing_of_herself() {
    let provider = Provider::start(false, &people()).await;
    provider.has_farewell();
    let stage = Stage::new(Some(&provider.issuer)).await;
    // A victim finds her own page again, not the console's door; both need no session.
    for (user, door) in [("anna", "/"), ("vera", "/victim")] {
        let mut browser = stage.browser();
        browser.sign_in(user).await;
        // Where she comes back to follows from who she is: nothing that is asked changes it.
        let out = browser.ask(Method::POST, "/auth/logout?back=//evil.example/", None).await;
        assert_eq!(out.status, 200, "{}", out.body);
        assert!(browser.cookies.is_empty(), "here she is signed out already");
        let end = out.json()["end_session"].as_str().unwrap().to_owned();
        assert!(end.starts_with(&format!("{}/logout?", provider.issuer)), "{end}");
        let back = browser.get(&end).await;
        assert_eq!(back.location, format!("{}{door}", stage.base()));
        let farewells = provider.farewells();
        let came = farewells.last().expect("she came");
        assert_eq!((came["client_id"].as_str(), came["theme"].as_str()), (CLIENT, "dark"));
        assert_eq!(came.len(), 3, "and the page to come back to: {came:?}");
        assert_eq!(browser.get("/v1/session").await.status, 401);
        assert_eq!(Url::parse(&back.location).unwrap().path(), door);
    }
    assert_eq!(provider.farewells().len(), 2);
}

/// Its session here is over whatever becomes of the provider, and nobody waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_has_gone_keeps_nobody_signed_in() {
    let provider = Provider::start(false, &people()).await;
    let stage = Stage::new(Some(&provider.issuer)).await;
    let mut browser = stage.browser();
    browser.sign_in("anna").await;
    let kept = browser.clone();
    drop(provider);
    assert_eq!(browser.ask(Method::POST, "/auth/logout", None).await.status, 204);
    assert_eq!(kept.clone().get("/v1/session").await.status, 401);
}
