//! The hub's key pair. The secret is a file that nobody else may read; the public half goes into the edges' configurations.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use wire::command::Signer;

/// Name of the secret's file.
const SECRET: &str = "siren.key";

/// Name of the public key's file.
const PUBLIC: &str = "siren.pub";

/// Longest key file that is read.
const MAX_BYTES: u64 = 4_096;

/// Makes a key pair in `out`, which must hold none; returns the two files.
///
/// # Errors
/// Text that says what failed. A file that is there is never overwritten.
pub fn new_pair(out: &Path) -> Result<(PathBuf, PathBuf), String> {
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let (secret_file, public_file) = (out.join(SECRET), out.join(PUBLIC));
    if let Some(there) = [&secret_file, &public_file]
        .into_iter()
        .find(|f| f.exists())
    {
        return Err(format!(
            "{} is there already and is not overwritten: edges that know it would believe nobody; choose another directory",
            there.display()
        ));
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| format!("no random numbers: {e}"))?;
    let public = Signer::new(&secret).issuer().to_bytes();
    write(&secret_file, 0o600, &secret)?;
    write(&public_file, 0o644, &public)?;
    Ok((secret_file, public_file))
}

fn write(file: &Path, mode: u32, bytes: &[u8]) -> Result<(), String> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file)
        .map_err(|e| format!("{}: {e}", file.display()))?;
    writeln!(out, "{hex}")
        .and_then(|()| out.sync_all())
        .map_err(|e| format!("{}: {e}", file.display()))
}

/// Reads the secret.
///
/// # Errors
/// Text that says what failed and what to do; never shows the secret.
pub fn load(file: &Path) -> Result<Signer, String> {
    let named = |what: String| format!("[sirens] key_file {}: {what}", file.display());
    let opened = std::fs::File::open(file).map_err(|e| {
        named(format!(
            "{e}; `watchfire sirens new-key --out DIR` makes one"
        ))
    })?;
    let mode = opened
        .metadata()
        .map_err(|e| named(e.to_string()))?
        .permissions()
        .mode();
    if mode & 0o007 != 0 {
        return Err(named(format!(
            "everybody on this machine can read it (mode {:o}): chmod 600",
            mode & 0o777
        )));
    }
    let mut text = String::new();
    opened
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|e| named(e.to_string()))?;
    Signer::from_hex(text.trim()).ok_or_else(|| named("a key is 64 hexadecimal digits".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_made_once_and_only_its_owner_may_read_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("keys");
        let (secret, public) = new_pair(&out).unwrap();
        let mode = std::fs::metadata(&secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let issuer = load(&secret).unwrap().issuer();
        let text = std::fs::read_to_string(&public).unwrap();
        assert_eq!(wire::command::Issuer::from_hex(text.trim()), Some(issuer));
        let before = std::fs::read(&secret).unwrap();
        assert!(new_pair(&out).unwrap_err().contains("not overwritten"));
        assert_eq!(std::fs::read(&secret).unwrap(), before);
        assert_ne!(new_pair(&directory.path().join("other")).unwrap().0, secret);
    }

    #[test]
    fn a_secret_that_everybody_can_read_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let (secret, _) = new_pair(directory.path()).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load(&secret).unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&secret, "00").unwrap();
        assert!(load(&secret).unwrap_err().contains("64 hexadecimal digits"));
        std::fs::remove_file(&secret).unwrap();
        assert!(load(&secret).unwrap_err().contains("new-key"));
    }
}
