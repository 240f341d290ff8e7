//! A serial transmitter: bytes leave one after the other at the pace of the baud rate.

use std::collections::VecDeque;

/// Bytes that may wait; a real instrument's buffer is smaller.
pub const MAX_WAITING: usize = 8 * 1024;

/// How characters are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bits a second.
    pub baud: u32,
    /// Bits of a character with start, parity and stop bits: 10 for 8N1, 11 for 8E1 and 8N2.
    pub character_bits: u32,
}

impl Pace {
    /// Eight data bits, no parity, one stop bit. A baud rate of 0 is taken as 1.
    #[must_use]
    pub const fn eight_n_one(baud: u32) -> Self {
        Self {
            baud,
            character_bits: 10,
        }
    }

    /// Time that `characters` take, microseconds, rounded up.
    #[must_use]
    pub fn duration_us(self, characters: u64) -> u64 {
        let bits = u128::from(characters) * u128::from(self.character_bits);
        let us = (bits * 1_000_000).div_ceil(u128::from(self.baud.max(1)));
        u64::try_from(us).unwrap_or(u64::MAX)
    }
}

/// Bytes on their way, each with the instant at which the other end has it.
#[derive(Clone, Debug)]
pub struct Line {
    pace: Pace,
    waiting: VecDeque<(u64, u8)>,
    /// When the burst that is going out began, and its characters so far: times are counted from there, so that
    /// rounding does not add up.
    burst_us: u64,
    burst: u64,
    overrun: u64,
}

impl Line {
    /// A quiet line.
    #[must_use]
    pub const fn new(pace: Pace) -> Self {
        Self {
            pace,
            waiting: VecDeque::new(),
            burst_us: 0,
            burst: 0,
            overrun: 0,
        }
    }

    /// The pace of what is sent from now on.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// Changes the pace; bytes that already wait keep theirs.
    pub fn set_pace(&mut self, pace: Pace) {
        self.burst_us = self.free_us();
        self.burst = 0;
        self.pace = pace;
    }

    /// When the last byte so far has left.
    #[must_use]
    pub fn free_us(&self) -> u64 {
        self.burst_us
            .saturating_add(self.pace.duration_us(self.burst))
    }

    /// Sends bytes from `start_us` on, behind what still waits. Returns when the last has arrived. Bytes past
    /// [`MAX_WAITING`] are lost and counted.
    pub fn send(&mut self, start_us: u64, bytes: &[u8]) -> u64 {
        if start_us > self.free_us() || self.burst == 0 {
            self.burst_us = self.free_us().max(start_us);
            self.burst = 0;
        }
        for &byte in bytes {
            if self.waiting.len() >= MAX_WAITING {
                self.overrun += 1;
                continue;
            }
            self.burst += 1;
            let due_us = self.free_us();
            self.waiting.push_back((due_us, byte));
        }
        self.free_us()
    }

    /// Appends what has arrived by `now_us`.
    pub fn take(&mut self, now_us: u64, out: &mut Vec<u8>) {
        while let Some((_, byte)) = self.waiting.pop_front_if(|(due_us, _)| *due_us <= now_us) {
            out.push(byte);
        }
    }

    /// When the next byte arrives.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        self.waiting.front().map(|(due_us, _)| *due_us)
    }

    /// Forgets what still waits, as when the power goes.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.burst_us = 0;
        self.burst = 0;
    }

    /// Bytes lost because too many waited.
    #[must_use]
    pub const fn overrun(&self) -> u64 {
        self.overrun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_arrive_at_the_pace_of_the_baud_rate_and_rounding_does_not_add_up() {
        let mut line = Line::new(Pace::eight_n_one(9_600));
        // 10 bits at 9,600 baud are 1,041.67 us; 96 characters are exactly 100 ms.
        assert_eq!(line.send(1_000_000, &[7; 96]), 1_100_000);
        let mut out = Vec::new();
        line.take(1_001_041, &mut out);
        assert_eq!((out.len(), line.next_us()), (0, Some(1_001_042)));
        line.take(1_001_042, &mut out);
        assert_eq!((out.len(), line.next_us()), (1, Some(1_002_084)));
        line.take(1_100_000, &mut out);
        assert_eq!((out.len(), line.next_us()), (96, None));
        // A second burst waits for the first only while that is still going out.
        assert_eq!(line.send(1_050_000, b"a"), 1_101_042);
        assert_eq!(line.send(2_000_000, b"b"), 2_001_042);
    }

    #[test]
    fn a_new_pace_leaves_what_waits_alone() {
        let mut line = Line::new(Pace::eight_n_one(9_600));
        line.send(0, b"x");
        line.set_pace(Pace {
            baud: 1_000,
            character_bits: 11,
        });
        assert_eq!(line.next_us(), Some(1_042));
        assert_eq!(line.send(0, b"y"), 12_042);
    }

    #[test]
    fn a_full_line_loses_and_counts() {
        let mut line = Line::new(Pace::eight_n_one(300));
        line.send(0, &[0; MAX_WAITING + 3]);
        assert_eq!(line.overrun(), 3);
    }
}
