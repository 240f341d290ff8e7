//! One message of another sender, as it was received.

use cap::signature::TrustList;
use cap::{Alert, MsgType, ReadError, Status, Time, Urgency};

use crate::standing::{Standing, judge};

/// How long a message holds that does not say so: the standard leaves it to the recipient (CAP 1.2, section 3.2.2, `expires`).
pub(crate) const ASSUMED_US: i64 = 24 * 3_600 * 1_000_000;

/// What tells messages apart: sender, identifier, and when it was sent, in microseconds since the Unix epoch.
pub type Key = (String, String, i64);

/// Where a message came from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The feed.
    pub feed: String,
    /// The link in the feed; `None` when it stood in the feed itself.
    pub link: Option<String>,
    /// What the feed said about the link, so that a changed entry is fetched again.
    pub mark: String,
    /// The host that gave it over HTTPS.
    pub vouched_by: Option<String>,
    /// When, microseconds since the Unix epoch.
    pub received_us: i64,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it says.
    pub alert: Alert,
    /// What was wrong with it, in words; at most 20.
    pub complaints: Vec<String>,
    /// How far it can be believed.
    pub standing: Standing,
    /// Where it came from.
    pub origin: Origin,
    /// The message as received.
    pub xml: String,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// As [`cap::read`].
    pub fn read(xml: String, origin: Origin, trusted: &TrustList) -> Result<Self, ReadError> {
        let received = Time::from_us(origin.received_us);
        let vouched_by = origin.vouched_by.as_deref();
        let (alert, complaints, standing) = judge(xml.as_bytes(), vouched_by, trusted, received)?;
        Ok(Self {
            alert,
            complaints: complaints
                .iter()
                .take(20)
                .map(ToString::to_string)
                .collect(),
            standing,
            origin,
            xml,
        })
    }

    /// Reads a message in another encoding than UTF-8, of which no signature is verified. It is kept in ours, and read from that.
    ///
    /// # Errors
    /// As [`cap::read`].
    pub(crate) fn read_other(bytes: &[u8], origin: Origin) -> Result<Self, ReadError> {
        let decoded = |unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes[2..]
                .chunks_exact(2)
                .map(|pair| unit([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        };
        let text = match bytes {
            [0xff, 0xfe, ..] => decoded(u16::from_le_bytes),
            [0xfe, 0xff, ..] => decoded(u16::from_be_bytes),
            // What the reader takes without a mark is Latin-1, when it is declared: each byte is the character of its number.
            _ => {
                cap::read(bytes)?;
                bytes.iter().map(|&b| char::from(b)).collect()
            }
        };
        Self::read(text, origin, &TrustList::default())
    }

    /// What tells it from others.
    pub fn key(&self) -> Key {
        let a = &self.alert;
        (a.sender.clone(), a.identifier.clone(), a.sent.us())
    }

    /// When it lapses, and whether that is our assumption; the last of its infos counts.
    pub fn expires_us(&self) -> (i64, bool) {
        let said = |info: &cap::Info| info.expires.map(|t| t.us());
        let all: Option<Vec<i64>> = self.alert.infos.iter().map(said).collect();
        match all.and_then(|times| times.into_iter().max()) {
            Some(us) => (us, false),
            None => (self.alert.sent.us().saturating_add(ASSUMED_US), true),
        }
    }

    /// Whether it withdraws what was said: a `Cancel`, or an `Update` of which nothing is ahead, as NTWC ends a warning.
    pub fn is_end(&self) -> bool {
        let infos = &self.alert.infos;
        match self.alert.msg_type {
            MsgType::Cancel => true,
            MsgType::Update => {
                !infos.is_empty() && infos.iter().all(|info| info.urgency == Urgency::Past)
            }
            MsgType::Alert | MsgType::Ack | MsgType::Error => false,
        }
    }

    /// Whether it is one of those that people are to see: acknowledgements and complaints between systems are not, nor drafts.
    pub fn is_for_people(&self) -> bool {
        matches!(
            self.alert.msg_type,
            MsgType::Alert | MsgType::Update | MsgType::Cancel
        ) && self.alert.status != Status::Draft
    }
}
