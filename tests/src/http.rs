//! A client that asks one question per connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Asks; `None` when nobody answers, as while a hub is dead, or with anything but text.
pub fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    let (status, body) = get_bytes(address, path)?;
    let body = String::from_utf8(body).ok()?;
    Some(Answer { status, body })
}

/// Asks for what is no text: status and body.
pub fn get_bytes(address: SocketAddr, path: &str) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    // HTTP/1.0: the body ends with the connection, in no other way.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    const END: &[u8] = b"\r\n\r\n";
    let end = bytes.windows(END.len()).position(|w| w == END)?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, bytes.split_off(end + END.len())))
}

/// The value of a Prometheus sample, for example `watchfire_messages_refused_total{reason="json_syntax"}`.
pub fn sample(metrics: &str, name: &str) -> Option<f64> {
    metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .and_then(|value| value.trim().parse().ok())
}
