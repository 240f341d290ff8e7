//! A number that survives: how far something has been read, sent or acknowledged.

use crate::disk::sync_directory;
use crate::error::Error;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Longest cursor file: 20 digits, a blank, 8 digits, a line end.
const MAX_BYTES: u64 = 30;

/// A durable number in a file of its own: `<number> <CRC-32C of its digits, hexadecimal>`, readable by people.
#[derive(Debug)]
pub struct Cursor {
    path: PathBuf,
    value: u64,
}

impl Cursor {
    /// Opens the cursor; a missing file is a cursor at 0.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Corrupt`] for a file with other content. Deleting that file resets the cursor to 0,
    /// which repeats work but loses nothing.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut text = String::new();
        match File::open(path) {
            Ok(file) => {
                let mut bytes = Vec::new();
                file.take(MAX_BYTES + 1)
                    .read_to_end(&mut bytes)
                    .map_err(Error::io("read", path))?;
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    value: 0,
                });
            }
            Err(error) => return Err(Error::io("open", path)(error)),
        }
        match decode(&text) {
            Some(value) => Ok(Self {
                path: path.to_owned(),
                value,
            }),
            None => Err(Error::Corrupt {
                path: path.to_owned(),
                position: 0,
                offset: 0,
                detail: "not a cursor; delete it to start from 0".to_owned(),
            }),
        }
    }

    /// The number last set, or 0.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.value
    }

    /// Sets the number; atomic and durable on return. Two syncs, so set it once per group, not per entry.
    ///
    /// # Errors
    /// [`Error::Io`]; the old number then stays.
    pub fn set(&mut self, value: u64) -> Result<(), Error> {
        if value == self.value && self.path.exists() {
            return Ok(());
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(".new");
        let fresh = PathBuf::from(name);
        let written = (|| {
            let mut file = File::create(&fresh)?;
            file.write_all(encode(value).as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)
        })();
        written.map_err(Error::io("write", &self.path))?;
        self.value = value;
        sync_directory(self.path.parent().unwrap_or(Path::new(".")))
            .map_err(Error::io("sync", &self.path))
    }
}

fn encode(value: u64) -> String {
    let digits = value.to_string();
    let checksum = crc32c::crc32c(digits.as_bytes());
    format!("{digits} {checksum:08x}\n")
}

fn decode(text: &str) -> Option<u64> {
    let value = text.split(' ').next()?.parse().ok()?;
    (encode(value) == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_reopening_and_refuses_other_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sent");
        let mut cursor = Cursor::open(&path).expect("a new cursor");
        assert_eq!(cursor.get(), 0);
        cursor.set(0).expect("set");
        assert!(path.exists(), "0 is written too");
        cursor.set(u64::MAX).expect("set");
        assert_eq!(Cursor::open(&path).expect("reopened").get(), u64::MAX);
        for content in [
            "",
            "5\n",
            "5 00000000\n",
            "18446744073709551616 0",
            "\u{1F30A}",
        ] {
            std::fs::write(&path, content).expect("written");
            assert!(
                matches!(Cursor::open(&path), Err(Error::Corrupt { .. })),
                "{content:?}"
            );
        }
    }

    #[test]
    fn a_half_written_successor_is_ignored() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sent");
        Cursor::open(&path)
            .and_then(|mut cursor| cursor.set(41))
            .expect("set");
        std::fs::write(directory.path().join("sent.new"), "4").expect("written");
        let mut cursor = Cursor::open(&path).expect("reopened");
        assert_eq!(cursor.get(), 41);
        cursor.set(42).expect("set over the leftover");
        assert_eq!(Cursor::open(&path).expect("reopened").get(), 42);
    }

    #[test]
    fn failing_to_write_keeps_the_old_number() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("gone").join("sent");
        let mut cursor = Cursor::open(&path).expect("a new cursor");
        assert!(cursor.set(3).is_err());
        assert_eq!(cursor.get(), 0);
    }
}
