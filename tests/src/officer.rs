//! An officer at the hub's desk: logs in over HTTP as the page does, looks, and decides.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// Every officer's password in tests.
pub const PASSWORD: &str = "una bandada de queltehues";

/// An officer who has logged in.
#[derive(Debug)]
pub struct Officer {
    hub: SocketAddr,
    cookies: String,
}

impl Officer {
    /// Logs in.
    ///
    /// # Panics
    /// When the hub does not let the officer in.
    pub fn log_in(hub: SocketAddr, name: &str) -> Self {
        let body = json!({ "name": name, "password": PASSWORD }).to_string();
        let (status, head, said) = send(hub, "POST", "/api/login", "", &body).expect("an answer");
        assert_eq!(status, 200, "{said}");
        let cookies: Vec<&str> = head
            .lines()
            .filter_map(|line| {
                let (field, value) = line.split_once(": ")?;
                field.eq_ignore_ascii_case("set-cookie").then_some(value)
            })
            .filter_map(|cookie| cookie.split(';').next())
            .collect();
        Self {
            hub,
            cookies: cookies.join("; "),
        }
    }

    /// What is on the desk.
    ///
    /// # Panics
    /// When the officer may not look.
    pub fn desk(&self) -> Value {
        self.get("/api/desk")
    }

    /// What the page shows.
    ///
    /// # Panics
    /// When the officer may not look.
    pub fn state(&self) -> Value {
        self.get("/api/state")
    }

    fn get(&self, path: &str) -> Value {
        let (status, _, said) = send(self.hub, "GET", path, &self.cookies, "").expect("an answer");
        assert_eq!(status, 200, "{said}");
        serde_json::from_str(&said).expect("JSON")
    }

    /// The ids of the drafts that wait.
    pub fn waiting(&self) -> Vec<String> {
        let desk = self.desk();
        let drafts = desk["drafts"].as_array().into_iter().flatten();
        drafts
            .filter(|d| d["standing"] == "waiting" || d["standing"] == "held")
            .filter_map(|d| Some(d["id"].as_str()?.to_owned()))
            .collect()
    }

    /// Asks something of the desk; gives the status and what the hub said.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn ask(&self, action: &Value) -> (u16, Value) {
        let (status, _, said) = send(
            self.hub,
            "POST",
            "/api/desk",
            &self.cookies,
            &action.to_string(),
        )
        .expect("an answer");
        (status, serde_json::from_str(&said).unwrap_or(Value::Null))
    }
}

fn send(
    hub: SocketAddr,
    method: &str,
    path: &str,
    cookies: &str,
    body: &str,
) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect_timeout(&hub, Duration::from_secs(5)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {hub}\r\ncookie: {cookies}\r\nx-watchfire: 1\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head.to_owned(), body.to_owned()))
}
