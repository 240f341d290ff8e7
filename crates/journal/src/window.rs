//! A moving view of a file, read in large pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes read at once: 256 KiB is past the knee where calls stop mattering.
const PIECE: usize = 256 * 1024;

/// Bytes of a file around a position, kept for the next look.
#[derive(Debug)]
pub(crate) struct Window {
    file: File,
    bytes: Vec<u8>,
    start: u64,
}

impl Window {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            bytes: Vec::new(),
            start: 0,
        })
    }

    /// Length of the file now.
    pub fn file_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Forgets what was read, since the file may have changed.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The bytes from `position` on: at least `need`, unless the file ends before.
    pub fn at(&mut self, position: u64, need: usize) -> io::Result<&[u8]> {
        let held = position
            .checked_sub(self.start)
            .and_then(|skip| usize::try_from(skip).ok())
            .filter(|&skip| self.bytes.len() >= skip.saturating_add(need));
        let skip = match held {
            Some(skip) => skip,
            None => {
                self.fill(position, need.max(PIECE))?;
                0
            }
        };
        Ok(&self.bytes[skip..])
    }

    fn fill(&mut self, position: u64, wanted: usize) -> io::Result<()> {
        self.start = position;
        self.bytes.resize(wanted, 0);
        let mut filled = 0;
        while filled < wanted {
            match self
                .file
                .read_at(&mut self.bytes[filled..], position + filled as u64)
            {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.bytes.clear();
                    return Err(error);
                }
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}
