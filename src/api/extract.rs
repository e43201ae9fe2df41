//! What handlers take from a request, with errors that name the field.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zones::Timestamp;

use super::audit::ReasonTaken;
use super::body::{self, Unread};
use super::problem::{Kind, Problem};
use crate::store::IncidentCursor;

/// Largest body in bytes. A wearer with 200 detailed zones stays well below it.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// Entries of a page where the request names no number, and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 500;

/// A body that says it is JSON.
#[derive(Debug)]
pub(crate) struct SaidJson(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for SaidJson {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !says_json(request.headers()) {
            body::discard(request).await;
            return Err(Problem::new(Kind::MEDIA_TYPE).detail("send it with Content-Type: application/json"));
        }
        body::read(request, BODY_LIMIT).await.map(Self).map_err(|unread| match unread {
            Unread::TooLarge => Problem::new(Kind::TOO_LARGE).detail(format!("at most {BODY_LIMIT} bytes")),
            Unread::Broken => Problem::new(Kind::REQUEST).detail("the body could not be read to its end"),
        })
    }
}

impl SaidJson {
    /// The error of a body that is no JSON after all.
    pub(crate) fn check(&self) -> Result<&str, Problem> {
        serde_json::from_slice::<IgnoredAny>(&self.0).map_err(|e| Problem::not_json(&e))?;
        std::str::from_utf8(&self.0)
            .map_err(|e| Problem::new(Kind::NOT_JSON).field("", format!("is not UTF-8: {e}")))
    }
}

/// `application/json` and formats that are JSON by their suffix, such as `application/geo+json`.
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The query of a request. Take each parameter by name, then [`finish`](Self::finish), which refuses a name
/// that nobody took: a misspelt filter must not quietly show everything.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(mut pairs)) => {
                if parts.extensions.get::<ReasonTaken>().is_some() {
                    pairs.retain(|(name, _)| !ReasonTaken::is(name));
                }
                Ok(Self(pairs))
            }
            Err(e) => Err(Problem::new(Kind::PARAMETER).detail(e.body_text())),
        }
    }
}

impl Params {
    /// The text of a parameter; one that is empty counts as absent.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(at) = self.0.iter().position(|(key, _)| key == name) else { return Ok(None) };
        let (_, value) = self.0.swap_remove(at);
        if self.0.iter().any(|(key, _)| key == name) {
            return Err(Problem::parameter(name, "is given more than once"));
        }
        Ok(Some(value).filter(|text| !text.is_empty()))
    }

    /// A parameter that is one of these words; the error names them.
    pub(crate) fn word<'w>(&mut self, name: &str, words: &[&'w str]) -> Result<Option<&'w str>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Some(word)),
            None => Err(Problem::parameter(name, format!("{text:.40?} is none of {}", words.join(", ")))),
        }
    }

    /// A parameter that is a whole number.
    pub(crate) fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| Problem::parameter(name, format!("{text:.40?} is not a whole number")))
    }

    /// A parameter that is a number.
    pub(crate) fn decimal(&mut self, name: &str) -> Result<Option<f64>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| Problem::parameter(name, format!("{text:.40?} is not a number")))
    }

    /// A parameter that is a moment.
    pub(crate) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        Timestamp::parse(&text).map(Some).map_err(|wrong| Problem::parameter(name, wrong.problem))
    }

    /// Which part of the list named `list` to show: `cursor` and `limit`. Takes the last parameters.
    pub(crate) fn paging<K: CursorKey>(mut self, list: &'static str) -> Result<Paging<K>, Problem> {
        let limit: u32 = self.number("limit")?.unwrap_or(PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(Problem::parameter("limit", format!("{limit} is not 1 to {LARGEST_PAGE}")));
        }
        let after = match self.text("cursor")? {
            None => None,
            Some(text) => {
                let key = open_cursor(list, &text).and_then(|key| K::open(&key));
                Some(key.ok_or_else(|| Problem::parameter("cursor", "is none that this list gave"))?)
            }
        };
        self.finish()?;
        Ok(Paging { list, after, limit })
    }

    /// Refuses what is left.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::parameter(name, "is not a parameter of this endpoint")),
        }
    }
}

/// What a cursor stands for: the key of the last entry seen.
pub(crate) trait CursorKey: ToString + Sized {
    /// Reads its text form.
    fn open(text: &str) -> Option<Self>;
}

impl CursorKey for i64 {
    fn open(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl CursorKey for String {
    fn open(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl CursorKey for IncidentCursor {
    fn open(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Paging<K> {
    list: &'static str,
    /// Key of the last entry of the page before.
    pub(crate) after: Option<K>,
    limit: u32,
}

impl<K: CursorKey> Paging<K> {
    /// How many rows to ask the store for: one more than are shown, to know whether there is more.
    pub(crate) fn ask(&self) -> u32 {
        self.limit + 1
    }

    /// The page of these rows, of which there are at most [`ask`](Self::ask).
    pub(crate) fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| more).map(|row| seal_cursor(self.list, &key(row).to_string()));
        Page { items: rows.into_iter().map(show).collect(), next }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; `null` on the last one.
    pub next: Option<String>,
}

pub(crate) fn seal_cursor(list: &str, key: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{list}:{key}"))
}

pub(crate) fn open_cursor(list: &str, text: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix(list)?.strip_prefix(':').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &[(&str, &str)]) -> Params {
        Params(query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<i64> = (1..=7).rev().collect();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..4 {
            let paging = params(&[("limit", "2"), ("cursor", &cursor)]).paging::<i64>("things").unwrap();
            let before = paging.after.unwrap_or(i64::MAX);
            let rows = all.iter().copied().filter(|n| *n < before).take(paging.ask() as usize).collect();
            let page = paging.page(rows, |n| *n, |n| n);
            seen.extend(page.items);
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_cursor_of_another_list_or_made_up_is_refused() {
        let other = seal_cursor("others", "3");
        for cursor in ["3", "%%", "", &other, &seal_cursor("things", "x")] {
            let wrong = params(&[("cursor", cursor)]).paging::<i64>("things").is_err();
            assert_eq!(wrong, !cursor.is_empty(), "{cursor:?}");
        }
    }

    #[test]
    fn a_parameter_nobody_knows_is_refused_by_name() {
        let wrong = params(&[("stat", "open")]).paging::<i64>("things").unwrap_err();
        assert_eq!(wrong.errors()[0].field, "stat");
        for limit in ["0", "501", "-1", "ten", "99999999999"] {
            let wrong = params(&[("limit", limit)]).paging::<i64>("things").unwrap_err();
            assert_eq!(wrong.errors()[0].field, "limit", "{limit}");
        }
        assert!(params(&[("limit", "1"), ("limit", "2")]).paging::<i64>("things").is_err());
    }
}
