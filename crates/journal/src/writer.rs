//! Appending, committing and trimming.

use crate::disk::{Disk, RealDisk, SegmentFile, sync_directory, write_all_at};
use crate::error::Error;
use crate::format::{MAX_PAYLOAD_BYTES, encode, list_segments, segment_path};
use crate::reader::Reader;
use crate::scan::{record_after, scan};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// When [`Journal::commit`] waits for the disk; `docs/decisions/0003-fsync.md` weighs the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// Committed entries survive a power failure.
    #[default]
    Always,
    /// Committed entries survive a kill of the process, not a power failure. Entries count as committed when they
    /// are appended.
    Never,
}

/// How a journal behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size at which a new segment is started, in bytes; space is given back by whole segments.
    pub segment_bytes: u64,
    /// When commits wait for the disk.
    pub fsync: Fsync,
    /// Appends fail with [`Error::Quota`] past this size of all segments together, in bytes.
    pub max_bytes: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            fsync: Fsync::Always,
            max_bytes: None,
        }
    }
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// First entry there.
    pub first: u64,
    /// One past the last entry.
    pub next: u64,
    /// Bytes of a torn record that were cut from the end; 0 after a clean stop.
    pub cut_bytes: u64,
    /// The segment that was cut.
    pub cut_path: Option<PathBuf>,
}

/// A segment that is complete.
#[derive(Debug)]
struct Sealed {
    first: u64,
    bytes: u64,
}

/// The segment being written.
struct Active {
    first: u64,
    path: PathBuf,
    file: Box<dyn SegmentFile>,
    /// Position after the last record.
    end: u64,
    /// The file may be longer than `end`, by a record that could not be written or was taken back.
    overhang: bool,
}

/// A log open for writing. One per directory at a time, over all processes.
pub struct Journal {
    directory: PathBuf,
    options: Options,
    disk: Box<dyn Disk>,
    sealed: VecDeque<Sealed>,
    /// Of all sealed segments together; counted along, since a quota asks at every append.
    sealed_bytes: u64,
    active: Active,
    next: u64,
    /// State at the last commit, to go back to when a sync fails.
    committed: Committed,
    visible: Arc<AtomicU64>,
    /// Entries below this are no longer needed, as far as [`Journal::trim`] was told.
    floor: u64,
    /// The last append failed for want of space.
    short_of_space: bool,
    record: Vec<u8>,
    _lock: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Committed {
    next: u64,
    end: u64,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("directory", &self.directory)
            .field("first", &self.first())
            .field("next", &self.next)
            .field("committed", &self.committed.next)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens a journal, making the directory when there is none. Reads the last segment through, cuts a torn record
    /// at its end, and syncs it, so that every entry there is durable from now on.
    ///
    /// # Errors
    /// [`Error::Locked`]; [`Error::Corrupt`] when something unreadable is followed by something readable, in which
    /// case nothing is changed; [`Error::Io`].
    pub fn open(directory: &Path, options: Options) -> Result<(Self, Recovery), Error> {
        Self::open_on(Box::new(RealDisk), directory, options)
    }

    pub(crate) fn open_on(
        mut disk: Box<dyn Disk>,
        directory: &Path,
        options: Options,
    ) -> Result<(Self, Recovery), Error> {
        if !directory.is_dir() {
            std::fs::create_dir_all(directory).map_err(Error::io("make", directory))?;
            let parent = directory.parent().unwrap_or(Path::new("."));
            sync_directory(parent).map_err(Error::io("sync", parent))?;
        }
        let lock = lock(directory)?;
        let mut firsts = list_segments(directory).map_err(Error::io("list", directory))?;
        let last = firsts.pop();
        let mut sealed = VecDeque::with_capacity(firsts.len());
        for first in firsts {
            let path = segment_path(directory, first);
            let bytes = std::fs::metadata(&path)
                .map_err(Error::io("read", &path))?
                .len();
            sealed.push_back(Sealed { first, bytes });
        }
        let (active, next, cut_bytes) = match last {
            Some(first) => open_active(disk.as_mut(), directory, first)?,
            None => (create_active(disk.as_mut(), directory, 0)?, 0, 0),
        };
        let recovery = Recovery {
            first: sealed.front().map_or(active.first, |segment| segment.first),
            next,
            cut_bytes,
            cut_path: (cut_bytes > 0).then(|| active.path.clone()),
        };
        let journal = Self {
            directory: directory.to_owned(),
            disk,
            sealed_bytes: sealed.iter().map(|segment| segment.bytes).sum(),
            sealed,
            next,
            committed: Committed {
                next,
                end: active.end,
            },
            active,
            visible: Arc::new(AtomicU64::new(next)),
            floor: 0,
            short_of_space: false,
            record: Vec::new(),
            options,
            _lock: lock,
        };
        Ok((journal, recovery))
    }

    /// First entry still there.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.sealed
            .front()
            .map_or(self.active.first, |segment| segment.first)
    }

