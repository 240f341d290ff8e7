//! Bulletins and short messages over HTTP, made of the published messages.
//!
//! Work is bounded: a name that no message has costs a look at the list; a message is read once and its texts are kept, for the last
//! messages that were asked for; texts are made one at a time, whoever asks.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::sync::Mutex;
use words::Language;

use super::conditional::Document;
use crate::alert::forms::Forms;

/// Messages whose texts are kept; one in ten languages takes about 15 kB.
const KEPT: usize = 64;

/// How the characters of a short message are coded on the air, `GSM-7` or `UCS-2`.
const ENCODING: HeaderName = HeaderName::from_static("sms-encoding");
/// Pages of a cell broadcast that a short message takes.
const PAGES: HeaderName = HeaderName::from_static("sms-pages");

/// The texts of one message.
#[derive(Debug)]
pub(super) struct Texts {
    bulletin: Document,
    short: Vec<(Language, Short)>,
}

#[derive(Debug)]
struct Short {
    document: Document,
    encoding: &'static str,
    pages: usize,
}

impl Texts {
    fn read(xml: &str, sent_us: i64) -> Result<Self, String> {
        let sent_s = sent_us.div_euclid(1_000_000);
        let forms = Forms::read(xml)?;
        let short = forms.short.into_iter().map(|(language, pages)| {
            let short = Short {
                document: Document::dated(format!("{}\n", pages.text), sent_s),
                encoding: pages.encoding.name(),
                pages: pages.pages.len(),
            };
            (language, short)
        });
        Ok(Self {
            short: short.collect(),
            bulletin: Document::dated(forms.bulletin, sent_s),
        })
    }

    pub(super) fn bulletin(
        &self,
        request: &HeaderMap,
        media_type: &'static str,
        caching: &'static str,
    ) -> Response<Body> {
        self.bulletin.answer(request, media_type, caching)
    }

    /// `None` if the message has no block in that language.
    pub(super) fn short(
        &self,
        language: Language,
        request: &HeaderMap,
        media_type: &'static str,
        caching: &'static str,
    ) -> Option<Response<Body>> {
        let mut all = self.short.iter();
        let (_, short) = all.find(|(l, _)| *l == language)?;
        let mut response = short.document.answer(request, media_type, caching);
        let headers = response.headers_mut();
        headers.insert(ENCODING, HeaderValue::from_static(short.encoding));
        headers.insert(PAGES, HeaderValue::from(short.pages));
        Some(response)
    }
}

/// Texts that were made lately, newest last; `None` of a message that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<VecDeque<(String, Option<Arc<Texts>>)>>);

impl Cache {
    /// The texts of a message, made if they are not kept. Messages never change, so that their file names are enough.
    pub(super) async fn texts(&self, file: &str, xml: &str, sent_us: i64) -> Option<Arc<Texts>> {
        let mut kept = self.0.lock().await;
        if let Some((_, texts)) = kept.iter().find(|(name, _)| name == file) {
            return texts.clone();
        }
        let texts = match Texts::read(xml, sent_us) {
            Ok(texts) => Some(Arc::new(texts)),
            Err(why) => {
                tracing::error!(file, why, "a published message has no bulletin");
                None
            }
        };
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((file.to_owned(), texts.clone()));
        texts
    }
}

/// The message's file name and the language of `<message>.<language>.txt`.
pub(super) fn short_name(name: &str) -> Option<(String, Language)> {
    let (stem, tag) = name.strip_suffix(".txt")?.rsplit_once('.')?;
    let language = Language::ALL.iter().find(|l| l.tag() == tag)?;
    Some((format!("{stem}.xml"), *language))
}

/// The message's file name of `<message>.txt`.
pub(super) fn bulletin_name(name: &str) -> Option<String> {
    Some(format!("{}.xml", name.strip_suffix(".txt")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_texts_are_those_of_their_messages() {
        assert_eq!(
            short_name("wf.chile.actual.us.1.es.txt"),
            Some(("wf.chile.actual.us.1.xml".to_owned(), Language::Es))
        );
        for bad in ["wf.1.txt", "wf.1.xx.txt", "wf.es.xml", "es.txt", ""] {
            assert_eq!(short_name(bad), None, "{bad}");
        }
        assert_eq!(bulletin_name("wf.1.txt").as_deref(), Some("wf.1.xml"));
        assert_eq!(bulletin_name("wf.1.xml"), None);
    }
}
