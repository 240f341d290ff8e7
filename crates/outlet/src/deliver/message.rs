//! A message as people read it in a mail.

use std::fmt::Write as _;

use cap::{Alert, Info, MsgType, Status};

/// Longest subject, characters.
const SUBJECT: usize = 150;

/// The subject: what kind of message it is stands first, because a drill has reached the public before where only the text marked it.
pub(super) fn subject(alert: &Alert) -> String {
    let mut text = String::new();
    if alert.status != Status::Actual {
        let _ = write!(text, "[{}] ", alert.status.as_str().to_uppercase());
    }
    match alert.msg_type {
        MsgType::Update => text.push_str("Update: "),
        MsgType::Cancel => text.push_str("Cancelled: "),
        _ => {}
    }
    let head = alert
        .infos
        .first()
        .map_or("", |i| i.headline.as_deref().unwrap_or(&i.event));
    let one_line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    text.push_str(&one_line);
    if text.chars().count() > SUBJECT {
        text = text.chars().take(SUBJECT - 3).collect();
        text.push_str("...");
    }
    text
}

/// The body: each language after the other, then what the message is known by.
pub(super) fn body(alert: &Alert, url: &str) -> String {
    let mut text = String::new();
    if alert.status != Status::Actual {
        let status = alert.status.as_str().to_uppercase();
        let _ = writeln!(text, "*** {status} *** {status} *** {status} ***\n");
    }
    for (k, info) in alert.infos.iter().enumerate() {
        if k > 0 {
            text.push_str("\n----------------------------------------\n\n");
        }
        one(&mut text, info);
    }
    text.push_str("\n----------------------------------------\n");
    let _ = writeln!(text, "{} {}", alert.msg_type, alert.identifier);
    let _ = writeln!(text, "Sent {} by {}", alert.sent, alert.sender);
    if let Some(note) = &alert.note {
        let _ = writeln!(text, "{note}");
    }
    if !url.is_empty() {
        let _ = writeln!(text, "{url}");
    }
    text.push_str("The message itself is attached (CAP 1.2).\n");
    text
}

fn one(text: &mut String, info: &Info) {
    let paragraphs = [&info.headline, &info.description, &info.instruction];
    for paragraph in paragraphs.into_iter().flatten() {
        let _ = writeln!(text, "{}\n", paragraph.trim());
    }
    let _ = writeln!(
        text,
        "{}: {}, {}, {}",
        info.event, info.severity, info.urgency, info.certainty
    );
    for area in &info.areas {
        let _ = writeln!(text, "- {}", area.description.trim());
    }
    if let Some(expires) = info.expires {
        let _ = writeln!(text, "Expires {expires}");
    }
    for line in [&info.sender_name, &info.contact, &info.web]
        .into_iter()
        .flatten()
    {
        let _ = writeln!(text, "{line}");
    }
}
