//! What Sahana Eden says about an import, and about a message that it is asked for.
//!
//! Eden answers an import with JSON, whatever the HTTP status says: `{"status": "failed", "statuscode": "400", "message": ...}` comes with
//! HTTP 200 too. Older versions put the message there without escaping its quotes, so that the whole is no JSON; some installations answer
//! with a page (log in, maintenance). An answer that cannot be read as a yes is none.

use serde_json::Value;

/// Longest excerpt of an answer that is shown, characters.
const EXCERPT: usize = 300;
/// Most values of an answer that are looked through for an identifier.
const VALUES_MAX: usize = 20_000;

/// What an answer to an import says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was imported.
    Taken,
    /// It was not, and this is why.
    Refused(String),
    /// Cannot be told; this is how the answer begins.
    Unclear(String),
}

/// What an answer to a question for a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The message is there.
    There,
    /// It is not.
    Missing,
    /// Cannot be told; this is how the answer begins.
    Unclear(String),
}

/// Reads an answer to an import.
pub fn read(body: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(text.trim_start_matches('\u{FEFF}').trim()) {
        Ok(Value::Object(answer)) => {
            let Some(status) = answer.get("status").and_then(Value::as_str) else {
                return Verdict::Unclear(excerpt(&text));
            };
            match status {
                "success" if answer.get("records").and_then(Value::as_u64) == Some(0) => {
                    Verdict::Refused(format!(
                        "it found no alert in the message: {}",
                        said(&answer)
                    ))
                }
                "success" => Verdict::Taken,
                "failed" | "error" => Verdict::Refused(said(&answer)),
                _ => Verdict::Unclear(excerpt(&text)),
            }
        }
        // An answer that is no JSON can be a no, never a yes.
        _ if says_failed(&text) => Verdict::Refused(excerpt(&text)),
        _ => Verdict::Unclear(excerpt(&text)),
    }
}

/// Reads an answer to a question for the message `identifier`: a list of records, as JSON.
pub fn found(body: &[u8], identifier: &str) -> Presence {
    let text = String::from_utf8_lossy(body);
    let Ok(answer) = serde_json::from_str::<Value>(text.trim_start_matches('\u{FEFF}').trim())
    else {
        return Presence::Unclear(excerpt(&text));
    };
    if holds(&answer, identifier) {
        return Presence::There;
    }
    match &answer {
        Value::Array(records) if records.is_empty() => Presence::Missing,
        // Eden leaves out what is empty: no records is an empty object.
        Value::Object(fields) if fields.is_empty() => Presence::Missing,
        // Records of something else: the filter was not understood, and nothing follows from that.
        _ => Presence::Unclear(excerpt(&text)),
    }
}

