//! By what a push service knows who sends (RFC 8292, VAPID): a key of this installation, and a token signed with it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

/// How long a token holds, in seconds: RFC 8292 allows a day, and clocks differ.
const TOKEN_HOLDS_S: u64 = 12 * 3_600;

/// Width of a line of PEM.
const PEM_LINE: usize = 64;

/// The key pair that pushes are signed with. Browsers bind subscriptions to its public half. Never shown.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    public: String,
}

/// Why a text is no such key; does not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongKey {
    /// Not PEM, or PEM of something else.
    #[error("is not a private key in PEM (PKCS #8, \"BEGIN PRIVATE KEY\")")]
    Form,
    /// A key of another kind.
    #[error("is not a key on the curve P-256 with its public half (make one with `afstand push-key`)")]
    Curve,
    /// No random numbers.
    #[error("there are no random numbers")]
    NoRandom,
}

impl VapidKey {
    /// Reads PEM.
    pub fn from_pem(text: &str) -> Result<Self, WrongKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| WrongKey::Form)?;
        let pair = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            der.secret_pkcs8_der(),
            &SystemRandom::new(),
        )
        .map_err(|_| WrongKey::Curve)?;
        let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Self { pair, public })
    }

    /// A new one, as PEM.
    pub fn new_pem() -> Result<String, WrongKey> {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| WrongKey::NoRandom)?;
        let digits = BASE64_STANDARD.encode(der);
        let lines: Vec<&str> =
            digits.as_bytes().chunks(PEM_LINE).filter_map(|l| str::from_utf8(l).ok()).collect();
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
    }

    /// The public half, as browsers want it: the uncompressed point in base64url.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` of a push to that origin, from `contact`, at a moment in seconds since 1970.
    pub(super) fn authorization(&self, origin: &str, contact: &str, now_s: u64) -> Result<String, WrongKey> {
        let claims = json!({"aud": origin, "exp": now_s + TOKEN_HOLDS_S, "sub": contact});
        let part = |json: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "ES256"})), part(&claims));
        let signature =
            self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| WrongKey::NoRandom)?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public))
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VapidKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Verifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};

    #[test]
    fn a_push_service_can_tell_by_the_public_half_who_sends() {
        let pem = VapidKey::new_pem().unwrap();
        let key = VapidKey::from_pem(&pem).unwrap();
        assert_ne!(pem, VapidKey::new_pem().unwrap());
        let said = key.authorization("https://push.example", "mailto:beheer@example.nl", 1_000).unwrap();
        let (token, public) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(public, key.public());
        let point = BASE64_URL_SAFE_NO_PAD.decode(public).unwrap();
        assert_eq!((point.len(), point[0]), (65, 4), "uncompressed, as RFC 8292 wants it");

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let verifier = VerifyingKey::from_sec1_bytes(&point).unwrap();
        verifier.verify(signed.as_bytes(), &signature).unwrap();
        verifier.verify(format!("{signed}x").as_bytes(), &signature).unwrap_err();
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(head), json!({"typ": "JWT", "alg": "ES256"}));
        let wanted = json!({"aud": "https://push.example", "exp": 44_200, "sub": "mailto:beheer@example.nl"});
        assert_eq!(read(claims), wanted);
        assert!(!format!("{key:?}").contains(public));
    }

    #[test]
    fn what_is_no_such_key_is_said_to_be_none() {
        let wrong = |text: &str| VapidKey::from_pem(text).unwrap_err();
        assert_eq!(wrong(""), WrongKey::Form);
        assert_eq!(wrong("geheim"), WrongKey::Form);
        assert_eq!(wrong("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), WrongKey::Form);
        assert_eq!(wrong("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), WrongKey::Curve);
        let ed25519 = ring::signature::Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let digits = BASE64_STANDARD.encode(ed25519);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{digits}\n-----END PRIVATE KEY-----\n");
        assert_eq!(wrong(&pem), WrongKey::Curve);
    }
}
