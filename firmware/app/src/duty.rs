//! What the edge wants done: the siren, settings, a new image.

use crate::board::Board;
use crate::image::{self, Images};
use crate::log::note;
use crate::memory::{self, Kept};
use crate::shared::{Shared, now_us};
use embassy_futures::select::select3;
use embassy_time::{Instant, Timer};
use wire::frame::{CommandOutcome, SIREN_OFF, SIREN_ON};

/// After a command nothing that stops the processor is begun for so long: another may follow.
const CALM_US: u64 = 120_000_000;

/// A new image that has not reached its edge after so long is given up: the start that follows brings the one before.
const TRIAL_US: u64 = 900_000_000;

/// A restart waits at most so long for what the edge has not acknowledged; it lies in memory that a restart clears.
const DRAIN_US: u64 = 60_000_000;

/// What the edge was told to do with the siren, and what waits for a calm moment.
#[derive(Default)]
struct Duties {
    silent_at_us: Option<u64>,
    commanded_us: Option<u64>,
    /// Since when a restart is wanted.
    restart_us: Option<u64>,
}

impl Duties {
    /// Nothing is found, nothing sounds, and nobody has just asked for it: the processor may stand still for a moment.
    fn are_calm<B: Board>(&self, shared: &Shared<B>) -> bool {
        let now_us = now_us();
        let lately = |at_us: u64| now_us.saturating_sub(at_us) < CALM_US;
        !shared.node.borrow().is_rapid(now_us)
            && self.silent_at_us.is_none()
            && !self.commanded_us.is_some_and(lately)
    }

    /// Starts anew when that is wanted, the moment is calm, and nothing waits for the edge, or has waited for long.
    fn restart<B: Board>(&self, shared: &Shared<B>) {
        let Some(since_us) = self.restart_us.filter(|_| self.are_calm(shared)) else {
            return;
        };
        let waited_us = now_us().saturating_sub(since_us);
        let is_empty = shared.node.borrow().unacknowledged() == 0;
        // The answer has gone out by then.
        if waited_us > DRAIN_US || (is_empty && waited_us > 1_000_000) {
            note!("starting anew");
            shared.board.borrow_mut().restart();
        }
    }
}

/// Does it, for ever.
pub(crate) async fn run<B: Board>(
    shared: &Shared<B>,
    mut store: Kept<'_, B::Flash>,
    mut images: Images<'_, B::Flash>,
) -> ! {
    let mut duties = Duties::default();
    loop {
        shared.check_in(shared.tasks.duty);
        commands(shared, &mut duties);
        if duties.silent_at_us.is_some_and(|at_us| now_us() >= at_us) {
            duties.silent_at_us = None;
            shared.board.borrow_mut().set_siren(false);
        }
        settings(shared, &mut duties, &mut store).await;
        update(shared, &mut duties, &mut store, &mut images).await;
        duties.restart(shared);
        let silence = async {
            match duties.silent_at_us {
                Some(at_us) => Timer::at(Instant::from_micros(at_us)).await,
                None => core::future::pending().await,
            }
        };
        select3(silence, shared.to_do.wait(), shared.tick()).await;
    }
}

/// The siren's lease: it falls silent by itself unless it is told again.
fn commands<B: Board>(shared: &Shared<B>, duties: &mut Duties) {
    loop {
        let command = shared.node.borrow_mut().take_command(now_us());
        let Some(command) = command else {
            return;
        };
        duties.commanded_us = Some(now_us());
        let mut board = shared.board.borrow_mut();
        let outcome = match command.code {
            SIREN_ON => {
                board.set_siren(true);
                let lasts_us = u64::from(command.argument) * 1_000;
                duties.silent_at_us = Some(now_us().saturating_add(lasts_us));
                CommandOutcome::Done
            }
            SIREN_OFF => {
                board.set_siren(false);
                duties.silent_at_us = None;
                CommandOutcome::Done
            }
            _ => CommandOutcome::Unsupported,
        };
        note!("command {} code {}", command.id, command.code);
        let mut node = shared.node.borrow_mut();
        node.command_done(command.id, outcome, now_us());
        shared.to_say.signal(());
    }
}

/// Settings: stored first, then in force, then told. Storing may erase a small sector, so a moment is awaited in which no siren sounds.
async fn settings<B: Board>(
    shared: &Shared<B>,
    duties: &mut Duties,
    store: &mut Kept<'_, B::Flash>,
) {
    if duties.silent_at_us.is_some() {
        return;
    }
    let proposal = shared.node.borrow_mut().take_settings();
    let Some(proposal) = proposal else {
        return;
    };
    let stored = memory::keep(store, &proposal).await;
    let needs_restart = shared.node.borrow_mut().settings_stored(stored);
    shared.to_say.signal(());
    shared.to_sense.signal(());
    if needs_restart {
        note!("another sensor is set: a restart follows");
        duties.restart_us.get_or_insert(now_us());
    }
}

/// A new image, piece by piece, when the moment is calm: erasing flash stops the node for seconds.
async fn update<B: Board>(
    shared: &Shared<B>,
    duties: &mut Duties,
    store: &mut Kept<'_, B::Flash>,
    images: &mut Images<'_, B::Flash>,
) {
    let now_us = now_us();
    if images.is_on_trial() && now_us > TRIAL_US && !shared.node.borrow().is_known() {
        // It works, but the edge does not hear it: worth less than the image before.
        note!("the trial has failed");
        shared.board.borrow_mut().restart();
    }
    if !duties.are_calm(shared) {
        return;
    }
    let (is_known, worked) = {
        let mut node = shared.node.borrow_mut();
        let worked = node.update(images, now_us);
        (node.is_known(), worked)
    };
    if worked {
        shared.to_say.signal(());
    }
    if images.is_on_trial() && is_known && images.confirm() {
        // What fails here is tried again after the next update: a lower counter only lets more images in.
        let _ = store.raise_security(image::SECURITY).await;
        shared.node.borrow_mut().image_confirmed();
        shared.to_say.signal(());
    }
    if shared.node.borrow().wants_restart() {
        duties.restart_us.get_or_insert(now_us);
    }
}
