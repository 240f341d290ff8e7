//! The key shared by a node and its edge, and the tag made with it.
//!
//! The tag is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) over an empty plaintext, with version,
//! header and body as associated data. Its 24-byte nonce is used in two halves, which gives every boot
//! and direction a subkey of its own without a second primitive: the first 16 bytes (node, boot,
//! direction) go through HChaCha20 with the node's key, the last 8 (counter) are the nonce under the
//! resulting subkey. Cost on a Cortex-M4: one ChaCha block more than plain ChaCha20-Poly1305.
//!
//! ```text
//! nonce: node u32 LE | boot u32 LE | direction u8 | 7 zero bytes || counter u32 LE | 4 zero bytes
//! ```

use super::Header;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};

/// Length of a tag in bytes.
pub(super) const TAG_BYTES: usize = 16;

/// A node's secret, 256 bits. Never printed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// Takes 32 uniformly random bytes.
    pub const fn new(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// Reads 64 hexadecimal digits, as keys are written in key files; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Key> {
        crate::hex::read(text).map(Key)
    }

    /// Tells keys apart without giving any of them away: the tag of nothing under a nonce that no frame has (its bytes 9 to
    /// 15 are not zero).
    pub fn fingerprint(&self) -> [u8; TAG_BYTES] {
        self.cipher()
            .encrypt_inout_detached(&[0xff; 24].into(), b"fingerprint", empty())
            .map(Into::into)
            // Only a message of gigabytes is refused.
            .unwrap_or_default()
    }

    /// The tag of `message` (version, header and body) sent with `header`.
    pub(super) fn tag(&self, header: &Header, message: &[u8]) -> Option<[u8; TAG_BYTES]> {
        self.cipher()
            .encrypt_inout_detached(&nonce(header), message, empty())
            .ok()
            .map(Into::into)
    }

    /// Whether `tag` is the tag of `message`; compares in constant time.
    pub(super) fn verify(&self, header: &Header, message: &[u8], tag: [u8; TAG_BYTES]) -> bool {
        self.cipher()
            .decrypt_inout_detached(&nonce(header), message, empty(), &Tag::from(tag))
            .is_ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }
}

/// Shows that there is a key, never which.
impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(..)")
    }
}

fn nonce(header: &Header) -> XNonce {
    let mut nonce = [0; 24];
    nonce[0..4].copy_from_slice(&header.node.to_le_bytes());
    nonce[4..8].copy_from_slice(&header.boot.to_le_bytes());
    nonce[8] = header.direction as u8;
    nonce[16..20].copy_from_slice(&header.counter.to_le_bytes());
    nonce.into()
}

/// There is no plaintext: the frame stays readable with a terminal, only authenticated.
fn empty<'a>() -> InOutBuf<'a, 'a, u8> {
    InOutBuf::from(&mut [][..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_stays_with_its_key() {
        assert_eq!(
            Key::new([7; 32]).fingerprint(),
            Key::new([7; 32]).fingerprint()
        );
        assert_ne!(
            Key::new([7; 32]).fingerprint(),
            Key::new([8; 32]).fingerprint()
        );
        assert_ne!(Key::new([7; 32]).fingerprint(), [0; TAG_BYTES]);
    }
}
