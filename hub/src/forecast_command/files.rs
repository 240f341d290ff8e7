//! Reading and writing files, with bounds and with errors that say what to do.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Trouble;

/// The content of a file that the user named, at most `most` bytes.
pub fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, Trouble> {
    let shown = path.display();
    let refuse = |e: std::io::Error| Trouble::Wrong(format!("{shown}: cannot be read: {e}"));
    let file = std::fs::File::open(path).map_err(refuse)?;
    if file.metadata().map_err(refuse)?.is_dir() {
        return Err(Trouble::Wrong(format!(
            "{shown} is a directory; a file is needed"
        )));
    }
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(refuse)?;
    if bytes.len() as u64 > most {
        return Err(Trouble::Wrong(format!(
            "{shown}: more than {} MiB; at most that much is read",
            most / (1024 * 1024)
        )));
    }
    Ok(bytes)
}

/// The directory of the results, and what was written there.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
    written: Vec<String>,
}

impl Output {
    /// Makes the directory and shows that it can be written to, before anything is computed.
    pub fn open(dir: &Path) -> Result<Self, Trouble> {
        let refuse = |e: std::io::Error| {
            Trouble::Wrong(format!(
                "--out {}: cannot be written to: {e}; name a directory of yours",
                dir.display()
            ))
        };
        std::fs::create_dir_all(dir).map_err(refuse)?;
        let probe = dir.join(".watchfire-probe");
        std::fs::write(&probe, b"").map_err(refuse)?;
        std::fs::remove_file(&probe).map_err(refuse)?;
        Ok(Self {
            dir: dir.to_owned(),
            written: Vec::new(),
        })
    }

    /// Writes one file, whole or not at all: a reader never sees half of it.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let path = self.dir.join(name);
        let failed = |e: std::io::Error| {
            Trouble::Failed(format!("{}: cannot be written: {e}", path.display()))
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut part = path.clone().into_os_string();
        part.push(".part");
        std::fs::write(&part, bytes).map_err(failed)?;
        std::fs::rename(&part, &path).map_err(failed)?;
        self.written.push(name.to_owned());
        Ok(())
    }

    /// Names of the files written so far, relative to the directory.
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// SHA-256 in hexadecimal: what an input was, for whoever repeats the forecast.
pub fn hash(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_sha_256() {
        assert_eq!(
            hash(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_cannot_be_written_to_is_said_before_the_work() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("file");
        std::fs::write(&file, b"x").expect("written");
        let error = Output::open(&file.join("below")).expect_err("a file is in the way");
        assert!(matches!(error, Trouble::Wrong(_)));
        let mut out = Output::open(&dir.path().join("a/b")).expect("made");
        out.write("stations/x.csv", b"1").expect("written");
        assert_eq!(out.written(), ["stations/x.csv"]);
        assert!(read_bounded(&dir.path().join("a/b/stations/x.csv"), 0).is_err());
        assert!(
            read_bounded(dir.path(), 10)
                .expect_err("a directory")
                .to_string()
                .contains("directory")
        );
    }
}
