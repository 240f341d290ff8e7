//! What comes out of a look at somebody's credentials.

use crate::{Name, Permission, Permissions, Roles};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A person, by name and password.
    Session {
        /// When the password was entered, microseconds since the Unix epoch: who asks for a grave act may want it to be recent.
        opened_us: i64,
        /// When the session ends at the latest.
        expires_us: i64,
    },
    /// A machine, by its token.
    Token,
}

/// Somebody who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's or token's name.
    pub name: Name,
    /// Roles at this moment.
    pub roles: Roles,
    /// What they may do at this moment: what the roles say, less what a token's scope leaves out.
    pub permissions: Permissions,
    /// How.
    pub via: Via,
}

impl Identity {
    /// Whether they may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// The same as an answer for a caller that stops there.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`].
    pub fn must(&self, permission: Permission) -> Result<(), Refusal> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed(permission))
        }
    }

    /// Who acts, for an audit log: `ana`, or `token:rig`. No account can be called like a token.
    pub fn actor(&self) -> String {
        match self.via {
            Via::Session { .. } => self.name.to_string(),
            Via::Token => format!("token:{}", self.name),
        }
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No credentials were shown.
    #[error("log in first, or send a token")]
    Nobody,
    /// A session or token that is not known, or not any more.
    #[error("this session or token is not known, has ended or was revoked; log in again")]
    Ended,
    /// Credentials that cannot be read.
    #[error(
        "the credentials cannot be read; send one `Authorization: Bearer wf_...` or one session cookie"
    )]
    Malformed,
    /// A request that changes something and comes from another site, or does not say from where.
    #[error("this request does not come from the hub's own page ({0})")]
    Foreign(&'static str),
    /// The accounts cannot be read; see the hub's log.
    #[error("the hub cannot read its accounts; nobody can log in until that is repaired")]
    Unavailable,
    /// Known, and not allowed.
    #[error("you may not do this: it needs permission {0}")]
    NotAllowed(Permission),
}

impl Refusal {
    /// A word for counters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Ended => "ended",
            Self::Malformed => "malformed",
            Self::Foreign(_) => "foreign",
            Self::Unavailable => "unavailable",
            Self::NotAllowed(_) => "not_allowed",
        }
    }

    /// All words, in a fixed order, for counters.
    pub const WORDS: [&'static str; 6] = [
        "nobody",
        "ended",
        "malformed",
        "foreign",
        "unavailable",
        "not_allowed",
    ];

    /// HTTP status (RFC 9110, section 15).
    pub const fn status(self) -> u16 {
        match self {
            Self::Nobody | Self::Ended => 401,
            Self::Malformed => 400,
            Self::Foreign(_) | Self::NotAllowed(_) => 403,
            Self::Unavailable => 503,
        }
    }
}