/// Whether a value, or one inside it, is this text.
fn holds(answer: &Value, wanted: &str) -> bool {
    let mut open = vec![answer];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        seen += 1;
        if seen > VALUES_MAX {
            return false;
        }
        match value {
            Value::String(text) if text == wanted => return true,
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    false
}

/// Whether `"status"` is followed by `"failed"`, with or without blanks around the colon.
fn says_failed(text: &str) -> bool {
    text.match_indices("\"status\"").any(|(at, key)| {
        let rest = text[at + key.len()..].trim_start();
        let value = rest.strip_prefix(':').map(str::trim_start);
        value.is_some_and(|v| v.starts_with("\"failed\""))
    })
}

/// Its message, and what its error tree says about single fields.
fn said(answer: &serde_json::Map<String, Value>) -> String {
    let message = answer
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or("no reason given");
    let mut text = message.to_owned();
    if let Some(tree) = answer.get("tree") {
        let mut errors = Vec::new();
        field_errors(tree, &mut errors);
        for error in errors {
            text.push_str("; ");
            text.push_str(&error);
        }
    }
    excerpt(&text)
}

/// `@error` attributes of Eden's error tree, each once.
fn field_errors(tree: &Value, errors: &mut Vec<String>) {
    // Some versions give the tree as text.
    let parsed;
    let tree = match tree {
        Value::String(text) => {
            let Ok(value) = serde_json::from_str(text) else {
                return;
            };
            parsed = value;
            &parsed
        }
        other => other,
    };
    let mut open = vec![tree];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        seen += 1;
        if seen > VALUES_MAX || errors.len() >= 5 {
            return;
        }
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => {
                if let Some(error) = fields.get("@error").and_then(Value::as_str)
                    && !errors.iter().any(|e| e == error)
                {
                    errors.push(error.to_owned());
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
}

/// The beginning, in one line, without tags.
fn excerpt(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ if inside => {}
            c if c.is_whitespace() || c.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => {
                out.push(c);
                length += 1;
                if length >= EXCERPT {
                    out.push_str("...");
                    break;
                }
            }
        }
    }
    let out = out.trim();
    if out.is_empty() {
        "an empty answer".to_owned()
    } else {
        out.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_a_yes_in_every_spelling() {
        for yes in [
            r#"{"status": "success", "statuscode": "200", "records": 1, "created": [7]}"#,
            r#"{"status":"success","statuscode":"200"}"#,
            "\u{FEFF}{\"statuscode\":\"200\",\n\"status\" : \"success\"}\n",
        ] {
            assert_eq!(read(yes.as_bytes()), Verdict::Taken, "{yes}");
        }
    }

    #[test]
    fn a_no_is_a_no_whatever_http_says() {
        for no in [
            r#"{"status": "failed", "statuscode": "400", "message": "language: Value not allowed"}"#,
            r#"{"status":"failed","statuscode":"400","message":"language: Value not allowed"}"#,
            // Quotes that nobody escaped, as older versions write them.
            r#"{"status": "failed", "statuscode": "400", "message": "value "ja" not allowed", "tree": {}}"#,
        ] {
            match read(no.as_bytes()) {
                Verdict::Refused(why) => assert!(why.contains("not allowed"), "{why}"),
                other => panic!("{no}: {other:?}"),
            }
        }
        let tree = r#"{"status":"failed","message":"Validation Error","tree":{"$_cap_alert":[{"language":{"@value":"ja","@error":"Value not allowed!"}}]}}"#;
        assert_eq!(
            read(tree.as_bytes()),
            Verdict::Refused("Validation Error; Value not allowed!".to_owned())
        );
        assert!(matches!(
            read(br#"{"status":"success","records":0}"#),
            Verdict::Refused(_)
        ));
    }

    #[test]
    fn what_is_not_understood_is_no_yes() {
        for unclear in [
            "",
            "<?xml version=\"1.0\"?><status>success</status>",
            "<html><body><h1>Please log in</h1></body></html>",
            "{\"status\": \"success\"",
            "{\"status\": true}",
            "{\"status\": \"pending\"}",
            "{\"result\": {\"status\": \"success\"}}",
            "[{\"status\": \"success\"}]",
            "\"success\"",
            "null",
        ] {
            assert!(
                matches!(read(unclear.as_bytes()), Verdict::Unclear(_)),
                "{unclear}"
            );
        }
        assert_eq!(
            read(b"<html><body><h1>Please log  in</h1></body></html>"),
            Verdict::Unclear("Please log in".to_owned())
        );
        assert!(matches!(read(&[0xFF; 4_096]), Verdict::Unclear(_)));
    }

    #[test]
    fn a_message_is_there_missing_or_neither() {
        let there = br#"[{"id": 4, "identifier": "wf-1", "sender": "x"}]"#;
        assert_eq!(found(there, "wf-1"), Presence::There);
        let s3json = br#"{"$_cap_alert": [{"identifier": "wf-1"}]}"#;
        assert_eq!(found(s3json, "wf-1"), Presence::There);
        assert_eq!(found(b"[]", "wf-1"), Presence::Missing);
        assert_eq!(found(b" {} ", "wf-1"), Presence::Missing);
        for unclear in [
            &br#"[{"identifier": "wf-2"}]"#[..],
            br#"{"status": "failed", "message": "no permission"}"#,
            b"<html>log in</html>",
            b"",
            b"null",
        ] {
            assert!(matches!(found(unclear, "wf-1"), Presence::Unclear(_)));
        }
    }

    #[test]
    fn deep_and_long_answers_are_bounded() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read(deep.as_bytes()), Verdict::Unclear(_)));
        let wide = format!("[{}1]", "1,".repeat(100_000));
        assert!(matches!(
            found(wide.as_bytes(), "wf-1"),
            Presence::Unclear(_)
        ));
        match read("x".repeat(1_000_000).as_bytes()) {
            Verdict::Unclear(text) => assert!(text.len() < 400),
            other => panic!("{other:?}"),
        }
    }
}
