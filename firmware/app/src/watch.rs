//! The watchdog, fed when every task has checked in, and what the health report says of the node itself.

use crate::board::Board;
use crate::log::alert;
use crate::shared::{Shared, now_us};

/// Feeds for as long as all is well. A task that has stood still for too long ends the feeding for good: the watchdog then starts the
/// node anew, and the next health report names the task.
pub(crate) async fn run<B: Board>(shared: &Shared<B>) -> ! {
    let mut lit = false;
    loop {
        shared.tick().await;
        // The others wake at the same instant, and this one may be the first: they check in before it looks.
        embassy_futures::yield_now().await;
        let mut guardian = shared.guardian.borrow_mut();
        let mut board = shared.board.borrow_mut();
        if guardian.feed(now_us()) {
            board.feed_watchdog();
            lit = !lit;
            board.set_lamp(lit);
        } else {
            // Remembered before the reset, which may come before the guardian is certain.
            let missing = guardian.stalled() | guardian.awaited();
            alert!("tasks {=u8:#b} have not checked in", missing);
            board.remember_stalled(missing);
        }
        let mut node = shared.node.borrow_mut();
        node.set_stack_free(u16::try_from(board.stack_free()).unwrap_or(u16::MAX - 1));
        node.set_battery_mv(board.supply_mv());
    }
}
