//! A client that does only what the tests need, so that they see the very bytes.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A response.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// All values of a header.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

pub async fn get(address: SocketAddr, path: &str) -> Answer {
    get_with(address, path, &[]).await
}

pub async fn get_with(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(address, path, headers).await.expect("an answer")
}

/// `None` when the connection was turned away.
pub async fn try_get(address: SocketAddr, path: &str) -> Option<Answer> {
    request(address, path, &[]).await
}

pub async fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let length = body.len().to_string();
    let mut all = vec![("content-length", length.as_str())];
    all.extend_from_slice(headers);
    send(address, "POST", path, &all, body)
        .await
        .expect("an answer")
}

async fn request(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    send(address, "GET", path, headers, "").await
}

async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    content: &str,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(content);
    stream.write_all(text.as_bytes()).await.ok()?;
    let mut stream = BufReader::new(stream);
    let (status, headers) = head(&mut stream).await?;
    let mut body = Vec::new();
    stream.read_to_end(&mut body).await.ok()?;
    Some(Answer {
        status,
        headers,
        body,
    })
}

async fn head(stream: &mut BufReader<TcpStream>) -> Option<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => return Some((status, headers)),
        }
    }
}

/// Sends bytes and reads until the server closes the connection.
pub async fn send_raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    // Both may fail when the server has had enough; what it said until then counts.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A listener of `/events`.
pub struct Listener {
    stream: BufReader<TcpStream>,
    /// Decoded from the chunks, not yet read as events.
    pending: Vec<u8>,
    /// How much of it holds no end of an event.
    searched: usize,
}

impl Listener {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, "accept: text/event-stream").await
    }

    /// The same with another header line.
    pub async fn open_with(address: SocketAddr, line: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let asked = format!("GET /events HTTP/1.1\r\nhost: h\r\n{line}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.expect("asks");
        let mut stream = BufReader::new(stream);
        let (status, headers) = head(&mut stream).await.expect("an answer");
        assert_eq!(status, 200);
        assert!(headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())));
        Self {
            stream,
            pending: Vec::new(),
            searched: 0,
        }
    }

    /// The next event's name and data, not parsed; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            let from = self.searched.saturating_sub(1);
            if let Some(at) = self.pending[from..]
                .windows(2)
                .position(|two| two == b"\n\n")
            {
                let rest = self.pending.split_off(from + at + 2);
                let event =
                    String::from_utf8(std::mem::replace(&mut self.pending, rest)).expect("UTF-8");
                self.searched = 0;
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|l| l.strip_prefix(name))
                        .map(str::to_owned)
                };
                return Some((
                    field("event: ").expect("name"),
                    field("data: ").expect("data"),
                ));
            }
            self.searched = self.pending.len();
            let mut size = String::new();
            self.stream.read_line(&mut size).await.ok()?;
            let size = usize::from_str_radix(size.trim(), 16)
                .ok()
                .filter(|size| *size > 0)?;
            let start = self.pending.len();
            self.pending.resize(start + size + 2, 0);
            self.stream
                .read_exact(&mut self.pending[start..])
                .await
                .ok()?;
            self.pending.truncate(start + size);
        }
    }

    /// Reads on to the next event of that name.
    pub async fn next_named(&mut self, name: &str) -> (String, String) {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.0 == name {
                return event;
            }
        }
    }

    /// The same, with the data parsed.
    pub async fn wait_for(&mut self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.next_named(name).await.1).expect("JSON")
    }
}
