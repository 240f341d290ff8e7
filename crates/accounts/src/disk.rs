//! The files: read whole, replaced whole.
//!
//! A file is written beside its place, forced to the disk and renamed into it, so that at any instant there is the old or the new one,
//! never half of one. It belongs to its owner alone (0600); one that others may write is refused, since whoever can write it can make
//! themselves an approver. It belongs to whoever the directory belongs to, so that root may make an account for a hub that runs as
//! somebody else. Who changes the accounts holds a lock on a file beside them while reading, changing and replacing them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::register::FILE_BYTES_MAX;
use crate::{Register, Unreadable};

/// How long to wait for whoever else is changing the accounts.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How often to look whether the lock is free.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Trouble with the accounts' file.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The operating system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Read, and not usable.
    #[error("{}: {source}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Unreadable,
    },
    /// Everybody could make themselves an approver.
    #[error("{}: others than its owner may write it (mode {mode:o}); look at it, then `chmod 600` it", path.display())]
    Writable {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else holds the lock.
    #[error("{}: another program has been changing the accounts for {} s; try again", path.display(), LOCK_WAIT.as_secs())]
    Busy {
        /// The lock's file.
        path: PathBuf,
    },
}

/// Tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    bytes: u64,
    changed_s: i64,
    changed_ns: i64,
    mode: u32,
}

/// Where the accounts of a deployment are.
#[derive(Debug, Clone)]
pub struct AccountsFile {
    path: PathBuf,
    lock: PathBuf,
    directory: PathBuf,
}

impl AccountsFile {
    /// In this data directory, which need not exist yet.
    pub fn of(data_dir: &Path) -> Self {
        Self {
            path: data_dir.join("accounts.json"),
            lock: data_dir.join("accounts.lock"),
            directory: data_dir.to_owned(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its state; `None` when there is none.
    ///
    /// # Errors
    /// [`DiskError::Io`].
    pub fn stamp(&self) -> Result<Option<Stamp>, DiskError> {
        match std::fs::metadata(&self.path) {
            Ok(meta) => Ok(Some(Stamp {
                inode: meta.ino(),
                bytes: meta.size(),
                changed_s: meta.ctime(),
                changed_ns: meta.ctime_nsec(),
                mode: meta.mode(),
            })),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.io(source)),
        }
    }

    /// Reads the accounts; none when there is no file.
    ///
    /// # Errors
    /// [`DiskError`]; half of a file is never taken.
    pub fn read(&self) -> Result<Register, DiskError> {
        let Some(bytes) = read_bounded(&self.path, FILE_BYTES_MAX).map_err(|e| self.io(e))? else {
            return Ok(Register::default());
        };
        let mode = std::fs::metadata(&self.path)
            .map_err(|e| self.io(e))?
            .mode()
            & 0o777;
        if mode & 0o022 != 0 {
            return Err(DiskError::Writable {
                path: self.path.clone(),
                mode,
            });
        }
        Register::parse(&bytes).map_err(|source| DiskError::Content {
            path: self.path.clone(),
            source,
        })
    }

    /// Reads the accounts, changes them and writes them, while nobody else does.
    ///
    /// # Errors
    /// `E` made of a [`DiskError`], or what `change` says; then nothing is written.
    pub fn change<T, E: From<DiskError>>(
        &self,
        change: impl FnOnce(&mut Register) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.directory.exists() {
            self.make_directory().map_err(|e| self.io(e))?;
        }
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut register = before.clone();
        let result = change(&mut register)?;
        if register != before {
            replace(&self.path, &register.write()).map_err(|e| self.io(e))?;
        }
        Ok(result)
    }

    fn make_directory(&self) -> io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.directory)?;
        give(&File::open(&self.directory)?, &self.directory)
    }

    /// Waits for the lock. It goes with the file handle, so a program that dies leaves none behind.
    fn lock(&self) -> Result<File, DiskError> {
        let trouble = |source| DiskError::Io {
            path: self.lock.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&self.lock)
            .map_err(trouble)?;
        give(&file, &self.lock).map_err(trouble)?;
        let until = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(DiskError::Busy {
                        path: self.lock.clone(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(trouble(source)),
            }
        }
    }

    fn io(&self, source: io::Error) -> DiskError {
        DiskError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

/// Reads at most one byte more than `bytes_max`, so that a reader can tell that there is too much; `None` when there is no file.
///
/// # Errors
/// From the operating system.
pub fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Gives a file or directory to the owner of the directory that it is in, when that is somebody else.
fn give(file: &File, path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let (theirs, ours) = (std::fs::metadata(directory)?, file.metadata()?);
    if theirs.uid() == ours.uid() {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(theirs.uid()), Some(theirs.gid()))
}

/// Puts these bytes in the place of a file, whole or not at all, readable by its owner alone.
///
/// # Errors
/// From the operating system; the old file is then still there.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // One that a crash left may have other permissions.
    match std::fs::remove_file(&part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&part)?;
    give(&file, path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
