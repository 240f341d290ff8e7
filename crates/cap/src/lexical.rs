//! What single values may look like in a written message.

/// Whether XML 1.0 can carry `c` (section 2.2, production `Char`).
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether `text` can be an identifier or a sender: CAP 1.2 section 3.2.1 excludes spaces, commas, `<` and `&`, so that
/// `references` can be taken apart.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '&'))
}

/// Whether `text` is an xs:language.
pub(crate) fn is_language(text: &str) -> bool {
    text.split('-').enumerate().all(|(i, part)| {
        (1..=8).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()))
    })
}

/// Whether `text` is `type/subtype` of RFC 6838 names, parameters allowed behind a semicolon.
pub(crate) fn is_mime_type(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let essence = text.split(';').next().unwrap_or("").trim_end();
    essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| name(kind) && name(subtype))
}

/// Whether `text` is an absolute URI (RFC 3986, ASCII only): a scheme, then something; with `//`, a host.
pub(crate) fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    // These two mean nothing without a host.
    let needs_host = ["http", "https"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s));
    let body = match rest.strip_prefix("//") {
        Some(behind) => {
            let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
            if !is_authority(&behind[..end]) {
                return false;
            }
            &behind[end..]
        }
        None if needs_host || rest.is_empty() => return false,
        None => rest,
    };
    named && are_uri_characters(body)
}

/// Whether `text` is an absolute URI or a relative path.
pub(crate) fn is_uri_reference(text: &str) -> bool {
    let first = text.split(['/', '?', '#']).next().unwrap_or("");
    is_absolute_uri(text)
        || (!text.is_empty()
            && !first.contains(':')
            && !text.starts_with("//")
            && are_uri_characters(text))
}

fn is_authority(text: &str) -> bool {
    let host_port = text.rsplit_once('@').map_or(Some(text), |(user, rest)| {
        (!user.contains('@') && are_uri_characters(user) && !user.contains(['/', '?', '#']))
            .then_some(rest)
    });
    let Some(host_port) = host_port else {
        return false;
    };
    let (host, port) = match host_port
        .strip_prefix('[')
        .and_then(|inner| inner.split_once(']'))
    {
        Some((address, port)) => {
            if address.is_empty()
                || !address
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit() || b":.".contains(&b))
            {
                return false;
            }
            (
                "[]",
                port.strip_prefix(':')
                    .unwrap_or(if port.is_empty() { "0" } else { "x" }),
            )
        }
        None => host_port.split_once(':').unwrap_or((host_port, "0")),
    };
    let named = host == "[]" || (!host.is_empty() && are_uri_characters(host));
    named && !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())
}

/// Unreserved and reserved characters but brackets, whole percent escapes, one `#` at most.
fn are_uri_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let escapes_whole = bytes
        .iter()
        .enumerate()
        .filter(|&(_, &b)| b == b'%')
        .all(|(i, _)| {
            bytes
                .get(i + 1..i + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
        });
    escapes_whole
        && bytes.iter().filter(|&&b| b == b'#').count() <= 1
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(b))
}

/// Whether `text` is padded base64 of at least one byte, line breaks allowed.
pub(crate) fn is_base64(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let padding = digits.iter().rev().take_while(|&&b| b == b'=').count();
    !digits.is_empty()
        && digits.len().is_multiple_of(4)
        && padding <= 2
        && digits[..digits.len() - padding]
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"+/".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for good in [
            "http://127.0.0.1:8080/cap/1.xml?a=b&c=d#e",
            "https://user@example.org",
            "https://[2001:db8::1]:443/x",
            "urn:oid:2.49.0.1.152.0",
            "mailto:duty@example.org",
            "https://example.org/%C3%B1",
        ] {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in [
            "",
            "page.html",
            "/cap/1.xml",
            "//example.org/",
            "http:",
            "http://",
            "http:///x",
            "http:/x",
            "http://a b/",
            "http://h:x/",
            "http://h:/",
            "http://[::1",
            "http://[]/",
            "http://[::1]x/",
            "https://example.org/\u{f1}",
            "https://example.org/%C",
            "https://example.org/%zz",
            "https://e/#a#b",
            "1a:b",
            ":x",
            "urn:",
        ] {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
        assert!(
            is_uri_reference("map.png") && is_uri_reference("../a:b") && !is_uri_reference("a:")
        );
    }

    #[test]
    fn small_forms() {
        assert!(
            is_token("urn:oid:2.49.0.1.152.0")
                && !is_token("a b")
                && !is_token("a,b")
                && !is_token("")
        );
        assert!(!is_token("a\u{a0}b") && !is_token("a&b") && !is_token("a<b"));
        assert!(
            is_language("es-419")
                && is_language("en")
                && !is_language("en_US")
                && !is_language("123")
        );
        assert!(!is_language("") && !is_language("en-") && !is_language("abcdefghi"));
        assert!(is_mime_type("image/svg+xml") && is_mime_type("text/html; charset=utf-8"));
        assert!(!is_mime_type("image") && !is_mime_type("/x") && !is_mime_type("a b/c"));
        assert!(
            is_base64("aGVsbG8=\n")
                && is_base64("AAAA")
                && !is_base64("AAA")
                && !is_base64("A===")
                && !is_base64(" ")
        );
    }
}
