//! Ways of delivering a message, one type for each protocol.
//!
//! Each makes one attempt within its time limits and says what came of it; when and whether to try again is the outbox's business.

mod file;
mod http;
mod message;
mod sahana;
mod smtp;
mod webhook;
mod websub;

use std::time::Duration;

use sha2::Digest as _;

use crate::{Carries, Issued};

pub use file::Directory;
pub use http::{Auth, Endpoint, Limits};
pub use sahana::Sahana;
pub use smtp::{Encryption, Mail, Smtp};
pub use webhook::{SIGNATURE_HEADER, Webhook, signature};
pub use websub::WebSub;

/// A message in the form that the subscriber takes.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// What was issued.
    pub issued: &'a Issued,
    /// What to send.
    pub xml: &'a str,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver said that it has it.
    Delivered {
        /// What an operator should know all the same: some of several recipients refuse.
        remark: Option<String>,
    },
    /// It may go better later: no connection, a server in trouble.
    Failed {
        /// What, in words.
        why: String,
        /// The message was under way when it went wrong.
        may_have_arrived: bool,
        /// How long the receiver asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nothing will be taken until somebody corrects something: credentials, address.
    Blocked {
        /// What, in words.
        why: String,
    },
    /// This message is not taken.
    Refused {
        /// What the receiver said.
        why: String,
        /// A repeat is useless.
        for_good: bool,
    },
}

impl Outcome {
    /// Delivered, and nothing to remark.
    pub const DELIVERED: Self = Self::Delivered { remark: None };
}

/// What a receiver says when asked for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It has it.
    There,
    /// It has not.
    Missing,
    /// It could not be asked.
    NoAnswer {
        /// Why.
        why: String,
        /// How long the receiver asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It answers, and that says neither.
    Unclear {
        /// How the answer begins.
        why: String,
    },
}

/// What sending a message a second time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The receiver can tell that it is a repeat.
    Harmless,
    /// It makes a second one: ask first.
    AskFirst,
}

/// One way of delivering.
pub trait Deliver: Send {
    /// A stable word.
    fn kind(&self) -> &'static str;

    /// Whether what it needs of this machine is there: secrets, certificates.
    ///
    /// # Errors
    /// Text that says what is missing.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    /// What a repeat does.
    fn repeat(&self) -> Repeat {
        Repeat::Harmless
    }

    /// What it carries.
    fn carries(&self) -> Carries {
        Carries::Messages
    }

    /// Makes one attempt.
    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome;

    /// Asks whether the receiver has a message.
    fn ask(&mut self, _issued: &Issued) -> Found {
        Found::Unclear {
            why: "this kind of receiver cannot be asked".to_owned(),
        }
    }
}

/// SHA-256 as hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, b| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{b:02x}");
            text
        })
}
