//! Hub to edge: a signed command to the sirens of one or more zones.
//!
//! ```text
//! version u8 = 1 | key id, 8 bytes | body (postcard) | Ed25519 signature, 64 bytes
//! ```
//!
//! Purpose: a siren sounds because the hub of its deployment said so, now, for this alert, and for no other reason. A broker lets
//! whoever may publish write to any topic; the signature is what an edge believes.
//!
//! Invariants:
//! - The signature covers [`DOMAIN`] and everything before it, the mode included: an exercise cannot be made into a warning on its
//!   way, and a signature made for another purpose with the same key means nothing here.
//! - Nothing of the body is decoded before its signature is verified (RFC 8032, 5.1.7, with the stricter rules of
//!   `verify_strict`: no small-order keys, no second encoding of the same signature).
//! - Everything is bounded: [`MAX_BYTES`], [`MAX_ZONES`], [`MAX_LIFETIME_US`].
//!
//! Refuses: to remember counters and to read a clock. Which counter was the highest, and what time it is, the edge knows.

use core::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::topic::{Mode, is_id};

/// Version byte that this module writes and reads.
pub const VERSION: u8 = 1;

/// What is signed before the bytes of the command, so that a signature is good for this purpose only.
pub const DOMAIN: &[u8; 24] = b"watchfire siren command\0";

/// Longest command in bytes, signature included.
pub const MAX_BYTES: usize = 832;

/// Most zones of one command.
pub const MAX_ZONES: usize = 8;

/// Longest alert identifier, bytes.
pub const MAX_ALERT_BYTES: usize = 200;

/// Longest time from issue to expiry, microseconds: a day. What has to hold longer is commanded again.
pub const MAX_LIFETIME_US: i64 = 24 * 3_600 * 1_000_000;

/// Length of a key's id: the first bytes of the public key. It selects a key; the signature decides.
pub const KEY_ID_BYTES: usize = 8;

const SIGNATURE_BYTES: usize = Signature::BYTE_SIZE;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES;

/// Identity of what is ordered. Commands that are sent again carry the same one under a new counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CommandId(pub [u8; 16]);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl CommandId {
    /// Reads 32 hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::read(text).map(Self)
    }
}

/// Which key signed, see [`KEY_ID_BYTES`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl KeyId {
    /// Reads 16 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::read(text).map(Self)
    }
}

/// What sirens shall do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action<'a> {
    /// Sound. Which pattern that is, and whether there is one, each siren's configuration says for mode and signal.
    Sound {
        /// Id of the signal, for example `warning`, see [`is_id`].
        #[serde(borrow)]
        signal: &'a str,
    },
    /// Stop sounding for alerts of this command's mode.
    Silence,
    /// Look whether the output can be reached, without a sound.
    SelfTest,
}

/// One command. Text borrows from the bytes that it was read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command<'a> {
    /// Deployment whose sirens are meant, see [`is_id`].
    pub deployment: &'a str,
    /// How seriously it is meant. Part of what is signed.
    pub mode: Mode,
    /// Rises with every command that a key signs, whatever edge it is for.
    pub counter: u64,
    /// What is ordered.
    pub id: CommandId,
    /// Identifier of the alert that it follows from: 1 to [`MAX_ALERT_BYTES`] of visible ASCII.
    pub alert: &'a str,
    /// By the hub's clock, microseconds since the Unix epoch.
    pub issued_us: i64,
    /// Not to be begun after this, microseconds since the Unix epoch.
    pub expires_us: i64,
    /// The word that the edge gave last, which shows that the command is no older than it; 0 for none.
    pub session: u64,
    /// What to do.
    pub action: Action<'a>,
    /// Zones whose sirens are meant, see [`is_id`]; at least one.
    pub zones: heapless::Vec<&'a str, MAX_ZONES>,
}

/// The body as postcard has it: field by field in this order.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    deployment: &'a str,
    mode: u8,
    counter: u64,
    id: CommandId,
    #[serde(borrow)]
    alert: &'a str,
    issued_us: i64,
    expires_us: i64,
    session: u64,
    #[serde(borrow)]
    action: Action<'a>,
    #[serde(borrow)]
    zones: heapless::Vec<&'a str, MAX_ZONES>,
}

