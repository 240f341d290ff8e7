//! One look at a feed.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime};

use ureq::http::{StatusCode, header};

use crate::{Place, TIMEOUT};

/// Redirections followed for one answer.
pub(crate) const REDIRECTS: u32 = 3;

/// What one look gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A document, which may be the same as before.
    Document(Vec<u8>),
    /// The same as before, by the server's or the file system's word; or there is none, and that is the answer (204).
    Unchanged,
    /// No answer.
    Failed {
        /// A stable word.
        reason: &'static str,
        /// What, in words.
        why: String,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
}

fn failed(reason: &'static str, why: impl Into<String>) -> Look {
    Look::Failed {
        reason,
        why: why.into(),
        retry_after: None,
    }
}

/// What asks servers: for so long, over so many redirections, and never anything but `https` when that is asked for.
pub(crate) fn agent(secure: bool, redirects: u32, timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .https_only(secure)
        .max_redirects(redirects)
        .user_agent(concat!("watchfire/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// How long the server asks to be left alone, in seconds; a date (RFC 9110, section 10.2.3) is not understood.
pub(crate) fn retry_after(answer: &ureq::http::Response<ureq::Body>) -> Option<Duration> {
    let seconds = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// The body of an answer, or a stable word and words for why there is none.
pub(crate) fn body(
    answer: &mut ureq::http::Response<ureq::Body>,
    most: u64,
    timeout: Duration,
) -> Result<Vec<u8>, (&'static str, String)> {
    let body = answer.body_mut().with_config().limit(most).read_to_vec();
    body.map_err(|e| match e {
        ureq::Error::BodyExceedsLimit(_) => (
            "too_large",
            format!("more than {most} bytes; ask for fewer entries or a shorter time"),
        ),
        ureq::Error::Timeout(_) => ("timeout", format!("no whole answer within {timeout:?}")),
        e => ("connection", format!("the answer broke off: {e}")),
    })
}

/// Looks at one place, and remembers what it needs to ask for changes only.
pub(crate) struct Looker {
    place: Place,
    most_bytes: u64,
    agent: ureq::Agent,
    etag: Option<String>,
    last_modified: Option<String>,
    file: Option<(SystemTime, u64)>,
}

impl Looker {
    pub(crate) fn new(place: Place, most_bytes: u64) -> Self {
        let secure = matches!(&place, Place::Url(url) if url.starts_with("https://"));
        Self {
            place,
            most_bytes,
            agent: agent(secure, REDIRECTS, TIMEOUT),
            etag: None,
            last_modified: None,
            file: None,
        }
    }

    pub(crate) fn look(&mut self) -> Look {
        match self.place.clone() {
            Place::Url(url) => self.ask(&url),
            Place::File(path) => self.read(&path),
        }
    }

    /// The last document was not taken on: it is to be given again.
    pub(crate) fn forget(&mut self) {
        self.etag = None;
        self.last_modified = None;
        self.file = None;
    }

    fn ask(&mut self, url: &str) -> Look {
        let mut request = self.agent.get(url);
        if let Some(etag) = &self.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = &self.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, date);
        }
        let mut answer = match request.call() {
            Ok(answer) => answer,
            Err(ureq::Error::Timeout(_)) => {
                return failed("timeout", format!("no answer within {TIMEOUT:?}"));
            }
            Err(e) => return failed("connection", e.to_string()),
        };
        let status = answer.status();
        let text = |name| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            (value.len() <= 1_024).then(|| value.to_owned())
        };
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT => return Look::Unchanged,
            _ => {
                return Look::Failed {
                    reason: "status",
                    why: format!("the server answers {status}"),
                    retry_after: retry_after(&answer),
                };
            }
        }
        let validators = (text(header::ETAG), text(header::LAST_MODIFIED));
        match body(&mut answer, self.most_bytes, TIMEOUT) {
            Ok(bytes) => {
                (self.etag, self.last_modified) = validators;
                Look::Document(bytes)
            }
            Err((reason, why)) => failed(reason, why),
        }
    }

    fn read(&mut self, path: &Path) -> Look {
        let open = || -> std::io::Result<(Option<(SystemTime, u64)>, std::fs::File)> {
            let file = std::fs::File::open(path)?;
            let about = file.metadata()?;
            let mark = about.modified().ok().map(|time| (time, about.len()));
            Ok((mark, file))
        };
        let (mark, file) = match open() {
            Ok(found) => found,
            Err(e) => return failed("file", e.to_string()),
        };
        // A file that was written in the last moments may be written again within its time stamp's resolution.
        let settled = mark
            .is_some_and(|(time, _)| time.elapsed().is_ok_and(|age| age > Duration::from_secs(2)));
        if settled && mark.is_some() && mark == self.file {
            return Look::Unchanged;
        }
        let mut bytes = Vec::new();
        match file.take(self.most_bytes + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > self.most_bytes => {
                failed("too_large", format!("more than {} bytes", self.most_bytes))
            }
            Ok(_) => {
                self.file = mark;
                Look::Document(bytes)
            }
            Err(e) => failed("file", e.to_string()),
        }
    }
}
