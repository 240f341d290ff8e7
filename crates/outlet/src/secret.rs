//! Secrets in files of their own.

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Longest secret, bytes.
const LONGEST: u64 = 4_096;

/// A file that holds one secret. It is read anew for each use, so that a changed password needs no restart; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// The secret in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The secret, without the line end after it.
    ///
    /// # Errors
    /// Text that names the file, when it cannot be read, is empty, too long or no text.
    pub fn read(&self) -> Result<String, String> {
        let at = self.0.display();
        let mut bytes = Vec::new();
        std::fs::File::open(&self.0)
            .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
            .map_err(|e| format!("{at}: {e}"))?;
        if bytes.len() as u64 > LONGEST {
            return Err(format!("{at}: longer than {LONGEST} bytes: no secret"));
        }
        let text = String::from_utf8(bytes).map_err(|_| format!("{at}: not UTF-8 text"))?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(format!("{at}: empty"));
        }
        Ok(secret.to_owned())
    }
}

impl std::fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretFile({})", self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_is_no_part_of_a_secret() {
        let dir = tempfile::tempdir().expect("a directory");
        let secret = SecretFile::new(dir.path().join("secret"));
        assert!(secret.read().expect_err("no file").contains("secret"));
        std::fs::write(secret.path(), " pass word\r\n").expect("written");
        assert_eq!(secret.read().as_deref(), Ok(" pass word"));
        for bad in [&b"\n"[..], &[0xFF, 0xFE], &[b'x'; 5_000]] {
            std::fs::write(secret.path(), bad).expect("written");
            assert!(secret.read().is_err());
        }
        assert!(!format!("{secret:?}").contains("word"));
    }
}