/// Why a command could not be written or is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CommandError {
    /// Longer than [`MAX_BYTES`], or than the output buffer.
    #[error("a command is at most {MAX_BYTES} bytes")]
    TooLong,
    /// Too short to hold a head and a signature.
    #[error("the bytes are too few for a command")]
    TooShort,
    /// The version byte is not one that this module reads.
    #[error("command version {0} is not supported")]
    Version(u8),
    /// No key with this id is trusted here.
    #[error("the command is signed by a key that is not trusted here")]
    UnknownKey,
    /// The signature is not that key's signature of these bytes.
    #[error("the command's signature is wrong")]
    Signature,
    /// The body ends early, holds an impossible value, or goes on after its end.
    #[error("the bytes are not a command")]
    Malformed,
    /// A field breaks its rule: an id, the alert's identifier, no zone, no counter, expiry before issue or too long after it.
    #[error("a field of the command breaks its rule")]
    Field,
}

impl CommandError {
    /// Stable name for counters.
    pub const fn name(self) -> &'static str {
        match self {
            CommandError::TooLong => "too_long",
            CommandError::TooShort => "too_short",
            CommandError::Version(_) => "version",
            CommandError::UnknownKey => "unknown_key",
            CommandError::Signature => "signature",
            CommandError::Malformed => "malformed",
            CommandError::Field => "field",
        }
    }
}

/// The hub's half of a key pair. Its bytes are the secret of RFC 8032, 5.1.5.
pub struct Signer(SigningKey);

impl Signer {
    /// From 32 bytes that nobody else knows.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::read(text).map(|secret| Self::new(&secret))
    }

    /// The half that edges get.
    pub fn issuer(&self) -> Issuer {
        Issuer(self.0.verifying_key())
    }
}

/// Shows which key it is, never the secret.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.issuer().id())
    }
}

/// The edge's half of a key pair: whose commands are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Issuer(VerifyingKey);

impl Issuer {
    /// From the 32 bytes of a public key; `None` when they are no point of the curve, or one of small order.
    pub fn new(public: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(public).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::read(text).and_then(|public| Self::new(&public))
    }

    /// The public key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// How commands name this key.
    pub fn id(&self) -> KeyId {
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&self.0.as_bytes()[..KEY_ID_BYTES]);
        KeyId(id)
    }
}

impl<'a> Command<'a> {
    /// Writes and signs the command to the front of `out`; returns its length in bytes.
    ///
    /// # Errors
    /// [`CommandError::Field`] when it breaks a rule that a reader would refuse it for, [`CommandError::TooLong`] when `out` is
    /// too small; [`MAX_BYTES`] always suffices.
    pub fn encode(&self, signer: &Signer, out: &mut [u8]) -> Result<usize, CommandError> {
        self.check()?;
        let body = Body {
            deployment: self.deployment,
            mode: code(self.mode),
            counter: self.counter,
            id: self.id,
            alert: self.alert,
            issued_us: self.issued_us,
            expires_us: self.expires_us,
            session: self.session,
            action: self.action,
            zones: self.zones.clone(),
        };
        let mut buffer = Signed::new();
        buffer.push(&[VERSION])?;
        buffer.push(&signer.issuer().id().0)?;
        let room = &mut buffer.bytes[buffer.length..];
        let written = postcard::to_slice(&body, room).map_err(|_| CommandError::TooLong)?;
        buffer.length += written.len();
        let signature = signer.0.sign(&buffer.bytes[..buffer.length]).to_bytes();
        let unsigned = &buffer.bytes[DOMAIN.len()..buffer.length];
        let length = unsigned.len() + SIGNATURE_BYTES;
        let out = out.get_mut(..length).ok_or(CommandError::TooLong)?;
        out[..unsigned.len()].copy_from_slice(unsigned);
        out[unsigned.len()..].copy_from_slice(&signature);
        Ok(length)
    }

