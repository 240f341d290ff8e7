//! An address that stays while the hub behind it is killed, started elsewhere, or cut off by a line that stalls.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// How often a way that has nothing to carry looks again.
const LOOK: Duration = Duration::from_millis(5);

/// What the relay does with what comes.
#[derive(Debug)]
struct Way {
    /// Where connections lead; nobody is there when it is `None`.
    to: Mutex<Option<SocketAddr>>,
    /// Connections stay, and nothing passes in either direction.
    stalls: AtomicBool,
    stop: AtomicBool,
}

impl Way {
    fn ends(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// A relay of TCP connections on loopback. It ends with this value.
#[derive(Debug)]
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    way: Arc<Way>,
    task: Option<JoinHandle<()>>,
}

impl Relay {
    /// Listens, and passes connections on to `to`.
    ///
    /// # Panics
    /// When nothing can be listened on.
    pub fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let way = Arc::new(Way {
            to: Mutex::new(Some(to)),
            stalls: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let task = spawn({
            let way = way.clone();
            move || {
                while !way.ends() {
                    match listener.accept() {
                        Ok((page, _)) => connect(page, &way),
                        Err(_) => sleep(LOOK),
                    }
                }
            }
        });
        Self {
            address,
            way,
            task: Some(task),
        }
    }

    /// Leads new connections elsewhere, or to nobody.
    pub fn lead(&self, to: Option<SocketAddr>) {
        *self.way.to.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// Lets nothing pass any more, or everything again.
    pub fn stall(&self, stalls: bool) {
        self.way.stalls.store(stalls, Ordering::Release);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.way.stop.store(true, Ordering::Release);
        if let Some(task) = self.task.take() {
            let _ = task.join();
        }
    }
}

/// Opens the other half and carries both ways until one ends. A page that leads nowhere is closed.
fn connect(page: TcpStream, way: &Arc<Way>) {
    let to = *way.to.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(hub) = to.and_then(|to| TcpStream::connect_timeout(&to, Duration::from_secs(5)).ok())
    else {
        let _ = page.shutdown(Shutdown::Both);
        return;
    };
    for stream in [&page, &hub] {
        // Blocking with a limit: a stall and the end are looked for in between.
        if stream.set_nonblocking(false).is_err() || stream.set_read_timeout(Some(LOOK)).is_err() {
            return;
        }
        let _ = stream.set_nodelay(true);
    }
    let (Ok(page_again), Ok(hub_again)) = (page.try_clone(), hub.try_clone()) else {
        return;
    };
    for (from, to) in [(page, hub), (hub_again, page_again)] {
        let way = way.clone();
        spawn(move || carry(from, to, &way));
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, way: &Way) {
    let mut bytes = [0; 16_384];
    while !way.ends() {
        if way.stalls.load(Ordering::Acquire) {
            sleep(LOOK);
            continue;
        }
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => {
                if to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
