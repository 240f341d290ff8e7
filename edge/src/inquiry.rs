//! A socket beside the outbox that gives the status document to whoever may open it: for a person at the pole, without
//! broker or hub.
//!
//! One connection, one document, and the end. Only the agent's own user and root can open it.

use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::publish::status::Sources;

/// The socket's name in the data directory.
pub const SOCKET: &str = "status.sock";

/// How long whoever asked may take to read.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest document that is read: a thousand nodes are about 1.5 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Opens the socket in `directory`. One that is left over from a killed agent is replaced: the outbox's lock tells that
/// nobody else is there.
///
/// # Errors
/// It cannot be made, for example because the path is longer than 107 bytes.
pub fn open(directory: &Path) -> io::Result<UnixListener> {
    let path = directory.join(SOCKET);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers one after another until the agent stops.
pub async fn serve(listener: UnixListener, sources: Arc<Sources>, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((mut stream, _)) = accepted else {
            // No file descriptor left, most likely: others need the next one more.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let sources = sources.clone();
        // The outbox's numbers are behind a lock that a slow disk may hold.
        let document = spawn_blocking(move || serde_json::to_vec(&sources.status())).await;
        if let Ok(Ok(document)) = document {
            let _ = timeout(READ_TIMEOUT, stream.write_all(&document)).await;
        }
    }
    let _ = std::fs::remove_file(path_of(&listener));
}

fn path_of(listener: &UnixListener) -> PathBuf {
    listener
        .local_addr()
        .ok()
        .and_then(|address| address.as_pathname().map(Path::to_owned))
        .unwrap_or_default()
}

/// Asks the agent that uses `directory`.
///
/// # Errors
/// No agent is running there, it may not be asked, or it does not answer.
pub fn ask(directory: &Path) -> io::Result<serde_json::Value> {
    let path = directory.join(SOCKET);
    let named = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ": no agent is running with this data_dir"
            }
            _ => "",
        };
        io::Error::new(error.kind(), format!("{}: {error}{hint}", path.display()))
    };
    let stream = std::os::unix::net::UnixStream::connect(&path).map_err(named)?;
    stream.set_read_timeout(Some(READ_TIMEOUT)).map_err(named)?;
    let mut document = Vec::new();
    stream
        .take(MAX_BYTES)
        .read_to_end(&mut document)
        .map_err(named)?;
    serde_json::from_slice(&document)
        .map_err(|error| named(io::Error::new(io::ErrorKind::InvalidData, error)))
}
