//! One question to a Modbus RTU device, and its answer found among whatever the line carries.
//!
//! Source: Modbus over Serial Line 1.02 and Modbus Application Protocol 1.1b3, function 4 (read input registers).
//!
//! The answer is recognised by its end: after every byte the last bytes are held against the one form that the answer can have, and
//! believed only with a good checksum. So an echo of the question on a two-wire line, noise before the answer and a late answer to
//! another question are passed over without any timing. What was heard instead is only looked at when the time is up, to name it.
//!
//! `rmodbus` makes the question, checks the sum and knows the exceptions. The address, the function and the length are checked here
//! before, because it calls all three "broken" and takes a wrong function for an exception.

use heapless::Vec;
use rmodbus::client::ModbusRequest;
use rmodbus::{ModbusProto, guess_response_frame_len};

use crate::fault::Fault;

/// Registers in one answer at most.
pub(super) const WORDS_MAX: u16 = 24;

/// Bytes kept: the echo of a question, the longest answer, and some noise.
const HEARD_MAX: usize = 8 + ANSWER_MAX + 19;
const ANSWER_MAX: usize = 5 + 2 * WORDS_MAX as usize;

const READ_INPUT: u8 = 4;
const EXCEPTION: u8 = 0x80 | READ_INPUT;

/// The address that any PZEM answers to, alone on its line.
pub(super) const GENERAL: u8 = 0xF8;

/// A question under way.
#[derive(Debug)]
pub(super) struct Question {
    unit: u8,
    count: u16,
    sent: Vec<u8, 8>,
    heard: Vec<u8, HEARD_MAX>,
}

impl Question {
    /// Asks `unit` for `count` registers from `start` on (1 to [`WORDS_MAX`]).
    pub(super) fn new(unit: u8, start: u16, count: u16) -> Self {
        let mut sent = Vec::new();
        let made =
            ModbusRequest::new(unit, ModbusProto::Rtu).generate_get_inputs(start, count, &mut sent);
        // Eight bytes always fit.
        debug_assert!(made.is_ok());
        Self {
            unit,
            count,
            sent,
            heard: Vec::new(),
        }
    }

    /// The bytes to send.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.sent
    }

    /// Forgets what was heard: the port lost bytes.
    pub(super) fn spoil(&mut self) {
        self.heard.clear();
    }

    /// Takes one byte; `Some` when the device has answered: the bytes of the registers, or its refusal.
    pub(super) fn push(&mut self, byte: u8) -> Option<Result<Vec<u8, { ANSWER_MAX }>, Fault>> {
        if self.heard.is_full() {
            self.heard.remove(0);
        }
        let _ = self.heard.push(byte);
        let length = 5 + 2 * usize::from(self.count);
        if let Some(frame) = self.tail(length)
            && frame[1] == READ_INPUT
            && usize::from(frame[2]) == length - 5
            && self.is_from_us(frame[0])
            && let Ok(data) = self.checked(frame)
        {
            return Some(Ok(Vec::from_slice(data).unwrap_or_default()));
        }
        if let Some(frame) = self.tail(5)
            && frame[1] == EXCEPTION
            && self.is_from_us(frame[0])
            && has_good_sum(frame)
        {
            return Some(Err(Fault::Refused(frame[2])));
        }
        None
    }

    fn tail(&self, length: usize) -> Option<&[u8]> {
        let from = self.heard.len().checked_sub(length)?;
        self.heard.get(from..)
    }

    /// A device asked by the general address may answer with its own.
    fn is_from_us(&self, unit: u8) -> bool {
        unit == self.unit || (self.unit == GENERAL && (1..=247).contains(&unit))
    }

    fn checked<'a>(&self, frame: &'a [u8]) -> Result<&'a [u8], rmodbus::ErrorKind> {
        let mut request = ModbusRequest::new(frame[0], ModbusProto::Rtu);
        let mut unsent: Vec<u8, 8> = Vec::new();
        request.generate_get_inputs(0, self.count, &mut unsent)?;
        // The slice that comes back borrows from the request too, although it lies in the frame.
        request.parse_ok(frame)?;
        Ok(&frame[3..frame.len() - 2])
    }

    /// What was heard instead of an answer, once the time is up.
    pub(super) fn failure(&self) -> Fault {
        let heard = self
            .heard
            .strip_prefix(self.sent.as_slice())
            .unwrap_or(&self.heard);
        if heard.is_empty() {
            return Fault::Timeout;
        }
        for from in 0..heard.len() {
            let rest = &heard[from..];
            let Ok(length) = guess_response_frame_len(rest, ModbusProto::Rtu) else {
                continue;
            };
            let Some(frame) = rest.get(..usize::from(length)) else {
                continue;
            };
            if frame.len() >= 5 && has_good_sum(frame) {
                return if self.is_from_us(frame[0]) {
                    Fault::Unexpected
                } else {
                    Fault::Foreign
                };
            }
        }
        Fault::Damaged
    }
}

