//! Reading values out of JSON so that every error names its path, as in `zones.features[0].properties.radius_m`.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Invalid, Position, Timestamp};

/// An object's fields. What it does not know it leaves alone: GeoJSON allows foreign members.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, Invalid> {
        value.as_object().map(Self).ok_or_else(|| wrong(value, "an object"))
    }

    /// A field that must be there.
    pub(super) fn need<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Result<T, Invalid>,
    ) -> Result<T, Invalid> {
        self.may(name, read)?.ok_or_else(|| Invalid::new(name, "is missing"))
    }

    /// A field that may be absent, or `null`, which is the same.
    pub(super) fn may<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).map_err(|e| e.within(name)),
        }
    }
}

/// Every element of a list of at most `most`.
pub(super) fn each<'a, T>(
    value: &'a Value,
    most: usize,
    read: impl Fn(&'a Value) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    let list = value.as_array().ok_or_else(|| wrong(value, "a list"))?;
    if list.len() > most {
        return Err(Invalid::new("", format!("has {} elements, more than {most}", list.len())));
    }
    // Collecting results knows no length, and would leave room for four of what is one.
    let mut all = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        all.push(read(value).map_err(|e| e.within(&format!("[{i}]")))?);
    }
    Ok(all)
}

/// A text of at most `most` characters.
pub(super) fn text(value: &Value, most: usize) -> Result<&str, Invalid> {
    let text = value.as_str().ok_or_else(|| wrong(value, "a text"))?;
    match text.chars().count() {
        length if length > most => {
            Err(Invalid::new("", format!("has {length} characters, more than {most}")))
        }
        _ => Ok(text),
    }
}

/// A value whose type knows how to read itself: an id or one of a few words.
pub(super) fn word<T: DeserializeOwned>(value: &Value) -> Result<T, Invalid> {
    let text = value.as_str().ok_or_else(|| wrong(value, "a text"))?;
    T::deserialize(value).map_err(|e| Invalid::new("", format!("{text:.80?}: {e:.300}")))
}

/// A moment.
pub(super) fn timestamp(value: &Value) -> Result<Timestamp, Invalid> {
    Timestamp::parse(value.as_str().ok_or_else(|| wrong(value, "an RFC 3339 time"))?)
}

/// A number; JSON has no infinite ones.
pub(super) fn number(value: &Value) -> Result<f64, Invalid> {
    value.as_f64().filter(|n| n.is_finite()).ok_or_else(|| wrong(value, "a number"))
}

/// A number that is not negative.
pub(super) fn not_negative(value: &Value) -> Result<f64, Invalid> {
    match number(value)? {
        n if n < 0.0 => Err(Invalid::new("", format!("{n} is less than 0"))),
        n => Ok(n),
    }
}

/// A number above 0.
pub(super) fn positive(value: &Value) -> Result<f64, Invalid> {
    match number(value)? {
        n if n <= 0.0 => Err(Invalid::new("", format!("{n} is not more than 0"))),
        n => Ok(n),
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: &Value) -> Result<bool, Invalid> {
    value.as_bool().ok_or_else(|| wrong(value, "true or false"))
}

/// `[lon, lat]`, with whatever height follows.
pub(super) fn position(value: &Value) -> Result<Position, Invalid> {
    let numbers = each(value, 4, number)?;
    match numbers[..] {
        [lon, lat, ..] => Position::new(lat, lon),
        _ => Err(Invalid::new("", "is not a position [lon, lat]")),
    }
}

fn wrong(value: &Value, expected: &str) -> Invalid {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Invalid::new("", format!("is {found}, not {expected}"))
}
