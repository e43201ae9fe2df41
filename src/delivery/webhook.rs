//! Posting to the webhook of a desk or a contact, signed.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;

use crate::config::Webhook;

use super::http;
use super::signature::signatures;
use super::transport::SendError;

/// What a post holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Post<'a> {
    /// Id of the alert or notice.
    pub id: &'a str,
    /// Its media type.
    pub media: &'static str,
    /// The body.
    pub body: &'a str,
}

/// Posts alerts and notices.
#[derive(Debug, Clone)]
pub(super) struct WebhookClient {
    client: Client,
}

impl WebhookClient {
    /// The process must have a `rustls` provider by now.
    pub(super) fn new() -> Result<Self, SendError> {
        Ok(Self { client: http::client()? })
    }

    /// Posts; any 2xx means that it was received.
    pub(super) async fn post(&self, webhook: &Webhook, post: Post<'_>) -> Result<String, SendError> {
        let Post { id, media, body } = post;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let request = self
            .client
            .post(webhook.url.clone())
            .header(CONTENT_TYPE, media)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", signatures(&webhook.secrets, id, timestamp_s, body.as_bytes()))
            .body(body.to_owned());
        http::send(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::SigningSecret;
    use crate::delivery::tests::install_tls;
    use wiremock::matchers::{body_string, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const POST: Post<'static> = Post { id: "alert-1", media: "application/cloudevents+json", body: "{}" };
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    async fn post_to(answer: ResponseTemplate) -> (Result<String, SendError>, MockServer) {
        install_tls();
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/in"))
            .and(header("content-type", "application/cloudevents+json"))
            .and(header("webhook-id", "alert-1"))
            .and(body_string("{}"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let webhook = Webhook {
            url: format!("{}/in", server.uri()).parse().unwrap(),
            secrets: vec![SigningSecret::parse(SECRET).unwrap(); 2],
        };
        (WebhookClient::new().unwrap().post(&webhook, POST).await, server)
    }

    #[tokio::test]
    async fn a_desk_can_check_the_signature_over_what_it_got() {
        let (answer, server) = post_to(ResponseTemplate::new(202)).await;
        assert_eq!(answer, Ok("202 Accepted".to_owned()));
        let request = &server.received_requests().await.unwrap()[0];
        let text = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        let sent_at: i64 = text("webhook-timestamp").parse().unwrap();
        let want = signatures(&[SigningSecret::parse(SECRET).unwrap()], "alert-1", sent_at, b"{}");
        assert_eq!(text("webhook-signature"), format!("{want} {want}"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(u64::try_from(sent_at).unwrap()) <= 60, "{sent_at}");
    }

    #[tokio::test]
    async fn only_a_success_is_a_success() {
        for (status, want) in [(500, "answered 500 Internal Server Error"), (410, "answered 410 Gone")] {
            let (answer, _) = post_to(ResponseTemplate::new(status)).await;
            assert_eq!(answer, Err(SendError::new(want.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = MockServer::start().await;
        let answer = ResponseTemplate::new(307).insert_header("location", format!("{}/in", elsewhere.uri()));
        let (answer, _) = post_to(answer).await;
        assert_eq!(answer, Err(SendError::new("answered 307 Temporary Redirect".to_owned())));
        assert!(elsewhere.received_requests().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_large_answer_is_not_read_to_its_end() {
        let (answer, _) = post_to(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 8 << 20])).await;
        assert_eq!(answer, Ok("200 OK".to_owned()));
    }

    #[tokio::test]
    async fn an_error_does_not_show_the_address() {
        install_tls();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/secret-path").parse().unwrap();
        let webhook = Webhook { url, secrets: vec![SigningSecret::parse(SECRET).unwrap()] };
        let error = WebhookClient::new().unwrap().post(&webhook, POST).await.unwrap_err().to_string();
        assert!(error.contains("refused") && !error.contains("secret-path"), "{error}");
    }
}
