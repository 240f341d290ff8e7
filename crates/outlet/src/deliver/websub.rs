//! WebSub: tells a hub that feeds have changed; the hub fetches them and tells its subscribers.
//!
//! The W3C Recommendation leaves the notification to publisher and hub; what hubs take is that of PubSubHubbub 0.4: a form with
//! `hub.mode=publish` and one `hub.url` for each feed. The feeds name the hub with `rel="hub"` (WebSub, section 4).

use ureq::http::Method;

use super::{Deliver, Endpoint, Outcome, Parcel};
use crate::Carries;

/// Tells a WebSub hub about feeds.
#[derive(Debug)]
pub struct WebSub {
    endpoint: Endpoint,
    form: String,
}

impl WebSub {
    /// Tells the hub at `endpoint` about the feeds at `topics`, absolute URLs.
    pub fn new(endpoint: Endpoint, topics: &[String]) -> Self {
        let mut form = "hub.mode=publish".to_owned();
        for topic in topics {
            form.push_str("&hub.url=");
            form.push_str(&encoded(topic));
        }
        Self { endpoint, form }
    }
}

impl Deliver for WebSub {
    fn kind(&self) -> &'static str {
        "websub"
    }

    fn ready(&self) -> Result<(), String> {
        self.endpoint.ready()
    }

    fn carries(&self) -> Carries {
        Carries::Changes
    }

    fn deliver(&mut self, _: &Parcel<'_>) -> Outcome {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let url = self.endpoint.url();
        let reply = self
            .endpoint
            .call(Method::POST, url, &headers, self.form.as_bytes());
        match reply.outcome() {
            // A word says nothing that one hub could take and another refuse: the settings are wrong.
            Outcome::Refused { why, .. } => Outcome::Blocked { why },
            other => other,
        }
    }
}

/// Percent-encoded but for what RFC 3986 calls unreserved.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}
