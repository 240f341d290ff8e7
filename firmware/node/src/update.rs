//! A new image over the link: the node asks for it piece by piece.
//!
//! The edge offers an image; the node decides whether it wants it and pulls: each [`UpdateStep::WantsData`] names the
//! first byte that is missing, the edge answers with the bytes from there. So the node sets the pace, one piece is in
//! flight, and loss, repetition and a link that goes away need nothing but asking again, with back-off. An update never
//! delays data: it asks only when there is nothing else to send.
//!
//! What is done with the bytes is the board's: [`UpdateTarget`]. Signature and version are its business too; this module
//! believes nothing but offsets.

use crate::stats::count;
use crate::timer::{backed_off, reached};
use crate::{Node, Slots};
use wire::frame::{Body, MAX_UPDATE_BYTES, UpdateStep};

/// Questions without an answer after which the node gives the update up until the edge offers it again. With the default
/// back-off that is three quarters of an hour.
const MAX_ATTEMPTS: u32 = 100;

/// An image that the edge offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// Its security counter.
    pub security: u32,
    /// Its length in bytes.
    pub length: u32,
    /// Its digest.
    pub digest: [u8; 32],
    /// Its Ed25519 signature.
    pub signature: [u8; 64],
}

/// Why an update ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// Signature or digest are wrong.
    Signature,
    /// The image is older than what the node accepts.
    Downgrade,
    /// It does not fit.
    NoRoom,
    /// The flash memory failed; trying again may help.
    Storage,
}

/// Where an image goes.
pub trait UpdateTarget {
    /// Checks an offer before a byte is written, and prepares. Returns how many bytes of this very image are there
    /// already, from an attempt that was cut off.
    ///
    /// # Errors
    /// [`UpdateError`] when the image is not wanted or has no room.
    fn begin(&mut self, offer: &Offer) -> Result<u32, UpdateError>;

    /// Writes the next bytes; offsets follow each other without gaps.
    ///
    /// # Errors
    /// [`UpdateError::Storage`].
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError>;

    /// Verifies the whole image and marks it to be started on trial.
    ///
    /// # Errors
    /// [`UpdateError`]; the running image stays.
    fn finish(&mut self) -> Result<(), UpdateError>;
}

/// A step for the board, which may take its time over it; answer with [`Node::update_done`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateWork {
    /// [`UpdateTarget::begin`].
    Begin(Offer),
    /// [`UpdateTarget::write`].
    Write {
        /// Where the first byte belongs.
        offset: u32,
        /// The bytes.
        bytes: heapless::Vec<u8, MAX_UPDATE_BYTES>,
    },
    /// [`UpdateTarget::finish`].
    Finish,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    /// The board has been told to begin, to write so many bytes, or to finish.
    Beginning,
    Writing(u32),
    Finishing,
    /// The edge has been, or is to be, asked for bytes.
    Pulling,
    Ended(UpdateStep),
}

/// The update under way, or how the last one ended.
#[derive(Debug, Default)]
pub(crate) struct Pull {
    stage: Stage,
    /// What the board was told to begin; kept whole, since a refused image may come again with a better signature.
    offer: Option<Offer>,
    /// Version of it, or of the running image.
    version: [u8; 3],
    next_offset: u32,
    due_us: u64,
    attempts: u32,
    work: Option<UpdateWork>,
    /// How it ended is to be told, and has been told.
    report: bool,
    reported: bool,
}

impl Pull {
    fn is_same(&self, offer: &Offer) -> bool {
        self.offer.as_ref() == Some(offer)
    }

    fn length(&self) -> u32 {
        self.offer.map_or(0, |offer| offer.length)
    }

    fn is_working(&self) -> bool {
        matches!(
            self.stage,
            Stage::Beginning | Stage::Writing(_) | Stage::Finishing
        )
    }

    /// Takes an offer; false when the board is still busy with the last one.
    fn offer(&mut self, offer: Offer, now_us: u64) -> bool {
        match self.stage {
            _ if self.is_working() => return self.is_same(&offer),
            Stage::Pulling if self.is_same(&offer) => {
                self.hasten(now_us);
                return true;
            }
            // The same answer again. After a storage fault, and a confirmation long ago, another attempt is worth it.
            Stage::Ended(step)
                if self.is_same(&offer)
                    && !matches!(step, UpdateStep::StorageFault | UpdateStep::Confirmed) =>
            {
                self.report = true;
                return true;
            }
            _ => {}
        }
        *self = Self {
            stage: Stage::Beginning,
            version: offer.version,
            offer: Some(offer),
            work: Some(UpdateWork::Begin(offer)),
            ..Self::default()
        };
        true
    }

    /// Takes bytes; false when they are not those that were asked for.
    fn data(&mut self, offset: u32, bytes: &heapless::Vec<u8, MAX_UPDATE_BYTES>) -> bool {
        let left = self.length().saturating_sub(self.next_offset);
        let count = bytes.len() as u32;
        let whole = count == left.min(MAX_UPDATE_BYTES as u32);
        if self.stage != Stage::Pulling || offset != self.next_offset || !whole {
            return false;
        }
        self.stage = Stage::Writing(count);
        self.work = Some(UpdateWork::Write {
            offset,
            bytes: bytes.clone(),
        });
        true
    }

