//! The node's side: an offer is checked, its bytes are written in order, what is in the flash is verified and marked.
//!
//! Erasing a sector of 128 KiB halts an STM32F4 for up to four seconds (byte-wise; datasheets, "Flash memory programming"): a
//! watchdog has to allow for it. It happens in [`Updater::write`], once for each sector.

use embassy_boot::{BlockingFirmwareState, FirmwareUpdaterError, State};
use embedded_storage::nor_flash::{
    MultiwriteNorFlash, NorFlash, NorFlashError as _, NorFlashErrorKind, ReadNorFlash as _,
};
use store::Sealed;
use thiserror::Error;

use crate::offer::{Offer, Sha, UpdateKey};

/// What the flash is written in, bytes.
const WORD: usize = 4;

/// How many bytes of the flash are digested at once.
const PIECE: usize = 256;

/// As what the active image runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageState {
    /// It has proved itself, or is the first.
    Confirmed,
    /// It is new. Without [`Updater::confirm`] the image before comes back with the next reset.
    Trial,
    /// It is back after a trial that nobody confirmed.
    Returned,
}

impl From<State> for ImageState {
    fn from(state: State) -> Self {
        match state {
            State::Swap => ImageState::Trial,
            State::Revert => ImageState::Returned,
            State::Boot | State::DfuDetach => ImageState::Confirmed,
        }
    }
}

/// What the running firmware says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running {
    /// Code of its board.
    pub board: u8,
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// The lowest security counter that may follow: the higher of its own and what the storage holds.
    pub security: u32,
}

/// Why an offer or its bytes are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    /// For another board.
    #[error("the image is for another board")]
    Board,
    /// No trusted key signed it.
    #[error("the image is not signed by a key that is trusted here")]
    Signature,
    /// Not newer than the running one, or its security counter is too low.
    #[error("the image is not newer than the running one, or its security counter is too low")]
    Downgrade,
    /// Empty, or longer than the active partition.
    #[error("there is no room for the image")]
    NoRoom,
    /// The running image is on trial: the one before lies where the new one would go.
    #[error("the running image is not confirmed yet")]
    Trial,
    /// Nothing is being received.
    #[error("no image is being received: it has to be offered first")]
    NotBegun,
    /// Not the bytes that come next.
    #[error("the bytes from {wanted} on come next")]
    Offset {
        /// Where they begin.
        wanted: u32,
    },
    /// What is in the flash is not what was signed. It has to be offered and sent again.
    #[error("what was received is not what was signed")]
    Digest,
    /// The flash failed. What was received is lost.
    #[error("the flash reported {0:?}")]
    Flash(NorFlashErrorKind),
}

impl Refused {
    /// Stable name for counters and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Refused::Board => "board",
            Refused::Signature => "signature",
            Refused::Downgrade => "downgrade",
            Refused::NoRoom => "no_room",
            Refused::Trial => "trial",
            Refused::NotBegun => "not_begun",
            Refused::Offset { .. } => "offset",
            Refused::Digest => "digest",
            Refused::Flash(_) => "flash",
        }
    }
}

/// An image that is being received.
struct Receiving {
    offer: Offer,
    /// Bytes taken so far.
    taken: u32,
    /// The last of them, which do not fill a word yet.
    rest: [u8; WORD],
}

/// Receives images. `D` and `S` are the partitions for the new image and the boot loader's state, see [`crate::layout`].
pub struct Updater<D, S> {
    dfu: D,
    state: Sealed<S>,
    running: Running,
    receiving: Option<Receiving>,
}

impl<D: NorFlash, S: MultiwriteNorFlash> Updater<D, S> {
    /// For the firmware that runs.
    ///
    /// # Errors
    /// [`Refused::Flash`].
    pub fn new(dfu: D, state: S, running: Running) -> Result<Self, Refused> {
        const {
            assert!(WORD.is_multiple_of(D::WRITE_SIZE) && D::ERASE_SIZE.is_multiple_of(WORD));
            assert!(D::READ_SIZE == 1);
        }
        let (state, _) = Sealed::open(state).map_err(Refused::Flash)?;
        Ok(Self {
            dfu,
            state,
            running,
            receiving: None,
        })
    }

    /// As what the running image runs.
    ///
    /// # Errors
    /// [`Refused::Flash`].
    pub fn image_state(&mut self) -> Result<ImageState, Refused> {
        let state = self.with_state(|state| state.get_state())?;
        Ok(ImageState::from(state))
    }

    /// Checks an offer and makes ready for its bytes; tells from which on they are wanted. That is 0, or where it
    /// stopped when the same offer is repeated, or the image's length when all of it is in the flash already, as after a
    /// reset in the last moment: then [`Updater::finish`] comes next.
    ///
    /// # Errors
    /// Everything but [`Refused::NotBegun`], [`Refused::Offset`] and [`Refused::Digest`]. What was being received goes on
    /// being received when another offer is refused.
    pub fn begin(&mut self, offer: &Offer, keys: &[UpdateKey]) -> Result<u32, Refused> {
        if let Some(receiving) = &self.receiving
            && receiving.offer == *offer
        {
            return Ok(receiving.taken);
        }
        if offer.board != self.running.board {
            return Err(Refused::Board);
        }
        offer.verify(keys).map_err(|_| Refused::Signature)?;
        if offer.version <= self.running.version || offer.security < self.running.security {
            return Err(Refused::Downgrade);
        }
        // The exchange needs a page more than it exchanges.
        let room = self.dfu.capacity() - D::ERASE_SIZE;
        if offer.length == 0 || offer.length as usize > room {
            return Err(Refused::NoRoom);
        }
        if self.image_state()? == ImageState::Trial {
            return Err(Refused::Trial);
        }
        let is_there = self.is_there(offer)?;
        let taken = if is_there { offer.length } else { 0 };
        self.receiving = Some(Receiving {
            offer: *offer,
            taken,
            rest: [0xFF; WORD],
        });
        Ok(taken)
    }

