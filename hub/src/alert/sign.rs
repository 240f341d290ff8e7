//! The deployment's signature: who says so, and that nothing was changed on the way.

use std::path::{Path, PathBuf};

use cap::signature;
use serde::Deserialize;

use crate::config::Config;

/// Longest key or chain of certificates that is read, bytes.
const LONGEST: u64 = 256 * 1024;

/// `[signature]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Private key, PKCS#8 in PEM; RSA of 2048 bits or more, or P-256.
    pub key_file: PathBuf,
    /// Its certificate in PEM, with those between it and the root after it.
    pub certificate_file: PathBuf,
}

/// Signs messages (`cap::signature`). The same message gives the same signature.
#[derive(Debug)]
pub struct Signer {
    inner: signature::Signer,
}

impl Signer {
    /// Reads key and certificate; `None` where the deployment signs nothing.
    ///
    /// # Errors
    /// Text that names the file and says what is wrong.
    pub fn load(config: &Config) -> Result<Option<Self>, String> {
        let Some(settings) = &config.signature else {
            return Ok(None);
        };
        let key = read(&settings.key_file)?;
        let certificate = read(&settings.certificate_file)?;
        let inner = signature::Signer::from_pem(&key, &certificate).map_err(|e| {
            format!(
                "[signature] key_file = \"{}\", certificate_file = \"{}\": {e}",
                settings.key_file.display(),
                settings.certificate_file.display()
            )
        })?;
        Ok(Some(Self { inner }))
    }

    /// The message with a signature.
    ///
    /// # Errors
    /// Text: no message, or signed already.
    pub fn sign(&self, xml: &str) -> Result<String, String> {
        self.inner
            .sign(xml)
            .map_err(|e| format!("cannot be signed: {e}"))
    }

    /// Whom the certificate names.
    pub fn subject(&self) -> String {
        self.inner.subject()
    }

    /// Until when receivers accept the signatures, microseconds since the Unix epoch.
    pub fn expires_us(&self) -> i64 {
        self.inner.expires().us()
    }
}

impl desk::Seal for Signer {
    fn seal(&self, xml: &str) -> Result<String, String> {
        self.sign(xml)
    }
}

impl outlet::Sign for Signer {
    fn sign(&self, xml: &str) -> Result<String, String> {
        Self::sign(self, xml)
    }
}

fn read(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|e| format!("[signature] {}: {e}", path.display()))?;
    Ok(text)
}
