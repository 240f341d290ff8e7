//! Verification.
//!
//! In this order: the document, the one signature and its place, what it is made of, the digest, the signature, the
//! signer. So an error tells the first thing that is wrong: a message that was changed is told as changed whoever
//! signed it.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::certificate::Certificate;
use super::document::{self, Element, Node};
use super::error::Invalid;
use super::trust::TrustList;
use super::{Algorithm, ENVELOPED, EXCLUSIVE_C14N, SHA256, canonical};
use crate::invalid::excerpt;
use crate::read::SIGNATURE_NAMESPACE;
use crate::{Alert, Complaint, ReadError, Time, read};

/// Most certificates of a message; a signer and its issuers are two to four.
const MAX_CERTIFICATES: usize = 8;

/// What was signed, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    xml: String,
    subject: String,
    certificate_sha256: [u8; 32],
    algorithm: Algorithm,
}

impl Verified {
    /// The bytes that were signed: the message in canonical form, without its signature.
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// Reads the message from the bytes that were signed.
    ///
    /// # Errors
    /// As [`read`].
    pub fn read(&self) -> Result<(Alert, Vec<Complaint>), ReadError> {
        read(self.xml.as_bytes())
    }

    /// Whom the signer's certificate names, in the notation of RFC 4514, at most 80 characters.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// SHA-256 of the signer's certificate, as `openssl x509 -fingerprint -sha256` shows it.
    pub const fn certificate_sha256(&self) -> [u8; 32] {
        self.certificate_sha256
    }

    /// How it was signed.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Verifies the enveloped signature of a message.
///
/// `at` is the time at which the certificates have to be valid: that of receipt. Not the message's own `sent`, which
/// a thief of an expired key may choose.
///
/// # Errors
/// [`Invalid`]: the first thing that is wrong, in the order of this module's header.
pub fn verify(xml: &[u8], trusted: &TrustList, at: Time) -> Result<Verified, Invalid> {
    let document = document::parse(xml)?;
    if &*document.root.name.local != "alert" {
        return Err(Invalid::Document(ReadError::NotAnAlert {
            root: excerpt(&document.root.name.local),
        }));
    }
    let place = place(&document.root)?;
    let Node::Element(signature) = &document.root.children[place] else {
        return Err(Invalid::Unsigned);
    };
    let signature = Signature::from_element(signature)?;

    let canonical = canonical::document(&document, Some(place))?;
    if Sha256::digest(&canonical.xml)[..] != signature.digest {
        return Err(Invalid::Changed);
    }
    let info = canonical::element(signature.info)?;
    let made_it = |one: &&Certificate| {
        let key = &one.key;
        key.verifies(signature.algorithm, info.as_bytes(), &signature.value)
    };
    let signer = if signature.certificates.is_empty() && signature.unusable.is_none() {
        let listed = trusted.certificates().iter().find(made_it);
        listed.ok_or(Invalid::NoCertificate)?
    } else {
        let carried = signature.certificates.iter().find(made_it);
        carried.ok_or_else(|| signature.unusable.clone().unwrap_or(Invalid::BadSignature))?
    };
    trusted.check(signer, &signature.certificates, at)?;
    Ok(Verified {
        xml: canonical.xml,
        subject: signer.subject(),
        certificate_sha256: Sha256::digest(&signer.der).into(),
        algorithm: signature.algorithm,
    })
}

/// Which child of the root is the signature: the only one of the document.
fn place(root: &Element) -> Result<usize, Invalid> {
    fn count(element: &Element, inside: &mut Vec<String>) {
        for child in element.elements() {
            if child.is(SIGNATURE_NAMESPACE, "Signature") {
                inside.push(excerpt(&element.name.local));
            }
            count(child, inside);
        }
    }
    let mut inside = Vec::new();
    count(root, &mut inside);
    if inside.len() > 1 {
        return Err(Invalid::SeveralSignatures {
            count: inside.len(),
        });
    }
    let Some(parent) = inside.pop() else {
        return Err(Invalid::Unsigned);
    };
    let is_signature = |node: &Node| matches!(node, Node::Element(child) if child.is(SIGNATURE_NAMESPACE, "Signature"));
    let place = root.children.iter().position(is_signature);
    place.ok_or(Invalid::Misplaced { parent })
}

/// A signature of the one structure that is taken.
struct Signature<'d> {
    info: &'d Element,
    algorithm: Algorithm,
    digest: Vec<u8>,
    value: Vec<u8>,
    certificates: Vec<Certificate>,
    /// What is wrong with the first certificate that cannot be used, if there is one: it may be that of an issuer
    /// which nobody needs.
    unusable: Option<Invalid>,
}

