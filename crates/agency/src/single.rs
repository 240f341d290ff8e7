//! Single documents that another document lists: each is asked for once, and only where that is allowed.

use std::time::Duration;

use ureq::http::header;
use url::Url;

use crate::Place;
use crate::fetch::{REDIRECTS, agent, body, retry_after};

/// Longest that the answer for one listed document may take, redirections included.
pub const SINGLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A listed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The host that gave it, when every step to it was over `https`: what it says is what that host says.
    pub vouched_by: Option<String>,
}

/// Why a listed document was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {why}")]
pub struct NotFetched {
    /// A stable word: `link`, `host`, `insecure`, `redirects`, `connection`, `timeout`, `status`, `too_large`.
    pub reason: &'static str,
    /// Where.
    pub url: String,
    /// What, in words.
    pub why: String,
    /// Whether asking again may help.
    pub again: bool,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Fetches what one document lists.
///
/// Invariants: only the document's own server and the hosts named are asked, at every redirection too; nothing that came over
/// `https` leads to `http`: a plain link to a host with `https` is asked for over `https`.
#[derive(Debug)]
pub struct Fetcher {
    base: Option<Url>,
    hosts: Vec<String>,
    most_bytes: u64,
    agent: ureq::Agent,
}

impl Fetcher {
    /// For what stands in the document at `place`. `hosts` are further servers that may be asked: `example.org` or
    /// `example.org:8443`.
    pub fn new(place: &Place, hosts: &[String], most_bytes: u64) -> Self {
        let base = match place {
            Place::Url(url) => Url::parse(url).ok(),
            Place::File(_) => None,
        };
        Self {
            base,
            hosts: hosts.iter().map(|h| h.to_ascii_lowercase()).collect(),
            most_bytes,
            agent: agent(false, 0, SINGLE_TIMEOUT),
        }
    }

    /// Where a link leads, if one may go there.
    ///
    /// # Errors
    /// [`NotFetched`] with `link`, `host` or `insecure`.
    pub fn resolve(&self, link: &str) -> Result<Url, NotFetched> {
        let refused = |reason, why: String| NotFetched {
            reason,
            url: link.chars().take(200).collect(),
            why,
            again: false,
            retry_after: None,
        };
        let url = match &self.base {
            Some(base) => base.join(link),
            None => Url::parse(link),
        };
        let url = url.map_err(|e| refused("link", format!("is no link: {e}")))?;
        self.allow(url, self.base.as_ref().is_some_and(secure))
            .map_err(|(reason, why)| refused(reason, why))
    }

    /// The URL to ask for, given whether the way to it was over `https` so far.
    fn allow(&self, mut url: Url, came_securely: bool) -> Result<Url, (&'static str, String)> {
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            let scheme = url.scheme();
            return Err((
                "link",
                format!("a {scheme} link with or without a user's name is not asked for"),
            ));
        }
        if came_securely
            && !secure(&url)
            && (url.port().is_some() || url.set_scheme("https").is_err())
        {
            return Err(("insecure", "leads from https to http".to_owned()));
        }
        url.set_fragment(None);
        let own = self.base.as_ref().is_some_and(|base| {
            // The ports of http and https count as one.
            let port = base.port_or_known_default() == url.port_or_known_default()
                || (base.port().is_none() && url.port().is_none());
            base.host_str() == url.host_str() && port
        });
        let named = url.host_str().is_some_and(|host| {
            let with_port = url.port().map(|port| format!("{host}:{port}"));
            self.hosts
                .iter()
                .any(|h| Some(h) == with_port.as_ref() || (url.port().is_none() && h == host))
        });
        if own || named {
            return Ok(url);
        }
        let host = url.host_str().unwrap_or("nowhere");
        Err((
            "host",
            format!("{host} is neither the feed's own server nor one of its `hosts`"),
        ))
    }

