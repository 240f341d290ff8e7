//! What survives a power cut, read at the start: the boot number, who the node is, and its settings.

use crate::board::Board;
use crate::log::{alert, note};
use core::cell::RefCell;
use embedded_storage::nor_flash::MultiwriteNorFlash;
use node::{Proposal, Role, Settings};
use store::{Partition, Store};
use update::layout::{ONE_MIB, STORE_SECTOR};
use wire::frame::{Key, ResetCause};

/// The lasting memory of a flash.
pub(crate) type Kept<'f, F> = Store<Partition<'f, F, STORE_SECTOR>>;

/// Why a node must not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Mute {
    /// The flash does not keep what is written; the boots cannot be counted.
    Flash,
    /// It has no identity: it was never enrolled, or has lost count of its boots.
    NotEnrolled,
    /// The boot numbers are used up.
    Boots,
    /// Its settings are such that no node can be made of them.
    Settings,
}

/// What the node starts with.
pub(crate) struct Start {
    pub boot: u32,
    pub node: u32,
    key: Key,
    pub revision: u32,
    pub settings: Settings,
    pub faults: u16,
}

/// Opens the lasting memory and counts this boot.
pub(crate) async fn open<F: MultiwriteNorFlash>(
    flash: &RefCell<F>,
) -> Result<(Kept<'_, F>, Start), Mute> {
    let area = Partition::new(flash, ONE_MIB.store.offset, ONE_MIB.store.bytes);
    let mut store = match Store::open(area, 0).await {
        Ok(store) => store,
        Err(_) => return Err(Mute::Flash),
    };
    let report = store.report();
    if report.is_loss() {
        alert!(
            "lasting memory was damaged: counter lost {}, identity lost {}, settings lost {}",
            report.lost_counter,
            report.lost_identity,
            report.lost_settings
        );
    }
    let Some(identity) = store.identity() else {
        return Err(Mute::NotEnrolled);
    };
    let boot = match store.next_boot().await {
        Ok(boot) => boot,
        Err(store::Error::Exhausted) => return Err(Mute::Boots),
        Err(_) => return Err(Mute::Flash),
    };
    let kept = store.settings();
    let read = kept.and_then(|(_, bytes)| Settings::from_bytes(bytes));
    if kept.is_some() && read.is_none() {
        alert!("settings are not readable by this firmware: the defaults hold");
    }
    // The revision is the one that is kept, so that the next write can be above it.
    let revision = kept.map_or(0, |(revision, _)| revision);
    let settings = read.map_or(Settings::defaults(Role::Tsunami), |(_, settings)| settings);
    note!(
        "node {} boot {} settings revision {}",
        identity.node,
        boot,
        revision
    );
    let start = Start {
        boot,
        node: identity.node,
        key: Key::new(identity.key),
        revision,
        settings,
        faults: store.faults(),
    };
    Ok((store, start))
}

/// Stores settings that the edge proposed; whether they are there now.
pub(crate) async fn keep<F: MultiwriteNorFlash>(
    store: &mut Kept<'_, F>,
    proposal: &Proposal,
) -> bool {
    let bytes = proposal.settings.to_bytes(proposal.revision);
    let stored = store.set_settings(proposal.revision, &bytes).await;
    if stored.is_err() {
        alert!("settings revision {} were not stored", proposal.revision);
    }
    stored.is_ok()
}

impl Start {
    /// What the node's logic is told.
    pub fn config<B: Board>(&self, reset_cause: ResetCause, start_us: u64) -> node::Config {
        let mut config = node::Config::new(self.node, self.boot, self.key.clone());
        config.board = B::CODE;
        config.reset_cause = reset_cause;
        config.start_us = start_us;
        config.use_settings(self.revision, self.settings);
        config
    }
}
