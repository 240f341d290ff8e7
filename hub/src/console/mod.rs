//! The page for people: compiled in; nothing is fetched from elsewhere. There are two: the console, which npm builds (crate `console`), and a
//! plain one, one document with its scripts and one style sheet, which needs nothing. The plain one is served at `/` where the console was not
//! built, and always at `/plain`.
//!
//! The mode is written into the document itself, so that an exercise looks like one even before the script has run or when
//! it cannot. Everything else comes by `/api/state` and `/events`; the script puts it in as text, never as markup. All
//! references are relative, so the page works behind a proxy that serves it under a path.
//!
//! Refuses: to look calm when it does not know: without a connection, or while the hub starts or stands still, it says so.

use wire::topic::Mode;

/// The script, `/app.js`.
pub const SCRIPT: &str = include_str!("app.js");

/// Who is logged in, `/login.js`; the script builds on it.
pub const LOGIN: &str = include_str!("login.js");

/// The desk, `/desk.js`: what those see who have logged in.
pub const DESK: &str = include_str!("desk.js");

/// The style sheet, `/app.css`.
pub const STYLE: &str = include_str!("app.css");

/// The icon, `/favicon.svg`.
pub const ICON: &str = include_str!("favicon.svg");

/// Land for the map, `/land.txt`, in half-degree cells; the script documents the format. Land is where more than half of a
/// cell's heights in ETOPO5 (NOAA NGDC, public domain) are above zero.
pub const LAND: &str = include_str!("land.txt");

const PAGE: &str = include_str!("index.html");

/// The document, `/`, for a deployment of this mode and title.
pub fn page(mode: Mode, title: &str) -> String {
    filled(hub_console::document().unwrap_or(PAGE), mode, title)
}

/// The plain document, `/plain`.
pub fn plain(mode: Mode, title: &str) -> String {
    filled(PAGE, mode, title)
}

fn filled(document: &str, mode: Mode, title: &str) -> String {
    document
        .replace("{mode}", mode.name())
        .replace("{title}", &escape(title))
}

/// Text as HTML content or attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_in_the_document_and_the_title_is_text() {
        let title = "<script>alert(1)</script> & {mode}";
        for html in [page(Mode::Exercise, title), plain(Mode::Exercise, title)] {
            assert!(html.contains("data-mode=\"exercise\""));
            assert!(html.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; {mode}"));
            assert!(!html.contains("<script>alert"));
        }
    }

    #[test]
    fn the_land_has_the_whole_globe() {
        let rows: Vec<u32> = LAND
            .lines()
            .map(|row| {
                row.split(' ')
                    .map(|n| u32::from_str_radix(n, 36).expect("base 36"))
                    .sum()
            })
            .collect();
        assert_eq!(rows.len(), 360);
        assert!(rows.iter().all(|cells| *cells <= 720));
    }

    /// The policy that the server sends would block all of these; this finds them before a browser does.
    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for (name, text) in [
            ("index.html", PAGE),
            ("app.js", SCRIPT),
            ("login.js", LOGIN),
            ("desk.js", DESK),
            ("app.css", STYLE),
            ("favicon.svg", ICON),
        ] {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for refused in [
                "http://",
                "https://",
                "//cdn",
                "style=",
                "onclick",
                "onload=",
                "javascript:",
            ] {
                assert!(!text.contains(refused), "{name} has {refused}");
            }
        }
        for refused in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ] {
            assert!(!SCRIPT.contains(refused), "app.js has {refused}");
            assert!(!LOGIN.contains(refused), "login.js has {refused}");
            assert!(!DESK.contains(refused), "desk.js has {refused}");
        }
    }
}
