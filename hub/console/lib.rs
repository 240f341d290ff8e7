//! The files of the console, as the build made them; see `build.rs`. Empty where it could not be built: the hub then serves its plain page.
//!
//! The page itself is TypeScript beside this file: `src/` with a folder for each room, `src/hub.ts` for what the hub says.
#![forbid(unsafe_code)]

/// One file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Path below the page's address, such as `assets/index-4f2a.js`.
    pub path: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same compressed by gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// Its name changes with its content, so that it may be kept for ever.
    pub immutable: bool,
}

impl File {
    /// Its media type, by its name.
    pub fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, end)| end) {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            "png" => "image/png",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The document, with `{mode}` and `{title}` to be filled in; `None` where the page was not built.
pub fn document() -> Option<&'static str> {
    let file = FILES.iter().find(|file| file.path == "index.html")?;
    std::str::from_utf8(file.plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where somebody asks for the page, a build without it is no build.
    #[test]
    fn the_page_is_there_when_it_is_required() {
        if option_env!("WATCHFIRE_CONSOLE") == Some("required") {
            assert!(document().is_some(), "the page was not built");
        }
        if let Some(document) = document() {
            assert!(document.contains("{mode}") && document.contains("{title}"));
            let script = FILES.iter().any(|f| f.path.ends_with(".js") && f.immutable);
            assert!(script, "the page has no script");
        }
    }

    /// The hub's policy lets nothing inline run, and nothing may be fetched from elsewhere.
    #[test]
    fn the_document_has_nothing_inline_and_asks_nobody_else() {
        let Some(document) = document() else { return };
        for refused in [
            "style=",
            "onclick",
            "onload=",
            "javascript:",
            "http://",
            "https://",
            "//cdn",
            "<script>",
        ] {
            assert!(!document.contains(refused), "index.html has {refused}");
        }
    }
}
