//! The line to the edge: what comes in, what goes out.

use crate::board::Board;
use crate::shared::{Shared, now_us};
use embassy_futures::select::select;
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use node::MAX_FRAME;

/// Hands every byte from the edge to the node.
pub async fn hear<B: Board>(shared: &Shared<B>, mut line: B::LinkIn) -> ! {
    let mut bytes = [0; 64];
    loop {
        shared.check_in(shared.tasks.hear);
        let heard = select(line.read(&mut bytes), shared.tick()).await;
        let embassy_futures::select::Either::First(Ok(length)) = heard else {
            continue;
        };
        let now_us = now_us();
        {
            let mut node = shared.node.borrow_mut();
            for &byte in bytes.iter().take(length) {
                node.receive(byte, now_us);
            }
        }
        shared.to_say.signal(());
        shared.to_do.signal(());
    }
}

/// Sends what the node has to say, when it has to say it.
pub async fn speak<B: Board>(shared: &Shared<B>, mut line: B::LinkOut) -> ! {
    let mut frame = [0; MAX_FRAME];
    loop {
        shared.check_in(shared.tasks.speak);
        loop {
            // A backlog takes many seconds on a slow line.
            shared.check_in(shared.tasks.speak);
            let length = shared.node.borrow_mut().poll(now_us(), &mut frame);
            if length == 0 {
                break;
            }
            // The line's own error, if it has any, is a frame lost: the node sends again what is not acknowledged.
            let _ = line.write_all(&frame[..length]).await;
        }
        let deadline_us = shared.node.borrow().next_deadline_us();
        let wait = async {
            match deadline_us {
                Some(at_us) => Timer::at(Instant::from_micros(at_us)).await,
                None => core::future::pending().await,
            }
        };
        embassy_futures::select::select3(wait, shared.to_say.wait(), shared.tick()).await;
    }
}