    /// Reads a command that fills `bytes` exactly and is signed by one of `issuers`; tells which.
    ///
    /// # Errors
    /// [`CommandError`], in the order of the checks.
    pub fn open(bytes: &'a [u8], issuers: &[Issuer]) -> Result<(Self, KeyId), CommandError> {
        if bytes.len() > MAX_BYTES {
            return Err(CommandError::TooLong);
        }
        let (&version, _) = bytes.split_first().ok_or(CommandError::TooShort)?;
        if version != VERSION {
            return Err(CommandError::Version(version));
        }
        if bytes.len() <= HEAD_BYTES + SIGNATURE_BYTES {
            return Err(CommandError::TooShort);
        }
        let (unsigned, signature) = bytes.split_at(bytes.len() - SIGNATURE_BYTES);
        let signature = Signature::from_slice(signature).map_err(|_| CommandError::Signature)?;
        let mut named = issuers
            .iter()
            .filter(|issuer| issuer.id().0 == unsigned[1..HEAD_BYTES])
            .peekable();
        if named.peek().is_none() {
            return Err(CommandError::UnknownKey);
        }
        let mut buffer = Signed::new();
        buffer.push(unsigned)?;
        let message = &buffer.bytes[..buffer.length];
        // Two keys with the same first bytes are possible, if not by chance.
        let issuer = named
            .find(|issuer| issuer.0.verify_strict(message, &signature).is_ok())
            .ok_or(CommandError::Signature)?;
        let body = match postcard::take_from_bytes::<Body<'a>>(&unsigned[HEAD_BYTES..]) {
            Ok((body, [])) => body,
            _ => return Err(CommandError::Malformed),
        };
        let command = Self {
            deployment: body.deployment,
            mode: mode(body.mode).ok_or(CommandError::Malformed)?,
            counter: body.counter,
            id: body.id,
            alert: body.alert,
            issued_us: body.issued_us,
            expires_us: body.expires_us,
            session: body.session,
            action: body.action,
            zones: body.zones,
        };
        command.check()?;
        Ok((command, issuer.id()))
    }

    fn check(&self) -> Result<(), CommandError> {
        let signal = match self.action {
            Action::Sound { signal } => is_id(signal),
            Action::Silence | Action::SelfTest => true,
        };
        let lifetime_us = self.expires_us.saturating_sub(self.issued_us);
        let sound = is_id(self.deployment)
            && signal
            && self.counter > 0
            && is_alert(self.alert)
            && !self.zones.is_empty()
            && self.zones.iter().all(|zone| is_id(zone))
            && (1..=MAX_LIFETIME_US).contains(&lifetime_us);
        if sound {
            Ok(())
        } else {
            Err(CommandError::Field)
        }
    }
}

/// Whether `text` can stand as a command's alert: visible ASCII, see [`MAX_ALERT_BYTES`].
pub fn is_alert(text: &str) -> bool {
    (1..=MAX_ALERT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// [`DOMAIN`] and what follows it, in one piece.
struct Signed {
    bytes: [u8; DOMAIN.len() + MAX_BYTES],
    length: usize,
}

impl Signed {
    fn new() -> Self {
        let mut bytes = [0; DOMAIN.len() + MAX_BYTES];
        bytes[..DOMAIN.len()].copy_from_slice(DOMAIN);
        Self {
            bytes,
            length: DOMAIN.len(),
        }
    }

    fn push(&mut self, more: &[u8]) -> Result<(), CommandError> {
        let end = self.length + more.len();
        let room = self.bytes.get_mut(self.length..end);
        room.ok_or(CommandError::TooLong)?.copy_from_slice(more);
        self.length = end;
        Ok(())
    }
}

/// 0 is no mode, so that forgotten bytes mean nothing.
const fn code(mode: Mode) -> u8 {
    match mode {
        Mode::Actual => 1,
        Mode::Exercise => 2,
        Mode::Test => 3,
    }
}

fn mode(byte: u8) -> Option<Mode> {
    Mode::ALL.iter().copied().find(|mode| code(*mode) == byte)
}
