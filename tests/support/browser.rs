//! Somebody's browser, as far as signing in needs one: it keeps cookies by their rules, and follows what it is led to
//! step by step.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, Url};
use serde_json::Value;

/// A browser, and the service that it looks at.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    pub base: String,
    /// What the service set: value and attributes.
    pub cookies: BTreeMap<String, (String, String)>,
    /// What a page of the service would send along.
    pub csrf: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Came {
    pub status: u16,
    pub location: String,
    pub body: String,
}

impl Came {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Browser {
    pub fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Self {
            client: client.expect("a client"),
            base: base.to_owned(),
            cookies: BTreeMap::new(),
            csrf: None,
        }
    }

    /// Asks the service, with the cookies that it set, and what a page of its own sends along.
    pub async fn ask(&mut self, method: Method, path: &str, body: Option<&Value>) -> Came {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let mut request = self.client.request(method.clone(), &url);
        let is_own = url.starts_with(&self.base);
        if is_own && !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, (value, _))| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if is_own && method != Method::GET {
            request = request.header(ORIGIN, &self.base).header("sec-fetch-site", "same-origin");
            if let Some(csrf) = &self.csrf {
                request = request.header("x-csrf-token", csrf);
            }
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer =
            super::soon(path, request.send()).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let header =
            |name| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (status, location) = (answer.status().as_u16(), header(LOCATION));
        if is_own {
            for set in answer.headers().get_all(SET_COOKIE) {
                self.keep(set.to_str().expect("a cookie is text"));
            }
        }
        Came { status, location, body: answer.text().await.unwrap_or_default() }
    }

    pub async fn get(&mut self, path: &str) -> Came {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Came {
        self.ask(Method::POST, path, Some(body)).await
    }

    fn keep(&mut self, set: &str) {
        let (pair, attributes) = set.split_once("; ").unwrap_or((set, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), (value.to_owned(), attributes.to_owned()));
        }
    }

    /// Goes to the provider and signs in there as `user`: where the provider leads back to.
    pub async fn at_provider(&mut self, back: &str, user: &str) -> String {
        let left = self.get(&format!("/auth/login?back={back}")).await;
        assert_eq!(left.status, 303, "{}", left.body);
        let page = self.get(&left.location).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let mut form: Vec<(String, String)> = page
            .body
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .filter_map(|field| {
                let (name, rest) = field.split_once("\" value=\"")?;
                Some((name.to_owned(), rest.split_once('"')?.0.to_owned()))
            })
            .collect();
        form.push(("user".to_owned(), user.to_owned()));
        let action = Url::parse(&left.location).expect("a URL").join("/login").expect("a URL");
        // As a form is sent.
        let body = Url::parse_with_params("http://form/", &form).expect("a form");
        let request = self.client.post(action).header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(body.query().unwrap_or_default().to_owned());
        let answer = super::soon("the provider", request.send()).await.expect("it answers");
        answer.headers().get(LOCATION).expect("it leads back").to_str().expect("text").to_owned()
    }

    /// Signs in by the provider: what the service says to who comes back.
    pub async fn sign_in(&mut self, user: &str) -> Came {
        let back = self.at_provider("/", user).await;
        let came = self.get(&back).await;
        if came.status == 303 {
            self.csrf = None;
            let session = self.get("/v1/session").await;
            self.csrf = session.json()["csrf"].as_str().map(str::to_owned);
        }
        came
    }
}
