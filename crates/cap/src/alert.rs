//! The message and its envelope: who says it, when, to whom, and which messages it follows.

use crate::vocabulary::{MsgType, Scope, Status};
use crate::{Info, Time};

/// One CAP message. Fields stand in the order of the schema; [`Alert::check`] tells whether it may be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Unique among the sender's messages, for ever; no white space, comma, `<` or `&`. WMO members' identifiers start
    /// with `urn:oid:2.49.0.1.`.
    pub identifier: String,
    /// Globally unique name of the sender, by custom an e-mail address or a domain; same characters as `identifier`.
    pub sender: String,
    /// When it was sent; later than every message in `references`.
    pub sent: Time,
    /// Who shall act on it.
    pub status: Status,
    /// What it does to the messages before it.
    pub msg_type: MsgType,
    /// The operator or device behind it.
    pub source: Option<String>,
    /// For whom it is meant.
    pub scope: Scope,
    /// The rule that limits distribution; present exactly when `scope` is `Restricted`.
    pub restriction: Option<String>,
    /// Intended recipients; required when `scope` is `Private`. An entry may contain spaces, not `"`.
    pub addresses: Vec<String>,
    /// Special handling codes, profiles among them.
    pub codes: Vec<String>,
    /// Purpose or significance of the message, for exercises and errors above all.
    pub note: Option<String>,
    /// The messages that this one updates, cancels, acknowledges or rejects, oldest first.
    pub references: Vec<Reference>,
    /// Names of the incidents it belongs to. An entry may contain spaces, not `"`.
    pub incidents: Vec<String>,
    /// What is going on, once per language.
    pub infos: Vec<Info>,
}

impl Alert {
    /// A public message without any of the optional elements.
    pub fn new(
        identifier: impl Into<String>,
        sender: impl Into<String>,
        sent: Time,
        status: Status,
        msg_type: MsgType,
    ) -> Self {
        Self {
            identifier: identifier.into(),
            sender: sender.into(),
            sent,
            status,
            msg_type,
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: Vec::new(),
            codes: Vec::new(),
            note: None,
            references: Vec::new(),
            incidents: Vec::new(),
            infos: Vec::new(),
        }
    }

    /// The next message of the same chain: same sender, source, scope, codes and incidents, the same status (an
    /// exercise stays an exercise), referring to this message and all that this one refers to. Note and infos are
    /// empty.
    pub fn follow(&self, identifier: impl Into<String>, sent: Time, msg_type: MsgType) -> Self {
        let mut references = self.references.clone();
        references.push(self.reference());
        Self {
            identifier: identifier.into(),
            sent,
            msg_type,
            note: None,
            references,
            infos: Vec::new(),
            ..self.clone()
        }
    }

    /// The triple by which later messages refer to this one.
    pub fn reference(&self) -> Reference {
        Reference {
            sender: self.sender.clone(),
            identifier: self.identifier.clone(),
            sent: self.sent,
        }
    }
}

/// `sender,identifier,sent` of an earlier message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The earlier message's sender.
    pub sender: String,
    /// The earlier message's identifier.
    pub identifier: String,
    /// When the earlier message was sent, with the offset it was written with.
    pub sent: Time,
}
