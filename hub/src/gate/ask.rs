//! What persons ask of the desk.

use desk::{Author, Hash, Outcome, Published, Refusal};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{AnyDesk, Written, cut, retraction, written};
use crate::config::Config;

/// What a person asks.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Agrees to a draft.
    Approve {
        /// The draft's id.
        draft: String,
        /// SHA-256 of the message that was read, as the desk shows it; the page always sends it, a machine may leave it out.
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        digest: Option<Hash>,
    },
    /// Says no to a draft.
    Refuse {
        /// The draft's id.
        draft: String,
        /// Why.
        #[serde(default)]
        why: String,
    },
    /// Takes back a draft of one's own.
    Withdraw {
        /// The draft's id.
        draft: String,
    },
    /// Calls back what is in force of an event, in one step: it was sent in error.
    Correct {
        /// The event.
        event: String,
    },
    /// Puts a message of one's own on the desk.
    Write {
        /// The message.
        message: Box<Written>,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Answer {
    /// One sentence.
    pub text: String,
    /// The draft that waits now, of what was written.
    pub draft: Option<String>,
    /// The message that went out by it.
    #[serde(skip)]
    pub issued: Option<Published>,
}

/// A person's request to the pipeline.
pub struct Request {
    /// Account name.
    pub by: String,
    /// What is asked.
    pub action: Action,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, Refusal>>,
}

pub(super) fn act(
    desk: &mut dyn AnyDesk,
    by: &str,
    action: &Action,
    config: &Config,
    now_us: i64,
) -> Result<Answer, Refusal> {
    let said = |text: &str| Answer {
        text: text.to_owned(),
        draft: None,
        issued: None,
    };
    match action {
        Action::Approve { draft, digest } => {
            let issued = desk.approve(draft, *digest, by, now_us)?;
            Ok(match issued {
                Some(message) => Answer {
                    text: format!("issued as {}", message.identifier),
                    draft: None,
                    issued: Some(message),
                },
                None => said("noted; another person has to agree"),
            })
        }
        Action::Refuse { draft, why } => {
            desk.refuse(draft, by, why, now_us)?;
            Ok(said(
                "refused; the event is proposed again when it is worse",
            ))
        }
        Action::Withdraw { draft } => {
            desk.withdraw(draft, by, now_us)?;
            Ok(said("withdrawn"))
        }
        Action::Correct { event } => {
            let last = desk
                .in_force(event)
                .ok_or_else(|| Refusal::NotInForce(cut(event)))?;
            let proposal = retraction::retract(config, &last, now_us)?;
            let message = desk.correct(proposal, by, now_us)?;
            Ok(Answer {
                text: format!("called back by {}", message.identifier),
                draft: None,
                issued: Some(message),
            })
        }
        Action::Write { message } => {
            if let Some(event) = &message.event
                && desk.in_force(event).is_none()
            {
                return Err(Refusal::NotInForce(cut(event)));
            }
            let (proposal, weight) = written::proposal(config, message, by, now_us)?;
            let author = Author::Person(by.to_owned());
            Ok(match desk.propose(proposal, weight, &author, now_us)? {
                Outcome::Waiting(draft) => Answer {
                    text: format!("draft {draft} waits for another person"),
                    draft: Some(draft),
                    issued: None,
                },
                Outcome::Issued(message) => Answer {
                    text: format!("issued as {}", message.identifier),
                    draft: None,
                    issued: Some(*message),
                },
                Outcome::Known | Outcome::Refused(_) | Outcome::Void(_) => {
                    said("nothing is to be said")
                }
            })
        }
    }
}
