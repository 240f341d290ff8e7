//! What the boot loader does before it starts an image.

use embassy_boot::{BootError, BootLoader, BootLoaderConfig};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash, NorFlashErrorKind};
use store::Sealed;

use crate::receive::ImageState;

/// Why no image may be started: the exchange did not come to its end. A reset tries again, from where it stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BootFailed(
    /// What the flash reports.
    pub NorFlashErrorKind,
);

/// Finishes or begins the exchange of images that is due, and tells as what the active image is to be started.
///
/// `active`, `dfu` and `state` are the partitions of [`crate::layout`], `buffer` a piece of memory through which pages are
/// copied; its length is a multiple of four that divides a page.
///
/// # Errors
/// [`BootFailed`]: reset, start nothing.
///
/// # Panics
/// When the partitions are no such: `dfu` must have a page more than `active`, and pages must be erase sectors.
pub fn boot<A, D, S>(
    active: A,
    dfu: D,
    state: S,
    buffer: &mut [u8],
) -> Result<ImageState, BootFailed>
where
    A: NorFlash,
    D: NorFlash,
    S: MultiwriteNorFlash,
{
    let (state, _) = Sealed::open(state).map_err(BootFailed)?;
    let config = BootLoaderConfig { active, dfu, state };
    let mut loader = BootLoader::new(config);
    loader.prepare_boot(buffer).map_err(failed)?;
    // What was done is in the state now: the answer to `prepare_boot` is the state before.
    let state = loader.read_state(buffer).map_err(failed)?;
    Ok(ImageState::from(state))
}

fn failed(error: BootError) -> BootFailed {
    BootFailed(match error {
        BootError::Flash(kind) => kind,
        BootError::BadMagic => NorFlashErrorKind::Other,
    })
}
