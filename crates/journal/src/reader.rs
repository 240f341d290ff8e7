//! Reading entries in order, also while they are being written.

use crate::error::Error;
use crate::format::{Check, HEADER_BYTES, Header, check, list_segments, segment_path};
use crate::scan::record_after;
use crate::window::Window;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often a reader without a word from the writer looks again at what seems damaged, and the time between.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub offset: u64,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Reads entries in order with file handles of its own. At the end it gives `None`, and goes on later when there is
/// more: call it again after a commit. After an error it is finished.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    path: PathBuf,
    window: Window,
    position: u64,
    offset: u64,
    /// One past the last committed entry, kept by the writer in this process; absent when another one writes.
    visible: Option<Arc<AtomicU64>>,
    /// Entries below this were committed before the window was filled, so what it holds of them is final. Later
    /// bytes may be taken back by the writer (a full disk) and must be read again.
    trusted: u64,
    failed: bool,
}

/// Reads a journal from its first entry without locking it, for exports and audits while another process may be
/// writing. It may show entries that were appended and not committed yet.
///
/// # Errors
/// [`Error::Io`]; [`Error::OutOfRange`] for a directory without a journal.
pub fn read_only(directory: &Path) -> Result<Reader, Error> {
    let firsts = list_segments(directory).map_err(Error::io("list", directory))?;
    Reader::start(
        directory,
        &firsts,
        firsts.first().copied().unwrap_or(0),
        None,
    )
}

/// As [`read_only`], from an entry on.
///
/// # Errors
/// As [`read_only`], and [`Error::OutOfRange`] when the entry is not there.
pub fn read_only_from(directory: &Path, from: u64) -> Result<Reader, Error> {
    let firsts = list_segments(directory).map_err(Error::io("list", directory))?;
    Reader::start(directory, &firsts, from, None)
}

/// First entries of all segments of a journal, ascending, without locking it: where [`read_only_from`] need not hop over others.
///
/// # Errors
/// [`Error::Io`].
pub fn segments(directory: &Path) -> Result<Vec<u64>, Error> {
    list_segments(directory).map_err(Error::io("list", directory))
}

impl Reader {
    /// Opens the segment that holds `from` and hops to it. The caller has checked `from` against `visible`.
    pub(crate) fn start(
        directory: &Path,
        firsts: &[u64],
        from: u64,
        visible: Option<Arc<AtomicU64>>,
    ) -> Result<Self, Error> {
        let out_of_range = |next| Error::OutOfRange {
            path: directory.to_owned(),
            wanted: from,
            first: firsts.first().copied().unwrap_or(0),
            next,
        };
        let Some(&first) = firsts.iter().rev().find(|&&first| first <= from) else {
            return Err(out_of_range(firsts.first().copied().unwrap_or(0)));
        };
        let path = segment_path(directory, first);
        let window = Window::open(&path).map_err(Error::io("open", &path))?;
        let mut reader = Self {
            directory: directory.to_owned(),
            path,
            window,
            position: 0,
            offset: first,
            trusted: visible
                .as_ref()
                .map_or(0, |visible| visible.load(Ordering::Acquire)),
            visible,
            failed: false,
        };
        while reader.offset < from {
            // Headers are enough to hop over entries; their checksums are looked at by whoever reads them.
            let header = reader
                .window
                .at(reader.position, HEADER_BYTES)
                .map_err(Error::io("read", &reader.path))?;
            let Some(header) = Header::read(header) else {
                return Err(out_of_range(reader.offset));
            };
            match header.record_bytes() {
                Some(bytes) if header.offset == reader.offset => {
                    reader.position += bytes as u64;
                    reader.offset += 1;
                }
                _ => return Err(reader.corrupt("no record starts here".to_owned())),
            }
        }
        Ok(reader)
    }

