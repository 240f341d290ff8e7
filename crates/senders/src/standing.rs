//! How far a message can be believed, and why.

use cap::signature::{Invalid, TrustList, verify};
use cap::{Alert, Complaint, ReadError, Time};
use serde::Serialize;

/// Who vouches for a message. `Signed` alone is proof of the sender; `Transport` is proof of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "standing", rename_all = "snake_case")]
#[schema(as = OthersAlertStanding)]
pub enum Standing {
    /// Its signature holds, and the feed's trust list vouches for the signer.
    Signed {
        /// Whom the certificate names, in the notation of RFC 4514.
        signer: String,
    },
    /// No signature that counts, but it came over HTTPS from a server that the operator named.
    Transport {
        /// The server.
        host: String,
        /// What is to be said about its signature, if it has one.
        signature: Option<String>,
    },
    /// Nobody vouches for it.
    Unverified {
        /// What is to be said about its signature, if it has one.
        signature: Option<String>,
    },
    /// It was signed, and changed after that, or its signature is none: somebody tampered with it, or it broke on the way.
    BadSignature {
        /// What is wrong.
        why: String,
    },
}

impl Standing {
    /// What may replace what: nothing replaces a message of more strength. 0 for a bad signature, which replaces nothing at all.
    pub const fn strength(&self) -> u8 {
        match self {
            Self::Signed { .. } => 3,
            Self::Transport { .. } => 2,
            Self::Unverified { .. } => 1,
            Self::BadSignature { .. } => 0,
        }
    }

    /// A stable name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Signed { .. } => "signed",
            Self::Transport { .. } => "transport",
            Self::Unverified { .. } => "unverified",
            Self::BadSignature { .. } => "bad_signature",
        }
    }

    /// Whether the sender itself is known to have said this.
    pub const fn is_verified(&self) -> bool {
        matches!(self, Self::Signed { .. })
    }
}

/// Reads a message and says how far it can be believed. What is signed is read from the bytes that were signed, and nothing else of it.
///
/// # Errors
/// As [`cap::read`].
pub(crate) fn judge(
    xml: &[u8],
    vouched_by: Option<&str>,
    trusted: &TrustList,
    received: Time,
) -> Result<(Alert, Vec<Complaint>, Standing), ReadError> {
    let without = |signature: Option<String>| match vouched_by {
        Some(host) => Standing::Transport {
            host: host.to_owned(),
            signature,
        },
        None => Standing::Unverified { signature },
    };
    let standing = match verify(xml, trusted, received) {
        Ok(verified) => {
            let (alert, complaints) = verified.read()?;
            let signer = verified.subject().to_owned();
            return Ok((alert, complaints, Standing::Signed { signer }));
        }
        Err(
            why @ (Invalid::Changed
            | Invalid::BadSignature
            | Invalid::SeveralSignatures { .. }
            | Invalid::Misplaced { .. }
            | Invalid::PartialReference { .. }),
        ) => Standing::BadSignature {
            why: why.to_string(),
        },
        // Not a document that the strict parser takes: there may be a signature in it all the same.
        Err(Invalid::Unsigned) => without(None),
        Err(Invalid::Document(why)) => {
            let (alert, complaints) = cap::read(xml)?;
            let signed = complaints
                .iter()
                .any(|c| c.problem == cap::Problem::SignatureNotVerified);
            return Ok((alert, complaints, without(signed.then(|| why.to_string()))));
        }
        // Sound, as far as can be told, but of somebody or of a kind that is not taken: worth as much as none.
        Err(why) => without(Some(why.to_string())),
    };
    let (alert, mut complaints) = cap::read(xml)?;
    // Said in better words by the standing.
    complaints.retain(|c| c.problem != cap::Problem::SignatureNotVerified);
    Ok((alert, complaints, standing))
}
