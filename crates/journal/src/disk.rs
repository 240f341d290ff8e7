//! The few operations on files that a journal needs, behind a trait so that tests can make them fail.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// A segment being written.
pub(crate) trait SegmentFile: Send + Sync {
    /// As `pwrite`: may write less than asked.
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<usize>;
    /// As `ftruncate`.
    fn set_len(&mut self, length: u64) -> io::Result<()>;
    /// As `fdatasync`, which also makes the new length durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Where segments live.
pub(crate) trait Disk: Send + Sync {
    /// Creates an empty segment. An old file of that name is emptied: it can only be left over from a creation
    /// that failed half-way, since the caller knows all others.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;
    /// Opens a segment for going on.
    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;
    /// Makes names in a directory durable.
    fn sync_directory(&mut self, path: &Path) -> io::Result<()>;
}

/// The real one.
pub(crate) struct RealDisk;

struct RealFile(File);

impl SegmentFile for RealFile {
    fn write_at(&mut self, bytes: &[u8], position: u64) -> io::Result<usize> {
        self.0.write_at(bytes, position)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl Disk for RealDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(RealFile(
            OpenOptions::new().write(true).open(path)?,
        )))
    }

    fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        sync_directory(path)
    }
}

/// Makes names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // "" is what `Path::parent` gives for a bare name.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}

/// Writes all bytes, going on after short writes and interruptions.
pub(crate) fn write_all_at(
    file: &mut dyn SegmentFile,
    mut bytes: &[u8],
    mut position: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, position) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                position += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