    /// What is being received: the offer, and from where on bytes are wanted.
    pub fn receiving(&self) -> Option<(&Offer, u32)> {
        self.receiving.as_ref().map(|r| (&r.offer, r.taken))
    }

    /// Takes the bytes from `offset` on; tells from where on they are wanted next.
    ///
    /// # Errors
    /// [`Refused::NotBegun`], [`Refused::Offset`] for bytes that do not come next, [`Refused::NoRoom`] for bytes behind
    /// the image's end: nothing is written then. [`Refused::Flash`]: the image has to be offered again.
    pub fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<u32, Refused> {
        let receiving = self.receiving.as_mut().ok_or(Refused::NotBegun)?;
        if offset != receiving.taken {
            let wanted = receiving.taken;
            return Err(Refused::Offset { wanted });
        }
        let left = (receiving.offer.length - receiving.taken) as usize;
        if bytes.len() > left {
            return Err(Refused::NoRoom);
        }
        let is_last = bytes.len() == left;
        let written = take(&mut self.dfu, receiving, bytes, is_last);
        let taken = receiving.taken;
        if let Err(kind) = written {
            self.receiving = None;
            return Err(Refused::Flash(kind));
        }
        Ok(taken)
    }

    /// Verifies what is in the flash and marks it: after the next reset it runs, on trial.
    ///
    /// # Errors
    /// [`Refused::Offset`] when bytes are missing, [`Refused::NotBegun`]. After [`Refused::Digest`] and [`Refused::Flash`]
    /// the image has to be offered again.
    pub fn finish(&mut self) -> Result<(), Refused> {
        let receiving = self.receiving.as_ref().ok_or(Refused::NotBegun)?;
        if receiving.taken != receiving.offer.length {
            let wanted = receiving.taken;
            return Err(Refused::Offset { wanted });
        }
        let offer = receiving.offer;
        self.receiving = None;
        if !self.is_there(&offer)? {
            return Err(Refused::Digest);
        }
        self.with_state(|state| state.mark_updated())
    }

    /// Confirms the running image: it stays. Changes nothing when it is not on trial. The storage's security counter may
    /// be raised to the image's own after this.
    ///
    /// # Errors
    /// [`Refused::Flash`].
    pub fn confirm(&mut self) -> Result<(), Refused> {
        if self.image_state()? != ImageState::Trial {
            return Ok(());
        }
        // Not `mark_booted`: cut after its first write, the new image would stay and be called a returned one. An erased state
        // means the same as the mark that it ends with, and the erase of a sealed sector happens at once or not at all.
        let end = self.state.capacity() as u32;
        self.state.erase(0, end).map_err(Refused::Flash)
    }

    /// Whether the partition for the new image holds the one that is offered.
    fn is_there(&mut self, offer: &Offer) -> Result<bool, Refused> {
        let mut sha = Sha::default();
        let mut piece = [0; PIECE];
        for offset in (0..offer.length).step_by(PIECE) {
            let length = (offer.length - offset).min(PIECE as u32) as usize;
            let piece = &mut piece[..length];
            let read = self.dfu.read(offset, piece);
            read.map_err(|e| Refused::Flash(e.kind()))?;
            sha.update(piece);
        }
        Ok(sha.finish() == offer.digest)
    }

    fn with_state<T>(
        &mut self,
        what: impl FnOnce(
            &mut BlockingFirmwareState<'_, &mut Sealed<S>>,
        ) -> Result<T, FirmwareUpdaterError>,
    ) -> Result<T, Refused> {
        let mut word = [0; WORD];
        let mut state = BlockingFirmwareState::new(&mut self.state, &mut word);
        what(&mut state).map_err(|error| match error {
            FirmwareUpdaterError::Flash(kind) => Refused::Flash(kind),
            // Neither is given by what is called here.
            FirmwareUpdaterError::Signature(_) => Refused::Signature,
            FirmwareUpdaterError::BadState => Refused::Trial,
        })
    }
}

/// Writes what fills words, erases sectors as they are reached, and keeps the rest.
fn take<D: NorFlash>(
    dfu: &mut D,
    receiving: &mut Receiving,
    bytes: &[u8],
    is_last: bool,
) -> Result<(), NorFlashErrorKind> {
    for (index, &byte) in bytes.iter().enumerate() {
        let within = receiving.taken as usize % WORD;
        receiving.rest[within] = byte;
        receiving.taken += 1;
        let is_end = is_last && index + 1 == bytes.len();
        if within + 1 < WORD && !is_end {
            continue;
        }
        let at = (receiving.taken - 1) / WORD as u32 * WORD as u32;
        if (at as usize).is_multiple_of(D::ERASE_SIZE) {
            let end = at + D::ERASE_SIZE as u32;
            dfu.erase(at, end).map_err(|e| e.kind())?;
        }
        dfu.write(at, &receiving.rest).map_err(|e| e.kind())?;
        receiving.rest = [0xFF; WORD];
    }
    Ok(())
}