    /// Number of the entry that comes next.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next entry without a copy: its number and bytes, or nothing when it has caught up with the writer.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Corrupt`]; the reader is finished then. A reader that fell behind
    /// [`crate::Journal::trim`] finds its next segment gone, which is an [`Error::OutOfRange`].
    pub fn advance(&mut self) -> Result<Option<(u64, &[u8])>, Error> {
        if self.failed {
            return Ok(None);
        }
        match self.find() {
            Ok(Some(bytes)) => {
                let (offset, position) = (self.offset, self.position);
                self.offset += 1;
                self.position += bytes as u64;
                let record = self
                    .window
                    .at(position, bytes)
                    .map_err(Error::io("read", &self.path))?;
                Ok(Some((offset, &record[HEADER_BYTES..bytes])))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Makes sure that the next record is in the window; its length.
    fn find(&mut self) -> Result<Option<usize>, Error> {
        if self.visible.is_none() {
            return self.find_unguarded();
        }
        loop {
            if !self.is_visible() {
                return Ok(None);
            }
            match self.look()? {
                Check::Valid(bytes) => return Ok(Some(bytes)),
                Check::Short(_) if self.at_file_end()? => {
                    if !self.enter_next_segment()? {
                        return Err(self.corrupt("no segment goes on with this entry".to_owned()));
                    }
                }
                Check::Short(need) => {
                    return Err(self.corrupt(format!("the file ends before its {need} bytes")));
                }
                Check::Bad(detail) => return Err(self.corrupt(detail)),
            }
        }
    }

    /// Whether the writer of this process has committed the next entry.
    fn is_visible(&mut self) -> bool {
        if self.offset < self.trusted {
            return true;
        }
        if let Some(visible) = &self.visible {
            self.trusted = visible.load(Ordering::Acquire);
            self.window.clear();
        }
        self.offset < self.trusted
    }

    /// Without a word from the writer, an unfinished record at the very end is one that is being written.
    ///
    /// What looks damaged is looked at again for a while: another process may be at work on it, and between two looks it may have been
    /// killed and started, which cuts off what was unfinished and can take an empty segment away.
    fn find_unguarded(&mut self) -> Result<Option<usize>, Error> {
        let mut looks = 0;
        loop {
            let mut found = self.look()?;
            if !matches!(found, Check::Valid(_)) {
                // The window may hold an older state of these bytes.
                self.window.clear();
                found = self.look()?;
            }
            let detail = match found {
                Check::Valid(bytes) => return Ok(Some(bytes)),
                Check::Short(_) if self.at_file_end()? => {
                    if self.enter_next_segment()? {
                        continue;
                    }
                    "the segment ends before the next one starts".to_owned()
                }
                Check::Short(need) => format!("the file ends before its {need} bytes"),
                Check::Bad(detail) => detail,
            };
            if self.is_last_segment()? {
                let after = record_after(&mut self.window, self.position, self.offset)
                    .map_err(Error::io("read", &self.path))?;
                self.window.clear();
                if after.is_none() {
                    return Ok(None);
                }
            } else {
                // The writer may have gone on here and started the next segment between the two looks.
                self.window.clear();
                if let Check::Valid(bytes) = self.look()? {
                    return Ok(Some(bytes));
                }
                if self.at_file_end()? && self.enter_next_segment()? {
                    continue;
                }
            }
            if looks == LOOKS {
                return Err(self.corrupt(detail));
            }
            looks += 1;
            std::thread::sleep(PAUSE);
            self.window.clear();
        }
    }

    fn look(&mut self) -> Result<Check, Error> {
        let failed = |source| Error::Io {
            action: "read",
            path: self.path.clone(),
            source,
        };
        let mut found = check(
            self.window
                .at(self.position, HEADER_BYTES)
                .map_err(failed)?,
            self.offset,
        );
        if let Check::Short(need) = found {
            found = check(
                self.window.at(self.position, need).map_err(failed)?,
                self.offset,
            );
        }
        Ok(found)
    }

    fn at_file_end(&self) -> Result<bool, Error> {
        Ok(self
            .window
            .file_bytes()
            .map_err(Error::io("read", &self.path))?
            == self.position)
    }

    /// Goes on in the segment that starts with the next entry; whether there is one.
    fn enter_next_segment(&mut self) -> Result<bool, Error> {
        let path = segment_path(&self.directory, self.offset);
        if path == self.path {
            return Ok(false);
        }
        match Window::open(&path) {
            Ok(window) => {
                self.window = window;
                self.path = path;
                self.position = 0;
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.explain_missing_segment()
            }
            Err(error) => Err(Error::io("open", &path)(error)),
        }
    }

    /// Nothing starts with the next entry: the reader has caught up, or it was trimmed away under a slow reader.
    fn explain_missing_segment(&self) -> Result<bool, Error> {
        let firsts = list_segments(&self.directory).map_err(Error::io("list", &self.directory))?;
        match (firsts.first(), firsts.last()) {
            (Some(&first), Some(&last)) if first > self.offset => Err(Error::OutOfRange {
                path: self.directory.clone(),
                wanted: self.offset,
                first,
                next: self
                    .visible
                    .as_ref()
                    .map_or(last, |visible| visible.load(Ordering::Acquire)),
            }),
            _ => Ok(false),
        }
    }

    fn is_last_segment(&self) -> Result<bool, Error> {
        let firsts = list_segments(&self.directory).map_err(Error::io("list", &self.directory))?;
        Ok(firsts
            .last()
            .is_none_or(|&last| segment_path(&self.directory, last) == self.path))
    }

    fn corrupt(&self, detail: String) -> Error {
        Error::Corrupt {
            path: self.path.clone(),
            position: self.position,
            offset: self.offset,
            detail,
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(Some((offset, payload))) => Some(Ok(Entry {
                offset,
                payload: payload.to_vec(),
            })),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
