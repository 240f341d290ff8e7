//! The emulator's debugging stub: GDB's remote serial protocol over a socket, as much of it as a rig needs.
//!
//! Packets are `$body#checksum` (GDB manual, appendix E). Acknowledgements are not sent: the stub takes the next packet for one. Answers are
//! bounded; one that is malformed is the end, since nothing can be known of the machine's state then.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest packet taken, bytes; the stub's own limit is 4,096.
const MAX_PACKET: usize = 16 * 1024;
/// Bytes of memory in one packet.
const CHUNK: usize = 1_024;
/// How long an answer may take while the emulator stands.
const PATIENCE: Duration = Duration::from_secs(20);

/// Number of the link register, and of the program counter.
pub const LR: u8 = 14;
/// See [`LR`].
pub const PC: u8 = 15;

/// A connection to the stub.
#[derive(Debug)]
pub struct Gdb {
    stream: UnixStream,
    buffer: Vec<u8>,
}

/// Why the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is about to read a watched byte.
    Watched,
    /// Anything else: its program counter tells.
    Other,
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("debugging stub: {what}"),
    )
}

fn packet(out: &mut Vec<u8>, body: &str) {
    let sum = body.bytes().fold(0u8, u8::wrapping_add);
    out.extend_from_slice(format!("${body}#{sum:02x}").as_bytes());
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

fn word(text: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(from_hex(text)?.try_into().ok()?))
}

