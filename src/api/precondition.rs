//! `ETag`, `If-Match` and `If-None-Match`: a change that leans on what its writer read is refused once somebody
//! else was first.

use axum::http::{HeaderMap, HeaderValue, header};
use zones::Timestamp;

use super::problem::{Kind, Problem};

/// The version of an order: the moment of its last change, which lists name as `changed_at`.
pub(crate) fn etag(changed_at: Timestamp) -> String {
    format!("\"{changed_at}\"")
}

/// What must still be so for a change to be made; a request that says nothing of it leans on nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    /// The versions in `If-Match`.
    one_of: Option<String>,
    /// Whether there must be nothing: `If-None-Match: *`.
    nothing: bool,
}

impl Precondition {
    /// What the headers of a request say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let texts = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::to_str);
        let tags: Vec<&str> = texts
            .collect::<Result<_, _>>()
            .map_err(|_| Problem::new(Kind::REQUEST).field("If-Match", "is not ASCII"))?;
        let nothing = match headers.get(header::IF_NONE_MATCH).map(HeaderValue::as_bytes) {
            None => false,
            Some(b"*") => true,
            Some(_) => return Err(Problem::new(Kind::REQUEST).field("If-None-Match", "is not *")),
        };
        Ok(Self { one_of: (!tags.is_empty()).then(|| tags.join(",")), nothing })
    }

    /// Whether the change may be made to what was last changed at that moment; `None` where there is nothing. Tags
    /// that are no version of ours match nothing.
    pub(crate) fn holds(&self, changed_at: Option<Timestamp>) -> bool {
        if self.nothing && changed_at.is_some() {
            return false;
        }
        let Some(tags) = &self.one_of else { return true };
        let Some(version) = changed_at.map(etag) else { return false };
        tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_made_to_the_version_it_names_and_to_no_other() {
        let read = Timestamp::parse("2026-11-21T10:20:00.250Z").unwrap();
        let later = Timestamp::parse("2026-11-21T10:20:00.251Z").unwrap();
        let asks = |text: &str| Precondition { one_of: Some(text.to_owned()), nothing: false };
        let ours = asks("\"2026-11-21T10:20:00.250Z\"");
        assert!(ours.holds(Some(read)));
        assert!(!ours.holds(Some(later)) && !ours.holds(None));
        assert!(
            asks("\"other\", \"2026-11-21T10:20:00.250Z\"").holds(Some(read)),
            "one of several is enough"
        );
        assert!(asks("*").holds(Some(later)) && !asks("*").holds(None), "a star is whatever there is");
        for odd in ["", "2026-11-21T10:20:00.250Z", "W/\"2026-11-21T10:20:00.250Z\"", "\"", ",,"] {
            assert!(!asks(odd).holds(Some(read)), "{odd}");
        }
        assert!(Precondition::default().holds(None) && Precondition::default().holds(Some(read)));
        let anew = Precondition { one_of: None, nothing: true };
        assert!(anew.holds(None) && !anew.holds(Some(read)));
    }
}