/// Whether a frame ends with the checksum of the rest.
fn has_good_sum(frame: &[u8]) -> bool {
    let mut request = ModbusRequest::new(frame[0], ModbusProto::Rtu);
    request.func = match frame[1] {
        1 => rmodbus::consts::ModbusFunction::GetCoils,
        _ => rmodbus::consts::ModbusFunction::GetInputs,
    };
    !matches!(
        request.parse_ok(frame),
        Err(rmodbus::ErrorKind::FrameCRCError)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec as List;

    /// The example of the Modbus specification, with unit 17 and sums computed by a second implementation (bit by bit).
    fn sum(bytes: &[u8]) -> [u8; 2] {
        let mut crc = 0xFFFF_u16;
        for byte in bytes {
            crc ^= u16::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    (crc >> 1) ^ 0xA001
                } else {
                    crc >> 1
                };
            }
        }
        crc.to_le_bytes()
    }

    fn framed(bytes: &[u8]) -> List<u8> {
        let mut frame = bytes.to_vec();
        frame.extend(sum(bytes));
        frame
    }

    fn answers(question: &mut Question, bytes: &[u8]) -> List<Result<List<u8>, Fault>> {
        bytes
            .iter()
            .filter_map(|byte| question.push(*byte))
            .map(|answer| answer.map(|data| data.to_vec()))
            .collect()
    }

    #[test]
    fn the_question_is_as_the_specification_has_it() {
        // Modbus Application Protocol 1.1b3, 6.4: read input register 9.
        let question = Question::new(17, 8, 1);
        assert_eq!(question.bytes(), framed(&[17, 4, 0, 8, 0, 1]));
        // A question to an SDM230 as its protocol description prints it: 01 04 00 00 00 02 71 CB.
        assert_eq!(
            Question::new(1, 0, 2).bytes(),
            [0x01, 0x04, 0x00, 0x00, 0x00, 0x02, 0x71, 0xCB]
        );
    }

    #[test]
    fn the_answer_is_found_whatever_comes_before_it() {
        let answer = framed(&[17, 4, 2, 0, 10]);
        let question = Question::new(17, 8, 1).bytes().to_vec();
        for before in [
            &[][..],
            &[0x00],
            &[0xFF, 0x00, 0x17],
            &[17, 4],
            &question,
            &[17, 4, 2, 0],
            &framed(&[18, 4, 2, 9, 9]),
            &[0x55; 300],
        ] {
            let mut asked = Question::new(17, 8, 1);
            let mut line = before.to_vec();
            line.extend(&answer);
            assert_eq!(
                answers(&mut asked, &line),
                [Ok(std::vec![0, 10])],
                "{before:?}"
            );
        }
    }

    #[test]
    fn one_bent_bit_anywhere_is_no_answer() {
        let answer = framed(&[17, 4, 4, 0x43, 0x66, 0x80, 0x00]);
        for bit in 0..answer.len() * 8 {
            let mut bent = answer.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let mut asked = Question::new(17, 0, 2);
            assert!(answers(&mut asked, &bent).is_empty(), "bit {bit}");
            assert_ne!(asked.failure(), Fault::Timeout);
        }
    }

    #[test]
    fn failures_have_names() {
        for (heard, failure) in [
            (List::new(), Fault::Timeout),
            (Question::new(17, 0, 2).bytes().to_vec(), Fault::Timeout),
            (std::vec![0xFF], Fault::Damaged),
            (std::vec![17, 4, 4, 1], Fault::Damaged),
            (framed(&[18, 4, 4, 0, 0, 0, 0]), Fault::Foreign),
            (framed(&[18, 0x84, 2]), Fault::Foreign),
            (framed(&[17, 3, 4, 0, 0, 0, 0]), Fault::Unexpected),
            (framed(&[17, 4, 2, 0, 0]), Fault::Unexpected),
            (framed(&[17, 1, 1, 0]), Fault::Unexpected),
            (framed(&[17, 0x83, 2]), Fault::Unexpected),
            (framed(&[17, 4, 6, 0, 0, 0, 0, 0, 0]), Fault::Unexpected),
        ] {
            let mut asked = Question::new(17, 0, 2);
            assert!(answers(&mut asked, &heard).is_empty(), "{heard:?}");
            assert_eq!(asked.failure(), failure, "{heard:?}");
        }
    }

    #[test]
    fn refusals_carry_their_code() {
        for code in [0, 1, 2, 4, 11, 255] {
            let mut asked = Question::new(17, 0, 2);
            assert_eq!(
                answers(&mut asked, &framed(&[17, 0x84, code])),
                [Err(Fault::Refused(code))]
            );
        }
    }

    #[test]
    fn the_general_address_takes_an_answer_of_any_device() {
        for unit in [GENERAL, 1, 247] {
            let mut asked = Question::new(GENERAL, 0, 1);
            assert_eq!(
                answers(&mut asked, &framed(&[unit, 4, 2, 8, 9])),
                [Ok(std::vec![8, 9])]
            );
        }
        for unit in [0, 248 + 1] {
            let mut asked = Question::new(GENERAL, 0, 1);
            assert!(answers(&mut asked, &framed(&[unit, 4, 2, 8, 9])).is_empty());
        }
    }
}
