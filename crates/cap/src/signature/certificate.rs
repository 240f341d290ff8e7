//! One X.509 certificate (RFC 5280): what it says, and with whose key it was signed.
//!
//! Takes DER that is written as DER must be, keys of RSA from 2048 bits or ECDSA on P-256, and signatures of
//! certificates with SHA-256 (RSA also with SHA-384 and SHA-512). An extension that is critical and not understood here
//! makes a certificate unusable, as the standard wants.

use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode};
use p256::ecdsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PublicKey as RsaKey};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use super::error::Invalid;
use super::{Algorithm, RSA_BITS_MIN};
use crate::Time;
use crate::invalid::excerpt;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// Extensions that may be critical: looked at here (basic constraints, both key usages), or saying nothing that
/// narrows what is decided here (alternative names; policies, of which none is asked for).
const UNDERSTOOD: [ObjectIdentifier; 5] = [
    BasicConstraints::OID,
    KeyUsage::OID,
    ExtendedKeyUsage::OID,
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
];
/// Extended uses that cover a signed message: any, e-mail (RFC 5280 section 4.2.1.12), documents (RFC 9336), and
/// documents by Microsoft's number, which older issuers use.
const MESSAGE_USES: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
];

/// A public key of a size and kind that is believed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Rsa(RsaKey),
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Whether `signature`, as XML signatures write it, is one of `message`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa(key), Algorithm::RsaSha256) => rsa::<Sha256>(key, message, signature),
            (Self::P256(key), Algorithm::EcdsaP256Sha256) => {
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            _ => false,
        }
    }
}

fn rsa<D: Digest + rsa::pkcs8::AssociatedOid>(
    key: &RsaKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    key.verify(Pkcs1v15Sign::new::<D>(), &D::digest(message), signature)
        .is_ok()
}

#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    /// The part that its issuer signed.
    signed: Vec<u8>,
    parsed: x509_cert::Certificate,
    pub(super) key: PublicKey,
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    extended: Option<ExtendedKeyUsage>,
}

impl Certificate {
    /// Reads one certificate; `which` names it in errors.
    pub(super) fn from_der(bytes: &[u8], which: &str) -> Result<Self, Invalid> {
        let bad = |what: String| Invalid::BadCertificate {
            which: which.to_owned(),
            what,
        };
        let unreadable = |error: der::Error| bad(format!("cannot be read: {error}"));
        let parsed = x509_cert::Certificate::from_der(bytes).map_err(unreadable)?;
        // What is checked is what is written again: it must be the bytes that were given.
        if parsed.to_der().map_err(unreadable)? != bytes {
            return Err(bad("is not written as DER".to_owned()));
        }
        let fields = parsed.tbs_certificate();
        if fields.signature() != parsed.signature_algorithm() {
            return Err(bad("names two signature algorithms".to_owned()));
        }
        let mut seen = Vec::new();
        for extension in fields.extensions().into_iter().flatten() {
            let oid = extension.extn_id;
            if extension.critical && !UNDERSTOOD.contains(&oid) {
                return Err(bad(format!(
                    "has the critical extension {oid}, which is not understood"
                )));
            }
            if seen.contains(&oid) {
                return Err(bad(format!("has the extension {oid} twice")));
            }
            seen.push(oid);
        }
        let constraints = fields.get_extension().map_err(unreadable)?;
        let usage = fields.get_extension().map_err(unreadable)?;
        let extended = fields.get_extension().map_err(unreadable)?;
        let key = public_key(&parsed, which)?;
        Ok(Self {
            der: bytes.to_vec(),
            signed: fields.to_der().map_err(unreadable)?,
            key,
            constraints: constraints.map(|(_, constraints)| constraints),
            usage: usage.map(|(_, usage)| usage),
            extended: extended.map(|(_, extended)| extended),
            parsed,
        })
    }

    /// Every certificate of a PEM file, in its order.
    pub(super) fn all_from_pem(pem: &str) -> Result<Vec<Self>, Invalid> {
        let bad = |which: &str, what: String| Invalid::BadCertificate {
            which: which.to_owned(),
            what,
        };
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let mut certificates = Vec::new();
        let mut rest = pem;
        // Text between certificates is common: `openssl x509 -text` writes it.
        while let Some(begin) = rest.find(BEGIN) {
            let which = (certificates.len() + 1).to_string();
            let end = rest[begin..]
                .find(END)
                .ok_or_else(|| bad(&which, format!("{END} is missing")))?;
            let block = &rest[begin..begin + end + END.len()];
            let (_, bytes) = der::pem::decode_vec(block.as_bytes())
                .map_err(|error| bad(&which, format!("is not PEM: {error}")))?;
            certificates.push(Self::from_der(&bytes, &which)?);
            rest = &rest[begin + end + END.len()..];
        }
        if certificates.is_empty() {
            return Err(bad("1", format!("no {BEGIN} in the text")));
        }
        Ok(certificates)
    }

    pub(super) fn subject(&self) -> String {
        subject(&self.parsed)
    }

    pub(super) fn not_after(&self) -> Time {
        time(self.parsed.tbs_certificate().validity().not_after)
    }

