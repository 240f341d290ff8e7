//! Why a rig stopped working: what, where, and what to do.

use std::io;
use std::path::PathBuf;

/// How Debian 12 gets the emulator.
pub const INSTALL: &str = "on Debian 12: echo 'deb http://deb.debian.org/debian bookworm-backports main' > /etc/apt/sources.list.d/backports.list \
&& apt-get update && apt-get install -y --no-install-recommends -t bookworm-backports qemu-system-arm";

/// Why a rig stopped working.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no emulator.
    #[error("no qemu-system-arm on the path ({INSTALL})")]
    Missing,
    /// The emulator is too old.
    #[error("qemu-system-arm {found} is too old, 10.0 or later is needed ({INSTALL})")]
    TooOld {
        /// What it says of itself.
        found: String,
    },
    /// The emulator could not be started, or does not do what it must.
    #[error("qemu-system-arm: {0}")]
    Emulator(String),
    /// The emulator ended although nobody told it to.
    #[error("qemu-system-arm ended ({status}); it said: {said}")]
    Ended {
        /// How it ended.
        status: String,
        /// The last of what it printed.
        said: String,
    },
    /// The firmware runs and runs.
    #[error(
        "the firmware has not been idle for {0} s of real time: it is in an endless loop, in a fault handler, or waits without sleeping (pc {1:#010x})"
    )]
    NotIdle(u64, u32),
    /// An image cannot be read.
    #[error("image {path}: {reason}")]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What belongs into the flash does not fit.
    #[error("flash: {0}")]
    Flash(String),
    /// The system refused something.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system says.
        error: io::Error,
    },
}

/// For `map_err`: what was tried.
pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    let what = what.into();
    move |error| Error::System { what, error }
}
