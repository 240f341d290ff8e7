//! The recorded data that tests read in place.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in the repository")
        .to_owned()
}

/// A file or directory of the shared data (`WATCHFIRE_DATA`, else beside the repository), or `None` with a word on what is skipped.
pub fn shared(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHFIRE_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let path = root.join(file);
    if path.exists() {
        return Some(path);
    }
    println!(
        "skipped: {file} (recorded data not found at {})",
        root.display()
    );
    None
}
