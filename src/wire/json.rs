//! Reading JSON, with an error that names the field and holds nothing else of the payload.

use serde::Deserialize;
use serde_json::error::Category;

use super::Unusable;

/// Longest reason and field name, in characters: one line of a list.
const LONGEST: usize = 160;

/// Reads an object straight from its bytes. Only when that fails they are read again, to find out where.
pub(super) fn read<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Unusable> {
    // An array would be taken for the object's fields in their order, which nobody means.
    if first(payload) == Some(b'[') {
        return Err(Unusable::new("expected an object, found an array"));
    }
    read_any(payload)
}

/// The same for a value of any kind.
pub(super) fn read_any<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Unusable> {
    serde_json::from_slice(payload).map_err(|error| explain::<T>(payload, &error))
}

/// The first byte of the value.
pub(super) fn first(payload: &[u8]) -> Option<u8> {
    payload.iter().copied().find(|b| !b.is_ascii_whitespace())
}

#[cold]
fn explain<'a, T: Deserialize<'a>>(payload: &'a [u8], error: &serde_json::Error) -> Unusable {
    if payload.is_empty() {
        return Unusable::new("the payload is empty");
    }
    let mut again = serde_json::Deserializer::from_slice(payload);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Err(at) if !at.path().iter().all(|s| matches!(s, serde_path_to_error::Segment::Unknown)) => {
            at.path().to_string()
        }
        // Read as a whole, then something stood behind it; or the fault is in the document, not in a field.
        _ => String::new(),
    };
    let text = error.to_string();
    if error.classify() != Category::Data {
        return at(path, None, &format!("not JSON: {text}"));
    }
    let problem = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    let (name, problem) = reword(problem);
    at(path, name, &problem)
}

fn at(path: String, name: Option<&str>, problem: &str) -> Unusable {
    let field = match (path.as_str(), name) {
        ("", None) => None,
        (_, None) => Some(path),
        ("", Some(name)) => Some(name.to_owned()),
        // An error of a value as a whole that names the field which its path ends in already.
        (path, Some(name)) if path == name || path.ends_with(&format!(".{name}")) => Some(path.to_owned()),
        (path, Some(name)) => Some(format!("{path}.{name}")),
    };
    Unusable { reason: one_line(problem), field: field.as_deref().map(one_line) }
}

/// The field that serde's words name, and those words in plain ones. The value found is left out: a text in the
/// place of a number may hold anything.
fn reword(problem: &str) -> (Option<&str>, String) {
    for (prefix, words) in [("missing field `", "missing"), ("duplicate field `", "given twice")] {
        if let Some(name) = problem.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('`')) {
            return (Some(name), words.to_owned());
        }
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        let parts = problem.strip_prefix(prefix).and_then(|rest| {
            let (found, expected) = rest.rsplit_once(", expected ")?;
            Some((found.split(['"', '`']).next()?.trim(), expected))
        });
        if let Some((found, expected)) = parts {
            return (None, format!("expected {}, found {}", plain(expected), plain(found)));
        }
    }
    if let Some((_, expected)) =
        problem.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "))
    {
        return (None, format!("expected {expected}, found another text"));
    }
    match problem.split_once(": ") {
        Some((name, rest)) if is_name(name) => (Some(name), rest.to_owned()),
        _ => (None, problem.to_owned()),
    }
}

/// A type as people call it.
fn plain(rust: &str) -> &str {
    match rust {
        "f64" | "f32" | "floating point" => "a number",
        "u64" | "u8" => "a whole number from 0",
        "i64" | "integer" => "a whole number",
        "string" | "a string" | "a borrowed string" | "str" => "a text",
        "map" => "an object",
        "sequence" => "an array",
        "boolean" | "a boolean" => "true or false",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use zones::{DeviceEvent, Fix};

    fn fix_error(text: &str) -> String {
        read::<Fix>(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn an_error_is_one_plain_line_about_one_field() {
        for (text, want) in [
            ("", "the payload is empty"),
            ("{", "not JSON: EOF while parsing an object at line 1 column 1"),
            ("nonsense", "not JSON: expected ident at line 1 column 2"),
            ("[]", "expected an object, found an array"),
            ("12", "expected an object, found a whole number"),
            (r#"{"lat":52,"lon":5}"#, "fixed_at: missing"),
            (
                r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":"52.0907","lon":5}"#,
                "lat: expected a number, found a text",
            ),
            (
                r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":null,"lon":5}"#,
                "lat: expected a number, found null",
            ),
            (r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":52,"lat":53,"lon":5}"#, "lat: given twice"),
            (r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":91,"lon":5}"#, "lat: not a latitude (−90 to 90)"),
            (
                r#"{"fixed_at":"yester\nday","lat":52,"lon":5}"#,
                r#"fixed_at: "yester\nday" is not an RFC 3339 time"#,
            ),
            (
                r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":52,"lon":5,"seq":-1}"#,
                "seq: expected a whole number from 0, found a whole number",
            ),
            (
                r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":NaN,"lon":5}"#,
                "lat: not JSON: expected value at line 1 column 42",
            ),
        ] {
            assert_eq!(fix_error(text), want, "{text}");
        }
    }

    #[test]
    fn an_error_never_holds_more_than_a_line() {
        let long = "\\u000a".repeat(10_000);
        let event = format!(r#"{{"at":"2026-11-21T10:15:30Z","event":"{long}"}}"#);
        let error = read::<DeviceEvent>(event.as_bytes()).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("event"));
        assert!(error.reason.chars().count() <= LONGEST + 1 && !error.reason.contains('\n'), "{error}");
    }
}
