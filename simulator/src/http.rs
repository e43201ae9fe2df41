//! As much HTTP as asking a service for something takes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Failure;

/// How long the service gets to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Where a service listens, and the bearer token to show it.
#[derive(Clone)]
pub(crate) struct Web {
    /// What it was asked for with, for errors.
    flag: &'static str,
    pub(crate) host: String,
    pub(crate) address: String,
    token: Option<String>,
}

/// Without the token.
impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.host)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Web {
    /// Reads `http://host[:port][/path]` as service and path (without its `/`); the error says what is wrong.
    pub(crate) fn parse<'u>(flag: &'static str, url: &'u str) -> Result<(Self, &'u str), Failure> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(Failure::new(format!("{flag}: is not http://host[:port]")));
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:80") };
        if host.is_empty() || url.contains(char::is_whitespace) {
            return Err(Failure::new(format!("{flag}: has no host, or a blank in it")));
        }
        Ok((Self { flag, host: host.to_owned(), address, token: None }, path))
    }

    /// The same with a bearer token.
    #[must_use]
    pub(crate) fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// Asks; the error says whom, and why there is no answer.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer, Failure> {
        let answer = match timeout(PATIENCE, self.exchange(method, path, body)).await {
            Ok(answer) => answer.map_err(|e| self.failed(path, &e.to_string()))?,
            Err(_) => return Err(self.failed(path, "no answer")),
        };
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let first = head.lines().next().unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| self.failed(path, "answered something that is not HTTP"))?;
        Ok(Answer { status, body: body.to_owned() })
    }

    /// A failure that names the service.
    pub(crate) fn failed(&self, path: &str, why: &str) -> Failure {
        Failure::new(format!("{} http://{}{path}: {why}", self.flag, self.host))
    }

    /// HTTP/1.0: the answer ends with the connection and is not chunked.
    async fn exchange(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let token = self.token.as_ref().map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
        let about = match body.len() {
            0 => String::new(),
            length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let request = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n{token}{about}\r\n{body}", self.host);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_checked() {
        let read = |url| Web::parse("--api", url).map(|(web, path)| (web.address, path.to_owned()));
        assert_eq!(read("http://127.0.0.1:8080/v1").unwrap(), ("127.0.0.1:8080".into(), "v1".into()));
        assert_eq!(read("http://service").unwrap(), ("service:80".into(), String::new()));
        for bad in ["https://x", "127.0.0.1:8080", "http:///metrics", "http://a b/"] {
            assert!(read(bad).unwrap_err().to_string().starts_with("--api: "), "{bad}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let web = Web::parse("--api", "http://service").unwrap().0.with_token(Some("secret".into()));
        assert!(!format!("{web:?} {}", web.failed("/", "why")).contains("secret"));
    }
}
