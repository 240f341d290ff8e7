//! The directory with signed firmware, and what of it is offered to nodes.
//!
//! Invariants: a file that is not whole, or that none of the configured keys has signed, is not offered, and a person is
//! told why; of several for one board the newest is offered. The directory is read again only after it has changed.
//!
//! Refuses: more than [`MAX_FILES`] files and [`MAX_TOTAL`] bytes of images, which are kept in memory.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use update::{FileError, UpdateFile, UpdateKey};
use wire::frame::Board;

use crate::config::Updates;
use crate::node::Nodes;
use crate::node::update::{Image, Shelf};

/// How often the directory is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// Most files in the directory.
const MAX_FILES: usize = 64;

/// Most bytes of all images offered: an image for each board that there may be some day.
const MAX_TOTAL: usize = 8 * 1024 * 1024;

/// Ending of a signed file's name.
const ENDING: &str = "wfu";

/// Why a file is not offered.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no update that may be offered.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// Too many of them.
    #[error("{}: more than {MAX_FILES} files or {MAX_TOTAL} bytes of images; take old ones away", .0.display())]
    TooMany(PathBuf),
}

/// The keys whose images are offered; empty when nodes alone decide.
///
/// # Errors
/// The first text that is no key.
pub fn keys(updates: &Updates) -> Result<Vec<UpdateKey>, String> {
    let key = |text: &String| UpdateKey::from_hex(text).ok_or_else(|| text.clone());
    updates.keys.iter().map(key).collect()
}

/// Reads one signed file; with `keys` one of them must have signed it.
///
/// # Errors
/// [`UpdateError`].
pub fn read(path: &Path, keys: &[UpdateKey]) -> Result<Image, UpdateError> {
    let failed = |source| UpdateError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .map_err(failed)?
        // One byte more than any may have, so that a longer one is not taken for a whole one.
        .take(update::MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let file = if keys.is_empty() {
        UpdateFile::parse(&bytes)
    } else {
        UpdateFile::open(&bytes, keys)
    };
    let file = file.map_err(|source| UpdateError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(Image {
        board: Board::from_code(file.board as u8),
        version: file.offer.version,
        security: file.offer.security,
        digest: file.offer.digest,
        signature: file.offer.signature,
        bytes: file.image.to_vec(),
    })
}

/// What of a directory may be offered, and what is wrong with the rest.
pub fn stock(directory: &Path, keys: &[UpdateKey]) -> (Shelf, Vec<UpdateError>) {
    let mut shelf = Shelf::default();
    let mut wrong = Vec::new();
    match files(directory) {
        Ok(paths) => {
            for path in paths {
                match read(&path, keys) {
                    Ok(image) => {
                        shelf.put(image);
                    }
                    Err(error) => wrong.push(error),
                }
            }
        }
        Err(error) => wrong.push(error),
    }
    if shelf.images().map(|image| image.bytes.len()).sum::<usize>() > MAX_TOTAL {
        wrong.push(UpdateError::TooMany(directory.to_owned()));
        shelf = Shelf::default();
    }
    (shelf, wrong)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, UpdateError> {
    let failed = |source| UpdateError::Read {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            if paths.len() == MAX_FILES {
                return Err(UpdateError::TooMany(directory.to_owned()));
            }
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Names, sizes and ages: as long as they are the same, so are the files.
type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

fn look(directory: &Path) -> Look {
    files(directory)
        .unwrap_or_default()
        .into_iter()
        .map(|path| {
            let metadata = fs::metadata(&path).ok();
            let length = metadata.as_ref().map_or(0, fs::Metadata::len);
            let age = metadata.and_then(|metadata| metadata.modified().ok());
            (path, length, age)
        })
        .collect()
}

/// Keeps `nodes` stocked until the agent stops.
/// `now` makes it look at once.
pub async fn keep(
    updates: Updates,
    nodes: Arc<Nodes>,
    now: Arc<Notify>,
    mut stop: watch::Receiver<bool>,
) {
    let (Some(directory), Ok(keys)) = (updates.dir.clone(), keys(&updates)) else {
        return;
    };
    let mut known: Option<Look> = None;
    loop {
        let (directory, keys, before) = (directory.clone(), keys.clone(), known.clone());
        let looked = spawn_blocking(move || {
            let now = look(&directory);
            let changed = before.as_ref() != Some(&now);
            (now, changed.then(|| stock(&directory, &keys)))
        });
        if let Ok((now, stocked)) = looked.await {
            known = Some(now);
            if let Some((shelf, wrong)) = stocked {
                for error in wrong {
                    tracing::error!(%error, "firmware that is not offered");
                }
                nodes.stock(shelf);
                for (board, version, bytes) in nodes.on_offer() {
                    tracing::info!(board, version, bytes, "firmware on offer");
                }
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = now.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
