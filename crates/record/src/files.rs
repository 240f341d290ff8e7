//! Where an event's files come from: a directory, or what is compiled into the program.

use crate::series::MAX_FILE_BYTES;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};

/// The files of one event.
pub trait Files {
    /// A short name for the event: that of its directory.
    fn id(&self) -> String;

    /// The content of a file, named relative to the event's directory.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for a name that leads out of the directory, `FileTooLarge` past
    /// [`MAX_FILE_BYTES`].
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// How messages call a file.
    fn describe(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// A directory on disk.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory that holds `event.toml`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Files for Directory {
    fn id(&self) -> String {
        // "." and "event/.." have no name of their own.
        let path = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        path.file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        if !stays_inside(name) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "the name leads out of the event's directory",
            ));
        }
        let mut bytes = Vec::new();
        File::open(self.path.join(name))?
            .take(MAX_FILE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn describe(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

/// Files that are part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Embedded<'a> {
    /// Name of the event.
    pub id: &'a str,
    /// Names and contents.
    pub files: &'a [(&'a str, &'a [u8])],
}

impl Files for Embedded<'_> {
    fn id(&self) -> String {
        self.id.to_owned()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let found = self.files.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, bytes)| bytes.to_vec())
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn describe(&self, name: &str) -> String {
        format!("{}/{name}", self.id)
    }
}

/// Whether a relative name has no way up or out.
pub(crate) fn stays_inside(name: &str) -> bool {
    let mut components = Path::new(name).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}
