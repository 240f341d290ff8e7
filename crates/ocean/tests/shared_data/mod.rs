//! Recorded and published data, which tests read in place: in `WATCHFIRE_DATA` or in `../shared/data` beside the workspace.

use std::path::PathBuf;

/// The text of a file by its path in the data; `None`, after saying so, where it is not there.
pub fn text(path: &str) -> Option<String> {
    let folder = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(path)).ok();
    if text.is_none() {
        println!("skipped: {path} (not found in {})", folder.display());
    }
    text
}
