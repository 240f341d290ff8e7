//! Log lines for a debugger, where the board wants them.

/// `defmt::info!`, or nothing.
macro_rules! note {
    ($text:literal $(, $value:expr)* $(,)?) => {
        #[cfg(feature = "defmt")]
        defmt::info!($text $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    };
}

/// `defmt::warn!`, or nothing.
macro_rules! alert {
    ($text:literal $(, $value:expr)* $(,)?) => {
        #[cfg(feature = "defmt")]
        defmt::warn!($text $(, $value)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$value;)* }
    };
}

pub(crate) use {alert, note};