    /// Fetches one document.
    ///
    /// # Errors
    /// [`NotFetched`] says why not, and whether to ask again.
    pub fn fetch(&self, link: &str) -> Result<Fetched, NotFetched> {
        let mut url = self.resolve(link)?;
        let mut vouched = secure(&url);
        for _ in 0..=REDIRECTS {
            let failed = |reason, why: String, again, retry_after| NotFetched {
                reason,
                url: url.to_string(),
                why,
                again,
                retry_after,
            };
            let mut answer = match self.agent.get(url.as_str()).call() {
                Ok(answer) => answer,
                Err(ureq::Error::Timeout(_)) => {
                    let why = format!("no answer within {SINGLE_TIMEOUT:?}");
                    return Err(failed("timeout", why, true, None));
                }
                Err(e) => return Err(failed("connection", e.to_string(), true, None)),
            };
            let status = answer.status();
            if status.is_redirection() {
                let location = answer.headers().get(header::LOCATION);
                let next = location
                    .and_then(|l| l.to_str().ok())
                    .and_then(|l| url.join(l).ok());
                let Some(next) = next else {
                    let why = format!("the server answers {status} and does not say where to");
                    return Err(failed("status", why, false, None));
                };
                // Refused on the way, not lifted to https: the server said http, and means it.
                if secure(&url) && !secure(&next) {
                    let why = format!("redirects from https to {next}");
                    return Err(failed("insecure", why, false, None));
                }
                let next = self.allow(next, secure(&url));
                url = next.map_err(|(reason, why)| failed(reason, why, false, None))?;
                vouched &= secure(&url);
                continue;
            }
            if !status.is_success() {
                // Gone is gone, and forbidden stays so; what a server cannot do now it may do later.
                let again = status.is_server_error() || matches!(status.as_u16(), 404 | 408 | 429);
                let why = format!("the server answers {status}");
                return Err(failed("status", why, again, retry_after(&answer)));
            }
            let bytes = body(&mut answer, self.most_bytes, SINGLE_TIMEOUT)
                .map_err(|(reason, why)| failed(reason, why, reason != "too_large", None))?;
            return Ok(Fetched {
                bytes,
                vouched_by: url.host_str().filter(|_| vouched).map(str::to_owned),
            });
        }
        Err(NotFetched {
            reason: "redirects",
            url: url.to_string(),
            why: format!("more than {REDIRECTS} redirections"),
            again: false,
            retry_after: None,
        })
    }
}

fn secure(url: &Url) -> bool {
    url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(place: &str, hosts: &[&str]) -> Fetcher {
        let hosts: Vec<String> = hosts.iter().map(|&h| h.to_owned()).collect();
        Fetcher::new(&Place::Url(place.to_owned()), &hosts, 1_000)
    }

    fn resolved(fetcher: &Fetcher, link: &str) -> Result<String, &'static str> {
        let url = fetcher.resolve(link);
        url.map(|u| u.to_string()).map_err(|e| e.reason)
    }

    #[test]
    fn only_the_own_server_and_those_named_are_asked() {
        let plain = from("http://alerts.example:8080/a/feed.atom", &["other.example"]);
        for (link, expected) in [
            ("x.cap", Ok("http://alerts.example:8080/a/x.cap")),
            ("/x.cap#part", Ok("http://alerts.example:8080/x.cap")),
            (
                "//alerts.example:8080/y",
                Ok("http://alerts.example:8080/y"),
            ),
            ("https://other.example/x", Ok("https://other.example/x")),
            ("http://OTHER.example/x", Ok("http://other.example/x")),
            ("http://alerts.example/x.cap", Err("host")),
            ("https://alerts.example/x.cap", Err("host")),
            ("http://other.example:81/x", Err("host")),
            ("http://alerts.example.evil.example/x", Err("host")),
            ("http://127.0.0.1/x", Err("host")),
            ("http://alerts.example:8080@evil.example/x", Err("link")),
            ("file:///etc/passwd", Err("link")),
            ("javascript:alert(1)", Err("link")),
            ("http://[", Err("link")),
        ] {
            assert_eq!(
                resolved(&plain, link),
                expected.map(str::to_owned),
                "{link}"
            );
        }
        let nowhere = Fetcher::new(&Place::File("feed.atom".into()), &[], 1_000);
        assert_eq!(resolved(&nowhere, "x.cap"), Err("link"));
        assert_eq!(resolved(&nowhere, "https://other.example/x"), Err("host"));
        let default = from("http://alerts.example/feed", &[]);
        let better = "https://alerts.example/x";
        assert_eq!(resolved(&default, better), Ok(better.to_owned()));
    }

    /// NWS lists `http` links in a document that it serves over `https`.
    #[test]
    fn a_secure_document_leads_to_secure_ones_only() {
        let secure = from("https://alerts.example/feed", &["other.example:8443"]);
        assert_eq!(
            resolved(&secure, "http://alerts.example/x"),
            Ok("https://alerts.example/x".to_owned())
        );
        assert_eq!(
            resolved(&secure, "http://alerts.example:8080/x"),
            Err("insecure")
        );
        assert_eq!(
            resolved(&secure, "https://other.example:8443/x"),
            Ok("https://other.example:8443/x".to_owned())
        );
        assert_eq!(resolved(&secure, "https://other.example/x"), Err("host"));
    }
}
