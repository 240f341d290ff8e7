//! Which commands are believed: signed, for this deployment, fresh, and not seen before.
//!
//! Freshness needs a time or a word. A board without a battery does not know the time after a power cut, and that is when a wave
//! comes. So an edge gives its hub a **word**, a number that nobody can foresee, anew with each connection and every
//! [`WORD_LASTS`]; a command that carries it was made after it was given. The rule (docs/decisions/0023):
//!
//! | counter of the key | clock | a command is fresh when |
//! |---|---|---|
//! | known | trusted | it is not expired, and was issued neither too early nor ahead of the clock |
//! | known | not trusted, or behind the hub's | it carries the word |
//! | not known for certain (first start, damaged memory) | any | it carries the word, and a trusted clock does not say that it has expired |
//!
//! A command that is not proven fresh is refused as `unproven`; the report that says so carries the word, and the hub sends the
//! command again with it: one trip more. An attacker who holds commands back gains at most the word's life.

use std::time::Duration;

use wire::command::{Command, CommandError, CommandId, Issuer, KeyId};

use super::Now;

/// How long a word is given out.
pub const WORD_LASTS: Duration = Duration::from_secs(600);

/// How long it still counts after another was given.
pub const WORD_LINGERS: Duration = Duration::from_secs(60);

/// How far ahead of this edge's clock a command may be issued before that clock counts as behind, microseconds.
pub const MAX_AHEAD_US: i64 = 60 * 1_000_000;

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not signed by a trusted key, or not a command.
    Wire(CommandError),
    /// For another deployment.
    Deployment,
    /// Its counter is not above the highest that was accepted from its key.
    Replayed,
    /// Its time has passed.
    Expired,
    /// Nothing shows that it is fresh, see the module.
    Unproven,
    /// No siren here belongs to any of its zones.
    Zone,
}

impl Refusal {
    /// Stable name for counters and acknowledgements.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire(error) => error.name(),
            Self::Deployment => "wrong_deployment",
            Self::Replayed => "replayed",
            Self::Expired => "expired",
            Self::Unproven => "unproven",
            Self::Zone => "zone_unknown",
        }
    }

    /// Every name.
    pub const NAMES: [&'static str; 12] = [
        "too_long",
        "too_short",
        "version",
        "unknown_key",
        "signature",
        "malformed",
        "field",
        "wrong_deployment",
        "replayed",
        "expired",
        "unproven",
        "zone_unknown",
    ];
}

/// What is known of a key's counters.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The highest that was accepted; 0 for none.
    pub highest: u64,
    /// Whether there can have been none above it.
    pub certain: bool,
}

/// A command that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is new.
    New(Command<'a>, KeyId),
    /// It was delivered before, or is an older copy of what was: to be acknowledged, not to be done.
    Again(Command<'a>),
}

/// The words that were given.
#[derive(Debug, Clone)]
pub struct Words {
    current: u64,
    previous: u64,
    given: Duration,
}

impl Words {
    /// The first word; 0 means that the system gave no random number, and proves nothing.
    pub const fn new(word: u64, now: Duration) -> Self {
        Self {
            current: word,
            previous: 0,
            given: now,
        }
    }

    /// The word to give out.
    pub const fn current(&self) -> u64 {
        self.current
    }

    /// Whether it is time for another.
    pub fn is_old(&self, now: Duration) -> bool {
        now.saturating_sub(self.given) >= WORD_LASTS
    }

    /// Gives another word.
    pub const fn renew(&mut self, word: u64, now: Duration) {
        self.previous = self.current;
        self.current = word;
        self.given = now;
    }

    fn proves(&self, word: u64, now: Duration) -> bool {
        let lingers = now.saturating_sub(self.given) < WORD_LINGERS;
        word != 0 && (word == self.current || (lingers && word == self.previous))
    }
}

/// Whom this edge believes.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Its deployment.
    pub deployment: String,
    /// Keys of its hub.
    pub issuers: Vec<Issuer>,
    /// Its words.
    pub words: Words,
}

impl Gate {
    /// Judges one message. `known` tells the counters of a key, `is_known` whether an order was accepted before.
    ///
    /// # Errors
    /// The command's id, as far as it is authentic, and why it is refused.
    pub fn judge<'a>(
        &self,
        bytes: &'a [u8],
        now: Now,
        known: impl Fn(KeyId) -> Known,
        is_known: impl Fn(CommandId) -> bool,
    ) -> Result<Verdict<'a>, (Option<CommandId>, Refusal)> {
        let (command, key) =
            Command::open(bytes, &self.issuers).map_err(|error| (None, Refusal::Wire(error)))?;
        let refuse = |refusal| Err((Some(command.id), refusal));
        if command.deployment != self.deployment {
            return refuse(Refusal::Deployment);
        }
        let Known { highest, certain } = known(key);
        if command.counter <= highest {
            // MQTT delivers at least once, and orders are sent again under a new counter: an old copy of one is no attack.
            return if is_known(command.id) {
                Ok(Verdict::Again(command))
            } else {
                refuse(Refusal::Replayed)
            };
        }
        let behind = command.issued_us.saturating_sub(now.wall_us) > MAX_AHEAD_US;
        let telling = now.trusted && !behind;
        if telling && now.wall_us > command.expires_us {
            return refuse(Refusal::Expired);
        }
        let proven = self.words.proves(command.session, now.mono);
        let told = telling && certain;
        if !(proven || told) {
            return refuse(Refusal::Unproven);
        }
        Ok(Verdict::New(command, key))
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
