//! The code with which a victim cancels a press of AWARE: read, digested at once, and kept out of everything that is
//! written down.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zones::CodeCheck;
use zones::order::AwareCode;

/// The SHA-256 of a code that was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedCode([u8; 32]);

impl TypedCode {
    /// What was typed, digested.
    pub fn new(typed: &str) -> Self {
        Self(Sha256::digest(typed.as_bytes()).into())
    }

    /// Compares it with the codes that orders give her, each in the same time whatever was typed.
    pub fn check<'a>(&self, codes: impl IntoIterator<Item = &'a AwareCode>) -> CodeCheck {
        let mut known = false;
        let mut right = subtle::Choice::from(0);
        for code in codes {
            known = true;
            right |= self.0.ct_eq(code.sha256());
        }
        match (known, bool::from(right)) {
            (false, _) => CodeCheck::None,
            (true, true) => CodeCheck::Right,
            (true, false) => CodeCheck::Wrong,
        }
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode")
    }
}

/// A text or a whole number. Anything else is the digest of nothing: an attempt all the same, and no error that
/// could repeat it.
impl<'de> Deserialize<'de> for TypedCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Typed;
        impl<'de> Visitor<'de> for Typed {
            type Value = TypedCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code")
            }
            fn visit_str<E>(self, text: &str) -> Result<TypedCode, E> {
                Ok(TypedCode::new(text))
            }
            fn visit_u64<E>(self, number: u64) -> Result<TypedCode, E> {
                Ok(TypedCode::new(&number.to_string()))
            }
            fn visit_i64<E>(self, _: i64) -> Result<TypedCode, E> {
                Ok(TypedCode::new(""))
            }
            fn visit_f64<E>(self, _: f64) -> Result<TypedCode, E> {
                Ok(TypedCode::new(""))
            }
            fn visit_bool<E>(self, _: bool) -> Result<TypedCode, E> {
                Ok(TypedCode::new(""))
            }
            fn visit_unit<E>(self) -> Result<TypedCode, E> {
                Ok(TypedCode::new(""))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TypedCode, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(TypedCode::new(""))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TypedCode, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(TypedCode::new(""))
            }
        }
        from.deserialize_any(Typed)
    }
}

/// The payload of a message that is set aside, without the code it may hold.
pub fn without_code<'a>(topic: &str, payload: &'a [u8]) -> Cow<'a, [u8]> {
    let holds = payload.windows(4).any(|word| word.eq_ignore_ascii_case(b"code"));
    if !topic.ends_with("/aware") || !holds {
        return Cow::Borrowed(payload);
    }
    if let Ok(Value::Object(mut fields)) = serde_json::from_slice(payload)
        && let Some(code) = fields.get_mut("code")
    {
        *code = "…".into();
        return Cow::Owned(Value::Object(fields).to_string().into_bytes());
    }
    Cow::Borrowed(b"(not kept: it may hold a code)")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An order's code, by its own road: the document.
    fn code(digest: &str) -> AwareCode {
        let text = serde_json::json!({
            "order": "o", "legal_basis": "sv_509hh",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "w"}, "victims": [{"person": "v", "aware_code_sha256": digest}],
            "zones": {"type": "FeatureCollection", "features": []}
        });
        let mut draft = zones::order::read(&text.to_string()).unwrap().remove(0);
        *draft.victims.remove(0).aware_code.unwrap()
    }

    /// `printf 1234 | sha256sum` and `printf 0042 | sha256sum`.
    const OF_1234: &str = "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4";
    const OF_0042: &str = "1e20f383137ae06c4989e4971e673aa5d1b07143861c50de354f5c1f1a732f9e";

    #[test]
    fn a_code_is_compared_with_all_that_orders_give() {
        let codes = [code(OF_1234), code(OF_0042)];
        let typed = |json: &str| serde_json::from_str::<TypedCode>(json).unwrap().check(&codes);
        for right in [r#""1234""#, "1234", r#""0042""#] {
            assert_eq!(typed(right), CodeCheck::Right, "{right}");
        }
        for wrong in
            ["42", r#""1235""#, r#""""#, "null", "1.5", "-1234", "true", r#"["1234"]"#, r#"{"a":"1234"}"#]
        {
            assert_eq!(typed(wrong), CodeCheck::Wrong, "{wrong}");
        }
        assert_eq!(TypedCode::new("1234").check([]), CodeCheck::None);
    }

    #[test]
    fn what_is_set_aside_holds_no_code() {
        let topic = "afstand/v1/victim/vd-1/aware";
        let kept =
            |payload: &str| String::from_utf8(without_code(topic, payload.as_bytes()).into_owned()).unwrap();
        assert_eq!(kept(r#"{"cancel":true,"code":"4711"}"#), r#"{"cancel":true,"code":"…"}"#);
        for odd in [
            r#"{"cancel":true,"code":"4711""#,
            r#"[{"code":"4711"}]"#,
            r#"{"a":{"Code":"4711"}}"#,
            "CODE 4711",
        ] {
            assert!(!kept(odd).contains("4711"), "{odd}");
        }
        assert_eq!(kept(r#"{"lat":52.1}"#), r#"{"lat":52.1}"#, "evidence stays");
        let fix = r#"{"code":"4711"}"#.as_bytes();
        assert_eq!(&*without_code("afstand/v1/victim/vd-1/fix", fix), fix, "no code is expected there");
    }
}
