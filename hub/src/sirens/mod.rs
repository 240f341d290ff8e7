//! Sirens: what is ordered by issued messages, signed commands to edges, and what became of them.
//!
//! ```text
//! issued message -> book (what is ordered, zone by zone) -> round (to which edge, when, again?) -> sign -> MQTT
//!                                                             ^
//!                     reports of edges (retained) ------------+-> board: per zone expected, acknowledged, sounding, failed, unknown
//! ```
//!
//! Invariants:
//! - Only a message that was issued orders anything: [`Sirens::issued`] is the one way in. After a start the book is made again from the
//!   messages that were issued, so that an alert in force is ordered again under the same id.
//! - The pipeline never waits for any of this: it hands a message over and goes on.
//! - An edge that does not answer is unknown, never silent and never safe. What is acknowledged is as good as the broker's access rules:
//!   reports are not signed (docs/sirens.md).
//!
//! Refuses: to order anything from a message of another mode than it says itself; the mode is part of what is signed.

mod book;
mod counter;
mod key;
mod levels;
mod link;
mod picture;
mod reports;
mod round;
pub mod settings;
mod worker;

pub use key::{load as load_key, new_pair};
pub use picture::{SirenOrderView, SirenView, SirenZoneView};

use std::sync::Arc;

use clock::Clock;
use flume::Sender;
use tokio::sync::watch;

use crate::alert::Published;
use crate::config::Config;
use crate::view::{AlertView, Board};

/// Reports of edges that may wait for the thread.
const QUEUE: usize = 4_096;

/// What the sirens' thread hears.
enum Event {
    Issued(Box<AlertView>),
    Report { edge: String, payload: Vec<u8> },
    Link(bool),
    Stop,
}

/// The pipeline's end.
#[derive(Debug, Clone)]
pub struct Sirens {
    /// Of its own, and without a bound: what edges report, however much, never keeps an order out.
    orders: Sender<Event>,
}

impl Sirens {
    /// A message was issued. Never waits.
    pub fn issued(&self, message: &Published) {
        let event = Event::Issued(Box::new(AlertView::from(message)));
        if self.orders.send(event).is_err() {
            tracing::error!(
                identifier = message.identifier,
                "the sirens' thread is gone and did not hear of a message"
            );
        }
    }
}

/// The running part.
pub struct Running {
    /// The pipeline's end.
    pub sirens: Sirens,
    thread: std::thread::JoinHandle<()>,
    /// The connection; ends when the hub stops.
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Lets the thread finish.
    pub async fn stop(self) {
        let _ = self.sirens.orders.send_async(Event::Stop).await;
        // It ends by the hub's own stop; a broker that hangs must not hold up the end.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.task).await;
        let thread = self.thread;
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// Starts the sirens of a deployment; `None` when it has none.
///
/// # Errors
/// Text that says what failed: the key, the thread.
pub fn start(
    config: &Arc<Config>,
    clock: &Clock,
    board: &Arc<Board>,
    address: (String, u16),
    stop: watch::Receiver<bool>,
) -> Result<Option<Running>, String> {
    let Some(settings) = &config.sirens else {
        return Ok(None);
    };
    let signer = load_key(&settings.key_file)?;
    let (events, inbox) = flume::bounded(QUEUE);
    let (orders, issued) = flume::unbounded();
    let (client, task) = link::start(config, address, events, stop)?;
    let mut worker = worker::Worker::new(
        config.clone(),
        settings.clone(),
        clock.clone(),
        board.clone(),
        client,
        signer,
    );
    // What was issued before is in force still, or it is not; the book knows.
    for alert in board.read(|view| view.alerts.clone()) {
        worker.issued(&alert, true);
    }
    let thread = std::thread::Builder::new()
        .name("sirens".to_owned())
        .spawn(move || worker.run(&issued, &inbox))
        .map_err(|e| format!("cannot start the sirens' thread: {e}"))?;
    Ok(Some(Running {
        sirens: Sirens { orders },
        thread,
        task,
    }))
}
