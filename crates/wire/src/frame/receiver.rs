//! Finding frames in a stream of bytes.
//!
//! Invariants: after any noise, the next zero byte starts afresh, so at most the frame that the noise
//! touches is lost. Memory is bounded by `N`. Every loss is reported once and counted.
//!
//! A sender that may have been silent, or whose line may have carried noise, sends a zero before its
//! first frame; empty frames are ignored here, so that costs nothing.

use super::{FrameError, MAX_FRAME, RawFrame};
use cobs::{DecodeResult, DecoderState};

/// What a [`Receiver`] has seen, since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Bytes pushed, delimiters included.
    pub bytes: u64,
    /// Frames with intact byte stuffing; their CRC and tag are not known here.
    pub frames: u64,
    /// [`FrameError::TooLong`] reported.
    pub too_long: u64,
    /// [`FrameError::Cobs`] reported.
    pub cobs: u64,
}

/// Takes bytes one at a time and gives out frames. `N` is the longest frame after unstuffing.
pub struct Receiver<const N: usize = MAX_FRAME> {
    buffer: [u8; N],
    length: usize,
    state: DecoderState,
    /// The frame was too long; skip to its delimiter.
    skipping: bool,
    counts: Counts,
}

impl<const N: usize> Receiver<N> {
    /// A receiver at the start of a stream.
    pub const fn new() -> Self {
        Receiver {
            buffer: [0; N],
            length: 0,
            state: DecoderState::Idle,
            skipping: false,
            counts: Counts {
                bytes: 0,
                frames: 0,
                too_long: 0,
                cobs: 0,
            },
        }
    }

    /// Takes the next byte. Gives a frame when the byte completes one, and an error when it shows that a
    /// frame is lost.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] as soon as the buffer is full, [`FrameError::Cobs`] at the delimiter.
    pub fn push(&mut self, byte: u8) -> Option<Result<RawFrame<'_>, FrameError>> {
        self.counts.bytes += 1;
        if self.skipping {
            self.skipping = byte != 0;
            return None;
        }
        match self.state.feed(byte) {
            Ok(DecodeResult::NoData) => None,
            Ok(DecodeResult::DataStart) => {
                self.length = 0;
                None
            }
            Ok(DecodeResult::DataContinue(data)) => match self.buffer.get_mut(self.length) {
                Some(place) => {
                    *place = data;
                    self.length += 1;
                    None
                }
                None => {
                    self.state = DecoderState::Idle;
                    // `byte` is never the delimiter here: that gives `DataComplete` or an error.
                    self.skipping = true;
                    self.counts.too_long += 1;
                    Some(Err(FrameError::TooLong))
                }
            },
            Ok(DecodeResult::DataComplete) => {
                self.counts.frames += 1;
                Some(Ok(RawFrame::new(&self.buffer[..self.length])))
            }
            Err(_) => {
                self.counts.cobs += 1;
                Some(Err(FrameError::Cobs))
            }
        }
    }

    /// What has been seen so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

impl<const N: usize> Default for Receiver<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> core::fmt::Debug for Receiver<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Receiver")
            .field("capacity", &N)
            .field("length", &self.length)
            .field("skipping", &self.skipping)
            .field("counts", &self.counts)
            .finish()
    }
}
