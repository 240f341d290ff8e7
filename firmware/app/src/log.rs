//! Log lines for a debugger, where the board wants them.

/// `defmt::info!`, or nothing.
macro_rules! info {
    ($($what:tt)*) => {
        #[cfg(feature = "defmt")]
        defmt::info!($($what)*);
    };
}

/// `defmt::warn!`, or nothing.
macro_rules! warn {
    ($($what:tt)*) => {
        #[cfg(feature = "defmt")]
        defmt::warn!($($what)*);
    };
}

pub(crate) use {info, warn};
