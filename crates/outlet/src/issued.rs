//! A message that was issued, with what is needed to choose and to order.

use std::sync::Arc;

/// How long a message without `expires` counts as in force, microseconds: a day.
const WITHOUT_EXPIRY_US: i64 = 24 * 3_600 * 1_000_000;

/// An issued message. All but `event` and `url` is read from the message itself, so that what is filtered is what is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Issued {
    /// CAP `identifier`.
    pub identifier: String,
    /// The event that it belongs to, as the issuer calls it.
    pub event: String,
    /// CAP `status`.
    pub status: cap::Status,
    /// CAP `msgType`.
    pub msg_type: cap::MsgType,
    /// CAP `sent`, microseconds since the Unix epoch.
    pub sent_us: i64,
    /// The latest `expires` of its infos, microseconds since the Unix epoch; a day after `sent` when there is none.
    pub expires_us: i64,
    /// The gravest severity of its infos.
    pub severity: cap::Severity,
    /// `headline` of the first info, or its `event`.
    pub headline: String,
    /// Values of its areas' geocodes.
    pub zones: Vec<String>,
    /// Identifiers of the messages that it refers to.
    pub references: Vec<String>,
    /// Where it is published for ever; empty when nowhere.
    pub url: String,
    /// The message.
    pub xml: Arc<str>,
}

impl Issued {
    /// Reads a message.
    ///
    /// # Errors
    /// [`cap::ReadError`] when it is no CAP message.
    pub fn read(
        event: impl Into<String>,
        url: impl Into<String>,
        xml: &str,
    ) -> Result<Self, cap::ReadError> {
        let (alert, _) = cap::read(xml.as_bytes())?;
        let sent_us = alert.sent.us();
        let expires_us = alert
            .infos
            .iter()
            .filter_map(|info| info.expires)
            .map(|time| time.us())
            .max()
            .unwrap_or(sent_us.saturating_add(WITHOUT_EXPIRY_US));
        // Gravest first, as the standard lists them; `Unknown` is last.
        let severity = alert
            .infos
            .iter()
            .map(|info| info.severity)
            .min()
            .unwrap_or(cap::Severity::Unknown);
        let headline = alert.infos.first().map_or_else(String::new, |info| {
            info.headline.clone().unwrap_or_else(|| info.event.clone())
        });
        let mut zones: Vec<String> = alert
            .infos
            .iter()
            .flat_map(|info| &info.areas)
            .flat_map(|area| &area.geocodes)
            .map(|code| code.value.clone())
            .collect();
        zones.sort();
        zones.dedup();
        Ok(Self {
            identifier: alert.identifier,
            event: event.into(),
            status: alert.status,
            msg_type: alert.msg_type,
            sent_us,
            expires_us,
            severity,
            headline,
            zones,
            references: alert.references.into_iter().map(|r| r.identifier).collect(),
            url: url.into(),
            xml: xml.into(),
        })
    }

    /// Whether it replaces the other one: a receiver that has this one has no use for that one.
    pub fn replaces(&self, other: &Self) -> bool {
        matches!(self.msg_type, cap::MsgType::Update | cap::MsgType::Cancel)
            && self.references.contains(&other.identifier)
    }
}

/// A file name made of an identifier: what a file system or a URL may not like becomes `_`, and what is long ends in a checksum.
pub(crate) fn file_stem(identifier: &str) -> String {
    const LONGEST: usize = 180;
    let safe: String = identifier
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    // A name that only changed letters stays readable; where two identifiers could give one name, a digest keeps them apart.
    let safe = safe.trim_start_matches('.').to_owned();
    if safe == identifier && (1..=LONGEST).contains(&safe.len()) {
        return safe;
    }
    let digest = crate::deliver::sha256_hex(identifier.as_bytes());
    let kept: String = safe.chars().take(LONGEST).collect();
    format!("{kept}-{}", &digest[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe_and_stay_apart() {
        assert_eq!(file_stem("watchfire.2010-1"), "watchfire.2010-1");
        let colon = file_stem("urn:oid:2.49.0.1.1");
        assert!(colon.starts_with("urn_oid_2.49.0.1.1-"), "{colon}");
        assert_ne!(file_stem("a:b"), file_stem("a/b"));
        assert!(file_stem(&"x".repeat(5_000)).len() < 200);
        for bad in ["../../etc/passwd", ".hidden", "..", "", "\u{1F30A}"] {
            let name = file_stem(bad);
            assert!(!name.contains('/') && !name.starts_with('.'), "{name}");
            assert!(!name.is_empty());
        }
    }
}
