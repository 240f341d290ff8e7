//! A Modbus RTU slave: frames by silence, CRC, exceptions.
//!
//! As "Modbus over serial line" V1.02 and "Modbus application protocol" V1.1b3 have it (S): a frame ends with a silence of 3.5 characters,
//! 1.75 ms above 19,200 baud; a frame with a bad CRC or for another address is not answered; broadcasts are not answered.
//! Silences inside a frame (1.5 characters) are not looked at: a rig hands bytes over in portions.
//!
//! Parity changes how long a character takes and nothing else: bytes here have no parity bit that could be wrong. A rig cannot
//! show that firmware and meter disagree about parity; on a real line every frame would be lost.

use super::line::{Line, Pace};
use super::{SerialSensor, earlier};

/// Longest frame (Modbus over serial line, 2.5.1).
pub const MAX_FRAME: usize = 256;

/// The CRC of Modbus RTU, sent low byte first.
pub const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_MODBUS);

/// Why a request is answered with an exception (application protocol, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exception {
    /// The function is not supported.
    IllegalFunction = 1,
    /// A register does not exist or is half of a value.
    IllegalDataAddress = 2,
    /// A count or value is out of range.
    IllegalDataValue = 3,
    /// The device cannot answer.
    ServerDeviceFailure = 4,
}

/// What a slave's registers mean.
pub trait Device {
    /// Whether a frame to this address is meant for the device.
    fn is_me(&self, address: u8) -> bool;

    /// The answer to a request at `now_us`: what follows the function code, of what followed it.
    ///
    /// # Errors
    /// The exception that is answered.
    fn request(&mut self, function: u8, data: &[u8], now_us: u64) -> Result<Vec<u8>, Exception>;
}

/// How the slave's line is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The pace; parity and stop bits are in its bits per character.
    pub pace: Pace,
    /// From the end of the request's silence to the first byte of the answer, microseconds.
    pub turnaround_us: u64,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests answered with data.
    pub answered: u64,
    /// Requests answered with an exception.
    pub exceptions: u64,
    /// Frames for others, broadcasts included.
    pub others: u64,
    /// Frames with a bad CRC, too short or too long.
    pub bad_frames: u64,
}

/// A slave on its line.
pub struct Slave<D> {
    device: D,
    settings: Settings,
    line: Line,
    frame: Vec<u8>,
    last_byte_us: u64,
    counts: Counts,
}

/// The silence that ends a frame, microseconds.
#[must_use]
pub fn silence_us(pace: Pace) -> u64 {
    if pace.baud > 19_200 {
        1_750
    } else {
        // 3.5 characters; seven half ones.
        pace.duration_us(7).div_ceil(2)
    }
}

impl<D: Device> Slave<D> {
    /// A slave that has heard nothing yet.
    #[must_use]
    pub const fn new(device: D, settings: Settings) -> Self {
        Self {
            device,
            settings,
            line: Line::new(settings.pace),
            frame: Vec::new(),
            last_byte_us: 0,
            counts: Counts::NONE,
        }
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> &D {
        &self.device
    }

    /// The device, to distort what it measures.
    pub const fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// The counters.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn frame_end_us(&self) -> Option<u64> {
        let end_us = self
            .last_byte_us
            .saturating_add(silence_us(self.settings.pace));
        (!self.frame.is_empty()).then_some(end_us)
    }

    fn advance(&mut self, now_us: u64) {
        if let Some(end_us) = self.frame_end_us().filter(|end_us| *end_us <= now_us) {
            let frame = std::mem::take(&mut self.frame);
            self.frame_ends(&frame, end_us);
        }
    }

    fn frame_ends(&mut self, frame: &[u8], end_us: u64) {
        let Some((address, function, data)) = opened(frame) else {
            self.counts.bad_frames += 1;
            return;
        };
        if !self.device.is_me(address) {
            self.counts.others += 1;
            return;
        }
        let answer = self.device.request(function, data, end_us);
        let mut out = vec![address];
        match answer {
            Ok(data) => {
                self.counts.answered += 1;
                out.push(function);
                out.extend(data);
            }
            Err(exception) => {
                self.counts.exceptions += 1;
                out.push(function | 0x80);
                out.push(exception as u8);
            }
        }
        out.extend(CRC.checksum(&out).to_le_bytes());
        self.line
            .send(end_us.saturating_add(self.settings.turnaround_us), &out);
    }
}

impl Counts {
    const NONE: Self = Self {
        answered: 0,
        exceptions: 0,
        others: 0,
        bad_frames: 0,
    };
}

/// Address, function and data of a frame with a good CRC.
fn opened(frame: &[u8]) -> Option<(u8, u8, &[u8])> {
    if frame.len() > MAX_FRAME {
        return None;
    }
    let (content, crc) = frame.split_last_chunk::<2>()?;
    if CRC.checksum(content).to_le_bytes() != *crc {
        return None;
    }
    match content {
        [address, function, data @ ..] => Some((*address, *function, data)),
        _ => None,
    }
}

impl<D: Device> SerialSensor for Slave<D> {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.advance(now_us);
        if bytes.is_empty() {
            return;
        }
        // One byte too many is kept, so that the frame is seen to be too long.
        let room = (MAX_FRAME + 1).saturating_sub(self.frame.len());
        self.frame.extend(bytes.iter().take(room));
        self.last_byte_us = now_us;
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        self.advance(now_us);
        self.line.take(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        earlier(self.line.next_us(), self.frame_end_us())
    }

    fn restart(&mut self, _now_us: u64) {
        self.frame.clear();
        self.line.clear();
    }
}

/// Address and count of a request that reads registers.
pub(super) fn span(data: &[u8]) -> Result<(u16, u16), Exception> {
    match data {
        [a, b, c, d] => Ok((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]))),
        _ => Err(Exception::IllegalDataValue),
    }
}

/// The answer with these registers: their length in bytes, then each with its high byte first.
pub(super) fn registers(values: &[u16]) -> Vec<u8> {
    let mut out = vec![u8::try_from(values.len() * 2).unwrap_or(u8::MAX)];
    out.extend(values.iter().flat_map(|value| value.to_be_bytes()));
    out
}
