//! A browser as the tests have it: with keys of its own, and another library to open what it gets. Also read by the
//! tests of the service from outside.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;

pub(crate) struct Browser {
    secret: p256::SecretKey,
    auth: [u8; 16],
}

impl Browser {
    /// One that differs from others by its number.
    pub(crate) fn new(number: u8) -> Self {
        Self { secret: p256::SecretKey::from_slice(&[number; 32]).unwrap(), auth: [number; 16] }
    }

    pub(crate) fn p256dh(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.point())
    }

    pub(crate) fn auth(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.auth)
    }

    fn point(&self) -> Vec<u8> {
        self.secret.public_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// The text of a push; nothing where it is for somebody else, or is not as RFC 8291 wants it.
    pub(crate) fn open(&self, body: &[u8]) -> Option<String> {
        let (salt, rest) = body.split_at_checked(16)?;
        let (record, rest) = rest.split_at_checked(4)?;
        let ([id_len], rest) = rest.split_first_chunk()?;
        let (theirs, closed) = rest.split_at_checked(usize::from(*id_len))?;
        assert!(closed.len() <= u32::from_be_bytes(record.try_into().ok()?) as usize, "more than a record");
        let peer = p256::PublicKey::from_sec1_bytes(theirs).ok()?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        let prk = mac(&self.auth, &[shared.raw_secret_bytes()]);
        let ikm = mac(&prk, &[b"WebPush: info\0", &self.point(), theirs, &[1]]);
        let prk = mac(salt, &[&ikm]);
        let key = mac(&prk, &[b"Content-Encoding: aes128gcm\0", &[1]]);
        let nonce = mac(&prk, &[b"Content-Encoding: nonce\0", &[1]]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).ok()?;
        let mut text = closed.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        let end = text.iter().rposition(|byte| *byte != 0)?;
        assert_eq!(text[end], 2, "the last record ends with 2");
        String::from_utf8(text[..end].to_vec()).ok()
    }
}

/// HMAC-SHA256: HKDF is this once to extract, and once more to expand to one block.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
