//! How far the service is, from its `/metrics`.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Failure;

/// The counter of decided fixes.
const COUNTER: &str = "afstand_fixes_decided_total";
/// How long the service gets to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Where to ask: `http://host[:port]/path`, and the token to show.
#[derive(Debug, Clone)]
pub struct DecidedFrom {
    host: String,
    address: String,
    path: String,
    token: Option<String>,
}

impl DecidedFrom {
    /// Reads a URL; the error says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(Failure::new("--decided-from: is not http://host[:port]/metrics"));
        };
        let (host, path) = rest.split_once('/').map_or((rest, "metrics"), |(host, path)| (host, path));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:80") };
        if host.is_empty() || url.contains(char::is_whitespace) {
            return Err(Failure::new("--decided-from: has no host, or a blank in it"));
        }
        Ok(Self { host: host.to_owned(), address, path: format!("/{path}"), token: None })
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// Fixes decided since the service started.
    pub(super) async fn decided(&self) -> Result<u64, Failure> {
        let failed =
            |why: String| Failure::new(format!("--decided-from http://{}{}: {why}", self.host, self.path));
        let answer = match timeout(PATIENCE, self.get()).await {
            Ok(answer) => answer.map_err(|e| failed(e.to_string()))?,
            Err(_) => return Err(failed("no answer".to_owned())),
        };
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("200") {
            return Err(failed(format!("answered {status:?}")));
        }
        counter(body).ok_or_else(|| failed(format!("has no counter {COUNTER}")))
    }

    /// HTTP/1.0: the answer ends with the connection and is not chunked.
    async fn get(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let token = self.token.as_ref().map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\n{token}\r\n", self.path, self.host);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// The sum of the counter over its labels.
fn counter(text: &str) -> Option<u64> {
    let mut sum = None;
    for line in text.lines().filter_map(|line| line.strip_prefix(COUNTER)) {
        // `name 12`, `name{role="wearer"} 12`, with a time behind it or not.
        let value = line.rsplit_once('}').map_or(line, |(_, value)| value);
        if !line.starts_with(['{', ' ']) {
            continue;
        }
        let value: f64 = value.split_whitespace().next()?.parse().ok()?;
        sum = Some(sum.unwrap_or(0) + value as u64);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_found_among_others() {
        let text = "# TYPE afstand_fixes_decided_total counter\nafstand_fixes_decided_total_x 3\n\
                    afstand_fixes_decided_total{role=\"wearer\"} 40\nafstand_fixes_decided_total{role=\"victim\"} 2 17\n";
        assert_eq!(counter(text), Some(42));
        assert_eq!(counter("afstand_fixes_decided_total 7\n"), Some(7));
        assert_eq!(counter("afstand_fixes 7\n"), None);
    }

    #[test]
    fn urls_are_checked() {
        let read = |url| DecidedFrom::parse(url).map(|d| (d.address, d.path));
        assert_eq!(
            read("http://127.0.0.1:8080/metrics").unwrap(),
            ("127.0.0.1:8080".into(), "/metrics".into())
        );
        assert_eq!(read("http://service").unwrap(), ("service:80".into(), "/metrics".into()));
        for bad in ["https://x/metrics", "127.0.0.1:8080", "http:///metrics", "http://a b/"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
