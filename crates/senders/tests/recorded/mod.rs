//! Messages of real senders.

use std::path::PathBuf;

/// Recorded data; `None`, and said, where it is not there.
pub fn recorded(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    println!(
        "skipped: {what} (recorded data not found at {})",
        root.display()
    );
    None
}
