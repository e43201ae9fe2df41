//! Closing a push so that only the browser it is for can read it (RFC 8291, on RFC 8188): the push service carries it
//! and sees nothing.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};

const POINT_LEN: usize = 65;
const AUTH_LEN: usize = 16;
const SALT_LEN: usize = 16;
const IKM_LEN: usize = 32;

/// Size of a record, in bytes; a push has one.
const RECORD: u32 = 4_096;

/// Every text is made as long as this before it is closed, so that its length says nothing.
const PADDED: usize = 128;

/// Ends the text of the last record; the rest of it is zeros.
const END: u8 = 2;

/// Browsers leave the padding out; some of what stands between puts it in.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a browser gave to close pushes with: a point that is on the curve, and a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrowserKeys {
    point: [u8; POINT_LEN],
    auth: [u8; AUTH_LEN],
}

/// A push could not be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a push could not be encrypted")]
pub(super) struct NotSealed;

impl From<Unspecified> for NotSealed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl BrowserKeys {
    /// Reads `p256dh`, an uncompressed point in base64url, and `auth`; which of the two is wrong otherwise, and why.
    pub(super) fn parse(p256dh: &str, auth: &str) -> Result<Self, (&'static str, &'static str)> {
        let wrong_point = ("keys.p256dh", "is not a point on the curve P-256, uncompressed, in base64url");
        let point: [u8; POINT_LEN] = decoded(p256dh).ok_or(wrong_point)?;
        let auth = decoded(auth).ok_or(("keys.auth", "is not 16 bytes in base64url"))?;
        // Whether it is on the curve is found out by using it.
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(|_| wrong_point)?;
        agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).map_err(|_| wrong_point)?;
        Ok(Self { point, auth })
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Nothing longer can be it.
    (text.len() <= 2 * N).then(|| LENIENT.decode(text).ok()?.try_into().ok()).flatten()
}

/// The body of a push, readable for that browser only.
pub(super) fn seal(to: &BrowserKeys, text: &str) -> Result<Vec<u8>, NotSealed> {
    if text.len() >= PADDED {
        return Err(NotSealed);
    }
    let mut padded = text.as_bytes().to_vec();
    padded.push(END);
    padded.resize(PADDED, 0);
    let random = SystemRandom::new();
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let own_point = own.compute_public_key()?;
    let mut salt = [0; SALT_LEN];
    random.fill(&mut salt)?;
    agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, to.point), |secret| {
        sealed(secret, to, own_point.as_ref(), salt, padded)
    })?
}

/// The rest of it, from what both sides know.
fn sealed(
    secret: &[u8],
    to: &BrowserKeys,
    own_point: &[u8],
    salt: [u8; SALT_LEN],
    mut text: Vec<u8>,
) -> Result<Vec<u8>, NotSealed> {
    let both = Salt::new(HKDF_SHA256, &to.auth).extract(secret);
    let ikm = expanded::<IKM_LEN>(&both, &[b"WebPush: info\0", &to.point, own_point])?;
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&ikm);
    let key = expanded::<16>(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expanded::<NONCE_LEN>(&prk, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)?;
    let id_len = u8::try_from(own_point.len()).map_err(|_| NotSealed)?;
    Ok([&salt, &RECORD.to_be_bytes()[..], &[id_len], own_point, &text].concat())
}

/// So many bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expanded<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    prk.expand(info, Length(N))?.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::push::testing::Browser;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL;

    /// RFC 8291, appendix A: what both sides know, and the message that follows from it.
    #[test]
    fn a_message_is_the_one_of_the_standard_to_the_last_byte() {
        let point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let keys = BrowserKeys::parse(point, "BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        let secret = URL.decode("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs").unwrap();
        let own = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        let salt = URL.decode("DGv6ra1nlYgDCS1FRnbzlw").unwrap().try_into().unwrap();
        let mut text = b"When I grow up, I want to be a watermelon".to_vec();
        text.push(END);
        let body = sealed(&secret, &keys, &URL.decode(own).unwrap(), salt, text).unwrap();
        let wanted = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAm\
                      S6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qul\
                      cy4a-fN";
        assert_eq!(URL.encode(body), wanted);
    }

    /// The browser of the test agrees on the secret and opens with another library.
    #[test]
    fn only_the_browser_it_is_for_can_read_it_and_its_length_says_nothing() {
        let (hers, other) = (Browser::new(1), Browser::new(2));
        let keys = BrowserKeys::parse(&hers.p256dh(), &hers.auth()).unwrap();
        let mut lengths = Vec::new();
        for text in ["", "{\"kind\":\"alarm\"}", &"x".repeat(PADDED - 1)] {
            let body = seal(&keys, text).unwrap();
            assert_eq!(hers.open(&body).as_deref(), Some(text));
            assert_eq!(other.open(&body), None);
            assert_ne!(body, seal(&keys, text).unwrap(), "another key and another salt each time");
            lengths.push(body.len());
        }
        assert_eq!(lengths, [86 + PADDED + 16; 3]);
        assert_eq!(seal(&keys, &"x".repeat(PADDED)), Err(NotSealed));
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused_where_they_come_in() {
        let browser = Browser::new(1);
        let (point, auth) = (browser.p256dh(), browser.auth());
        assert!(
            BrowserKeys::parse(&format!("{point}="), &format!("{auth}==")).is_ok(),
            "padding is no fault"
        );
        let bytes = URL.decode(&point).unwrap();
        let off_the_curve = URL.encode([&bytes[..64], &[bytes[64] ^ 1]].concat());
        let compressed = URL.encode([&[2], &bytes[1..33]].concat());
        for wrong in ["", "AAAA", &point[1..], &off_the_curve, &compressed, &"A".repeat(1_000), "é"] {
            assert_eq!(BrowserKeys::parse(wrong, &auth).unwrap_err().0, "keys.p256dh", "{wrong}");
        }
        for wrong in ["", "AAAA", &point, "!"] {
            assert_eq!(BrowserKeys::parse(&point, wrong).unwrap_err().0, "keys.auth", "{wrong}");
        }
    }
}
