//! Passwords: which are taken, and what is kept of them.
//!
//! Rules of NIST SP 800-63B-4 (2025), section 3.1.1.2: at least 15 characters, since a password is the only factor here; no rules
//! on kinds of characters; nothing that is expected of everybody (a list, and the account's own name); no renewal by the calendar.
//! Text is normalised (NFKC) first, so that the same password comes from every keyboard.
//!
//! Kept is Argon2id with 19 MiB, 2 passes and 1 lane, the first of the settings that OWASP's Password Storage Cheat Sheet gives
//! as its least, and the variant that RFC 9106 (section 4) asks for. RFC 9106's second choice (64 MiB, 3 passes) costs five times
//! as much of a machine that has a warning to compute, which matters more here: lengths above already put guessing out of reach.

use std::fmt;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{Name, NoRandom, Random};

/// Fewest characters, as Unicode code points.
const CHARACTERS_MIN: usize = 15;

/// Most bytes, before normalisation.
const BYTES_MAX: usize = 1_024;

/// Fewest different characters, and fewest that are left when everything common is taken out.
const OWN_MIN: usize = 6;

/// Memory of a new hash, KiB.
const MEMORY_KIB: u32 = 19 * 1_024;

/// Passes of a new hash.
const PASSES: u32 = 2;

/// Most memory, KiB, that a hash in the file may ask for: a slip there must not take the hub's memory.
const MEMORY_KIB_MAX: u32 = 256 * 1_024;

/// Most passes and lanes that a hash in the file may ask for.
const PASSES_MAX: u32 = 16;

/// Longest PHC string.
const PHC_BYTES_MAX: usize = 512;

/// Passwords, and parts of passwords, that everybody tries first: number rows, keyboard rows, the words of every published list of
/// leaked passwords, the words of this trade.
const COMMON: &str = include_str!("common.txt");

/// A password as it is hashed: normalised. Printed nowhere.
pub struct Password(Zeroizing<String>);

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too few characters.
    #[error(
        "a password has at least {CHARACTERS_MIN} characters; four or five words that nobody would expect together are one"
    )]
    Short,
    /// Too many bytes.
    #[error("a password has at most {BYTES_MAX} bytes")]
    Long,
    /// Almost nothing in it but what everybody tries first.
    #[error(
        "this password is almost only what everybody tries first (rows of keys, repetitions, the account's name, the words of leaked lists); put more of your own in it"
    )]
    Common,
}

impl Password {
    /// Takes what somebody entered to log in; no rule but the bound, since rules may change.
    ///
    /// # Errors
    /// [`Unfit::Long`].
    pub fn entered(text: &str) -> Result<Self, Unfit> {
        if text.len() > BYTES_MAX {
            return Err(Unfit::Long);
        }
        Ok(Self(Zeroizing::new(text.nfkc().collect())))
    }

    /// Takes a new password for an account.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn chosen(text: &str, name: &Name) -> Result<Self, Unfit> {
        let password = Self::entered(text)?;
        if password.0.chars().count() < CHARACTERS_MIN {
            return Err(Unfit::Short);
        }
        if own(&password.0, name) < OWN_MIN {
            return Err(Unfit::Common);
        }
        Ok(password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// How many different characters are left when everything common is taken out.
fn own(password: &str, name: &Name) -> usize {
    let mut rest = Zeroizing::new(password.to_lowercase());
    let mut parts: Vec<&str> = COMMON.lines().collect();
    parts.push(name.as_str());
    parts.extend(name.as_str().split(['.', '_', '-']).filter(|p| p.len() > 2));
    // The longest first: "password" before "pass".
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    for part in parts {
        // A space, so that what stood on both sides does not become one.
        rest = Zeroizing::new(rest.replace(part, " "));
    }
    let mut letters: Vec<char> = rest.chars().filter(|c| !c.is_whitespace()).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len()
}

/// What is kept of a password: a PHC string of Argon2id, such as `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(String);

/// Text that is no usable hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a PHC string of Argon2id v19 with salt, hash, at most 256 MiB and at most 16 passes and lanes"
)]
pub struct NotAHash;

