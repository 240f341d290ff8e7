//! Assessments under `/relief/`: an index of events, and each in its forms.
//!
//! | path                          | what                                                                    |
//! |-------------------------------|-------------------------------------------------------------------------|
//! | `/relief/`                    | the index                                                               |
//! | `/relief/<event>.html`        | the situation report, one page                                          |
//! | `/relief/<event>.geojson`     | GeoJSON                                                                 |
//! | `/relief/<event>.csv`         | needs by zone, CSV with HXL tags                                        |
//! | `/relief/<event>.places.csv`  | places inside and shelters outside, CSV with HXL tags                   |
//! | `/relief/<event>.edxl.xml`    | EDXL-DE 1.0 around the CAP message                                      |
//!
//! A deployment without `[relief]` answers 404 and says so; without an event the index says that this is no all-clear.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use wire::topic::Mode;

use super::auth;
use super::conditional::Document;
use super::routes::{Outlet, REVALIDATE, plain};
use crate::console::escape;
use crate::view::{ReliefDocuments, ReliefView};

const HTML: &str = "text/html; charset=utf-8";

type Form = (
    &'static str,
    &'static str,
    fn(&ReliefDocuments) -> &bytes::Bytes,
);

/// Endings, media types, and which document. Of two endings that fit the longer comes first.
const FORMS: [Form; 5] = [
    (".places.csv", "text/csv; charset=utf-8", |d| &d.places_csv),
    (".csv", "text/csv; charset=utf-8", |d| &d.needs_csv),
    (".geojson", "application/geo+json", |d| &d.geojson),
    (".edxl.xml", "application/xml", |d| &d.edxl),
    (".html", HTML, |d| &d.page),
];

/// Without `[relief]` there is nothing to serve.
const OFF: &str = "This deployment has no [relief]: nothing is assessed here.\n";

pub(super) async fn document(
    State(outlet): State<Arc<Outlet>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let Some((event, (_, media_type, of))) = FORMS
        .iter()
        .find_map(|form| Some((file.strip_suffix(form.0)?, form)))
    else {
        return plain(
            StatusCode::NOT_FOUND,
            "There is no such document. The index is at /relief/.\n",
        );
    };
    let found = outlet.board.read(|view| {
        let all = view.relief.as_ref()?;
        let relief = all.iter().find(|r| r.event == event);
        Some(relief.map(|r| (r.documents.clone(), r.made_us)))
    });
    match found {
        Some(Some((documents, made_us))) => {
            let document = Document::dated(of(&documents).clone(), made_us.div_euclid(1_000_000));
            styled(document.answer(&headers, media_type, REVALIDATE))
        }
        Some(None) => plain(
            StatusCode::NOT_FOUND,
            "No event of that name has been assessed. The index is at /relief/.\n",
        ),
        None => plain(StatusCode::NOT_FOUND, OFF),
    }
}

pub(super) async fn index(
    State(outlet): State<Arc<Outlet>>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = auth::may_view(&outlet, &method, &headers) {
        return *refused;
    }
    let (mode, title, all) = outlet
        .board
        .read(|view| (view.mode, view.title.clone(), view.relief.clone()));
    match all {
        Some(all) => {
            let page = listing(mode, &title, &all);
            styled(Document::dated(page, 0).answer(&headers, HTML, REVALIDATE))
        }
        None => plain(StatusCode::NOT_FOUND, OFF),
    }
}

fn listing(mode: Mode, title: &str, all: &[ReliefView]) -> String {
    let word = mode.name().to_uppercase();
    let mut out = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">",
    );
    let _ = write!(
        out,
        "<title>Relief: {}</title><style>{}</style></head><body>",
        escape(title),
        relief::outputs::style()
    );
    if mode != Mode::Actual {
        let _ = write!(
            out,
            "<p class=\"banner\" role=\"note\">{word} {word} {word}</p>"
        );
    }
    let _ = write!(out, "<h1>Relief: {}</h1>", escape(title));
    if all.is_empty() {
        out.push_str("<p>No message about zones has been issued. That is not an all-clear.</p>");
    } else {
        out.push_str("<table><thead><tr><th>Message<th>Made for<th>People in the zones<th>To evacuate<th>Beds lacking<th>Report<th>Data</thead><tbody>");
    }
    for r in all.iter().rev() {
        let about = if r.all_known { "" } else { "at least " };
        let number = |n: Option<u64>| n.map_or("unknown".to_owned(), |n| format!("{about}{n}"));
        let state = if r.over { " (cancelled)" } else { "" };
        let event = escape(&r.event);
        let _ = write!(
            out,
            "<tr><td>{}{state}<td>{}<td>{}<td>{}<td>{}<td><a href=\"{event}.html\">no. {}</a><td>",
            escape(&r.headline),
            clock::format_utc(r.made_us.div_euclid(1_000_000).saturating_mul(1_000_000)),
            number(r.people),
            number(r.to_evacuate),
            number(r.capacity_lacking),
            r.number
        );
        for (ending, ..) in &FORMS[..4] {
            let _ = write!(out, "<a href=\"{event}{ending}\">{}</a> ", &ending[1..]);
        }
    }
    if !all.is_empty() {
        out.push_str("</tbody></table>");
    }
    out.push_str("</body></html>");
    out
}

/// These pages stand alone, with their style inside and no script: that style is allowed by its hash, and nothing else at all.
fn styled(mut response: Response<Body>) -> Response<Body> {
    let policy = format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        relief::outputs::style_hash()
    );
    // Base64 and words: ASCII.
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, value);
    }
    response
}
