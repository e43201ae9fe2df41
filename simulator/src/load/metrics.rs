//! How far the service is, from its `/metrics`.

use crate::Failure;
use crate::http::Web;

/// The counter of decided fixes.
const COUNTER: &str = "afstand_fixes_decided_total";

/// Where to ask: `http://host[:port]/path`, and the token to show.
#[derive(Debug, Clone)]
pub struct DecidedFrom {
    web: Web,
    path: String,
}

impl DecidedFrom {
    /// Reads a URL; the error says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        let (web, path) = Web::parse("--decided-from", url)?;
        let path = if url.ends_with(&web.host) { "metrics" } else { path };
        Ok(Self { web, path: format!("/{path}") })
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(self, token: Option<String>) -> Self {
        Self { web: self.web.with_token(token), ..self }
    }

    /// Fixes decided since the service started.
    pub(super) async fn decided(&self) -> Result<u64, Failure> {
        let answer = self.web.ask("GET", &self.path, "").await?;
        if answer.status != 200 {
            return Err(self.web.failed(&self.path, &format!("answered {}", answer.status)));
        }
        let none = || self.web.failed(&self.path, &format!("has no counter {COUNTER}"));
        counter(&answer.body).ok_or_else(none)
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
        let read = |url| DecidedFrom::parse(url).map(|d| (d.web.address, d.path));
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
