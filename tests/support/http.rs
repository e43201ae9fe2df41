//! Somebody at the HTTP interface.

use std::collections::VecDeque;

use reqwest::{Client, Method, Response};
use serde_json::Value;

use super::{soon, until};

/// The interface, with the token of one role.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: String,
}

/// An answer that was read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub media: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The answer as a problem document.
    pub fn problem(&self) -> Value {
        assert_eq!(self.media, "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem
    }
}

impl Api {
    pub fn new(base: String, token: &str) -> Self {
        // Several tests of one process come here; the first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { client, base, token: token.to_owned() }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks; `None` when nobody answers.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        let asked = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await;
        Some(answer(asked.ok()?).await)
    }

    pub async fn get(&self, path: &str) -> Answer {
        soon(path, self.try_get(path)).await.unwrap_or_else(|| panic!("{path}: nobody answers"))
    }

    pub async fn put(&self, path: &str, body: impl ToString) -> Answer {
        self.send(Method::PUT, path, body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, String::new()).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Answer {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body);
        answer(soon(path, request.send()).await.expect("the service answers")).await
    }

    /// The same as `post`, with a key that makes it one command however often it is sent.
    pub async fn post_once(&self, path: &str, key: &str, body: impl ToString) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").header("idempotency-key", key);
        answer(soon(path, request.body(body.to_string()).send()).await.expect("the service answers")).await
    }

    /// Asks until the answer is the one looked for.
    pub async fn until<T>(&self, path: &str, is: impl Fn(&Value) -> Option<T>) -> T {
        let ask = async || {
            let answer = self.try_get(path).await?;
            if answer.status == 200 { is(&answer.json()) } else { None }
        };
        until(path, ask).await
    }

    /// A figure of `/metrics` by the beginning of its line; 0 while it is not there.
    pub async fn figure(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0.0, |value| value.trim().parse().expect("a number"))
    }

    /// The live events from now on, or from after the event with that number.
    pub async fn live(&self, after: Option<i64>) -> Live {
        let mut request = self.client.get(format!("{}/v1/live", self.base)).bearer_auth(&self.token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = soon("the live stream", request.send()).await.expect("the service answers");
        assert_eq!(response.status(), 200);
        let mut live = Live { response, text: String::new(), ready: VecDeque::new() };
        // The position the stream begins at: from here on nothing is missed.
        live.event().await;
        live
    }
}

async fn answer(response: Response) -> Answer {
    let status = response.status().as_u16();
    let media = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let media = media.unwrap_or_default().to_owned();
    Answer { status, media, body: response.text().await.unwrap_or_default() }
}

/// An open stream of server-sent events.
pub struct Live {
    response: Response,
    text: String,
    ready: VecDeque<Event>,
}

/// One event.
#[derive(Debug, Clone, Default)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub data: String,
}

impl Live {
    /// The next alert.
    pub async fn alert(&mut self) -> (i64, Value) {
        loop {
            let event = self.event().await;
            if event.kind == "alert" {
                let data = serde_json::from_str(&event.data).expect("JSON");
                return (event.id.parse().expect("a number"), data);
            }
        }
    }

    /// The next event, of whatever kind.
    pub async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            let chunk = soon("a live event", self.response.chunk()).await.expect("the stream goes on");
            let chunk = chunk.expect("the stream is open");
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (read(block), rest.to_owned());
                self.text = rest;
                self.ready.extend(event);
            }
        }
    }
}

/// One block of a stream; `None` when it is a comment.
fn read(block: &str) -> Option<Event> {
    let mut event = Event::default();
    for line in block.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut event.id),
            "event" => value.clone_into(&mut event.kind),
            "data" => event.data.push_str(value),
            _ => {}
        }
    }
    (!event.id.is_empty()).then_some(event)
}
