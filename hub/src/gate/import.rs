//! Messages in the alert log of a hub from before there was a desk.

use std::path::Path;

use desk::Published;

/// What an older hub issued, oldest first; nothing when there was none.
///
/// # Errors
/// Text that names the file or entry.
pub fn earlier(data_dir: &Path) -> Result<Vec<Published>, String> {
    let dir = data_dir.join("alerts");
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    journal::read_only(&dir)
        .map_err(|e| e.to_string())?
        .map(|entry| {
            let entry = entry.map_err(|e| e.to_string())?;
            serde_json::from_slice(&entry.payload)
                .map_err(|e| format!("{}: entry {}: {e}", dir.display(), entry.offset))
        })
        .collect()
}
