//! Text messages through a gateway that takes them over HTTP.

use reqwest::Client;
use serde_json::Value;
use zones::order::PhoneNumber;

use crate::config::SmsGateway;

use super::http;
use super::transport::SendError;

/// Hands text messages to a gateway.
#[derive(Debug, Clone)]
pub(super) struct SmsClient {
    client: Client,
    gateway: SmsGateway,
}

impl SmsClient {
    /// The process must have a `rustls` provider by now.
    pub(super) fn new(gateway: SmsGateway) -> Result<Self, SendError> {
        Ok(Self { client: http::client()?, gateway })
    }

    /// Hands one message over; any 2xx means that the gateway has it. `id` is the same for every attempt.
    pub(super) async fn send(&self, id: &str, to: &PhoneNumber, text: &str) -> Result<String, SendError> {
        let body = filled(&self.gateway.body, to.as_str(), text);
        let mut request = self
            .client
            .post(self.gateway.url.clone())
            .header("content-type", "application/json")
            // A gateway that knows this header sends a message once, however often it is handed over.
            .header("idempotency-key", id)
            .body(body.to_string());
        if let Some(token) = &self.gateway.token {
            request = request.bearer_auth(token.expose());
        }
        http::send(request).await
    }
}

/// The template with its texts filled in, as values: nothing in a message can become structure.
fn filled(template: &Value, to: &str, text: &str) -> Value {
    match template {
        // A number holds no braces, so that it cannot ask for the text.
        Value::String(template) => Value::String(template.replace("{to}", to).replace("{text}", text)),
        Value::Array(list) => list.iter().map(|value| filled(value, to, text)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, to, text))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::delivery::tests::install_tls;
    use serde_json::json;
    use wiremock::matchers::{body_json, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    fn gateway(server: &MockServer, body: Value) -> SmsClient {
        install_tls();
        let url = format!("{}/messages?key=hush", server.uri()).parse().unwrap();
        SmsClient::new(SmsGateway { url, token: Some(Secret::of("hush-token")), body }).unwrap()
    }

    fn anna() -> PhoneNumber {
        PhoneNumber::new("+31612345678").unwrap()
    }

    #[tokio::test]
    async fn a_gateway_gets_the_message_in_its_own_form() {
        let server = MockServer::start().await;
        let want = json!({"recipients": ["+31612345678"], "text": "Afstand: \"x\", \\ {to}\n", "ttl": 60});
        Mock::given(method("POST"))
            .and(path("/messages"))
            .and(header("content-type", "application/json"))
            .and(header("idempotency-key", "notice-1"))
            .and(header("authorization", "Bearer hush-token"))
            .and(body_json(want))
            .respond_with(ResponseTemplate::new(201))
            .expect(1)
            .mount(&server)
            .await;
        let body = json!({"recipients": ["{to}"], "text": "Afstand: {text}", "ttl": 60});
        // A text with everything in it that means something in JSON or in a template.
        let sent = gateway(&server, body).send("notice-1", &anna(), "\"x\", \\ {to}\n").await;
        assert_eq!(sent, Ok("201 Created".to_owned()));
    }

    #[tokio::test]
    async fn a_gateway_that_refuses_has_nothing() {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(402).set_body_string("no credit for +31612345678");
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        let sent = gateway(&server, json!(["{to}", "{text}"])).send("n", &anna(), "x").await;
        assert_eq!(sent, Err(SendError::new("answered 402 Payment Required".to_owned())));
    }

    #[tokio::test]
    async fn an_error_shows_neither_key_nor_number() {
        let server = MockServer::start().await;
        let client = gateway(&server, json!(["{to}", "{text}"]));
        drop(server);
        let error = client.send("n", &anna(), "x").await.unwrap_err().to_string();
        assert!(!error.contains("hush") && !error.contains("316"), "{error}");
    }
}