impl Gdb {
    /// Takes a connection to a stub whose machine stands.
    ///
    /// # Errors
    /// What the system says, or an answer that makes no sense.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut this = Self {
            stream,
            buffer: Vec::new(),
        };
        this.send(&["?"])?;
        match this.stopped(PATIENCE)? {
            Some(_) => Ok(this),
            None => Err(malformed("no answer")),
        }
    }

    /// For waiting, unless there [is news](Gdb::has_news): when there is something to read, [`Gdb::stopped`] has it soon.
    pub(super) fn socket(&self) -> &UnixStream {
        &self.stream
    }

    /// Whether something has been read that nobody has taken. A stop can come together with the answer to the order to go.
    pub(super) fn has_news(&self) -> bool {
        self.buffer.contains(&b'#')
    }

    fn send(&mut self, bodies: &[&str]) -> io::Result<()> {
        let mut out = Vec::new();
        bodies.iter().for_each(|body| packet(&mut out, body));
        self.stream.write_all(&out)
    }

    /// The next packet; `None` when `patience` runs out first.
    fn receive(&mut self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(body) = self.take()? {
                return Ok(Some(body));
            }
            if self.buffer.len() > MAX_PACKET {
                return Err(malformed("an endless packet"));
            }
            let mut bytes = [0; 4_096];
            self.stream.set_read_timeout(Some(patience))?;
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => self.buffer.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e)
                    if matches!(
                        e.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    return Ok(None);
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<Vec<u8>>> {
        let start = self.buffer.iter().position(|b| *b == b'$');
        self.buffer
            .drain(..start.unwrap_or(self.buffer.len()))
            .for_each(drop);
        let Some(end) = self.buffer.iter().position(|b| *b == b'#') else {
            return Ok(None);
        };
        let Some(sum) = self.buffer.get(end + 1..end + 3) else {
            return Ok(None);
        };
        let body = &self.buffer[1..end];
        let expected = from_hex(sum).ok_or_else(|| malformed("a checksum that is none"))?;
        if expected != [body.iter().fold(0, |sum: u8, b| sum.wrapping_add(*b))] {
            return Err(malformed("a packet with a wrong checksum"));
        }
        let body = body.to_vec();
        self.buffer.drain(..end + 3);
        Ok(Some(body))
    }

    fn answer(&mut self) -> io::Result<Vec<u8>> {
        self.receive(PATIENCE)?
            .ok_or_else(|| malformed("no answer"))
    }

    fn ok(&mut self, body: &str) -> io::Result<()> {
        self.send(&[body])?;
        self.expect_ok(body)
    }

    fn expect_ok(&mut self, body: &str) -> io::Result<()> {
        let answer = self.answer()?;
        if answer == b"OK" {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        Err(malformed(&format!("{answer:?} to {body:?}")))
    }

    /// Lets the machine run, from `pc` if given.
    ///
    /// # Errors
    /// What the system says.
    pub fn go(&mut self, pc: Option<u32>) -> io::Result<()> {
        match pc {
            Some(pc) => {
                let set = format!("P{PC:x}={}", hex(&pc.to_le_bytes()));
                self.send(&[&set, "vCont;c"])?;
                self.expect_ok(&set)
            }
            None => self.send(&["vCont;c"]),
        }
    }

    /// Waits until the machine stands again; nothing when `patience` runs out first.
    ///
    /// # Errors
    /// The connection broke, or the emulator says that it ends.
    pub fn stopped(&mut self, patience: Duration) -> io::Result<Option<Stopped>> {
        match self.receive(patience)? {
            None => Ok(None),
            Some(body) if body.first().is_some_and(|b| b"TS".contains(b)) => {
                let watched = body.windows(6).any(|w| w == b"rwatch");
                Ok(Some(if watched {
                    Stopped::Watched
                } else {
                    Stopped::Other
                }))
            }
            Some(body) if body.first().is_some_and(|b| b"WX".contains(b)) => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Some(body) => Err(malformed(&format!(
                "{:?} instead of a stop",
                String::from_utf8_lossy(&body)
            ))),
        }
    }

    /// Stops the machine wherever it is.
    ///
    /// # Errors
    /// As [`Gdb::stopped`].
    pub fn halt(&mut self) -> io::Result<()> {
        self.stream.write_all(&[3])?;
        match self.stopped(PATIENCE)? {
            Some(_) => Ok(()),
            None => Err(malformed("it does not halt")),
        }
    }

    /// A register.
    ///
    /// # Errors
    /// No answer, or none that makes sense.
    pub fn register(&mut self, number: u8) -> io::Result<u32> {
        self.send(&[&format!("p{number:x}")])?;
        let answer = self.answer()?;
        word(&answer).ok_or_else(|| malformed("a register that is none"))
    }

    /// Sets a register.
    ///
    /// # Errors
    /// As [`Gdb::register`].
    pub fn set_register(&mut self, number: u8, value: u32) -> io::Result<()> {
        self.ok(&format!("P{number:x}={}", hex(&value.to_le_bytes())))
    }

    /// Stops at an address from now on, or no longer.
    ///
    /// # Errors
    /// The stub refuses.
    pub fn breakpoint(&mut self, address: u32, on: bool) -> io::Result<()> {
        let letter = if on { 'Z' } else { 'z' };
        self.ok(&format!("{letter}1,{address:x},2"))
    }

    /// Stops at instructions that read this word from now on, or no longer.
    ///
    /// # Errors
    /// The stub refuses.
    pub fn watchpoint(&mut self, address: u32, on: bool) -> io::Result<()> {
        let letter = if on { 'Z' } else { 'z' };
        self.ok(&format!("{letter}3,{address:x},4"))
    }

    /// Reads memory as the processor sees it.
    ///
    /// # Errors
    /// The address is nowhere, or the connection broke.
    pub fn read(&mut self, address: u32, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let chunk = (length - bytes.len()).min(CHUNK);
            let at = address.wrapping_add(bytes.len() as u32);
            self.send(&[&format!("m{at:x},{chunk:x}")])?;
            let answer = self.answer()?;
            let part = from_hex(&answer).filter(|part| part.len() == chunk);
            bytes.extend(part.ok_or_else(|| {
                malformed(&format!("{chunk} bytes at {at:#010x} cannot be read"))
            })?);
        }
        Ok(bytes)
    }

    /// Writes memory, also where the processor cannot.
    ///
    /// # Errors
    /// As [`Gdb::read`].
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> io::Result<()> {
        for (n, chunk) in bytes.chunks(CHUNK).enumerate() {
            let at = address.wrapping_add((n * CHUNK) as u32);
            self.ok(&format!("M{at:x},{:x}:{}", chunk.len(), hex(chunk)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Gdb, UnixStream) {
        let (ours, mut theirs) = UnixStream::pair().expect("sockets");
        theirs.write_all(b"+$T05thread:01;#07").expect("written");
        let gdb = Gdb::new(ours).expect("a connection");
        let mut hello = [0; 5];
        theirs.read_exact(&mut hello).expect("the first packet");
        assert_eq!(&hello, b"$?#3f");
        (gdb, theirs)
    }

    #[test]
    fn packets_are_written_and_read_as_the_manual_has_them() {
        let (mut gdb, mut stub) = pair();
        stub.write_all(b"$78563412#a4").expect("written");
        assert_eq!(gdb.register(PC).expect("a register"), 0x1234_5678);
        stub.write_all(b"$OK#9a$T05thread:01;#07").expect("written");
        gdb.go(Some(0x0800_01e2)).expect("sent");
        assert_eq!(gdb.stopped(PATIENCE).expect("a stop"), Some(Stopped::Other));
        assert_eq!(
            gdb.stopped(Duration::from_millis(1)).expect("nothing yet"),
            None
        );
        let mut said = [0; 6 + 15 + 11];
        stub.read_exact(&mut said).expect("a question and an order");
        assert_eq!(&said, b"$pf#d6$Pf=e2010008#58$vCont;c#a8");
    }

    #[test]
    fn nonsense_is_an_error_and_no_panic() {
        for (answer, what) in [
            (&b"$78563412#00"[..], "a wrong checksum"),
            (b"$785634#3a", "three bytes"),
            (b"$E14#aa", "an error"),
            (b"$zz563412#2a", "no hex"),
            (&[b'$'; 20_000], "an endless packet"),
        ] {
            let (mut gdb, mut stub) = pair();
            stub.write_all(answer).expect("written");
            assert!(gdb.register(PC).is_err(), "{what}");
        }
        let (mut gdb, stub) = pair();
        drop(stub);
        assert!(gdb.register(PC).is_err());
    }
}