    fn done(&mut self, result: Result<u32, UpdateError>, now_us: u64) {
        let written = match (self.stage, result) {
            (Stage::Idle | Stage::Pulling | Stage::Ended(_), _) => return,
            (_, Err(error)) => return self.end(error.into()),
            (Stage::Finishing, Ok(_)) => return self.end(UpdateStep::Verified),
            (Stage::Beginning, Ok(there)) => there.min(self.length()),
            (Stage::Writing(count), Ok(_)) => self.next_offset.saturating_add(count),
        };
        self.next_offset = written;
        self.attempts = 0;
        self.due_us = now_us;
        if self.next_offset == self.length() {
            self.stage = Stage::Finishing;
            self.work = Some(UpdateWork::Finish);
        } else {
            self.stage = Stage::Pulling;
        }
    }

    fn end(&mut self, step: UpdateStep) {
        self.stage = Stage::Ended(step);
        self.work = None;
        self.report = true;
        self.reported = false;
    }

    /// Asks at once: the link has come back, or the edge is there again.
    pub(crate) fn hasten(&mut self, now_us: u64) {
        self.due_us = now_us;
        self.attempts = 0;
    }

    /// When there is something to send.
    pub(crate) fn deadline(&self, now_us: u64) -> Option<u64> {
        if self.report {
            return Some(now_us);
        }
        (self.stage == Stage::Pulling).then_some(self.due_us)
    }

    fn state(&self, state: UpdateStep) -> Body {
        Body::UpdateState {
            state,
            version: self.version,
            next_offset: self.next_offset,
        }
    }
}

impl From<UpdateError> for UpdateStep {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Signature => Self::RefusedSignature,
            UpdateError::Downgrade => Self::RefusedDowngrade,
            UpdateError::NoRoom => Self::NoRoom,
            UpdateError::Storage => Self::StorageFault,
        }
    }
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// The next step of an update, if there is one; answer with [`Node::update_done`].
    pub const fn take_update_work(&mut self) -> Option<UpdateWork> {
        self.update.work.take()
    }

    /// How the step went that was taken last: for [`UpdateWork::Begin`] the bytes that are there already, for the others
    /// any number.
    pub fn update_done(&mut self, result: Result<u32, UpdateError>, mono_us: u64) {
        self.advance(mono_us);
        if let Err(error) = result {
            count(&mut self.stats.updates_failed);
            if error == UpdateError::Storage {
                self.count_storage_error();
            }
        }
        self.update.done(result, self.now_us);
    }

    /// Carries out the next step of an update on `target`, for a board that can wait for its flash memory. True when
    /// something was done.
    pub fn update(&mut self, target: &mut impl UpdateTarget, mono_us: u64) -> bool {
        let result = match self.take_update_work() {
            None => return false,
            Some(UpdateWork::Begin(offer)) => target.begin(&offer),
            Some(UpdateWork::Write { offset, bytes }) => target.write(offset, &bytes).map(|()| 0),
            Some(UpdateWork::Finish) => target.finish().map(|()| 0),
        };
        self.update_done(result, mono_us);
        true
    }

    /// A new image is in place and the edge has been told: restart into it, once the line is drained.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        self.update.stage == Stage::Ended(UpdateStep::Verified) && self.update.reported
    }

    /// The running image has proved itself, and the board has marked it to stay; the edge is told.
    pub fn image_confirmed(&mut self) {
        self.config.image = wire::frame::Image::Confirmed;
        if !self.update.is_working() && self.update.stage != Stage::Pulling {
            self.update = Pull {
                version: self.config.firmware,
                ..Pull::default()
            };
            self.update.end(UpdateStep::Confirmed);
        }
    }

    /// The edge offers an image.
    pub(crate) fn offered(&mut self, offer: Offer) {
        count(&mut self.stats.update_offers);
        let possible = offer.length > 0;
        if !possible || !self.update.offer(offer, self.now_us) {
            count(&mut self.stats.refused.update);
        }
    }

    /// Bytes of an image came.
    pub(crate) fn update_data(&mut self, offset: u32, bytes: &heapless::Vec<u8, MAX_UPDATE_BYTES>) {
        if self.update.data(offset, bytes) {
            count(&mut self.stats.update_pieces);
        } else {
            // Late, repeated, or never asked for.
            count(&mut self.stats.refused.update);
        }
    }

    /// The next frame about an update.
    pub(crate) fn update_frame(&mut self, now_us: u64) -> Option<Body> {
        let pull = &mut self.update;
        if let (true, Stage::Ended(step)) = (pull.report, pull.stage) {
            pull.report = false;
            pull.reported = true;
            return Some(pull.state(step));
        }
        pull.report = false;
        if pull.stage != Stage::Pulling || !reached(now_us, pull.due_us) {
            return None;
        }
        if pull.attempts >= MAX_ATTEMPTS {
            pull.stage = Stage::Idle;
            count(&mut self.stats.updates_failed);
            return None;
        }
        let pace = self.config.pace();
        let wait_us = backed_off(pace.retry_us, pace.retry_max_us, pull.attempts);
        pull.attempts += 1;
        pull.due_us = now_us.wrapping_add(wait_us);
        Some(pull.state(UpdateStep::WantsData))
    }
}
