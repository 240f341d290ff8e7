//! A broker behind a faulty line, in the bench's virtual time.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use clock::Clock;
use hil::fault::{Channel, Direction, Fault, FaultyLine, Framing};

/// How often both ends are looked at.
const LOOK: Duration = Duration::from_millis(1);

/// A proxy in front of a broker. It ends with this value.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    stop: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens, and passes on to the broker at `broker` what the faults on the channel `broker` let through.
    ///
    /// # Panics
    /// When nothing can be listened on.
    pub fn start(broker: u16, clock: Clock, start_us: i64, faults: &[Fault], seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let stop = Arc::new(AtomicBool::new(false));
        let task = std::thread::spawn({
            let (stop, faults) = (stop.clone(), faults.to_vec());
            move || {
                let mut pipes = Vec::new();
                while !stop.load(Ordering::Acquire) {
                    while let Ok((edge, _)) = listener.accept() {
                        pipes.extend(Pipe::open(edge, broker, &faults, seed));
                    }
                    let now_us = clock.now_us().saturating_sub(start_us);
                    let now_us = u64::try_from(now_us).unwrap_or(0);
                    pipes.retain_mut(|pipe| pipe.pass(now_us).is_ok());
                    std::thread::sleep(LOOK);
                }
            }
        });
        Self {
            port,
            stop,
            task: Some(task),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}

/// One connection.
struct Pipe {
    ends: [TcpStream; 2],
    /// Up, then down.
    lines: [FaultyLine; 2],
    /// What the other end has not taken yet.
    left: [Vec<u8>; 2],
}

impl Pipe {
    fn open(edge: TcpStream, broker: u16, faults: &[Fault], seed: u64) -> io::Result<Self> {
        let broker = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], broker)))?;
        for end in [&edge, &broker] {
            end.set_nonblocking(true)?;
            end.set_nodelay(true)?;
        }
        let line = |direction| {
            FaultyLine::of(
                faults,
                Channel::Broker,
                "edge-1",
                direction,
                Framing::Chunk,
                seed,
            )
        };
        Ok(Self {
            ends: [edge, broker],
            lines: [line(Direction::Up), line(Direction::Down)],
            left: Default::default(),
        })
    }

    fn pass(&mut self, now_us: u64) -> io::Result<()> {
        for way in 0..2 {
            let mut bytes = [0; 16 * 1024];
            match self.ends[way].read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.lines[way].push(&bytes[..length], now_us),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
            self.lines[way].pull(now_us, &mut self.left[way]);
            match self.ends[1 - way].write(&self.left[way]) {
                Ok(length) => drop(self.left[way].drain(..length)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}
