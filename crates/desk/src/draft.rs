//! Drafts: what is proposed, by whom, and where it stands.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::record::Hash;
use crate::weight::{Grade, Weight};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The hub itself: detection, forecast, time.
    System,
    /// A person, or a machine with a token, by account name.
    Person(String),
}

impl Author {
    /// The account's name.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Person(name) => name,
        }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is to be said. The message is whole but for its envelope: the desk stamps identifier, type, references and times when it
/// issues it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Names the proposal among all of its event's, the same again when it is computed again.
    pub key: String,
    /// The event.
    pub event: String,
    /// A CAP message with this proposal's text and areas.
    pub xml: String,
    /// It calls back what was issued.
    pub ending: bool,
    /// It says the same again because the last message would lapse.
    pub renewal: bool,
    /// Why, in a few words.
    pub reason: String,
    /// When it was proposed, microseconds since the Unix epoch; also CAP `sent` when nobody is asked.
    pub sent_us: i64,
    /// How long a message holds once it is issued, microseconds.
    pub life_us: i64,
}

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DraftStanding)]
pub enum Standing {
    /// It waits for persons, and the fail-safe will act.
    Waiting,
    /// It waits for persons, and the fail-safe has said to.
    Held,
    /// It went out.
    Issued,
    /// Refused by a person, or within what one refused.
    Refused,
    /// Taken back by its author.
    Withdrawn,
    /// A newer one took its place.
    Superseded,
    /// There was nothing to call back.
    Void,
}

impl Standing {
    /// Whether persons can still decide.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Held)
    }
}

/// That a person agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Agreed {
    /// Account name.
    pub by: String,
    /// When, microseconds since the Unix epoch.
    pub at_us: i64,
}

/// A draft as the officers see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DraftView {
    /// Id.
    pub id: String,
    /// The event.
    pub event: String,
    /// Who proposed it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub standing: Standing,
    /// It calls back what was issued.
    pub ending: bool,
    /// The highest grade of its zones.
    pub grade: Grade,
    /// How much it asks.
    pub weight: Weight,
    /// What it has to pass.
    pub gate: Gate,
    /// Who has agreed.
    pub approvals: Vec<String>,
    /// The same with when, in the order in which they did.
    pub agreed: Vec<Agreed>,
    /// When it was proposed, microseconds since the Unix epoch.
    pub proposed_us: i64,
    /// When the fail-safe acts, microseconds since the Unix epoch.
    pub due_us: i64,
    /// SHA-256 of `xml`: what whoever agrees names, so that all agree to the same words.
    #[schema(value_type = String)]
    pub digest: Hash,
    /// How long the message holds once it is issued, microseconds.
    #[serde(skip)]
    pub life_us: i64,
    /// The message as proposed.
    #[schema(value_type = String)]
    pub xml: Arc<str>,
}

/// A draft as the desk keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Without its message, which is beside it: whoever looks at the desk shares that.
    pub proposal: Proposal,
    pub xml: Arc<str>,
    pub digest: Hash,
    pub author: Author,
    pub weight: Weight,
    pub gate: Gate,
    pub due_us: i64,
    pub agreed: Vec<Agreed>,
    pub standing: Standing,
    pub proposed_us: i64,
}

impl Draft {
    /// As many distinct persons as the gate says have agreed, and one of them is not the author.
    pub fn has_passed(&self) -> bool {
        self.agreed.len() >= usize::from(self.gate.approvals)
            && (self.gate.approvals == 0 || self.agreed.iter().any(|a| a.by != self.author.name()))
    }

    /// Whether this person has agreed.
    pub fn has(&self, name: &str) -> bool {
        self.agreed.iter().any(|a| a.by == name)
    }

    /// What it proposes, whole.
    pub fn proposal(&self) -> Proposal {
        Proposal {
            xml: self.xml.to_string(),
            ..self.proposal.clone()
        }
    }

    pub fn view(&self, id: &str) -> DraftView {
        DraftView {
            id: id.to_owned(),
            event: self.proposal.event.clone(),
            author: self.author.name().to_owned(),
            reason: self.proposal.reason.clone(),
            standing: self.standing,
            ending: self.proposal.ending,
            grade: self.weight.grade(),
            weight: self.weight.clone(),
            gate: self.gate,
            approvals: self.agreed.iter().map(|a| a.by.clone()).collect(),
            agreed: self.agreed.clone(),
            proposed_us: self.proposed_us,
            due_us: self.due_us,
            digest: self.digest,
            life_us: self.proposal.life_us,
            xml: self.xml.clone(),
        }
    }
}
