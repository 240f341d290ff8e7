//! Why a message is not verified, and why it cannot be signed.

use crate::{ReadError, Time};

/// Why a message is not verified: nothing of it may be believed on account of its signature.
///
/// Subjects are those of certificates, in the notation of RFC 4514, at most 80 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Not a document that is looked at at all. Stricter than the reader: XML 1.0 in UTF-8, well-formed.
    #[error("the document cannot be verified: {0}")]
    Document(#[from] ReadError),
    /// Has no signature.
    #[error("has no signature: ask the sender for a signed message, or treat it as hearsay")]
    Unsigned,
    /// Has more signatures than one, somewhere.
    #[error(
        "has {count} signatures where one is verified: ask the sender for one over the whole message"
    )]
    SeveralSignatures {
        /// How many.
        count: usize,
    },
    /// The signature is not a child of the root, as when a signed message is wrapped into another one.
    #[error(
        "the signature stands inside <{parent}>, not right below <alert>: the message may be wrapped into another one"
    )]
    Misplaced {
        /// The element it was found in.
        parent: String,
    },
    /// An algorithm, a transform or a structure that is not taken.
    #[error("{what} is not taken: sign with exclusive C14N, SHA-256, and RSA or ECDSA P-256")]
    Unsupported {
        /// What, with the value found.
        what: String,
    },
    /// What is signed is a part of the message or something outside it.
    #[error("the signature is over {uri:?}, not over the whole message (URI=\"\")")]
    PartialReference {
        /// The reference.
        uri: String,
    },
    /// The message is not the one that was signed: its digest differs.
    #[error("changed after it was signed: discard it and fetch it again from the sender")]
    Changed,
    /// The signature was not made over this digest with the key of the certificate.
    #[error("the signature was not made with the key of its certificate: discard the message")]
    BadSignature,
    /// Carries no certificate, and none of the trust list made the signature.
    #[error(
        "carries no certificate, and none in the trust list made the signature: add the sender's"
    )]
    NoCertificate,
    /// A certificate that cannot be used.
    #[error("certificate {which}: {what}")]
    BadCertificate {
        /// Its position in the message from 1, or its subject.
        which: String,
        /// What is wrong with it.
        what: String,
    },
    /// A key too small to believe.
    #[error(
        "the key of {subject:?} has {bits} bits; at least {} are needed",
        super::RSA_BITS_MIN
    )]
    WeakKey {
        /// Whose key.
        subject: String,
        /// Its size.
        bits: usize,
    },
    /// Nobody in the trust list vouches for the signer.
    #[error(
        "{subject:?} is not trusted: {why}; add the certificate or its issuer to the trust list, if it should be"
    )]
    Untrusted {
        /// The certificate at which the chain ends.
        subject: String,
        /// What is missing.
        why: String,
    },
    /// A certificate of the chain was no longer valid at the time given.
    #[error("the certificate of {subject:?} expired at {at}: the sender needs a new one")]
    Expired {
        /// Whose.
        subject: String,
        /// Its last second.
        at: Time,
    },
    /// A certificate of the chain was not valid yet at the time given.
    #[error("the certificate of {subject:?} is valid only from {at}: check the clock, or wait")]
    NotYetValid {
        /// Whose.
        subject: String,
        /// Its first second.
        at: Time,
    },
    /// A certificate that was issued for something else.
    #[error("the certificate of {subject:?} is not for this: {what}")]
    WrongUse {
        /// Whose.
        subject: String,
        /// What it lacks.
        what: &'static str,
    },
}

impl Invalid {
    /// A stable name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Document(_) => "document",
            Self::Unsigned => "unsigned",
            Self::SeveralSignatures { .. } => "several_signatures",
            Self::Misplaced { .. } => "misplaced",
            Self::Unsupported { .. } => "unsupported",
            Self::PartialReference { .. } => "partial_reference",
            Self::Changed => "changed",
            Self::BadSignature => "bad_signature",
            Self::NoCertificate => "no_certificate",
            Self::BadCertificate { .. } => "bad_certificate",
            Self::WeakKey { .. } => "weak_key",
            Self::Untrusted { .. } => "untrusted",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongUse { .. } => "wrong_use",
        }
    }
}

/// Why a key and its certificates are no signer, or certificates no trust list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The private key cannot be used.
    #[error("private key: {what}")]
    Key {
        /// What is wrong and what to do.
        what: String,
    },
    /// A certificate cannot be used.
    #[error("certificates: {0}")]
    Certificate(Invalid),
    /// The first certificate is for another key.
    #[error(
        "the first certificate is not that of the private key: put the signer's own certificate first"
    )]
    Mismatch,
}

/// Why a message was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Not a document that can be signed, or too long once it is.
    #[error("cannot be signed: {0}")]
    Document(#[from] ReadError),
    /// Has a signature already; a second one would make both worthless here.
    #[error("is signed already: sign the message as it was written")]
    AlreadySigned,
    /// The key refused. Trying again does not help.
    #[error("the private key failed to sign")]
    Key,
}
