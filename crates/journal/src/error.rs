//! What can go wrong, with the path and whether more space would help.

use crate::format::MAX_PAYLOAD_BYTES;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a journal or cursor could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused an operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "append to", "sync", ...
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that are not what was written. Nothing was changed: restore the file from a copy, or move the
    /// directory away to start a new journal.
    #[error("{} is damaged at byte {position} (entry {offset}): {detail}", path.display())]
    Corrupt {
        /// The segment file.
        path: PathBuf,
        /// Byte position of the record in the file.
        position: u64,
        /// Number of the entry that should be there.
        offset: u64,
        /// What is wrong.
        detail: String,
    },
    /// The journal would grow past its quota.
    #[error("{} is at its quota of {max_bytes} bytes", path.display())]
    Quota {
        /// The journal's directory.
        path: PathBuf,
        /// The quota.
        max_bytes: u64,
    },
    /// The payload is too long.
    #[error("an entry of {bytes} bytes is over the limit of {MAX_PAYLOAD_BYTES}")]
    TooLarge {
        /// Length of the payload.
        bytes: usize,
    },
    /// Another process, or another journal in this one, writes here.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The entry is not there: trimmed away already, or not written yet.
    #[error("entry {wanted} is not in {}, which holds {first} up to, but not including, {next}", path.display())]
    OutOfRange {
        /// The journal's directory.
        path: PathBuf,
        /// The entry asked for.
        wanted: u64,
        /// First entry there.
        first: u64,
        /// One past the last entry.
        next: u64,
    },
}

impl Error {
    /// More space would help: the disk, the user's quota, the file size limit or the journal's own quota is
    /// reached. The journal stays usable; try again later or after [`crate::Journal::trim`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
            ),
            Self::Quota { .. } => true,
            _ => false,
        }
    }

    /// For `map_err`: an [`Error::Io`] with its context.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
