//! The files of the page: the console's as its build made them, and the plain page's.
//!
//! The console's files are sent compressed to those who take gzip: they are large, and compressed once by the build. Names below `assets/`
//! change with their content and are kept by browsers for ever.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY,
};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use wire::topic::Mode;

use super::conditional::Document;
use super::routes::{IMMUTABLE, Outlet, REVALIDATE, TEXT, with_type};
use crate::console;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What the plain page is made of.
const PLAIN: [(&str, &str, &str); 6] = [
    ("/app.js", console::SCRIPT, JAVASCRIPT),
    ("/login.js", console::LOGIN, JAVASCRIPT),
    ("/desk.js", console::DESK, JAVASCRIPT),
    ("/app.css", console::STYLE, "text/css; charset=utf-8"),
    ("/land.txt", console::LAND, TEXT),
    ("/favicon.svg", console::ICON, "image/svg+xml"),
];

/// The routes of this module.
pub(super) fn router() -> Router<Arc<Outlet>> {
    let mut router = Router::new()
        .route(
            "/",
            get(async |State(outlet), headers| document(&outlet, &headers, console::page)),
        )
        .route(
            "/plain",
            get(async |State(outlet), headers| document(&outlet, &headers, console::plain)),
        );
    for (path, content, media_type) in PLAIN {
        let handler = async move |headers: HeaderMap| {
            Document::dated(content, 0).answer(&headers, media_type, REVALIDATE)
        };
        router = router.route(path, get(handler));
    }
    for file in hub_console::FILES {
        let path = format!("/{}", file.path);
        let known = PLAIN.iter().any(|(plain, ..)| *plain == path);
        if file.path == "index.html" || known {
            continue;
        }
        let handler = async move |headers: HeaderMap| built(file, &headers);
        router = router.route(&path, get(handler));
    }
    router
}

fn document(
    outlet: &Arc<Outlet>,
    headers: &HeaderMap,
    write: impl Fn(Mode, &str) -> String,
) -> Response<Body> {
    let (mode, title) = outlet.board.read(|view| (view.mode, view.title.clone()));
    Document::dated(write(mode, &title), 0).answer(headers, HTML, REVALIDATE)
}

fn built(file: &'static hub_console::File, headers: &HeaderMap) -> Response<Body> {
    let gzip = file.gzip.filter(|_| takes_gzip(headers));
    let bytes = Bytes::from_static(gzip.unwrap_or(file.plain));
    let mut response = with_type(StatusCode::OK, file.media_type(), Body::from(bytes));
    let cache = if file.immutable {
        IMMUTABLE
    } else {
        REVALIDATE
    };
    let to = response.headers_mut();
    to.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if file.gzip.is_some() {
        to.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if gzip.is_some() {
        to.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether the client takes gzip: named, or by `*`, and not with a weight of zero (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(ACCEPT_ENCODING).iter();
    let codings = asked
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut any = false;
    for coding in codings {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0));
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => return !refused,
            "*" => any = !refused,
            _ => {}
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        let takes = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            takes_gzip(&headers)
        };
        for yes in ["gzip", "br, GZIP;q=0.5", "*", "*;q=0.1, identity"] {
            assert!(takes(yes), "{yes}");
        }
        for no in [
            "",
            "br",
            "gzip;q=0",
            "gzip; q=0.0, *",
            "*;q=0",
            "deflate, br",
        ] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
