use std::collections::BTreeSet;

use axum::http::{Method, StatusCode, header};

use super::bench::{Bench, NOW, alert, at, holder, incident, request, with_cookie};
use crate::api::access::{Access, Cell, ROLES, Row, TABLE};
use crate::config::Role;
use crate::store::Batch;

/// Paths that a browser reads, and that describe themselves.
const NOT_DESCRIBED: [&str; 16] = [
    "/",
    "/victim",
    "/victim/{*path}",
    "/assets/{*path}",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{*rest}",
    "/auth/login",
    "/auth/callback",
    "/auth/once",
    "/auth/done",
    "/tiles/{theme}/style",
    "/tiles/{theme}/tile/{source}/{z}/{x}/{y}",
    "/tiles/{theme}/glyphs/{font}/{range}",
    "/tiles/{theme}/sprite/{file}",
];

pub(super) fn somebody(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::Supervisor => "supervisor",
        Role::Desk => "rotterdam",
        Role::Auditor => "auditor",
        Role::Integrator => "integrator",
        Role::Victim => "victim",
    }
}

/// A path of the pattern, with the ids of things that are on the bench.
pub(super) fn path(pattern: &str) -> String {
    pattern
        .replace("{order}", "ord-0001")
        .replace("{incident}", "inc-1")
        .replace("{person}", "wearer-0001")
        .replace("/lookup/place", "/lookup/place?lat=52&lon=5")
        .replace("/lookup/near", "/lookup/near?lat=52&lon=5&radius_m=500&at=2026-11-21T10:00:00Z")
        .replace("{desk}", "rotterdam")
        .replace("{source}/{z}/{x}/{y}", "0/7/65/42")
        .replace("{*rest}", "swagger-ui.css")
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let bench = Bench::new().await;
    bench
        .commit(Batch {
            incidents: vec![incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:10:00Z")],
            alerts: vec![alert(1, "inc-1", "rotterdam")],
            ..Batch::default()
        })
        .await;
    bench.shutdown.cancel(); // live streams end at once
    for Row(method, pattern, access, _) in TABLE {
        let say = format!("{method} {pattern}");
        let ask = |who| {
            let mut request = request(method.clone(), who, &path(pattern), "");
            request.headers_mut().insert("x-reason", "the test asks".parse().unwrap());
            bench.send(request)
        };
        let nobody = ask("nobody").await.status;
        let Access::Roles(cells) = access else {
            // Files: this one there is not, and without the dashboard there are none. Who comes to sign in with nothing
            // is told what is missing.
            let open = nobody.is_success()
                || nobody == StatusCode::SEE_OTHER
                || pattern.ends_with("/{*path}")
                || pattern.starts_with("/auth/");
            assert!(open && nobody != StatusCode::UNAUTHORIZED, "{say}: {nobody}");
            assert!(nobody != StatusCode::FORBIDDEN && !nobody.is_server_error(), "{say}: {nobody}");
            continue;
        };
        assert_eq!(nobody, StatusCode::UNAUTHORIZED, "{say}");
        assert_eq!(ask("stranger").await.status, StatusCode::UNAUTHORIZED, "{say}");
        for (role, cell) in ROLES.into_iter().zip(cells) {
            let status = ask(somebody(role)).await.status;
            let refused = status == StatusCode::FORBIDDEN;
            assert_eq!(refused, *cell == Cell::No, "{say} as {role:?}: {status}");
            assert!(!status.is_server_error() && status != StatusCode::UNAUTHORIZED, "{say}: {status}");
            // A person may do what a machine of the same role may, in a session that ends with the request.
            let by_cookie = bench.by_cookie(role, method.clone(), &path(pattern)).await;
            assert_eq!(by_cookie.status == StatusCode::FORBIDDEN, refused, "{say} as {role:?}, signed in");
            assert!(by_cookie.status != StatusCode::UNAUTHORIZED, "{say} as {role:?}, signed in");
        }
    }
}

/// Whoever breaks into the tracking server must not find the register there.
#[tokio::test]
async fn a_token_for_positions_sends_them_and_does_nothing_else() {
    let bench = Bench::new().await;
    bench.shutdown.cancel();
    for Row(method, pattern, access, _) in TABLE.iter().filter(|row| row.2 != Access::Open) {
        let status = bench.send(request(method.clone(), "traccar", &path(pattern), "")).await.status;
        let refused = status == StatusCode::FORBIDDEN;
        assert_eq!(refused, !pattern.starts_with("/v1/ingest/"), "{method} {pattern} {access:?}: {status}");
    }
}

#[tokio::test]
async fn a_locked_session_may_do_three_things_and_one_without_its_csrf_token_changes_nothing() {
    let bench = Bench::new().await;
    bench.shutdown.cancel(); // live streams end at once
    for role in ROLES {
        let holder = holder(role);
        let id = bench.state.sign_in.sessions.begin(holder, None, None, at(NOW)).await.unwrap();
        let found = bench.state.sign_in.sessions.find(&id, at(NOW)).unwrap();
        let ask = async |method: &Method, pattern: &str, csrf: Option<&str>| {
            bench.send(with_cookie(method.clone(), &path(pattern), &id, csrf)).await
        };
        for Row(method, pattern, access, _) in TABLE.iter().filter(|row| row.0 != Method::GET) {
            let Access::Roles(_) = access else { continue };
            for wrong in [None, Some("wrong")] {
                let refused = ask(method, pattern, wrong).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {pattern}");
                assert_eq!(refused.problem()["type"], "urn:afstand:problem:foreign-request");
            }
        }
        bench.state.sign_in.sessions.lock(&found).await.unwrap();
        for Row(method, pattern, access, _) in TABLE.iter().filter(|row| row.1 != "/auth/logout") {
            let Access::Roles(_) = access else { continue };
            let answer = ask(method, pattern, Some(&found.csrf)).await;
            let goes_on = ["/v1/live", "/v1/session"].contains(pattern);
            assert_eq!(answer.status == StatusCode::UNAUTHORIZED, !goes_on, "{method} {pattern}: {role:?}");
            if !goes_on {
                assert_eq!(answer.problem()["type"], "urn:afstand:problem:locked");
            }
        }
        let out = ask(&Method::POST, "/auth/logout", Some(&found.csrf)).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT, "{role:?}");
        assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"), "{role:?}");
        assert_eq!(ask(&Method::GET, "/v1/session", None).await.status, StatusCode::UNAUTHORIZED);
    }
}

