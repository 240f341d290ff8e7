//! `[chronicle]`: how much of what the page showed is kept.

use serde::Deserialize;

/// Settings of the chronicle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Most that it may take on the disk, MiB; the oldest goes first. 0: nothing is recorded.
    pub max_mib: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_mib: 2_048 }
    }
}

impl Settings {
    /// # Errors
    /// Text that says what is wrong and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if self.max_mib == 0 || self.max_mib >= 64 {
            return Ok(());
        }
        Err(format!(
            "[chronicle] max_mib = {} must be 64 or more, or 0 to record nothing",
            self.max_mib
        ))
    }
}
