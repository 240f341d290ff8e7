//! What is known of an image before its bytes: for whom it is, which version, how long, its digest, and who says so.
//!
//! The signature is Ed25519 (RFC 8032) over these 69 bytes; numbers are little-endian:
//!
//! ```text
//! "watchfire node firmware\0", 24 | format u8 = 1 | board u8 | version 3 | security u32 | length u32 | SHA-512/256 digest, 32
//! ```
//!
//! The first 24 bytes make a signature good for this purpose only: one by the same key for anything else means nothing here.

use core::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::Digest as _;
use thiserror::Error;

/// What is signed before the description of an image.
pub const DOMAIN: &[u8; 24] = b"watchfire node firmware\0";

/// The format that is written and read.
pub(crate) const FORMAT: u8 = 1;

/// From the format to the digest.
pub(crate) const DESCRIPTION_BYTES: usize = 1 + 1 + 3 + 4 + 4 + DIGEST_BYTES;

const DIGEST_BYTES: usize = 32;

/// SHA-512/256 of an image (FIPS 180-4, 5.3.6.2).
pub type Digest = [u8; DIGEST_BYTES];

/// Takes an image in pieces and gives its digest.
#[derive(Clone, Default)]
pub struct Sha(sha2::Sha512_256);

impl Sha {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was taken.
    pub fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}

/// Digest of a whole image.
pub fn digest(image: &[u8]) -> Digest {
    let mut sha = Sha::default();
    sha.update(image);
    sha.finish()
}

/// An image's description and its signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Code of the board that it is for, see [`crate::layout::Board`].
    pub board: u8,
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// Its security counter. A firmware that closes a hole raises it; nodes never go below the highest they have confirmed.
    pub security: u32,
    /// Its length, bytes.
    pub length: u32,
    /// Its digest.
    pub digest: Digest,
    /// The signature of all this.
    pub signature: [u8; Signature::BYTE_SIZE],
}

/// Why an offer's signature is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the image is not signed by a key that is trusted here")]
pub struct OfferError;

impl Offer {
    /// From the format to the digest.
    pub(crate) fn description(&self) -> [u8; DESCRIPTION_BYTES] {
        let mut bytes = [0; DESCRIPTION_BYTES];
        let [major, minor, patch] = self.version;
        bytes[..5].copy_from_slice(&[FORMAT, self.board, major, minor, patch]);
        bytes[5..9].copy_from_slice(&self.security.to_le_bytes());
        bytes[9..13].copy_from_slice(&self.length.to_le_bytes());
        bytes[13..].copy_from_slice(&self.digest);
        bytes
    }

    fn message(&self) -> [u8; DOMAIN.len() + DESCRIPTION_BYTES] {
        let mut bytes = [0; DOMAIN.len() + DESCRIPTION_BYTES];
        bytes[..DOMAIN.len()].copy_from_slice(DOMAIN);
        bytes[DOMAIN.len()..].copy_from_slice(&self.description());
        bytes
    }

    /// Whether one of `keys` signed this offer.
    ///
    /// # Errors
    /// [`OfferError`] when none did.
    pub fn verify(&self, keys: &[UpdateKey]) -> Result<(), OfferError> {
        let message = self.message();
        let signature = Signature::from_bytes(&self.signature);
        let mut signed = keys
            .iter()
            .map(|key| key.0.verify_strict(&message, &signature));
        signed.find_map(Result::ok).ok_or(OfferError)
    }
}

/// The half of a key pair that nodes and edges know: whose images are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpdateKey(VerifyingKey);

impl UpdateKey {
    /// From the 32 bytes of a public key; `None` when they are no point of the curve, or one of small order.
    pub fn new(public: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(public).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// From 64 hexadecimal digits, as a file `update.pub` holds them.
    pub fn from_hex(text: &str) -> Option<Self> {
        wire::hex::read(text).and_then(|public| Self::new(&public))
    }

    /// The public key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

/// The half of a key pair that makes images: the secret of RFC 8032, 5.1.5.
pub struct UpdateSigner(SigningKey);

impl UpdateSigner {
    /// From 32 bytes that nobody else knows.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// From 64 hexadecimal digits, as a file `update.key` holds them.
    pub fn from_hex(text: &str) -> Option<Self> {
        wire::hex::read(text).map(|secret| Self::new(&secret))
    }

    /// The half that nodes and edges get.
    pub fn key(&self) -> UpdateKey {
        UpdateKey(self.0.verifying_key())
    }

    /// The offer of `image`, signed. `None` when the image is longer than 4 GiB.
    pub fn offer(&self, image: &[u8], board: u8, version: [u8; 3], security: u32) -> Option<Offer> {
        let mut offer = Offer {
            board,
            version,
            security,
            length: u32::try_from(image.len()).ok()?,
            digest: digest(image),
            signature: [0; Signature::BYTE_SIZE],
        };
        offer.signature = self.0.sign(&offer.message()).to_bytes();
        Some(offer)
    }
}

/// Shows whose key it is, never the secret.
impl fmt::Debug for UpdateSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpdateSigner(")?;
        for byte in &self.key().to_bytes()[..8] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}
