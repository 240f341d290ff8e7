//! Follows what agencies publish - earthquakes, alerts, places: a document by HTTP, asked for again and again, or a file that another
//! program writes; and fetches, once each, the single documents that such a one lists.
//!
//! Purpose: each new state of a document is handed on once, as bytes; a feed that does not answer is asked less often, and is said to
//! be stale when it has not answered for too long. An empty or silent feed is no all-clear.
//!
//! Invariants: at most [`Feed::most_bytes`] of a document and [`TIMEOUT`] of an answer are waited for; a server is never asked more
//! often than [`LEAST_INTERVAL`] apart, and as rarely as it asks for (`Retry-After`), up to [`LONGEST_PAUSE`]; validators (`ETag`,
//! `Last-Modified`; RFC 9110, section 13) are sent back, and a document that is the same as the last is not handed on again whether or not
//! the server honours them.
//!
//! What a document lists is asked for at its own server and those that the operator named, and nowhere else, whatever it links and
//! wherever it redirects ([`Fetcher`]).
//!
//! It refuses to: read what stands in a document, write anything, and follow a redirection from `https` to `http`.
#![forbid(unsafe_code)]

mod fetch;
mod follow;
mod schedule;
mod single;

use std::path::PathBuf;
use std::time::Duration;

pub use follow::{Follower, News, Told};
pub use schedule::Schedule;
pub use single::{Fetched, Fetcher, NotFetched, SINGLE_TIMEOUT};

/// Largest document of earthquakes that is taken, bytes.
pub const MAX_DOCUMENT: u64 = 8 * 1024 * 1024;
/// Longest that one answer may take, from the first connection to the last byte.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Least time between two questions.
pub const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// Longest time between two questions, whatever a server asks for and however often it failed.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Where a feed's document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `https://...` or `http://...`.
    Url(String),
    /// A file that another program writes or replaces.
    File(PathBuf),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// How often it is looked at while all is well.
    pub every: Duration,
    /// After how long without an answer it counts as stale.
    pub stale_after: Duration,
    /// Largest document that is taken, bytes.
    pub most_bytes: u64,
}

/// Why a feed cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// No URL of a kind that is followed.
    #[error(
        "\"{0}\" is no URL that can be asked: it must begin with https:// or http:// and name a host"
    )]
    Url(String),
    /// Asked too often or too rarely.
    #[error("every {every:?}: between {LEAST_INTERVAL:?} and {LONGEST_PAUSE:?}")]
    Every {
        /// As configured.
        every: Duration,
    },
    /// Stale before it could have answered twice.
    #[error("stale after {stale_after:?} is less than twice its interval of {every:?}")]
    Stale {
        /// As configured.
        stale_after: Duration,
        /// As configured.
        every: Duration,
    },
}

impl Feed {
    /// Whether it can be followed.
    ///
    /// # Errors
    /// [`FeedError`] says what is wrong with it.
    pub fn check(&self) -> Result<(), FeedError> {
        if let Place::Url(url) = &self.place {
            let host = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"));
            let named =
                host.is_some_and(|h| h.starts_with(|c: char| c.is_alphanumeric() || c == '['));
            if !named || url.parse::<ureq::http::Uri>().is_err() {
                return Err(FeedError::Url(url.clone()));
            }
        }
        if !(LEAST_INTERVAL..=LONGEST_PAUSE).contains(&self.every) {
            return Err(FeedError::Every { every: self.every });
        }
        if self.stale_after < 2 * self.every {
            return Err(FeedError::Stale {
                stale_after: self.stale_after,
                every: self.every,
            });
        }
        Ok(())
    }
}
