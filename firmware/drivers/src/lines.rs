//! Lines out of bytes, bounded in length, found again after any noise.

use heapless::Vec;

/// Collects lines that begin with one known character and end with CR or LF.
///
/// The start character begins a new line wherever it comes: a line that lost its end cannot swallow the next.
#[derive(Debug)]
pub(crate) struct Lines<const N: usize> {
    start: u8,
    line: Vec<u8, N>,
    /// The line is over, and goes with the next byte.
    ended: bool,
    /// The line is too long or spoilt: the rest of it is dropped.
    skipping: bool,
}

/// What a byte brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// Nothing complete.
    Nothing,
    /// A line, without its end; it need not begin with the start character.
    Line(&'a [u8]),
    /// Something that was no line has been dropped.
    Damaged,
}

impl<const N: usize> Lines<N> {
    pub(crate) const fn new(start: u8) -> Self {
        Self {
            start,
            line: Vec::new(),
            ended: false,
            skipping: false,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.line.clear();
        self.ended = false;
        self.skipping = false;
    }

    /// Drops the line under way, up to its end.
    pub(crate) fn spoil(&mut self) {
        self.line.clear();
        self.ended = false;
        self.skipping = true;
    }

    pub(crate) fn push(&mut self, byte: u8) -> Heard<'_> {
        if self.ended {
            self.clear();
        }
        if byte == self.start {
            // Counted once: what is being skipped has been counted when the skipping began.
            let lost = !self.line.is_empty() && !self.skipping;
            self.clear();
            let _ = self.line.push(byte);
            return if lost { Heard::Damaged } else { Heard::Nothing };
        }
        if matches!(byte, b'\r' | b'\n') {
            if self.skipping || self.line.is_empty() {
                self.clear();
                return Heard::Nothing;
            }
            self.ended = true;
            return Heard::Line(&self.line);
        }
        if self.skipping {
            return Heard::Nothing;
        }
        if self.line.push(byte).is_err() {
            self.spoil();
            return Heard::Damaged;
        }
        Heard::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec as List;

    fn hear(bytes: &[u8]) -> (List<String>, usize) {
        let mut lines = Lines::<8>::new(b'*');
        let (mut heard, mut damaged) = (List::new(), 0);
        for &byte in bytes {
            match lines.push(byte) {
                Heard::Nothing => {}
                Heard::Line(line) => heard.push(String::from_utf8_lossy(line).into_owned()),
                Heard::Damaged => damaged += 1,
            }
        }
        (heard, damaged)
    }

    #[test]
    fn lines_are_cut_at_their_ends_and_at_the_next_start() {
        for (bytes, lines, damaged) in [
            (&b"*1\r\n*2\n"[..], &["*1", "*2"][..], 0),
            (b"\r\n\r\r\n*1\r", &["*1"], 0),
            (b"noise*1\r\n", &["*1"], 1),
            (b"*cut*1\r\n", &["*1"], 1),
            (b"noise\r\n*1\r\n", &["noise", "*1"], 0),
            (b"*12345678901234567890\r\n*1\r\n", &["*1"], 1),
            (b"*12345678901234567890*1\r\n", &["*1"], 1),
            (b"*1234567\r\n", &["*1234567"], 0),
            (b"*12345678\r\n", &[], 1),
            (b"***\r\n", &["*"], 2),
        ] {
            let (heard, bad) = hear(bytes);
            assert_eq!(
                (heard.as_slice(), bad),
                (
                    lines
                        .iter()
                        .map(|l| String::from(*l))
                        .collect::<List<_>>()
                        .as_slice(),
                    damaged
                ),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_spoilt_line_is_dropped_up_to_its_end() {
        let mut lines = Lines::<8>::new(b'*');
        for &byte in b"*12" {
            lines.push(byte);
        }
        lines.spoil();
        for &byte in b"34\r" {
            assert_eq!(lines.push(byte), Heard::Nothing);
        }
        assert_eq!(lines.push(b'*'), Heard::Nothing);
        assert_eq!(lines.push(b'1'), Heard::Nothing);
        assert_eq!(lines.push(b'\n'), Heard::Line(b"*1"));
    }
}
