//! Whom a deployment believes, and the way from a signer to one of them.

use super::certificate::Certificate;
use super::error::{Invalid, KeyError};
use crate::Time;

/// The certificates that a deployment trusts: signers themselves, or authorities (CAs) that issue them.
///
/// An authority is trusted for whoever it issues certificates to: one that also issues them to strangers, as those of
/// the web do, must not be listed. List the signer's own certificate then.
///
/// Nothing is asked over the network: a certificate that was revoked is trusted until it leaves this list or expires.
#[derive(Clone, Default)]
pub struct TrustList {
    trusted: Vec<Certificate>,
}

impl TrustList {
    /// The certificates of a PEM text, in any order; text between them is skipped.
    ///
    /// # Errors
    /// [`KeyError::Certificate`] for the first that cannot be used, with its position, or when there is none.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let trusted = Certificate::all_from_pem(pem).map_err(KeyError::Certificate)?;
        Ok(Self { trusted })
    }

    /// Adds the certificates of another list.
    pub fn extend(&mut self, other: Self) {
        self.trusted.extend(other.trusted);
    }

    /// How many certificates are trusted.
    pub fn len(&self) -> usize {
        self.trusted.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    /// The subjects trusted, in the notation of RFC 4514, for an operator to look over.
    pub fn subjects(&self) -> impl Iterator<Item = String> + '_ {
        self.trusted.iter().map(Certificate::subject)
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.trusted
    }

    /// Whether `signer` is believed at `at`: listed, or issued by somebody listed, through `others` if need be.
    ///
    /// Goes up one issuer at a time, each of `others` at most once and without turning back.
    pub(super) fn check(
        &self,
        signer: &Certificate,
        others: &[Certificate],
        at: Time,
    ) -> Result<(), Invalid> {
        signer.check_signs()?;
        if self.trusted.iter().any(|one| one.der == signer.der) {
            return signer.check_dates(at);
        }
        let mut chain = vec![signer];
        loop {
            let last = chain[chain.len() - 1];
            let below = chain.len() - 1;
            if let Some(root) = issuer(last, self.trusted.iter())? {
                root.check_issues(below)?;
                chain.push(root);
                break;
            }
            let unused = others
                .iter()
                .filter(|other| chain.iter().all(|one| one.der != other.der));
            let Some(next) = issuer(last, unused)? else {
                let named = self.trusted.iter().any(|one| last.names_issuer(one));
                return Err(Invalid::Untrusted {
                    subject: last.subject(),
                    why: if named {
                        "its issuer's name is in the trust list, but did not sign it".to_owned()
                    } else {
                        "neither it nor its issuer is in the trust list".to_owned()
                    },
                });
            };
            next.check_issues(below)?;
            chain.push(next);
        }
        signer.check_extended()?;
        chain.iter().try_for_each(|one| one.check_dates(at))
    }
}

/// The one among `candidates` that issued `certificate`.
fn issuer<'c>(
    certificate: &Certificate,
    candidates: impl Iterator<Item = &'c Certificate>,
) -> Result<Option<&'c Certificate>, Invalid> {
    for candidate in candidates.filter(|candidate| certificate.names_issuer(candidate)) {
        if certificate.is_signed_by(candidate)? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}
