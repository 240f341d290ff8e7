//! Secrets of 256 random bits, and what is kept of them.
//!
//! Written as 64 lower-case hexadecimal digits. Kept is the SHA-256 alone: with 2^256 possible secrets nobody finds one from its hash, so a
//! stolen file of sessions or tokens opens nothing, and neither salt nor a slow hash would add anything. For the same reason a
//! look-up by hash need not take constant time: what its time tells is about hashes that nobody can choose.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a secret and of its hash.
const BYTES: usize = 32;

/// No random bytes could be had; nothing can be made that must not be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandom;

/// Where random bytes come from.
pub trait Random {
    /// Fills the bytes.
    ///
    /// # Errors
    /// [`NoRandom`].
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom>;
}

/// The operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        getrandom::fill(bytes).map_err(|_| NoRandom)
    }
}

/// A secret that its holder shows. Printed nowhere.
#[derive(Clone)]
pub struct Secret([u8; BYTES]);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn new(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the 64 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        (text.len() == 2 * BYTES && base16ct::lower::decode(text, &mut bytes).is_ok())
            .then_some(Self(bytes))
    }

    /// The 64 digits.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(base16ct::lower::encode_string(&self.0))
    }

    /// What is kept of it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.0).into())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// SHA-256 of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; BYTES]);

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; BYTES];
        if text.len() == 2 * BYTES && base16ct::lower::decode(&text, &mut bytes).is_ok() {
            Ok(Self(bytes))
        } else {
            Err("a SHA-256 has 64 lower-case hexadecimal digits")
        }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        base16ct::lower::encode_string(&fingerprint.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Same(u8);

    impl Random for Same {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn what_is_kept_is_the_sha_256_of_the_bytes() {
        let secret = Secret::new(&mut Same(0)).expect("bytes");
        assert_eq!(*secret.text(), "0".repeat(64));
        // `head -c 32 /dev/zero | sha256sum`
        assert_eq!(
            String::from(secret.fingerprint()),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn only_64_lower_case_digits_are_a_secret() {
        let secret = Secret::new(&mut SystemRandom).expect("random");
        let text = secret.text();
        let again = Secret::parse(&text).expect("its own text");
        assert_eq!(again.fingerprint(), secret.fingerprint());
        for bad in ["", &text[1..], &format!("{}g", &text[1..]), &"A".repeat(64)] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
    }
}
