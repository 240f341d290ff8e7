//! A directory of messages, one `.xml` each, for whatever picks files up: a broadcaster, another system, an archive.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{Deliver, Outcome, Parcel};
use crate::issued::file_stem;

/// Writes messages into a directory. A file appears under its name whole and durable, or not at all; one that is there already with the same
/// content is a repeat.
#[derive(Debug)]
pub struct Directory {
    directory: PathBuf,
}

impl Directory {
    /// The directory; it is made if it is not there.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Where a message is written.
    pub fn path(&self, identifier: &str) -> PathBuf {
        self.directory
            .join(format!("{}.xml", file_stem(identifier)))
    }

    fn write(&self, path: &Path, xml: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        match std::fs::read(path) {
            Ok(there) if there == xml.as_bytes() => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        // A name that does not end in .xml and begins with a dot: nobody picks it up half written.
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let part = self.directory.join(format!(".{name}.part"));
        let mut file = File::create(&part)?;
        file.write_all(xml.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        File::open(&self.directory)?.sync_all()
    }
}

impl Deliver for Directory {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome {
        let path = self.path(&parcel.issued.identifier);
        match self.write(&path, parcel.xml) {
            Ok(()) => Outcome::DELIVERED,
            Err(e) => Outcome::Failed {
                why: format!("{}: {e}", path.display()),
                may_have_arrived: true,
                retry_after: None,
            },
        }
    }
}