impl Hash {
    /// Hashes with what new hashes have. Takes about 20 ms and 19 MiB.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn of(password: &Password, random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut salt = [0; 16];
        random.fill(&mut salt)?;
        // Constants that the tests run through: this cannot fail.
        let hash = current()
            .hash_password_with_salt(password.0.as_bytes(), &salt)
            .map_err(|_| NoRandom)?;
        Ok(Self(hash.to_string()))
    }

    /// The hash of no password: verifying against it costs what it costs for a true one, and fails.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn of_nobody(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let (mut salt, mut output) = ([0; 16], [0; 32]);
        random.fill(&mut salt)?;
        random.fill(&mut output)?;
        let argon2 = current();
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: argon2.params().try_into().map_err(|_| NoRandom)?,
            salt: Some(Salt::new(&salt).map_err(|_| NoRandom)?),
            hash: Some(Output::new(&output).map_err(|_| NoRandom)?),
        };
        Ok(Self(hash.to_string()))
    }

    /// Whether this is the password. Takes as long as making the hash took.
    pub fn verify(&self, password: &Password) -> bool {
        current()
            .verify_password(password.0.as_bytes(), self.0.as_str())
            .is_ok()
    }

    /// Whether new hashes cost more than this one did.
    pub fn is_outdated(&self) -> bool {
        match checked(&self.0) {
            Ok(params) => {
                params.m_cost() < MEMORY_KIB
                    || (params.m_cost() == MEMORY_KIB && params.t_cost() < PASSES)
            }
            Err(NotAHash) => true,
        }
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(..)")
    }
}

impl TryFrom<String> for Hash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        checked(&text)?;
        Ok(Self(text))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.0
    }
}

fn current() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The settings of a PHC string that may be verified.
fn checked(text: &str) -> Result<Params, NotAHash> {
    if text.len() > PHC_BYTES_MAX {
        return Err(NotAHash);
    }
    let hash = PasswordHash::new(text).map_err(|_| NotAHash)?;
    let params = Params::try_from(&hash).map_err(|_| NotAHash)?;
    let sound = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && hash.salt.is_some_and(|salt| salt.len() >= 8)
        && hash.hash.is_some_and(|output| output.len() >= 16)
        && params.m_cost() <= MEMORY_KIB_MAX
        && params.t_cost() <= PASSES_MAX
        && params.p_cost() <= PASSES_MAX;
    if sound { Ok(params) } else { Err(NotAHash) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    fn ana() -> Name {
        Name::parse("ana.soto").expect("a name")
    }

    #[test]
    fn length_counts_and_kinds_of_characters_do_not() {
        for fit in [
            "correct horse battery staple",
            "mañana llueve en quellón",
            "海が静かな夜に月が昇る時を待つ人",
            "0f9c2a7be4d81635",
        ] {
            assert!(Password::chosen(fit, &ana()).is_ok(), "{fit}");
        }
        let refused = |text: &str| Password::chosen(text, &ana()).expect_err(text);
        assert_eq!(refused("Tr0ub4dor&3xyz"), Unfit::Short);
        assert_eq!(refused(&"ñ".repeat(600)), Unfit::Long);
        for common in [
            "passwordpassword1",
            "123456789012345678",
            "qwertyuiopasdfghjkl",
            "Ana.Soto Ana.Soto 1",
            "sotosotosotosotosoto",
            "aaaaaaaaaaaaaaaaaaaa",
            "Watchfire Admin 2026",
            "abababababababababab",
            "Contraseña1234567890",
        ] {
            assert_eq!(refused(common), Unfit::Common, "{common}");
        }
    }

    #[test]
    fn the_same_password_comes_from_every_keyboard() {
        // Once with a composed letter, once with a letter and a combining tilde.
        let hash = Hash::of(
            &Password::entered("ma\u{f1}ana en quell\u{f3}n").expect("fits"),
            &mut SystemRandom,
        )
        .expect("random");
        let other = Password::entered("man\u{303}ana en quello\u{301}n").expect("fits");
        assert!(hash.verify(&other));
        assert!(!hash.verify(&Password::entered("manana en quellon").expect("fits")));
        assert!(!hash.is_outdated());
    }

    #[test]
    fn a_hash_of_nobody_costs_the_same_and_fails() {
        let nobody = Hash::of_nobody(&mut SystemRandom).expect("random");
        let real =
            Hash::of(&Password::entered("").expect("fits"), &mut SystemRandom).expect("random");
        assert!(!nobody.verify(&Password::entered("").expect("fits")));
        let head = |hash: &Hash| hash.0.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(head(&nobody), "$argon2id$v=19$m=19456,t=2,p=1");
        assert_eq!(head(&nobody), head(&real));
        assert_eq!(nobody.0.len(), real.0.len());
    }

    /// Test vector of Argon2id from the reference implementation (`echo -n password | argon2 somesalt -id -v 13 -t 2 -k 65536`).
    #[test]
    fn what_other_programs_hashed_is_verified_and_is_current() {
        let theirs = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hash = Hash::try_from(theirs.to_owned()).expect("a hash");
        assert!(hash.verify(&Password::entered("password").expect("fits")));
        assert!(!hash.is_outdated());
    }

    #[test]
    fn weak_strange_and_greedy_hashes_are_refused_or_renewed() {
        let old =
            "$argon2id$v=19$m=8192,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(
            Hash::try_from(old.to_owned())
                .expect("a hash")
                .is_outdated()
        );
        for bad in [
            "",
            "*",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=4000000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        ] {
            assert!(Hash::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