impl<'d> Signature<'d> {
    fn from_element(signature: &'d Element) -> Result<Self, Invalid> {
        let (info, value, keys) = match children(signature, &["Id"])?[..] {
            [info, value] => (info, value, None),
            [info, value, keys] => (info, value, Some(keys)),
            _ => return Err(content(signature)),
        };
        expect(info, "SignedInfo")?;
        expect(value, "SignatureValue")?;

        let [method, algorithm, reference] = children(info, &["Id"])?[..] else {
            let references = info.elements().filter(|e| &*e.name.local == "Reference");
            let count = references.count();
            return Err(if count > 1 {
                unsupported(format!("a signature with {count} references"))
            } else {
                content(info)
            });
        };
        named(method, "CanonicalizationMethod", EXCLUSIVE_C14N)?;
        expect(algorithm, "SignatureMethod")?;
        let uri = uri(algorithm)?;
        let algorithm = Algorithm::from_uri(uri)
            .ok_or_else(|| unsupported(format!("the signature method {:?}", excerpt(uri))))?;

        expect(reference, "Reference")?;
        match reference.attribute("URI") {
            Some("") => {}
            Some(part) => return Err(Invalid::PartialReference { uri: excerpt(part) }),
            None => return Err(unsupported("a reference without URI".to_owned())),
        }
        let [transforms, method, digest] = children(reference, &["Id", "URI"])?[..] else {
            return Err(content(reference));
        };
        expect(transforms, "Transforms")?;
        let [enveloped, canonical] = children(transforms, &[])?[..] else {
            return Err(unsupported(
                "a list of transforms that are not two".to_owned(),
            ));
        };
        named(enveloped, "Transform", ENVELOPED)?;
        named(canonical, "Transform", EXCLUSIVE_C14N)?;
        named(method, "DigestMethod", SHA256)?;
        expect(digest, "DigestValue")?;
        let (certificates, unusable) = keys.map_or(Ok((Vec::new(), None)), certificates)?;
        Ok(Self {
            info,
            algorithm,
            digest: bytes(digest)?,
            value: bytes(value)?,
            certificates,
            unusable,
        })
    }
}

/// The certificates of a `KeyInfo`. Names, serial numbers and bare keys in it are hints that nothing needs.
fn certificates(keys: &Element) -> Result<(Vec<Certificate>, Option<Invalid>), Invalid> {
    expect(keys, "KeyInfo")?;
    let carried = keys
        .elements()
        .filter(|data| data.is(SIGNATURE_NAMESPACE, "X509Data"))
        .flat_map(Element::elements)
        .filter(|one| one.is(SIGNATURE_NAMESPACE, "X509Certificate"));
    let (mut certificates, mut unusable) = (Vec::new(), None);
    for (i, one) in carried.enumerate() {
        if i == MAX_CERTIFICATES {
            return Err(unsupported(format!(
                "more than {MAX_CERTIFICATES} certificates"
            )));
        }
        match Certificate::from_der(&bytes(one)?, &(i + 1).to_string()) {
            Ok(certificate) => certificates.push(certificate),
            Err(why) => unusable = unusable.or(Some(why)),
        }
    }
    Ok((certificates, unusable))
}

fn unsupported(what: String) -> Invalid {
    Invalid::Unsupported { what }
}

fn content(element: &Element) -> Invalid {
    unsupported(format!(
        "this content of <{}>",
        excerpt(&element.name.local)
    ))
}

fn expect(element: &Element, local: &str) -> Result<(), Invalid> {
    if element.is(SIGNATURE_NAMESPACE, local) {
        return Ok(());
    }
    let found = excerpt(&element.name.local);
    Err(unsupported(format!("<{found}> where <{local}> belongs")))
}

/// The elements inside one that has nothing else but white space, and only attributes that are named.
fn children<'d>(element: &'d Element, attributes: &[&str]) -> Result<Vec<&'d Element>, Invalid> {
    let known =
        |a: &document::Attribute| a.name.prefix.is_empty() && attributes.contains(&&*a.name.local);
    if let Some(other) = element.attributes.iter().find(|a| !known(a)) {
        let (name, parent) = (excerpt(&other.name.local), excerpt(&element.name.local));
        return Err(unsupported(format!("the attribute {name} of <{parent}>")));
    }
    if !element.text().trim().is_empty() {
        return Err(content(element));
    }
    Ok(element.elements().collect())
}

fn uri(element: &Element) -> Result<&str, Invalid> {
    if !children(element, &["Algorithm"])?.is_empty() {
        return Err(unsupported(format!(
            "a parameter in <{}>",
            element.name.local
        )));
    }
    Ok(element.attribute("Algorithm").unwrap_or_default())
}

/// An element that names one algorithm, without parameters.
fn named(element: &Element, local: &str, algorithm: &str) -> Result<(), Invalid> {
    expect(element, local)?;
    let found = uri(element)?;
    if found == algorithm {
        return Ok(());
    }
    Err(unsupported(format!("the {local} {:?}", excerpt(found))))
}

/// What an element says in base64, which may be broken into lines.
fn bytes(element: &Element) -> Result<Vec<u8>, Invalid> {
    let text = element.text();
    let spelled: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let decoded = Base64::decode_vec(&spelled).ok();
    let whole = element.elements().next().is_none();
    decoded.filter(|_| whole).ok_or_else(|| {
        let name = excerpt(&element.name.local);
        unsupported(format!("a <{name}> that is not base64"))
    })
}
