//! Signatures of Standard Webhooks, <https://www.standardwebhooks.com>: the receiver can tell that a message is
//! ours, unaltered and not replayed.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Mark of a secret in text.
const PREFIX: &str = "whsec_";
/// Least length that Standard Webhooks asks for, in bytes.
const LEAST: usize = 24;
/// Greatest length that Standard Webhooks asks for, in bytes.
const MOST: usize = 64;

/// Secrets are pasted by hand, with and without their padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that a desk and this service share. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Box<[u8]>);

/// What is wrong with a text that should be a secret; does not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not base64.
    #[error("not a secret of Standard Webhooks (whsec_ and base64)")]
    Form,
    /// No bytes, or more than 64.
    #[error("not a secret of 1 to 64 bytes")]
    Length,
}

impl SigningSecret {
    /// Reads `whsec_` and base64; the prefix may be missing.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let bytes =
            LENIENT.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| SecretError::Form)?;
        if bytes.is_empty() || bytes.len() > MOST {
            return Err(SecretError::Length);
        }
        Ok(Self(bytes.into()))
    }

    /// Whether it is shorter than Standard Webhooks asks for.
    pub fn is_short(&self) -> bool {
        self.0.len() < LEAST
    }

    /// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
    fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

/// The value of the header `webhook-signature`: one signature a secret, with a space between them.
/// `timestamp_s` is seconds since 1970.
pub fn signatures(secrets: &[SigningSecret], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let all: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(id, timestamp_s, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example that the Standard Webhooks libraries test themselves with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = SigningSecret::parse(SECRET).unwrap();
        assert!(!secret.is_short());
        assert_eq!(signatures(&[secret], ID, 1_614_265_330, BODY), SIGNATURE);
        // Without its prefix, and as it stands in a file.
        let bare = SigningSecret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        assert_eq!(signatures(&[bare], ID, 1_614_265_330, BODY), SIGNATURE);
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let secrets = [SigningSecret::parse("whsec_bmV3").unwrap(), SigningSecret::parse(SECRET).unwrap()];
        let both = signatures(&secrets, ID, 1_614_265_330, BODY);
        let (new, old) = both.split_once(' ').unwrap();
        assert_eq!(old, SIGNATURE);
        assert!(new.starts_with("v1,") && new != old);
        assert!(secrets[0].is_short());
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        assert_eq!(SigningSecret::parse("whsec_???"), Err(SecretError::Form));
        assert_eq!(SigningSecret::parse("correct horse"), Err(SecretError::Form));
        assert_eq!(SigningSecret::parse("whsec_"), Err(SecretError::Length));
        assert_eq!(SigningSecret::parse(&"A".repeat(88)), Err(SecretError::Length));
        assert_eq!(format!("{:?}", SigningSecret::parse(SECRET).unwrap()), "SigningSecret");
    }
}
