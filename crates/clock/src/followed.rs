//! Time that another process gives: a rig writes the instant into a file, programs under test read it there.
//!
//! The file holds the instant twice: 8 bytes little-endian, microseconds since the Unix epoch, then the same 8 bytes with every
//! bit turned. A reader that meets a half-written instant sees that the two differ and looks again.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

/// Bytes of the file.
const BYTES: usize = 16;

/// Looks at a half-written instant before the last one is kept. The writer needs one system call.
const LOOKS: usize = 1_000;

fn image(us: i64) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (instant, turned) = bytes.split_at_mut(8);
    instant.copy_from_slice(&us.to_le_bytes());
    turned.copy_from_slice(&(!us).to_le_bytes());
    bytes
}

fn instant(bytes: [u8; BYTES]) -> Option<i64> {
    let (instant, turned) = bytes.split_at(8);
    let us = i64::from_le_bytes(instant.try_into().ok()?);
    let turned = i64::from_le_bytes(turned.try_into().ok()?);
    (us == !turned).then_some(us)
}

/// The reading end. It never shows an earlier instant than before.
#[derive(Debug)]
pub struct Followed {
    file: File,
    path: PathBuf,
    last_us: AtomicI64,
}

impl Followed {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let this = Self {
            file,
            path: path.to_owned(),
            last_us: AtomicI64::new(i64::MIN),
        };
        let us = this.look()?;
        this.last_us.store(us, Ordering::Release);
        Ok(this)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The instant in the file; the last one known when the file cannot be read any more.
    pub(crate) fn now_us(&self) -> i64 {
        let us = self.look().unwrap_or(i64::MIN);
        self.last_us.fetch_max(us, Ordering::AcqRel).max(us)
    }

    fn look(&self) -> io::Result<i64> {
        let mut bytes = [0; BYTES];
        for _ in 0..LOOKS {
            self.file.read_exact_at(&mut bytes, 0)?;
            if let Some(us) = instant(bytes) {
                return Ok(us);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not the 16 bytes of a given time",
        ))
    }
}

/// The writing end: whoever gives the time.
#[derive(Debug)]
pub struct Given {
    file: File,
    path: PathBuf,
    us: i64,
}

impl Given {
    /// Makes the file, or takes one over, with its first instant.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, us: i64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file.write_all_at(&image(us), 0)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            us,
        })
    }

    /// Moves the time on to `us`; an earlier instant changes nothing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn advance_to(&mut self, us: i64) -> io::Result<()> {
        if us > self.us {
            self.file.write_all_at(&image(us), 0)?;
            self.us = us;
        }
        Ok(())
    }

    /// Turns the time back, or forward past what followers hold to be later: a fault to be tested. Followers that run do not
    /// go back with it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&mut self, us: i64) -> io::Result<()> {
        self.file.write_all_at(&image(us), 0)?;
        self.us = us;
        Ok(())
    }

    /// The instant, microseconds since the Unix epoch.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.us
    }

    /// What the environment variable of a follower says.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{}{}", crate::FILE, self.path.display())
    }
}
