//! A webhook: the message, posted to a URL, signed with a shared secret.
//!
//! | header | what it holds |
//! |---|---|
//! | `Content-Type` | `application/cap+xml` |
//! | `X-Hub-Signature-256` | `sha256=` and the HMAC-SHA-256 of the body's bytes under the secret, 64 hexadecimal digits |
//! | `Idempotency-Key` | the CAP identifier, percent-encoded where it is no plain text: the same for every repeat |
//! | `X-Cap-Status` | `Actual`, `Exercise` or `Test`, so that a receiver can sort before it parses |
//!
//! Any 2xx answer is a yes. A receiver should compare the signature before anything else, and drop what it has under the same key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use ureq::http::Method;

use super::{Deliver, Endpoint, Outcome, Parcel, hex};
use crate::SecretFile;

/// Name of the header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// Posts messages to a URL.
#[derive(Debug)]
pub struct Webhook {
    endpoint: Endpoint,
    secret: Option<SecretFile>,
}

impl Webhook {
    /// A webhook; without a secret nothing is signed.
    pub fn new(endpoint: Endpoint, secret: Option<SecretFile>) -> Self {
        Self { endpoint, secret }
    }
}

/// The value of [`SIGNATURE_HEADER`] for a body.
pub fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length: this cannot fail, and an empty signature matches nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    format!("sha256={}", hex(&mac.finalize().into_bytes()))
}

impl Deliver for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn ready(&self) -> Result<(), String> {
        self.endpoint.ready()?;
        self.secret
            .as_ref()
            .map_or(Ok(()), |s| s.read().map(|_| ()))
    }

    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome {
        let signed = match self.secret.as_ref().map(SecretFile::read).transpose() {
            Ok(secret) => secret.map(|s| signature(&s, parcel.xml.as_bytes())),
            Err(why) => return Outcome::Blocked { why },
        };
        let key = plain(&parcel.issued.identifier);
        let mut headers = vec![
            ("Content-Type", cap::MIME_TYPE),
            ("Idempotency-Key", key.as_str()),
            ("X-Cap-Status", parcel.issued.status.as_str()),
        ];
        if let Some(signed) = &signed {
            headers.push((SIGNATURE_HEADER, signed));
        }
        let url = self.endpoint.url();
        self.endpoint
            .call(Method::POST, url, &headers, parcel.xml.as_bytes())
            .outcome()
    }
}

/// Graphic ASCII without `%`; everything else percent-encoded.
fn plain(identifier: &str) -> String {
    identifier.bytes().fold(String::new(), |mut text, b| {
        if b.is_ascii_graphic() && b != b'%' {
            text.push(char::from(b));
        } else {
            text.push_str(&format!("%{b:02X}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn keys_are_plain_text() {
        assert_eq!(plain("urn:oid:2.49.0.1.1"), "urn:oid:2.49.0.1.1");
        assert_eq!(plain("a b\r\n%\u{e9}"), "a%20b%0D%0A%25%C3%A9");
    }
}
