//! Why something could not be kept.

use embedded_storage::nor_flash::NorFlashErrorKind;
use thiserror::Error;

/// Why the storage could not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Error {
    /// The flash refused a read, a write or an erase. Another try can succeed.
    #[error("the flash reported {0:?}")]
    Flash(NorFlashErrorKind),
    /// What was written reads back differently, three times in a row: the sector is worn out or the supply is too low.
    #[error("what was written to the flash reads back differently")]
    Verify,
    /// The area is no whole number of sectors, or fewer than two, or its words are longer than four bytes.
    #[error(
        "the storage area must be two or more whole sectors of a flash with words of at most four bytes"
    )]
    Area,
    /// The records do not fit, or the area's order is lost. Opening the storage again repairs it and says what was lost.
    #[error("the storage area is out of order: open it again to repair it")]
    Disorder,
    /// Every boot number has been used with this key.
    #[error("the boot numbers are used up: enrol the node anew, with a new key")]
    Exhausted,
    /// Settings longer than [`crate::MAX_SETTINGS`].
    #[error("settings are at most {max} bytes", max = crate::MAX_SETTINGS)]
    TooLong,
    /// The settings' revision is not above the one that is kept.
    #[error("the revision of the settings is not above {kept}")]
    Revision {
        /// The revision that is kept.
        kept: u32,
    },
    /// The key was in use before the boot counter was lost; numbers that go with it would be used again.
    #[error("this key was used before the boot counter was lost: enrol the node with a new key")]
    KeyReused,
}

impl Error {
    /// Stable name for counters and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Error::Flash(_) => "flash",
            Error::Verify => "verify",
            Error::Area => "area",
            Error::Disorder => "disorder",
            Error::Exhausted => "exhausted",
            Error::TooLong => "too_long",
            Error::Revision { .. } => "revision",
            Error::KeyReused => "key_reused",
        }
    }
}

impl From<sequential_storage::Error<NorFlashErrorKind>> for Error {
    fn from(error: sequential_storage::Error<NorFlashErrorKind>) -> Self {
        match error {
            sequential_storage::Error::Storage { value, .. } => Error::Flash(value),
            _ => Error::Disorder,
        }
    }
}
