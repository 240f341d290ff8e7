//! The relief picture: what each issued tsunami message means for people and places (`crates/relief`), made beside the pipeline and renewed.
//!
//! One thread of its own looks at the board for issued messages, at the sources of places and roads for what they told last ([`sources`]), and at the
//! stations for the speed of traffic ([`speeds`]); it makes the assessments and puts them on the board, from where they are served under
//! `/relief/`.
//!
//! Invariants: the warning path never waits for it - the pipeline wakes it without blocking, and it holds the board's lock for copies only; it
//! speaks of issued messages alone, since those are what the board has; a source that is stale or cannot be read is a condition, and the last
//! good places stay in use, marked with their age.
//!
//! It refuses to: change a message, delay one, or feed anything back into detection and alerting.

mod case;
mod office;
pub mod settings;
mod sources;
mod speeds;

pub use settings::Relief;
pub use sources::Stock;

use std::sync::Arc;

use clock::Clock;
use flume::{Receiver, Sender};

use crate::config::Config;
use crate::view::Board;

/// Wakes the thread that assesses. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Assessor {
    wake: Sender<Wake>,
}

/// What the sources of places and roads have told, for whoever draws a map. Cheap to clone.
#[derive(Clone)]
pub struct Ground(Arc<sources::Shelf>);

impl Ground {
    /// All that is known now.
    pub fn stock(&self) -> Stock {
        self.0.stock()
    }
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}

/// Why the thread wakes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// There is something new on the board or from a source.
    Look,
    /// It is to end.
    Stop,
}

impl Assessor {
    /// A message was issued and is on the board. Never blocks, and nothing is lost by it: the thread looks at all messages that are there.
    pub fn issued(&self) {
        self.look();
    }

    fn look(&self) {
        // Full: it has been woken already and not looked yet.
        let _ = self.wake.try_send(Wake::Look);
    }

    /// Nobody listens any more.
    fn is_gone(&self) -> bool {
        self.wake.is_disconnected()
    }
}

/// The running part.
pub struct Running {
    /// Wakes it.
    pub assessor: Assessor,
    /// What its sources have told.
    pub ground: Ground,
    followers: Vec<agency::Follower>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    /// Ends it: an assessment that is under way is finished.
    pub async fn stop(self) {
        for follower in self.followers {
            follower.stop();
        }
        let _ = self.assessor.wake.send_async(Wake::Stop).await;
        let thread = self.thread;
        // What it panicked about is in the log.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// Starts to assess, where the deployment says how.
///
/// # Errors
/// Text, when a source is misconfigured or the system gives no thread.
pub fn start(
    config: &Arc<Config>,
    clock: &Clock,
    board: &Arc<Board>,
) -> Result<Option<Running>, String> {
    let Some(relief) = &config.relief else {
        return Ok(None);
    };
    let (wake, woken): (_, Receiver<Wake>) = flume::bounded(1);
    let assessor = Assessor { wake };
    let shelf = Arc::new(sources::Shelf::new(relief)?);
    let followers = sources::follow(relief, &shelf, clock, board, &assessor)?;
    let office = office::Office::new(config, clock, board, &shelf);
    board.update(|v| v.relief = Some(Vec::new()));
    let thread = std::thread::Builder::new()
        .name("relief".to_owned())
        .spawn(move || office.run(&woken))
        .map_err(|e| format!("cannot start the thread of [relief]: {e}"))?;
    Ok(Some(Running {
        assessor,
        ground: Ground(shelf),
        followers,
        thread,
    }))
}
