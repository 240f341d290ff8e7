//! `[series]`: how much memory recent readings may take.

use serde::Deserialize;

/// Settings of the series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Most memory of all series together, MiB. Each gets an equal part of it, at most 8 MiB.
    pub memory_mib: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { memory_mib: 512 }
    }
}

impl Settings {
    /// # Errors
    /// Text that says what is wrong and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if (64..=65_536).contains(&self.memory_mib) {
            return Ok(());
        }
        Err(format!(
            "[series] memory_mib = {} must lie between 64 and 65536",
            self.memory_mib
        ))
    }
}
