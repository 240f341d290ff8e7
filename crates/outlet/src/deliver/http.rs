//! One HTTP exchange with a subscriber: bounded in time and size, to the configured host and nowhere else.

use std::io;
use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding as _};
use ureq::http::{HeaderMap, Method, Request, Uri, header};

use super::Outcome;
use crate::SecretFile;

/// Most bytes of an answer that are read.
pub(super) const ANSWER_MAX: u64 = 64 * 1024;

/// Time limits of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until the last byte of the answer is there.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// How to say who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Its password.
        password: SecretFile,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretFile),
    /// A header of the receiver's choice.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretFile,
    },
}

impl Auth {
    fn header(&self) -> Result<Option<(String, String)>, String> {
        let authorization = header::AUTHORIZATION.as_str().to_owned();
        Ok(match self {
            Self::None => None,
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.read()?);
                let value = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
                Some((authorization, value))
            }
            Self::Bearer(token) => Some((authorization, format!("Bearer {}", token.read()?))),
            Self::Header { name, value } => Some((name.clone(), value.read()?)),
        })
    }

    fn secret(&self) -> Option<&SecretFile> {
        match self {
            Self::None => None,
            Self::Basic { password, .. } => Some(password),
            Self::Bearer(secret) | Self::Header { value: secret, .. } => Some(secret),
        }
    }
}

/// Where a subscriber is called, and how.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    auth: Auth,
    limits: Limits,
    agent: ureq::Agent,
}

/// An answer, or none.
#[derive(Debug)]
pub(super) enum Reply {
    Answer {
        status: u16,
        /// At most [`ANSWER_MAX`] bytes of it.
        body: Vec<u8>,
        /// Nothing is missing from it.
        whole: bool,
        retry_after: Option<Duration>,
        location: Option<String>,
    },
    None(Outcome),
}

impl Reply {
    /// What it means where any 2xx is a yes.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Answer {
                status: 200..=299, ..
            } => Outcome::DELIVERED,
            Self::Answer {
                status,
                body,
                retry_after,
                location,
                ..
            } => not_a_success(status, &body, retry_after, location.as_deref()),
            Self::None(outcome) => outcome,
        }
    }
}

impl Endpoint {
    /// An endpoint. `plain_http` allows credentials over `http` to another machine.
    ///
    /// # Errors
    /// Text: a URL that is not absolute, credentials that would cross a network in the clear, a header's name that is none.
    pub fn new(url: &str, auth: Auth, limits: Limits, plain_http: bool) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|e| format!("url \"{url}\": {e}"))?;
        let scheme = uri.scheme_str().unwrap_or("");
        let host = uri.host().unwrap_or("");
        if !matches!(scheme, "http" | "https") || host.is_empty() || url.contains('#') {
            return Err(format!(
                "url \"{url}\": write an absolute URL such as https://example.org/hook"
            ));
        }
        if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
            return Err("url: no user or password in it; name a file with the password".to_owned());
        }
        let secure = scheme == "https";
        if !secure && auth != Auth::None && !plain_http && !is_loopback(host) {
            return Err(format!(
                "url \"{url}\": the credentials would go over the network in the clear; use https, or say plain_http = true where the network is your own"
            ));
        }
        if let Auth::Header { name, .. } = &auth {
            header::HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("\"{name}\" is no name of a header"))?;
        }
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.total))
            .http_status_as_error(false)
            .https_only(secure)
            // A redirection is an answer like any other: neither message nor credentials go to a host that nobody configured.
            .max_redirects(0)
            // A connection that the receiver has closed meanwhile would look like a message lost on the way.
            .max_idle_connections(0)
            .user_agent(concat!("watchfire/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self {
            url: url.to_owned(),
            auth,
            limits,
            agent,
        })
    }

    /// Whether its secret can be read.
    ///
    /// # Errors
    /// Text that names the file.
    pub fn ready(&self) -> Result<(), String> {
        self.auth.secret().map_or(Ok(()), |s| s.read().map(|_| ()))
    }

    /// The URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let credentials = match self.auth.header() {
            Ok(credentials) => credentials,
            Err(why) => return Reply::None(Outcome::Blocked { why }),
        };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((name, value)) = credentials {
            request = request.header(name, value);
        }
        let request = match request.body(body) {
            Ok(request) => request,
            // A line end in a password, say.
            Err(e) => {
                return Reply::None(Outcome::Blocked {
                    why: format!("no request can be made of the settings: {e}"),
                });
            }
        };
        let mut answer = match self.agent.run(request) {
            Ok(answer) => answer,
            Err(error) => return Reply::None(self.failure(&error)),
        };
        let retry_after = retry_after(answer.headers(), SystemTime::now());
        let location = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|v| v.to_str().ok())
            .map(|v| v.chars().take(200).collect());
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        let read = io::Read::read_to_end(
            &mut io::Read::take(answer.body_mut().as_reader(), ANSWER_MAX),
            &mut body,
        );
        Reply::Answer {
            status,
            whole: read.is_ok() && (body.len() as u64) < ANSWER_MAX,
            body,
            retry_after,
            location,
        }
    }

    fn failure(&self, error: &ureq::Error) -> Outcome {
        use io::ErrorKind as K;
        use ureq::{Error as E, Timeout as T};
        let why = match error {
            E::Timeout(T::Connect | T::Resolve) => {
                format!("no connection within {:?}", self.limits.connect)
            }
            E::Timeout(_) => format!("no answer within {:?}", self.limits.total),
            other => other.to_string(),
        };
        if matches!(error, E::BadUri(_) | E::Http(_) | E::RequireHttpsOnly(_)) {
            return Outcome::Blocked { why };
        }
        let before_the_first_byte = match error {
            E::HostNotFound
            | E::ConnectionFailed
            | E::Timeout(T::Connect | T::Resolve)
            | E::Tls(_)
            | E::Rustls(_) => true,
            // The system's resolver has no kind of its own; by another wording the message counts as perhaps arrived, the safe side.
            E::Io(e) if e.to_string().contains("failed to lookup address") => true,
            E::Io(e) => matches!(
                e.kind(),
                K::ConnectionRefused
                    | K::HostUnreachable
                    | K::NetworkUnreachable
                    | K::AddrNotAvailable
            ),
            _ => false,
        };
        Outcome::Failed {
            why,
            may_have_arrived: !before_the_first_byte,
            retry_after: None,
        }
    }
}

