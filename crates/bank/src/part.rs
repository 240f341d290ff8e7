//! Finished receivers of a bank that is being built, one small file each, so that a kill costs at most what was under way.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `WFBPART1` |
//! | 64 | fingerprint of what it was computed from, hexadecimal |
//! | 64 | BLAKE3 of the heights, hexadecimal |
//! | rest | heights, little-endian f32 |
//!
//! A part's name is its fingerprint, so that a changed setting finds no part instead of a wrong one. A part is written under
//! another name, forced to the disk and renamed; one that is damaged all the same is computed again.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::provenance::digest;

const MAGIC: &[u8; 8] = b"WFBPART1";
const HEX: usize = 64;
const HEADER: usize = MAGIC.len() + 2 * HEX;
/// Extension of finished parts.
const FINISHED: &str = "part";
/// Extension of parts that are being written.
const UNFINISHED: &str = "part-tmp";
const LOCK: &str = "lock";

/// The folder of parts beside a bank, held by one build at a time.
#[derive(Debug)]
pub(crate) struct Parts {
    folder: PathBuf,
    /// Released by the system, also when the process is killed.
    _lock: File,
}

/// Why the folder cannot be had.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Another process builds this bank.
    Busy,
    /// The system's reason.
    System(io::Error),
}

impl From<io::Error> for Refused {
    fn from(e: io::Error) -> Self {
        Refused::System(e)
    }
}

/// Where the parts of a bank lie.
pub(crate) fn folder(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".parts");
    PathBuf::from(name)
}

impl Parts {
    pub(crate) fn open(out: &Path) -> Result<Self, Refused> {
        let folder = folder(out);
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(Refused::Busy),
            Err(TryLockError::Error(e)) => Err(Refused::System(e)),
        }
    }

    /// The heights computed from what has this fingerprint, and their digest; `None` when there are none, or damaged ones.
    pub(crate) fn load(&self, fingerprint: &str, count: usize) -> Option<(Vec<f32>, String)> {
        let bytes = fs::read(self.path(fingerprint, FINISHED)).ok()?;
        if bytes.len() != HEADER + 4 * count {
            return None;
        }
        let (header, body) = bytes.split_at(HEADER);
        let heights: Vec<f32> = body
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let digest = digest(&heights);
        let sound = header == head(fingerprint, &digest) && heights.iter().all(|h| h.is_finite());
        sound.then_some((heights, digest))
    }

    pub(crate) fn store(&self, fingerprint: &str, heights: &[f32]) -> io::Result<String> {
        let digest = digest(heights);
        let unfinished = self.path(fingerprint, UNFINISHED);
        let mut bytes = head(fingerprint, &digest);
        bytes.extend(heights.iter().flat_map(|h| h.to_le_bytes()));
        let mut file = File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path(fingerprint, FINISHED))?;
        Ok(digest)
    }

    /// Removes what builds have put here, and the folder when nothing else is in it.
    pub(crate) fn remove(self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let ours = path
                .extension()
                .is_some_and(|e| e == FINISHED || e == UNFINISHED);
            if ours || path.file_name().is_some_and(|n| n == LOCK) {
                fs::remove_file(path)?;
            }
        }
        match fs::remove_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other,
        }
    }

    fn path(&self, fingerprint: &str, extension: &str) -> PathBuf {
        self.folder.join(fingerprint).with_extension(extension)
    }
}

fn head(fingerprint: &str, digest: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(fingerprint.as_bytes());
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}
