//! Whom the log names who may not do what they ask: programs with a token that is none, roles that reach too far. People
//! who are refused stand in the audit, by name; the log has no names.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, header};

use super::AppState;
use super::access::static_path;
use super::problem::{Problem, known_method};
use crate::lines::Lines;

/// What the log says of those who may not do what they ask: of tokens that are none, and of roles.
#[derive(Debug, Clone)]
pub struct Refusals(Arc<Mutex<Lines>>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Lines::about("requests were refused"))))
    }
}

impl Refusals {
    /// Says that somebody was refused.
    pub(super) fn say(&self, state: &AppState, problem: &Problem, request: &Request, path: &MatchedPath) {
        let status = problem.status();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_said(status, request.headers()) && lines.may_say((state.clock)()) {
            let (method, route) = (known_method(request.method()), static_path(path.as_str()));
            tracing::warn!(method, route, status, "request refused");
        }
    }
}

/// Whether a refusal is worth a line. A page that asks whether it is signed in has neither token nor session, and a
/// session that has ended is no attempt.
fn is_said(status: u16, headers: &HeaderMap) -> bool {
    let forbidden = status == StatusCode::FORBIDDEN.as_u16();
    forbidden || (status == StatusCode::UNAUTHORIZED.as_u16() && headers.contains_key(header::AUTHORIZATION))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_wrong_token_and_a_role_that_may_not_are_said_a_page_that_asks_is_not() {
        let (nothing, mut token) = (HeaderMap::new(), HeaderMap::new());
        token.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer afst_guessed"));
        let said = [(401, &token), (403, &token), (403, &nothing)].map(|(status, had)| is_said(status, had));
        assert_eq!(said, [true; 3]);
        let unsaid = [(401, &nothing), (405, &token), (423, &nothing)].map(|(s, had)| is_said(s, had));
        assert_eq!(unsaid, [false; 3]);
    }
}
