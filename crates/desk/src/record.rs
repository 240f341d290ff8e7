//! One record of the log: what happened, when, by whom, and the hash of the record before.
//!
//! A record is stored as 64 hexadecimal digits, a space, and a JSON object; the digits are SHA-256 over [`DOMAIN`] and the
//! object's bytes as they stand. The object's `prev` is the hash of the record before, so that no record can be changed, taken out
//! or put in without changing every hash after it. What a chain cannot show is that its end was cut off: that takes the number and
//! hash of the last record, noted elsewhere (`watchfire audit verify --head`).

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::draft::{Author, Proposal};
use crate::gate::Gate;
use crate::published::Published;
use crate::weight::Weight;

/// What a record's hash is over before the record itself: no other use of SHA-256 yields the same.
const DOMAIN: &[u8] = b"watchfire desk record v1\0";

/// A SHA-256: of a record in the chain, or of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first record refers to.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a record's bytes.
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update(DOMAIN)
                .chain_update(body)
                .finalize()
                .into(),
        )
    }

    /// What `sha256sum` says of a message: what a person who agrees to it has read.
    pub fn of_message(xml: &str) -> Self {
        Self(Sha256::digest(xml.as_bytes()).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Act {
    /// The first record: whose log this is.
    Opened {
        /// The deployment.
        deployment: String,
        /// `actual`, `exercise` or `test`.
        mode: String,
    },
    /// A draft was put on the desk.
    Proposed {
        /// Its id: hash of key and content.
        draft: String,
        /// What is to be said.
        proposal: Proposal,
        /// How much that asks of the public.
        weight: Weight,
        /// What it has to pass.
        gate: Gate,
        /// When the fail-safe acts, microseconds since the Unix epoch; an earlier draft of the event may have set it.
        due_us: i64,
    },
    /// A person agreed.
    Approved {
        /// The draft.
        draft: String,
        /// SHA-256 of the message that was agreed to; older logs have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Hash>,
        /// Of older logs: carried over from a draft that asked the same in other words.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        carried: bool,
    },
    /// A person, or an earlier refusal that still stands, said no.
    Refused {
        /// The draft.
        draft: String,
        /// Why.
        why: String,
    },
    /// Its author took it back.
    Withdrawn {
        /// The draft.
        draft: String,
    },
    /// Nobody decided in time, and the fail-safe is to hold.
    Held {
        /// The draft.
        draft: String,
    },
    /// A newer draft of the same event took its place.
    Superseded {
        /// The draft.
        draft: String,
        /// The newer one.
        by: String,
    },
    /// There was nothing to call back.
    Void {
        /// The draft.
        draft: String,
    },
    /// A message went out.
    Issued {
        /// Its draft.
        draft: String,
        /// Why it could: `open`, `approved`, `covered`, `deadline`, `renewal`, `correction` or `imported`.
        by_virtue_of: String,
        /// How much the public is asked now.
        weight: Weight,
        /// CAP `sender`, which later messages name when they refer to it.
        sender: String,
        /// The message.
        message: Published,
    },
    /// The last message of an event ended without a successor.
    Expired {
        /// The event.
        event: String,
        /// Its last message.
        identifier: String,
    },
}

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 0, without gaps.
    pub n: u64,
    /// Hash of the record before.
    pub prev: Hash,
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    /// Who did it.
    pub by: Author,
    /// What.
    pub act: Act,
}

impl Record {
    /// As the log stores it, and its hash.
    ///
    /// # Errors
    /// Text of the JSON writer; plain values with string keys do not fail.
    pub(crate) fn to_bytes(&self) -> Result<(Vec<u8>, Hash), String> {
        let body = serde_json::to_vec(self).map_err(|e| e.to_string())?;
        let hash = Hash::of(&body);
        let mut out = hash.to_string().into_bytes();
        out.push(b' ');
        out.extend_from_slice(&body);
        Ok((out, hash))
    }

    /// Reads a stored record, which must be number `n` and follow `prev`.
    ///
    /// # Errors
    /// Text that says what does not fit.
    pub fn from_bytes(bytes: &[u8], n: u64, prev: Hash) -> Result<(Self, Hash), String> {
        let (digits, body) = bytes
            .split_at_checked(64)
            .and_then(|(d, rest)| Some((std::str::from_utf8(d).ok()?, rest.strip_prefix(b" ")?)))
            .ok_or("no hash in front")?;
        let said = Hash::parse(digits).ok_or("no hash in front")?;
        let hash = Hash::of(body);
        if said != hash {
            return Err(format!(
                "its content has hash {hash}, and it says {said}: it was changed"
            ));
        }
        let record: Self = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        if record.n != n {
            return Err(format!(
                "it is number {}, and {n} was due: records are missing or moved",
                record.n
            ));
        }
        if record.prev != prev {
            return Err(format!(
                "it follows {}, and the record before it is {prev}: the chain is broken here",
                record.prev
            ));
        }
        Ok((record, hash))
    }
}
