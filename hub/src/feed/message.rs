//! What a feed needs to know of a message beyond the view: its URL, and two facts from its own XML.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::text;

/// How many elements are looked at; the first info block is near the start of every message.
const ELEMENTS_MAX: usize = 256;

/// The immutable URL of a message.
pub fn url(base_url: &str, file: &str) -> String {
    let mut url = format!("{base_url}/cap/");
    for byte in file.bytes() {
        // RFC 3986 unreserved characters stand as they are.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

/// Language and categories of a message's first info block.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Facts {
    /// RFC 5646 tag; empty if the message gives none.
    pub language: String,
    /// CAP categories: `Geo`, `Infra`, ...
    pub categories: Vec<String>,
}

/// Reads the facts. A message that cannot be read has none: the feed still lists it.
pub(super) fn facts(message: &str) -> Facts {
    let mut reader = Reader::from_str(message);
    let mut facts = Facts::default();
    let mut inside: Option<String> = None;
    for _ in 0..ELEMENTS_MAX {
        match reader.read_event() {
            Ok(Event::Start(start)) => inside = Some(start.local_name().as_ref().to_owned()),
            Ok(Event::Text(words)) => {
                let words = text::xml(words.trim());
                match inside.as_deref() {
                    Some("language") if facts.language.is_empty() => {
                        facts.language = words.into_owned()
                    }
                    Some("category") => facts.categories.push(words.into_owned()),
                    _ => {}
                }
            }
            Ok(Event::End(end)) if end.local_name().as_ref() == "info" => break,
            Ok(Event::End(_)) => inside = None,
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_path_segment_whatever_it_holds() {
        assert_eq!(
            url("https://w.example/x", "chile-1.2.xml"),
            "https://w.example/x/cap/chile-1.2.xml"
        );
        assert_eq!(
            url("http://h", "a/b ?ñ.xml"),
            "http://h/cap/a%2Fb%20%3F%C3%B1.xml"
        );
    }

    #[test]
    fn facts_come_from_the_first_info_block_only() {
        let message = "<alert xmlns='x'><identifier>i</identifier><info><language>en-US</language><category>Geo</category>\
            <category>Safety</category></info><info><language>es</language><category>Met</category></info></alert>";
        let found = facts(message);
        assert_eq!(found.language, "en-US");
        assert_eq!(found.categories, ["Geo", "Safety"]);
    }

    #[test]
    fn an_unreadable_message_has_no_facts_and_no_panic() {
        for bad in ["", "<", "<alert><info><language>", "not xml", "<a></b>"] {
            assert_eq!(facts(bad), Facts::default(), "{bad}");
        }
    }
}
