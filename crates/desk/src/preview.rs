//! How a text would go out now: stamped as the next message of its event, for those who look. Nothing is issued by it.

use std::collections::BTreeMap;

use wire::topic::Mode as Word;

use crate::desk::{Naming, Refusal};
use crate::draft::Proposal;
use crate::envelope::{self, Link};
use crate::mode::{Actual, Exercise, Test};
use crate::published::Published;

/// What stands before the next message of each event that is in force or waits: a copy of the desk's, to be used anywhere.
#[derive(Debug, Clone)]
pub struct Chains {
    pub(crate) mode: Word,
    pub(crate) naming: Naming,
    pub(crate) chains: BTreeMap<String, Vec<Link>>,
    pub(crate) in_force: BTreeMap<String, Published>,
}

impl Chains {
    /// The message that is in force of an event.
    pub fn in_force(&self, event: &str) -> Option<&Published> {
        self.in_force.get(event)
    }

    /// A proposal as it would be issued at `now_us`, without the deployment's signature.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the rule of CAP that the message would break.
    pub fn stamp(&self, proposal: &Proposal, now_us: i64) -> Result<Published, Refusal> {
        let stamp = match self.mode {
            Word::Actual => envelope::stamp::<Actual>,
            Word::Exercise => envelope::stamp::<Exercise>,
            Word::Test => envelope::stamp::<Test>,
        };
        let chain = self.chains.get(&proposal.event).map_or(&[][..], |c| c);
        let stamped = stamp(proposal, &self.naming, chain, now_us);
        stamped
            .map(|(message, _)| message)
            .map_err(Refusal::Invalid)
    }
}
