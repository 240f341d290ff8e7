//! Settings over the link: proposed by the edge, stored by the board, then in force and told.
//!
//! A write becomes true in three steps. The node checks it as a whole and holds it; the board takes it
//! ([`Node::take_settings`]), stores it, and says how that went ([`Node::settings_stored`]); only then is it in force
//! and the answer goes out. So the answer never tells of values that a power cut would lose, and whatever went wrong,
//! the answer tells what is in force.

use crate::settings::{Settings, Values};
use crate::stats::count;
use crate::{Node, Slots, ring::What};
use wire::frame::{Body, Setting};

/// Checked settings that wait to be stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Their revision.
    pub revision: u32,
    /// All settings, changed or not.
    pub settings: Settings,
}

/// A write under way, and whether an answer is due.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    proposal: Option<Proposal>,
    taken: bool,
    /// The settings in force are to be told.
    pub(crate) answer: bool,
}

impl<const N: usize, S: Slots<N>> Node<N, S> {
    /// The settings in force and their revision; `None` for a node that was made without any.
    #[must_use]
    pub const fn settings(&self) -> Option<(u32, &Settings)> {
        match &self.config.settings {
            Some((revision, settings)) => Some((*revision, settings)),
            None => None,
        }
    }

    /// Time between two samples at `mono_us`, microseconds: the rapid one or the normal one. One second for a node
    /// without settings.
    #[must_use]
    pub fn interval_us(&self, mono_us: u64) -> u64 {
        let interval_ms = match self.settings() {
            Some((_, settings)) if self.is_rapid(mono_us) => settings.rapid_interval_ms,
            Some((_, settings)) => settings.sample_interval_ms,
            None => 1_000,
        };
        u64::from(interval_ms) * 1_000
    }

    /// Settings to store: write [`Settings::to_bytes`] to lasting memory, then call [`Node::settings_stored`]. Each write
    /// is handed out once.
    pub const fn take_settings(&mut self) -> Option<Proposal> {
        if self.keeping.taken {
            return None;
        }
        self.keeping.taken = self.keeping.proposal.is_some();
        self.keeping.proposal
    }

    /// Whether the settings that were taken are in lasting memory now. If so they are in force; true when the board must
    /// start anew to use them, see [`Settings::needs_restart`]. The answer goes out with the next [`Node::poll`].
    pub fn settings_stored(&mut self, stored: bool) -> bool {
        let Some(Proposal { revision, settings }) = self.keeping.proposal.take() else {
            return false;
        };
        self.keeping.taken = false;
        self.keeping.answer = true;
        if !stored {
            self.count_storage_error();
            return false;
        }
        let needs_restart = self
            .settings()
            .is_some_and(|(_, before)| before.needs_restart(&settings));
        count(&mut self.stats.settings_writes);
        self.config.use_settings(revision, settings);
        self.exchange
            .set_interval(self.config.time_request_us, self.now_us);
        self.health_due_us = (self.config.health_us > 0).then_some(self.now_us);
        for ended in self.detection.reconfigure(&self.config) {
            let code = ended.code.code();
            self.store(self.now_us, ended.value, What::Finding { code });
        }
        needs_restart
    }

    /// The edge wants other settings.
    pub(crate) fn propose(&mut self, revision: u32, values: &[Setting]) {
        let Some((in_force, settings)) = self.settings() else {
            count(&mut self.stats.refused.settings);
            self.keeping.answer = true;
            return;
        };
        let under_way = self.keeping.proposal.map(|proposal| proposal.revision);
        if under_way == Some(revision) {
            // Its answer is on the way.
            return;
        }
        if revision == in_force && under_way.is_none() {
            // The answer was lost.
            self.keeping.answer = true;
            return;
        }
        // One that the board is storing cannot be called back: the edge repeats the next one until it is told of it.
        if revision <= in_force || self.keeping.taken {
            self.keeping.answer |= !self.keeping.taken;
            count(&mut self.stats.refused.settings);
            return;
        }
        match settings.with(values) {
            Ok(settings) => self.keeping.proposal = Some(Proposal { revision, settings }),
            Err(_) => {
                self.keeping.answer = true;
                count(&mut self.stats.refused.settings);
            }
        }
    }

    /// What is in force; nothing with revision 0 for a node without settings.
    pub(crate) fn told_settings(&self) -> Body {
        let (revision, values) = self
            .settings()
            .map_or((0, Values::new()), |(revision, settings)| {
                (revision, settings.values())
            });
        Body::Settings { revision, values }
    }
}
