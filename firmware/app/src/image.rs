//! The program's own images: the one that runs, and a new one that the edge offers.

use crate::log::{alert, note};
use core::cell::RefCell;
use embedded_storage::nor_flash::MultiwriteNorFlash;
use node::{Offer, UpdateError, UpdateTarget};
use store::Partition;
use update::layout::{IMAGE_SECTOR, ONE_MIB, STATE_SECTOR};
use update::{ImageState, Refused, Running, UpdateKey, Updater};
use wire::frame::{Board, Image};

/// The public key whose images are taken, 64 hexadecimal digits, given when the image is built (`cargo xtask firmware --update-key`).
/// Without one, none are.
const KEY: Option<&str> = option_env!("WATCHFIRE_UPDATE_KEY");

/// The security counter of this image, and so the lowest of any that may follow; raised by a version that closes a hole.
pub(crate) const SECURITY: u32 = number(match option_env!("WATCHFIRE_FIRMWARE_SECURITY") {
    Some(text) => text,
    None => "0",
});

/// The version of this image; given when it is built, or that of the sources.
pub(crate) const VERSION: [u8; 3] = version(match option_env!("WATCHFIRE_FIRMWARE_VERSION") {
    Some(text) => text,
    None => env!("CARGO_PKG_VERSION"),
});

/// A number at compile time; anything else stops the build.
const fn number(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut value, mut at) = (0, 0);
    while at < bytes.len() {
        value = value * 10 + (bytes[at] - b'0') as u32;
        at += 1;
    }
    value
}

/// Three numbers from "1.2.3" at compile time; anything else stops the build.
const fn version(text: &str) -> [u8; 3] {
    let bytes = text.as_bytes();
    let (mut parts, mut part, mut at) = ([0u8; 3], 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'.' => part += 1,
            digit => parts[part] = parts[part] * 10 + (digit - b'0'),
        }
        at += 1;
    }
    assert!(part == 2, "a firmware version has three numbers");
    parts
}

type Halves<'f, F> = Updater<Partition<'f, F, IMAGE_SECTOR>, Partition<'f, F, STATE_SECTOR>>;

/// Both images.
pub(crate) struct Images<'f, F: MultiwriteNorFlash> {
    /// `None` when the flash does not answer: the node works, and takes no updates.
    updater: Option<Halves<'f, F>>,
    board: Board,
    key: Option<UpdateKey>,
    trial: bool,
}

impl<'f, F: MultiwriteNorFlash> Images<'f, F> {
    /// The images in `flash`; `security` is the counter of the lasting memory.
    #[expect(
        clippy::unnecessary_min_or_max,
        reason = "the image's own counter is 0 unless it was built with another"
    )]
    pub fn open(flash: &'f RefCell<F>, board: Board, security: u32) -> Self {
        let images = Partition::new(flash, ONE_MIB.dfu.offset, ONE_MIB.dfu.bytes);
        let state = Partition::new(flash, ONE_MIB.state.offset, ONE_MIB.state.bytes);
        let running = Running {
            board: board.code(),
            version: VERSION,
            security: security.max(SECURITY),
        };
        let updater = match Updater::new(images, state, running) {
            Ok(updater) => Some(updater),
            Err(why) => {
                alert!("no updates: {}", why.name());
                None
            }
        };
        Self {
            updater,
            board,
            key: KEY.and_then(UpdateKey::from_hex),
            trial: false,
        }
    }

    /// As what the running image runs.
    pub fn state(&mut self) -> Image {
        let state = self.updater.as_mut().map(Updater::image_state);
        self.trial = matches!(state, Some(Ok(ImageState::Trial)));
        match state {
            Some(Ok(ImageState::Confirmed)) => Image::Confirmed,
            Some(Ok(ImageState::Trial)) => Image::Trial,
            Some(Ok(ImageState::Returned)) => Image::Returned,
            Some(Err(_)) | None => Image::Unknown,
        }
    }

    /// Whether the running image still has to prove itself.
    pub const fn is_on_trial(&self) -> bool {
        self.trial
    }

    /// The running image has proved itself: it stays. Returns whether that is certain.
    pub fn confirm(&mut self) -> bool {
        let confirmed = self.updater.as_mut().is_some_and(|u| u.confirm().is_ok());
        if confirmed {
            note!("image confirmed");
            self.trial = false;
        }
        confirmed
    }
}

fn said(refused: Refused) -> UpdateError {
    alert!("update refused: {}", refused.name());
    match refused {
        Refused::Board | Refused::Signature | Refused::Digest => UpdateError::Signature,
        Refused::Downgrade => UpdateError::Downgrade,
        Refused::NoRoom => UpdateError::NoRoom,
        Refused::Trial | Refused::NotBegun | Refused::Offset { .. } | Refused::Flash(_) => {
            UpdateError::Storage
        }
    }
}

impl<F: MultiwriteNorFlash> UpdateTarget for Images<'_, F> {
    fn begin(&mut self, offer: &Offer) -> Result<u32, UpdateError> {
        let updater = self.updater.as_mut().ok_or(UpdateError::Storage)?;
        let offer = update::Offer {
            board: self.board.code(),
            version: offer.version,
            security: offer.security,
            length: offer.length,
            digest: offer.digest,
            signature: offer.signature,
        };
        let keys = self.key.as_slice();
        note!("an image of {} bytes is offered", offer.length);
        updater.begin(&offer, keys).map_err(said)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError> {
        let updater = self.updater.as_mut().ok_or(UpdateError::Storage)?;
        updater.write(offset, bytes).map(|_| ()).map_err(said)
    }

    fn finish(&mut self) -> Result<(), UpdateError> {
        let updater = self.updater.as_mut().ok_or(UpdateError::Storage)?;
        updater.finish().map_err(said)
    }
}
