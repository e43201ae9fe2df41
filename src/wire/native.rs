//! The contract's own JSON: DESIGN §4.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zones::{Aware, Fix, Role, Timestamp};

use super::json::{first, read, read_any};
use super::{DeskReceiptState, MOST_FIXES, Message, TypedCode, Unusable, VictimReceiptState};

/// Longest alert or incident id, reference or reason in a receipt, in bytes.
const LONGEST_TEXT: usize = 2_000;

/// One fix, or an array of them.
pub(super) fn fixes<'a>(role: Role, device: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    if first(payload) != Some(b'[') {
        return read(payload).map(|fix| Message::Fix { role, device, fix });
    }
    let (fixes, rejected) = match serde_json::from_slice::<Several<Fix>>(payload) {
        Ok(all) => (all.0, Vec::new()),
        Err(_) => one_by_one(payload)?,
    };
    if fixes.is_empty() && rejected.is_empty() {
        return Err(Unusable::new("an array without a fix"));
    }
    Ok(Message::Fixes { role, device, fixes, rejected })
}

type Sorted = (Vec<Fix>, Vec<(usize, Unusable)>);

/// The good ones of an array count, whatever stands beside them.
fn one_by_one(payload: &[u8]) -> Result<Sorted, Unusable> {
    let several: Several<&RawValue> = read_any(payload)?;
    let mut sorted = Sorted::default();
    for (index, raw) in several.0.into_iter().enumerate() {
        match read(raw.get().as_bytes()) {
            Ok(fix) => sorted.0.push(fix),
            Err(unusable) => sorted.1.push((index, unusable)),
        }
    }
    Ok(sorted)
}

/// At most [`MOST_FIXES`] values; reading stops at the first one too many.
struct Several<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Array<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Array<T> {
            type Value = Several<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of up to {MOST_FIXES} fixes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Several<T>, A::Error> {
                let mut several = Vec::new();
                while let Some(one) = seq.next_element()? {
                    if several.len() == MOST_FIXES {
                        return Err(A::Error::custom(format_args!("more than {MOST_FIXES} fixes")));
                    }
                    several.push(one);
                }
                Ok(Several(several))
            }
        }
        from.deserialize_seq(Array(std::marker::PhantomData))
    }
}

/// A device event.
pub(super) fn status<'a>(role: Role, device: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    read(payload).map(|event| Message::Status { role, device, event })
}

/// `1` or `0`; nothing when the retained message is cleared.
pub(super) fn online<'a>(role: Role, device: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    match payload {
        b"1" => Ok(Message::Online { role, device, online: true }),
        b"0" => Ok(Message::Online { role, device, online: false }),
        b"" => Ok(Message::Ignored),
        _ => Err(Unusable::new("online is 1 or 0")),
    }
}

/// A press of the panic button, or an attempt to cancel one. A press counts whatever is wrong with its place: only
/// its time is needed.
pub(super) fn aware<'a>(device: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    if read::<MayCancel>(payload).is_ok_and(|said| said.cancel) {
        let Cancel { at, code } = read(payload)?;
        return Ok(Message::AwareCancel { device, at, code: code.unwrap_or_else(|| TypedCode::new("")) });
    }
    let aware = read::<Aware>(payload).or_else(|_| read::<BarePress>(payload).map(BarePress::into_aware))?;
    Ok(Message::Aware { device, aware })
}

/// A press of which only the time, and whether it was a test, could be read.
#[derive(Deserialize)]
struct BarePress {
    pressed_at: Timestamp,
    #[serde(default, deserialize_with = "exactly_true")]
    test: bool,
}

impl BarePress {
    fn into_aware(self) -> Aware {
        Aware { pressed_at: self.pressed_at, position: None, accuracy_m: None, test: self.test }
    }
}

/// Whether it says clearly that it cancels.
#[derive(Deserialize)]
struct MayCancel {
    #[serde(default, deserialize_with = "exactly_true")]
    cancel: bool,
}

#[derive(Deserialize)]
struct Cancel {
    at: Timestamp,
    code: Option<TypedCode>,
}

/// A press is a test only when it says so clearly.
fn exactly_true<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Clearly(bool),
        Otherwise(IgnoredAny),
    }
    Ok(matches!(Said::deserialize(from)?, Said::Clearly(true)))
}

#[derive(Deserialize)]
struct VictimReceipt<'a> {
    #[serde(borrow)]
    alert: Cow<'a, str>,
    state: VictimReceiptState,
    at: Timestamp,
}

/// What a victim device reports about an alert.
pub(super) fn victim_receipt<'a>(device: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    let VictimReceipt { alert, state, at } = read(payload)?;
    check_text("alert", Some(&alert))?;
    Ok(Message::VictimReceipt { device, alert, state, at })
}

#[derive(Deserialize)]
struct DeskReceipt<'a> {
    #[serde(borrow)]
    incident: Cow<'a, str>,
    state: DeskReceiptState,
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    at: Timestamp,
}

/// What a desk reports about an incident.
pub(super) fn desk_receipt<'a>(desk: &'a str, payload: &'a [u8]) -> Result<Message<'a>, Unusable> {
    let DeskReceipt { incident, state, reference, reason, at } = read(payload)?;
    check_text("incident", Some(&incident))?;
    check_text("reference", reference.as_deref().filter(|text| !text.is_empty()))?;
    check_text("reason", reason.as_deref().filter(|text| !text.is_empty()))?;
    Ok(Message::DeskReceipt { desk, incident, state, reference, reason, at })
}

fn check_text(field: &str, text: Option<&str>) -> Result<(), Unusable> {
    match text {
        Some("") => Err(Unusable::field(field, "empty")),
        Some(text) if text.len() > LONGEST_TEXT => {
            Err(Unusable::field(field, format!("longer than {LONGEST_TEXT} bytes")))
        }
        _ => Ok(()),
    }
}
