//! The emulator's test port: registers of its peripherals and its interrupt lines, one line of text a command.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest answer, bytes.
const MAX_LINE: usize = 1_024;

/// A connection to the test port.
#[derive(Debug)]
pub struct Qtest {
    stream: BufReader<UnixStream>,
}

fn value(answer: &str) -> io::Result<u32> {
    let digits = answer.strip_prefix("OK 0x");
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .map(|value| value as u32)
        .ok_or_else(|| malformed(answer))
}

fn malformed(answer: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("test port: {answer:?}"))
}

impl Qtest {
    /// Takes a connection.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(MAX_LINE, stream),
        })
    }

    fn send(&mut self, command: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(command.as_bytes())
    }

    fn answer(&mut self) -> io::Result<String> {
        loop {
            let mut line = Vec::new();
            let mut limited = io::Read::take(&mut self.stream, MAX_LINE as u64);
            limited.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            // Lines about interrupts come by themselves.
            if !text.starts_with("IRQ ") {
                return Ok(text);
            }
        }
    }

    /// Reads a register of a peripheral.
    ///
    /// # Errors
    /// No answer, or none that makes sense.
    pub fn word(&mut self, address: u32) -> io::Result<u32> {
        self.send(&format!("readl {address:#x}\n"))?;
        value(&self.answer()?)
    }

    /// Writes a register of a peripheral.
    ///
    /// # Errors
    /// As [`Qtest::word`].
    pub fn set_word(&mut self, address: u32, value: u32) -> io::Result<()> {
        self.set_words(&[(address, value)])
    }

    /// Writes registers of peripherals in order, in one go.
    ///
    /// # Errors
    /// As [`Qtest::word`].
    pub fn set_words(&mut self, words: &[(u32, u32)]) -> io::Result<()> {
        let commands: Vec<String> = words
            .iter()
            .map(|(address, value)| format!("writel {address:#x} {value:#x}\n"))
            .collect();
        self.send(&commands.concat())?;
        words.iter().try_for_each(|_| self.done())
    }

    /// Sets the level of an external interrupt line.
    ///
    /// # Errors
    /// As [`Qtest::word`].
    pub fn set_line(&mut self, line: u8, high: bool) -> io::Result<()> {
        let level = u8::from(high);
        self.send(&format!(
            "set_irq_in /machine/soc/syscfg unnamed-gpio-in {line} {level}\n"
        ))?;
        self.done()
    }

    fn done(&mut self) -> io::Result<()> {
        let answer = self.answer()?;
        answer
            .starts_with("OK")
            .then_some(())
            .ok_or_else(|| malformed(&answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn commands_and_answers_are_lines() {
        let (ours, mut theirs) = UnixStream::pair().expect("sockets");
        let mut port = Qtest::new(ours).expect("a connection");
        theirs
            .write_all(b"IRQ raise 3\nOK 0x00000000000000c0\nOK\nFAIL Unknown command\n")
            .expect("written");
        assert_eq!(port.word(0x4000_4400).expect("a word"), 0xc0);
        port.set_line(3, true).expect("done");
        assert!(port.set_word(1, 2).is_err());
        drop(theirs.shutdown(std::net::Shutdown::Write));
        assert!(port.word(1).is_err());
        let mut said = String::new();
        drop(port);
        theirs.read_to_string(&mut said).expect("text");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines,
            [
                "readl 0x40004400",
                "set_irq_in /machine/soc/syscfg unnamed-gpio-in 3 1",
                "writel 0x1 0x2",
                "readl 0x1"
            ]
        );
    }
}