    pub(super) fn check_dates(&self, at: Time) -> Result<(), Invalid> {
        let not_before = time(self.parsed.tbs_certificate().validity().not_before);
        let not_after = self.not_after();
        if at.us() < not_before.us() {
            return Err(Invalid::NotYetValid {
                subject: self.subject(),
                at: not_before,
            });
        }
        if at.us() > not_after.us() {
            return Err(Invalid::Expired {
                subject: self.subject(),
                at: not_after,
            });
        }
        Ok(())
    }

    /// May sign messages at all.
    pub(super) fn check_signs(&self) -> Result<(), Invalid> {
        let usage = self.usage.as_ref();
        if usage.is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation()) {
            return Err(self.wrong_use("its key usage has no digitalSignature"));
        }
        Ok(())
    }

    /// May sign messages by the word of its issuer. One that the trust list names itself needs no such word.
    pub(super) fn check_extended(&self) -> Result<(), Invalid> {
        let extended = self.extended.as_ref();
        if extended.is_some_and(|uses| !uses.0.iter().any(|one| MESSAGE_USES.contains(one))) {
            return Err(self.wrong_use(
                "its extended key usage has neither documentSigning, emailProtection nor any",
            ));
        }
        Ok(())
    }

    /// May issue certificates, with `below` issuers between it and the signer.
    pub(super) fn check_issues(&self, below: usize) -> Result<(), Invalid> {
        let Some(constraints) = self.constraints.as_ref().filter(|c| c.ca) else {
            return Err(self.wrong_use("its basic constraints do not make it a CA"));
        };
        let most = constraints.path_len_constraint;
        if most.is_some_and(|most| below > usize::from(most)) {
            return Err(self.wrong_use("more issuers below it than its path length allows"));
        }
        if self
            .usage
            .as_ref()
            .is_some_and(|usage| !usage.key_cert_sign())
        {
            return Err(self.wrong_use("its key usage has no keyCertSign"));
        }
        Ok(())
    }

    fn wrong_use(&self, what: &'static str) -> Invalid {
        Invalid::WrongUse {
            subject: self.subject(),
            what,
        }
    }

    /// Whether the name it gives its issuer is that of `other`.
    pub(super) fn names_issuer(&self, other: &Self) -> bool {
        self.parsed.tbs_certificate().issuer() == other.parsed.tbs_certificate().subject()
    }

    /// Whether the key of `issuer` signed it.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> Result<bool, Invalid> {
        let oid = self.parsed.signature_algorithm().oid;
        let signature = self.parsed.signature().as_bytes().unwrap_or_default();
        Ok(match (&issuer.key, oid) {
            (PublicKey::Rsa(key), RSA_SHA256) => rsa::<Sha256>(key, &self.signed, signature),
            (PublicKey::Rsa(key), RSA_SHA384) => rsa::<Sha384>(key, &self.signed, signature),
            (PublicKey::Rsa(key), RSA_SHA512) => rsa::<Sha512>(key, &self.signed, signature),
            (PublicKey::P256(key), ECDSA_SHA256) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(&self.signed, &signature).is_ok()),
            (_, RSA_SHA256 | RSA_SHA384 | RSA_SHA512 | ECDSA_SHA256) => false,
            _ => {
                return Err(Invalid::Unsupported {
                    what: format!(
                        "the signature algorithm {oid} of the certificate of {:?}",
                        self.subject()
                    ),
                });
            }
        })
    }
}

fn subject(certificate: &x509_cert::Certificate) -> String {
    let name = certificate.tbs_certificate().subject().to_string();
    // It may come from a stranger and go to a log.
    let name = name.replace(char::is_control, "\u{fffd}");
    excerpt(&name)
}

fn time(time: x509_cert::time::Time) -> Time {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Time::from_us(seconds.saturating_mul(1_000_000))
}

fn public_key(certificate: &x509_cert::Certificate, which: &str) -> Result<PublicKey, Invalid> {
    let bad = |what: String| Invalid::BadCertificate {
        which: which.to_owned(),
        what,
    };
    let info = certificate.tbs_certificate().subject_public_key_info();
    let bytes = info
        .subject_public_key
        .as_bytes()
        .ok_or_else(|| bad("its key is no whole number of bytes".to_owned()))?;
    match info.algorithm.oid {
        RSA_ENCRYPTION => {
            let key = <RsaKey as rsa::pkcs1::DecodeRsaPublicKey>::from_pkcs1_der(bytes)
                .map_err(|error| bad(format!("its RSA key cannot be used: {error}")))?;
            let bits = bits(&key);
            if bits < RSA_BITS_MIN {
                return Err(Invalid::WeakKey {
                    subject: subject(certificate),
                    bits,
                });
            }
            Ok(PublicKey::Rsa(key))
        }
        EC_PUBLIC_KEY => {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
            if curve != Some(ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")) {
                return Err(bad("its elliptic curve is not P-256".to_owned()));
            }
            p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                .map(PublicKey::P256)
                .map_err(|_| bad("its key is no point of P-256".to_owned()))
        }
        oid => Err(bad(format!(
            "its key is neither RSA nor ECDSA (algorithm {oid})"
        ))),
    }
}

/// The size of a key's modulus.
pub(super) fn bits(key: &impl PublicKeyParts) -> usize {
    let n: &rsa::BoxedUint = key.n();
    usize::try_from(n.bit_width()).unwrap_or(0)
}
