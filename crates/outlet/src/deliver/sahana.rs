//! Sahana Eden: `PUT <site>/eden/cap/alert.cap` with Basic authentication.
//!
//! Eden stores a message that it is given twice as two: whether one that was under way at a failure arrived is asked for first, with
//! `GET <site>/eden/cap/alert.json?~.identifier=<identifier>` (Eden's URL query: `~` is the resource itself).
//! What its answers mean, see [`crate::sahana_answer()`].

use ureq::http::Method;

use super::http::{Reply, not_a_success};
use super::websub::encoded;
use super::{Deliver, Endpoint, Found, Outcome, Parcel, Repeat};
use crate::Issued;
use crate::sahana_answer::{self, Presence, Verdict};

/// Puts messages into a Sahana Eden.
#[derive(Debug)]
pub struct Sahana {
    endpoint: Endpoint,
    list: String,
}

impl Sahana {
    /// The Eden whose import is at the endpoint's URL, which ends in `/alert.cap`.
    ///
    /// # Errors
    /// Text, when it ends otherwise.
    pub fn new(endpoint: Endpoint) -> Result<Self, String> {
        let Some(site) = endpoint.url().strip_suffix("/alert.cap") else {
            return Err(format!(
                "url \"{}\": the import of a Sahana Eden ends in /alert.cap, such as https://example.org/eden/cap/alert.cap",
                endpoint.url()
            ));
        };
        let list = format!("{site}/alert.json");
        Ok(Self { endpoint, list })
    }
}

impl Deliver for Sahana {
    fn kind(&self) -> &'static str {
        "sahana"
    }

    fn ready(&self) -> Result<(), String> {
        self.endpoint.ready()
    }

    fn repeat(&self) -> Repeat {
        Repeat::AskFirst
    }

    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome {
        let headers = [
            ("Content-Type", "application/xml"),
            ("Accept", "application/json"),
        ];
        let url = self.endpoint.url();
        let (status, body, whole, retry_after, location) =
            match self
                .endpoint
                .call(Method::PUT, url, &headers, parcel.xml.as_bytes())
            {
                Reply::Answer {
                    status,
                    body,
                    whole,
                    retry_after,
                    location,
                } => (status, body, whole, retry_after, location),
                Reply::None(outcome) => return outcome,
            };
        if status == 200 || status == 201 {
            return match sahana_answer::read(&body) {
                // What a language list or a template refuses today is taken when somebody has added it there.
                Verdict::Refused(why) => Outcome::Refused {
                    why: format!("Sahana refuses it: {why}"),
                    for_good: false,
                },
                Verdict::Taken if whole => Outcome::DELIVERED,
                Verdict::Taken => unclear("the answer broke off".to_owned()),
                Verdict::Unclear(text) => unclear(text),
            };
        }
        // Its reasons come with 4xx too.
        if (400..500).contains(&status)
            && let Verdict::Refused(why) = sahana_answer::read(&body)
            && !matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
        {
            return Outcome::Refused {
                why: format!("Sahana refuses it (HTTP {status}): {why}"),
                for_good: false,
            };
        }
        not_a_success(status, &body, retry_after, location.as_deref())
    }

    fn ask(&mut self, issued: &Issued) -> Found {
        let url = format!("{}?~.identifier={}", self.list, encoded(&issued.identifier));
        match self
            .endpoint
            .call(Method::GET, &url, &[("Accept", "application/json")], b"")
        {
            Reply::Answer {
                status: 200,
                body,
                whole: true,
                ..
            } => match sahana_answer::found(&body, &issued.identifier) {
                Presence::There => Found::There,
                Presence::Missing => Found::Missing,
                Presence::Unclear(why) => Found::Unclear { why },
            },
            Reply::Answer {
                status,
                body,
                retry_after,
                location,
                ..
            } => match not_a_success(status, &body, retry_after, location.as_deref()) {
                Outcome::Failed {
                    why, retry_after, ..
                } => Found::NoAnswer { why, retry_after },
                Outcome::Blocked { why } | Outcome::Refused { why, .. } => Found::Unclear { why },
                Outcome::Delivered { .. } => Found::Unclear {
                    why: format!("it answers HTTP {status}"),
                },
            },
            Reply::None(Outcome::Failed { why, .. } | Outcome::Blocked { why }) => {
                Found::NoAnswer {
                    why,
                    retry_after: None,
                }
            }
            Reply::None(other) => Found::Unclear {
                why: format!("{other:?}"),
            },
        }
    }
}

/// It answered, and what it did is not known.
fn unclear(text: String) -> Outcome {
    Outcome::Failed {
        why: format!("its answer says neither yes nor no: {text}"),
        may_have_arrived: true,
        retry_after: None,
    }
}
