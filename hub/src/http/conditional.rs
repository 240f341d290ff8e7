//! Documents with validators, and conditional requests (RFC 9110, section 13).
//!
//! Entity tags are a hash of the content, so they survive a restart. `Last-Modified` has whole seconds: a document that
//! changed within the current second is dated one second back, so that a second change in it is never missed.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::feed;

/// A body with its validators. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Document {
    body: Bytes,
    tag: String,
    /// Wall-clock second of the last change.
    changed_s: i64,
}

impl Document {
    /// A document that replaces `before`; its date moves only when its content differs.
    pub(super) fn revise(before: Option<&Self>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let tag = tag(&body);
        match before {
            Some(before) if before.tag == tag => before.clone(),
            _ => Self {
                body,
                tag,
                changed_s: wall_s(),
            },
        }
    }

    /// A document whose date is known.
    pub(super) fn dated(body: impl Into<Bytes>, changed_s: i64) -> Self {
        let body = body.into();
        let tag = tag(&body);
        Self {
            body,
            tag,
            changed_s,
        }
    }

    /// The answer to a request with these headers: the document, or `304 Not Modified`.
    pub(super) fn answer(
        &self,
        request: &HeaderMap,
        media_type: &'static str,
        caching: &'static str,
    ) -> Response<Body> {
        let unchanged = self.is_unchanged(request);
        let body = if unchanged {
            Body::empty()
        } else {
            Body::from(self.body.clone())
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        // A tag is quotes and hexadecimal digits, a date is ASCII: neither can fail.
        if let Ok(value) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, value);
        }
        let date = feed::rfc9110(self.changed_s.min(wall_s() - 1).saturating_mul(1_000_000));
        if let Ok(value) = HeaderValue::from_str(&date) {
            headers.insert(LAST_MODIFIED, value);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        response
    }

    fn is_unchanged(&self, request: &HeaderMap) -> bool {
        if request.contains_key(IF_NONE_MATCH) {
            // Weak comparison, and the date is then ignored, as the RFC says.
            return request
                .get_all(IF_NONE_MATCH)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .map(str::trim)
                .any(|given| {
                    given == "*" || given.strip_prefix("W/").unwrap_or(given) == self.tag
                });
        }
        request
            .get(IF_MODIFIED_SINCE)
            .and_then(|value| DateTimeParser::new().parse_timestamp(value.as_bytes()).ok())
            .is_some_and(|since| self.changed_s <= since.as_second())
    }
}

/// FNV-1a, 64 bits, and the length: stable across builds and machines. Not against forgery; only the hub writes here.
fn tag(body: &[u8]) -> String {
    let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("\"{hash:016x}-{:x}\"", body.len())
}

fn wall_s() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).expect("header"));
        headers
    }

    fn status(document: &Document, request: &HeaderMap) -> u16 {
        document
            .answer(request, "text/plain", "no-cache")
            .status()
            .as_u16()
    }

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let document = Document::dated("body", 1_000);
        let tag = document.tag.clone();
        for matching in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            assert_eq!(
                status(&document, &asked(IF_NONE_MATCH, &matching)),
                304,
                "{matching}"
            );
        }
        assert_eq!(status(&document, &asked(IF_NONE_MATCH, "\"other\"")), 200);
        assert_eq!(status(&document, &HeaderMap::new()), 200);
    }

    #[test]
    fn dates_are_compared_in_whole_seconds_and_tags_win() {
        let document = Document::dated("body", 1_267_252_454);
        assert_eq!(
            status(
                &document,
                &asked(IF_MODIFIED_SINCE, "Sat, 27 Feb 2010 06:34:14 GMT")
            ),
            304
        );
        assert_eq!(
            status(
                &document,
                &asked(IF_MODIFIED_SINCE, "Sat, 27 Feb 2010 06:34:13 GMT")
            ),
            200
        );
        assert_eq!(
            status(&document, &asked(IF_MODIFIED_SINCE, "yesterday")),
            200
        );
        let mut both = asked(IF_MODIFIED_SINCE, "Sat, 27 Feb 2010 06:34:14 GMT");
        both.insert(IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
        assert_eq!(status(&document, &both), 200);
    }

    /// Two changes in one second: who saw the first must be given the second, although both have the same date.
    #[test]
    fn a_change_in_the_current_second_is_dated_back() {
        let document = Document::revise(None, "first");
        let answer = document.answer(&HeaderMap::new(), "text/plain", "no-cache");
        let date = answer.headers()[LAST_MODIFIED]
            .to_str()
            .expect("date")
            .to_owned();
        let next = Document::revise(Some(&document), "second");
        assert_eq!(status(&next, &asked(IF_MODIFIED_SINCE, &date)), 200);
    }

    #[test]
    fn the_date_stays_while_the_content_stays() {
        let first = Document::dated("same", 5);
        assert_eq!(Document::revise(Some(&first), "same").changed_s, 5);
        assert!(Document::revise(Some(&first), "different").changed_s > 5);
    }
}
