//! What the edge wants done: the siren, settings, a new image.

use crate::board::Board;
use crate::image::{self, Images};
use crate::log::note;
use crate::memory::{self, Kept};
use crate::shared::{Shared, now_us};
use embassy_futures::select::select3;
use embassy_time::{Duration, Instant, Timer};
use wire::frame::{CommandOutcome, SIREN_OFF, SIREN_ON};

/// Does it, for ever.
pub(crate) async fn run<B: Board>(
    shared: &Shared<B>,
    mut store: Kept<'_, B::Flash>,
    mut images: Images<'_, B::Flash>,
) -> ! {
    let mut silent_at_us: Option<u64> = None;
    loop {
        shared.check_in(shared.tasks.duty);
        commands(shared, &mut silent_at_us);
        if silent_at_us.is_some_and(|at_us| now_us() >= at_us) {
            silent_at_us = None;
            shared.board.borrow_mut().set_siren(false);
        }
        settings(shared, &mut store).await;
        update(shared, &mut store, &mut images).await;
        let silence = async {
            match silent_at_us {
                Some(at_us) => Timer::at(Instant::from_micros(at_us)).await,
                None => core::future::pending().await,
            }
        };
        select3(silence, shared.to_do.wait(), shared.tick()).await;
    }
}

/// The siren's lease: it falls silent by itself unless it is told again.
fn commands<B: Board>(shared: &Shared<B>, silent_at_us: &mut Option<u64>) {
    loop {
        let command = shared.node.borrow_mut().take_command(now_us());
        let Some(command) = command else {
            return;
        };
        let mut board = shared.board.borrow_mut();
        let outcome = match command.code {
            SIREN_ON => {
                board.set_siren(true);
                let lasts_us = u64::from(command.argument) * 1_000;
                *silent_at_us = Some(now_us().saturating_add(lasts_us));
                CommandOutcome::Done
            }
            SIREN_OFF => {
                board.set_siren(false);
                *silent_at_us = None;
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

/// Settings: stored first, then in force, then told.
async fn settings<B: Board>(shared: &Shared<B>, store: &mut Kept<'_, B::Flash>) {
    let proposal = shared.node.borrow_mut().take_settings();
    let Some(proposal) = proposal else {
        return;
    };
    let stored = memory::keep(store, &proposal).await;
    let needs_restart = shared.node.borrow_mut().settings_stored(stored);
    shared.to_say.signal(());
    shared.to_sense.signal(());
    if needs_restart {
        // Time for the answer to go out; it comes again with the next birth in any case.
        Timer::after(Duration::from_millis(500)).await;
        note!("starting anew for another sensor");
        shared.board.borrow_mut().restart();
    }
}

/// A new image, piece by piece. During an event the flash is left alone: erasing it stops the node for seconds.
async fn update<B: Board>(
    shared: &Shared<B>,
    store: &mut Kept<'_, B::Flash>,
    images: &mut Images<'_, B::Flash>,
) {
    let now_us = now_us();
    let (is_known, is_rapid, worked) = {
        let mut node = shared.node.borrow_mut();
        let is_rapid = node.is_rapid(now_us);
        let worked = !is_rapid && node.update(images, now_us);
        (node.is_known(), is_rapid, worked)
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
    if !is_rapid && shared.node.borrow().wants_restart() {
        // Time for the line to drain.
        Timer::after(Duration::from_millis(500)).await;
        note!("starting the new image");
        shared.board.borrow_mut().restart();
    }
}