/// Somebody else signs in in another tab: from then on the cookie that the first one's page sends is his.
#[tokio::test]
async fn a_page_of_one_session_is_answered_nothing_by_the_cookie_of_another() {
    let bench = Bench::new().await;
    bench.shutdown.cancel(); // live streams end at once
    for role in ROLES {
        let sessions = &bench.state.sign_in.sessions;
        let hers = sessions.begin(holder(role), None, None, at(NOW)).await.unwrap();
        let page = sessions.find(&hers, at(NOW)).unwrap();
        let his = sessions.begin(holder(Role::Supervisor), None, Some(page.hash()), at(NOW)).await.unwrap();
        for Row(method, pattern, access, _) in TABLE.iter().filter(|row| row.0 == Method::GET) {
            let Access::Roles(_) = access else { continue };
            for method in [method, &Method::HEAD] {
                let asked = with_cookie(method.clone(), &path(pattern), &his, Some(&page.csrf));
                let status = bench.send(asked).await.status;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {pattern}: {role:?}");
            }
        }
        // What says nothing of a page is a link that somebody followed, or a picture.
        let link = bench.send(with_cookie(Method::GET, "/v1/session", &his, None)).await;
        assert_eq!(link.json()["role"], "supervisor");
    }
}

#[tokio::test]
async fn a_desk_sees_its_own_and_learns_nothing_of_others() {
    let bench = Bench::new().await;
    bench
        .commit(Batch {
            incidents: vec![incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:10:00Z")],
            alerts: vec![alert(1, "inc-1", "rotterdam")],
            ..Batch::default()
        })
        .await;
    assert_eq!(bench.get("rotterdam", "/v1/incidents/inc-1").await.status, StatusCode::OK);
    let others = bench.get("utrecht", "/v1/incidents/inc-1").await;
    let absent = bench.get("utrecht", "/v1/incidents/inc-9").await;
    assert_eq!(others.status, StatusCode::NOT_FOUND);
    assert_eq!(others.text().replace("inc-1", "inc-9"), absent.text());
    let count = async |who| bench.get(who, "/v1/incidents").await.json()["items"].as_array().unwrap().len();
    assert_eq!((count("rotterdam").await, count("utrecht").await), (1, 0));
    assert_eq!(bench.get("utrecht", "/v1/desks/rotterdam/deliveries").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.get("utrecht", "/v1/desks/utrecht/deliveries").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_is_refused_is_told_how_to_come_in() {
    let bench = Bench::new().await;
    let refused = bench.get("nobody", "/v1/orders").await;
    assert_eq!(refused.header(header::WWW_AUTHENTICATE), "Bearer realm=\"afstand\"");
    refused.problem();
    bench.get("rotterdam", "/v1/orders").await.problem();
    // The scheme is a word in any case; another scheme is no token.
    for (value, status) in
        [("bearer secret-of-auditor", 200), ("Basic secret-of-auditor", 401), ("Bearer", 401)]
    {
        let mut request = request(Method::GET, "nobody", "/v1/orders", "");
        request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(bench.send(request).await.status, status, "{value}");
    }
}

#[tokio::test]
async fn the_description_lists_every_endpoint_of_the_table_and_no_other() {
    let bench = Bench::new().await;
    let description = bench.get("nobody", "/openapi.json").await.json();
    assert_eq!(description["openapi"].as_str().unwrap().split('.').next(), Some("3"));
    let described: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|k| k.len() <= 6 && *k != "parameters");
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let table: BTreeSet<(String, String)> = TABLE
        .iter()
        .filter(|row| !NOT_DESCRIBED.contains(&row.1))
        .map(|Row(method, path, ..)| (method.to_string(), (*path).to_owned()))
        .collect();
    assert_eq!(described, table);
    // What needs a token says so.
    for Row(method, path, access, _) in TABLE.iter().filter(|row| !NOT_DESCRIBED.contains(&row.1)) {
        let operation = &description["paths"][path][method.as_str().to_lowercase()];
        assert_eq!(operation["security"].is_array(), *access != Access::Open, "{method} {path}");
    }
    assert_eq!(description["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}