/// What a status other than success means, by RFC 9110: 408, 425, 429 and 5xx are worth another try; 3xx, 401, 403, 404, 405, 407 and 410
/// are wrong for every message; the rest is about this message.
pub(super) fn not_a_success(
    status: u16,
    body: &[u8],
    retry_after: Option<Duration>,
    location: Option<&str>,
) -> Outcome {
    let said: String = String::from_utf8_lossy(body)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    let said = said.trim();
    let why = if said.is_empty() {
        format!("it answers HTTP {status}")
    } else {
        format!("it answers HTTP {status}: {said}")
    };
    match status {
        300..=399 => Outcome::Blocked {
            why: format!(
                "it answers HTTP {status}, elsewhere: {}; redirections are not followed: configure the right URL",
                location.unwrap_or("without saying where")
            ),
        },
        408 | 425 | 429 => Outcome::Failed {
            why,
            may_have_arrived: false,
            retry_after,
        },
        503 => Outcome::Failed {
            why,
            may_have_arrived: false,
            retry_after,
        },
        // It may have failed after it had stored the message.
        500..=599 => Outcome::Failed {
            why,
            may_have_arrived: true,
            retry_after,
        },
        401 | 403 | 404 | 405 | 407 | 410 => Outcome::Blocked { why },
        400..=499 => Outcome::Refused {
            why,
            for_good: true,
        },
        _ => Outcome::Failed {
            why,
            may_have_arrived: true,
            retry_after,
        },
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text)
        .ok()?
        .duration_since(now)
        .ok()
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_mean_what_the_standard_says() {
        let of = |status| not_a_success(status, b"because", None, None);
        for status in [408, 425, 429, 500, 502, 503, 504, 599, 100] {
            assert!(matches!(of(status), Outcome::Failed { .. }), "{status}");
        }
        for status in [301, 302, 307, 308, 401, 403, 404, 405, 410] {
            assert!(matches!(of(status), Outcome::Blocked { .. }), "{status}");
        }
        for status in [400, 406, 409, 413, 415, 422, 451] {
            assert!(matches!(of(status), Outcome::Refused { .. }), "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sat, 27 Feb 2010 06:40:00 GMT").expect("a date");
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().expect("a value"));
            retry_after(&headers, now)
        };
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            of("Sat, 27 Feb 2010 06:41:00 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(of("Sat, 27 Feb 2010 06:39:00 GMT"), None);
        assert_eq!(of("soon"), None);
    }

    #[test]
    fn urls_and_credentials_are_checked() {
        let dir = tempfile::tempdir().expect("a directory");
        let password = SecretFile::new(dir.path().join("password"));
        let basic = || Auth::Basic {
            user: "u".to_owned(),
            password: password.clone(),
        };
        let of =
            |url: &str, auth, plain| Endpoint::new(url, auth, Limits::default(), plain).map(|_| ());
        assert!(of("https://w.example/hook", Auth::None, false).is_ok());
        for bad in [
            "w.example/hook",
            "/hook",
            "ftp://w.example/",
            "https://",
            "https://w.example/#x",
            "https://u:p@w.example/",
            "http://a b/",
        ] {
            assert!(of(bad, Auth::None, false).is_err(), "{bad}");
        }
        let endpoint = Endpoint::new("https://w.example/", basic(), Limits::default(), false);
        let endpoint = endpoint.expect("an endpoint");
        assert!(endpoint.ready().expect_err("no file").contains("password"));
        std::fs::write(password.path(), "p\n").expect("written");
        assert_eq!(endpoint.ready(), Ok(()));
        assert!(of("https://w.example/", basic(), false).is_ok());
        assert!(
            of("http://w.example/", basic(), false)
                .expect_err("clear")
                .contains("clear")
        );
        assert!(of("http://w.example/", basic(), true).is_ok());
        assert!(of("http://127.0.0.1:1/", basic(), false).is_ok());
        assert!(of("http://[::1]:1/", basic(), false).is_ok());
    }
}