    /// The number that the next append gives; one past the last entry.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// One past the last committed entry: what readers see.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.visible.load(Ordering::Acquire)
    }

    /// Size of all segments together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sealed_bytes + self.active.end
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Appends an entry and returns its number. It is handed to the system, not yet durable and not yet seen by
    /// readers: append a group, then [`Journal::commit`] once. (A full segment is synced before the next is started,
    /// so the first entries of a group that crosses over may be durable and visible early, never the reverse.)
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Quota`], [`Error::Io`]. Nothing is appended then, and the journal stays usable.
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, Error> {
        self.append_group(&[payload])
    }

    /// Appends entries with a single write, all or none, and returns the number of the first.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_group<P: AsRef<[u8]>>(&mut self, payloads: &[P]) -> Result<u64, Error> {
        let first = self.next;
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        for (offset, payload) in (first..).zip(payloads) {
            let payload = payload.as_ref();
            if payload.len() > MAX_PAYLOAD_BYTES {
                self.record = record;
                return Err(Error::TooLarge {
                    bytes: payload.len(),
                });
            }
            encode(&mut record, offset, payload);
        }
        let result = self.write(&record);
        // A single huge group should not hold its memory for ever.
        if record.capacity() <= 4 * MAX_PAYLOAD_BYTES {
            self.record = record;
        }
        self.short_of_space = matches!(&result, Err(error) if error.is_full());
        result?;
        self.next += payloads.len() as u64;
        if self.options.fsync == Fsync::Never {
            self.mark_committed();
        }
        Ok(first)
    }

    fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        let bytes = record.len() as u64;
        if let Some(max_bytes) = self.options.max_bytes
            && self.bytes() + bytes > max_bytes
        {
            // What the reader has acknowledged still fills the segment being written: start another one.
            if self.active.end > 0 && self.floor >= self.next {
                self.roll()?;
                self.drop_below(self.floor)?;
            }
            if self.bytes() + bytes > max_bytes {
                return Err(Error::Quota {
                    path: self.directory.clone(),
                    max_bytes,
                });
            }
        }
        if self.active.end > 0 && self.active.end + bytes > self.options.segment_bytes {
            self.roll()?;
        }
        self.cut_overhang()?;
        let active = &mut self.active;
        match write_all_at(active.file.as_mut(), record, active.end) {
            Ok(()) => {
                active.end += bytes;
                Ok(())
            }
            Err(error) => {
                active.overhang = true;
                let failure = Error::io("append to", &active.path)(error);
                // When even this fails, the next append tries again before it writes.
                let _ = self.cut_overhang();
                Err(failure)
            }
        }
    }

    /// Takes back bytes after the last record.
    fn cut_overhang(&mut self) -> Result<(), Error> {
        let active = &mut self.active;
        if active.overhang {
            active
                .file
                .set_len(active.end)
                .map_err(Error::io("shorten", &active.path))?;
            active.overhang = false;
        }
        Ok(())
    }

    /// Makes everything appended durable (with [`Fsync::Always`]) and visible to readers.
    ///
    /// # Errors
    /// [`Error::Io`]. The entries appended since the last commit are taken back then, and [`Journal::next`] says where
    /// the journal stands: after a failed sync the system may have dropped the pages, so "try again" would
    /// promise what nobody knows. No reader has seen them; append them again.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.next == self.committed.next {
            return Ok(());
        }
        if self.options.fsync == Fsync::Always
            && let Err(error) = self.active.file.sync()
        {
            let failure = Error::io("sync", &self.active.path)(error);
            self.next = self.committed.next;
            self.active.end = self.committed.end;
            self.active.overhang = true;
            let _ = self.cut_overhang();
            return Err(failure);
        }
        self.mark_committed();
        Ok(())
    }

    fn mark_committed(&mut self) {
        self.committed = Committed {
            next: self.next,
            end: self.active.end,
        };
        self.visible.store(self.next, Ordering::Release);
    }

    /// Seals the segment and starts the next one. A sealed segment is synced whatever the policy, once per
    /// segment: opening trusts sealed segments and reads only the last one through.
    fn roll(&mut self) -> Result<(), Error> {
        self.cut_overhang()?;
        if self.options.fsync == Fsync::Never {
            self.active
                .file
                .sync()
                .map_err(Error::io("sync", &self.active.path))?;
        }
        self.commit()?;
        let fresh = create_active(self.disk.as_mut(), &self.directory, self.next)?;
        let old = std::mem::replace(&mut self.active, fresh);
        self.sealed_bytes += old.end;
        self.sealed.push_back(Sealed {
            first: old.first,
            bytes: old.end,
        });
        self.committed.end = 0;
        Ok(())
    }

    /// Drops whole segments of entries below `next`, and returns the bytes given back. The segment being written is
    /// replaced by an empty one when all of it can go and that is worth a file (a quarter of a segment, or any
    /// amount when space is short).
    ///
    /// # Errors
    /// [`Error::Io`]; what was dropped until then stays dropped.
    pub fn trim(&mut self, next: u64) -> Result<u64, Error> {
        self.floor = self.floor.max(next.min(self.committed.next));
        let before = self.bytes();
        let worthwhile = self.short_of_space || self.active.end >= self.options.segment_bytes / 4;
        if self.active.end > 0 && self.floor >= self.next && worthwhile {
            match self.roll() {
                Ok(()) => {}
                // Without space for a new file the old one just stays.
                Err(error) if error.is_full() => {}
                Err(error) => return Err(error),
            }
        }
        self.drop_below(self.floor)?;
        Ok(before - self.bytes())
    }

    /// Removes sealed segments, the oldest first, so that a crash in between leaves no hole.
    fn drop_below(&mut self, floor: u64) -> Result<(), Error> {
        while let Some(oldest) = self.sealed.front() {
            let end = self
                .sealed
                .get(1)
                .map_or(self.active.first, |segment| segment.first);
            if end > floor {
                break;
            }
            let path = segment_path(&self.directory, oldest.first);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("remove", &path)(error)),
            }
            self.sealed_bytes -= oldest.bytes;
            self.sealed.pop_front();
        }
        Ok(())
    }

    /// Reads committed entries from `from` on, with file handles of its own; usable while this journal appends.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless `first() <= from <= committed()`; [`Error::Io`].
    pub fn reader(&self, from: u64) -> Result<Reader, Error> {
        let (first, next) = (self.first(), self.committed());
        if from < first || from > next {
            return Err(Error::OutOfRange {
                path: self.directory.clone(),
                wanted: from,
                first,
                next,
            });
        }
        let firsts: Vec<u64> = self
            .sealed
            .iter()
            .map(|segment| segment.first)
            .chain([self.active.first])
            .collect();
        Reader::start(
            &self.directory,
            &firsts,
            from,
            Some(Arc::clone(&self.visible)),
        )
    }
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}

fn create_active(disk: &mut dyn Disk, directory: &Path, first: u64) -> Result<Active, Error> {
    let path = segment_path(directory, first);
    let file = disk.create(&path).map_err(Error::io("create", &path))?;
    // Without this, a power failure could take the name away together with synced content.
    disk.sync_directory(directory)
        .map_err(Error::io("sync", directory))?;
    Ok(Active {
        first,
        path,
        file,
        end: 0,
        overhang: false,
    })
}

/// Opens the last segment; with it, the next number and the bytes cut.
fn open_active(
    disk: &mut dyn Disk,
    directory: &Path,
    first: u64,
) -> Result<(Active, u64, u64), Error> {
    let path = segment_path(directory, first);
    let (found, mut window) = scan(&path, first).map_err(Error::io("read", &path))?;
    let cut_bytes = found.file_bytes - found.end;
    if let Some(detail) = found.fault {
        let after =
            record_after(&mut window, found.end, found.next).map_err(Error::io("read", &path))?;
        if let Some(position) = after {
            let detail = format!("{detail}, and a good record follows at byte {position}");
            return Err(Error::Corrupt {
                path,
                position: found.end,
                offset: found.next,
                detail,
            });
        }
    }
    let mut file = disk.open(&path).map_err(Error::io("open", &path))?;
    if cut_bytes > 0 {
        file.set_len(found.end)
            .map_err(Error::io("shorten", &path))?;
    }
    // A killed process leaves entries in the system's memory. From here on they count as committed, so they must be.
    file.sync().map_err(Error::io("sync", &path))?;
    let active = Active {
        first,
        path,
        file,
        end: found.end,
        overhang: false,
    };
    Ok((active, found.next, cut_bytes))
}

#[cfg(test)]
mod faults;
