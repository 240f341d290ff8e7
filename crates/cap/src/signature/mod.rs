//! Signed messages: who says so, and that not a byte of it was changed on the way.
//!
//! An enveloped XML signature, as CAP 1.2 section 3.3.2.1 allows it: a `Signature` element as the last child of
//! `<alert>`, over the whole message without itself. Of XML Signature Syntax and Processing 1.1 it is the core that
//! messages need, and only algorithms that hold today; canonical form is that of Exclusive XML Canonicalization 1.0.
//!
//! | What | Taken, and nothing else |
//! |---|---|
//! | Reference | one, `URI=""` |
//! | Transforms | enveloped signature, then exclusive C14N without comments or inclusive prefixes |
//! | Digest | SHA-256 |
//! | Signature | RSA PKCS#1 v1.5 with SHA-256, 2048 to 8192 bits; ECDSA with SHA-256 on P-256, 64 bytes `r` and `s` |
//! | Key | X.509 certificates in `KeyInfo`, or those of the trust list where it has none |
//!
//! **Sign.** A [`Signer`] is a private key and its certificate. What [`Alert::to_xml`](crate::Alert::to_xml) writes is
//! canonical already and stays as it is, byte for byte; any other document is put into canonical form first. RSA
//! PKCS#1 v1.5 and ECDSA by RFC 6979 need no random numbers: the same message and key give the same signature.
//!
//! **Verify.** [`verify()`] says who signed, and hands back *what* was signed: [`Verified`] holds the very bytes that went
//! into the digest. Read those, not the document that came in: this is what keeps a signed message that was wrapped
//! into another one from being taken for the other. Nothing counts besides them: neither comments nor what stands in
//! the `Signature` element.
//!
//! ```
//! use cap::signature::{Invalid, Signer, TrustList, verify};
//! # let (key_pem, certificate_pem, ca_pem) = (
//! #     include_str!("../../tests/keys/p256.key.pem"),
//! #     include_str!("../../tests/keys/p256.crt.pem"),
//! #     include_str!("../../tests/keys/ca.crt.pem"),
//! # );
//! # let mut alert = cap::Alert::new("wf-1", "watchfire@example.org", cap::Time::from_us(1_267_252_754_000_000), cap::Status::Exercise, cap::MsgType::Alert);
//! # alert.infos.push(cap::Info::new("en", cap::Category::Geo, "Tsunami Warning", cap::Urgency::Immediate, cap::Severity::Extreme, cap::Certainty::Likely));
//! let signer = Signer::from_pem(key_pem, certificate_pem)?;
//! let signed = signer.sign(&alert.to_xml()?)?;
//!
//! let trusted = TrustList::from_pem(ca_pem)?;
//! let now = cap::Time::parse("2026-06-01T00:00:00+00:00").unwrap();
//! let verified = verify(signed.as_bytes(), &trusted, now)?;
//! assert_eq!(verified.subject(), "CN=Watchfire test signer P-256");
//! let (back, complaints) = verified.read()?;
//! assert_eq!(back, alert);
//! assert!(complaints.is_empty());
//!
//! let forged = signed.replace("Exercise", "Actual");
//! assert_eq!(verify(forged.as_bytes(), &trusted, now).unwrap_err(), Invalid::Changed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this module refuses to do
//! It reads no clock, file or network: the time is an argument, and there is no revocation. It fetches nothing that a
//! reference names, runs no XPath and no stylesheet, and verifies no SHA-1, no part of a message and no second signature.
//! It does not say whether the signer may speak for the `sender` of the message: compare [`Verified::subject`] or
//! [`Verified::certificate_sha256`] where more than one is trusted. An old message in a new signature is not told
//! from a new one either: that is what `identifier` and `sent` are for.

mod canonical;
mod certificate;
mod document;
mod error;
mod sign;
mod trust;
mod verify;

pub use error::{Invalid, KeyError, SignError};
pub use sign::Signer;
pub use trust::TrustList;
pub use verify::{Verified, verify};

/// Least size of an RSA key, in bits (NIST SP 800-131A revision 2: 112 bits of security).
pub const RSA_BITS_MIN: usize = 2048;

/// The exclusive canonical form of a document, without comments: what [`Signer::sign`] signs.
///
/// # Errors
/// [`ReadError`](crate::ReadError) for what is not a document that can be verified, or is too long in this form.
pub fn canonical_xml(xml: &[u8]) -> Result<String, crate::ReadError> {
    Ok(canonical::document(&document::parse(xml)?, None)?.xml)
}

const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
}

impl Algorithm {
    /// The identifier of the algorithm in `SignatureMethod` (RFC 6931).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::EcdsaP256Sha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        }
    }

    fn from_uri(uri: &str) -> Option<Self> {
        [Self::RsaSha256, Self::EcdsaP256Sha256]
            .into_iter()
            .find(|one| one.uri() == uri)
    }
}
