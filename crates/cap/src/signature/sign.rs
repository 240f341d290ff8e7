//! Signing.

use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::{SignatureEncoding, Signer as _};
use rsa::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256};

use super::certificate::{Certificate, PublicKey, bits};
use super::document::{self, Element};
use super::error::{KeyError, SignError};
use super::{Algorithm, ENVELOPED, EXCLUSIVE_C14N, RSA_BITS_MIN, SHA256, canonical};
use crate::invalid::excerpt;
use crate::read::SIGNATURE_NAMESPACE;
use crate::{MAX_MESSAGE_BYTES, ReadError, Time};

/// A private key and the certificate that says whose it is.
///
/// The key is wiped from memory when this is dropped, and never shown by `Debug`.
pub struct Signer {
    key: PrivateKey,
    /// The signer's own, then those of its issuers that a receiver may lack.
    certificates: Vec<Certificate>,
}

enum PrivateKey {
    Rsa(Box<rsa::pkcs1v15::SigningKey<Sha256>>),
    P256(p256::ecdsa::SigningKey),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("subject", &self.subject())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer from an unencrypted PKCS#8 key and its certificate, both PEM. More certificates may follow the
    /// signer's own: issuers between it and the one that receivers trust. All go into each message.
    ///
    /// # Errors
    /// [`KeyError`] for a key that is neither RSA of [`RSA_BITS_MIN`] bits or more nor ECDSA on P-256, a certificate
    /// that is not of this key, may not sign, or cannot be read.
    pub fn from_pem(key_pem: &str, certificates_pem: &str) -> Result<Self, KeyError> {
        let (key, public) = private_key(key_pem)?;
        let certificates =
            Certificate::all_from_pem(certificates_pem).map_err(KeyError::Certificate)?;
        let own = &certificates[0];
        if own.key != public {
            return Err(KeyError::Mismatch);
        }
        own.check_signs().map_err(KeyError::Certificate)?;
        Ok(Self { key, certificates })
    }

    /// How it signs.
    pub const fn algorithm(&self) -> Algorithm {
        match self.key {
            PrivateKey::Rsa(_) => Algorithm::RsaSha256,
            PrivateKey::P256(_) => Algorithm::EcdsaP256Sha256,
        }
    }

    /// Whom the certificate names, in the notation of RFC 4514.
    pub fn subject(&self) -> String {
        self.certificates[0].subject()
    }

    /// The last second in which the certificate is valid. It signs after that too; receivers will refuse it.
    pub fn expires(&self) -> Time {
        self.certificates[0].not_after()
    }

    /// The message with a signature as the last child of `<alert>`.
    ///
    /// What [`Alert::to_xml`](crate::Alert::to_xml) wrote stays as it is; of any other document it is the canonical
    /// form that is signed and returned: same content, comments and declaration gone.
    ///
    /// # Errors
    /// [`SignError`] for what is no message, is signed already or would be longer than [`MAX_MESSAGE_BYTES`].
    pub fn sign(&self, xml: &str) -> Result<String, SignError> {
        let document = document::parse(xml.as_bytes())?;
        if &*document.root.name.local != "alert" {
            return Err(SignError::Document(ReadError::NotAnAlert {
                root: excerpt(&document.root.name.local),
            }));
        }
        if has_signature(&document.root) {
            return Err(SignError::AlreadySigned);
        }
        let canonical = canonical::document(&document, None)?;
        let digest = Base64::encode_string(&Sha256::digest(&canonical.xml));
        let info = format!(
            "<CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"></CanonicalizationMethod>\
             <SignatureMethod Algorithm=\"{}\"></SignatureMethod>\
             <Reference URI=\"\"><Transforms><Transform Algorithm=\"{ENVELOPED}\"></Transform>\
             <Transform Algorithm=\"{EXCLUSIVE_C14N}\"></Transform></Transforms>\
             <DigestMethod Algorithm=\"{SHA256}\"></DigestMethod>\
             <DigestValue>{digest}</DigestValue></Reference></SignedInfo>",
            self.algorithm().uri()
        );
        // Alone, as it is signed, it declares the namespace that it inherits in the message.
        let alone = format!("<SignedInfo xmlns=\"{SIGNATURE_NAMESPACE}\">{info}");
        let value = Base64::encode_string(&self.signature(alone.as_bytes())?);
        let mut signature = format!(
            "<Signature xmlns=\"{SIGNATURE_NAMESPACE}\"><SignedInfo>{info}\
             <SignatureValue>{value}</SignatureValue><KeyInfo><X509Data>"
        );
        for certificate in &self.certificates {
            signature.push_str("<X509Certificate>");
            signature.push_str(&Base64::encode_string(&certificate.der));
            signature.push_str("</X509Certificate>");
        }
        signature.push_str("</X509Data></KeyInfo></Signature>");
        let mut signed = canonical.xml;
        signed.insert_str(canonical.root_end, &signature);
        if signed.len() > MAX_MESSAGE_BYTES {
            return Err(SignError::Document(ReadError::TooLong {
                bytes: signed.len(),
            }));
        }
        Ok(signed)
    }

    /// The signature as XML signatures write it: for ECDSA `r` and `s`, 32 bytes each.
    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.key {
            PrivateKey::Rsa(key) => key.try_sign(message).map(|made| made.to_vec()),
            PrivateKey::P256(key) => key
                .try_sign(message)
                .map(|made: p256::ecdsa::Signature| made.to_bytes().to_vec()),
        }
        .map_err(|_| SignError::Key)
    }
}

fn has_signature(element: &Element) -> bool {
    element.is(SIGNATURE_NAMESPACE, "Signature") || element.elements().any(has_signature)
}

fn private_key(pem: &str) -> Result<(PrivateKey, PublicKey), KeyError> {
    let bad = |what: &str| KeyError::Key {
        what: what.to_owned(),
    };
    let pem = pem.trim();
    let label = pem
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map(|(label, _)| label);
    match label {
        Some("PRIVATE KEY") => {}
        Some("ENCRYPTED PRIVATE KEY") => {
            return Err(bad(
                "is encrypted; decrypt it with: openssl pkcs8 -in KEY -out PLAIN",
            ));
        }
        Some("RSA PRIVATE KEY" | "EC PRIVATE KEY") => {
            return Err(bad(
                "is not PKCS#8; convert it with: openssl pkcs8 -topk8 -nocrypt -in KEY -out PKCS8",
            ));
        }
        _ => return Err(bad("does not begin with -----BEGIN PRIVATE KEY-----")),
    }
    if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_pem(pem) {
        let public = PublicKey::P256(*key.verifying_key());
        return Ok((PrivateKey::P256(key), public));
    }
    let key = rsa::PrivateKey::from_pkcs8_pem(pem)
        .map_err(|_| bad("is neither an RSA key nor an ECDSA key on P-256, or is damaged"))?;
    if bits(&key) < RSA_BITS_MIN {
        return Err(KeyError::Key {
            what: format!(
                "has {} bits; at least {RSA_BITS_MIN} are needed",
                bits(&key)
            ),
        });
    }
    let public = PublicKey::Rsa(key.to_public_key());
    Ok((PrivateKey::Rsa(Box::new(key.into())), public))
}
