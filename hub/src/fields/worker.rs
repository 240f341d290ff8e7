//! The thread that computes fields: of the lowest priority, on half the machine at most, and never while an earthquake's own models run.

use std::sync::Arc;
use std::time::Duration;

use super::packed::{Packed, Quantity};
use super::{Made, Run, Stage, Work};
use crate::config::Policy;
use crate::forecast::Ocean;
use crate::view::Board;

/// How often it looks whether it may go on.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The running thread.
pub struct Running {
    board: Arc<Board>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    /// Ends it; a computation that is under way is left.
    pub async fn stop(self) {
        self.board.fields().stop();
        let thread = self.thread;
        // What it panicked about is in the log.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// Starts the thread. `eager`: fields are computed as soon as an event has a source; otherwise when somebody asks.
///
/// # Errors
/// The operating system's reason for not giving a thread.
pub fn start(
    board: &Arc<Board>,
    ocean: Ocean,
    policy: Policy,
    eager: bool,
) -> std::io::Result<Running> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
    // A pool of its own: the models of earthquakes and the inversion have the common one.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|k| format!("fields-{k}"))
        .start_handler(|_| last_in_line())
        .build()
        .map_err(std::io::Error::other)?;
    board.fields().start(eager);
    let shared = board.clone();
    let thread = std::thread::Builder::new()
        .name("fields".to_owned())
        .spawn(move || {
            last_in_line();
            while let Some(work) = shared.fields().next() {
                let stage = work.stage;
                match pool.install(|| carry_out(&shared, &ocean, &policy, &work)) {
                    Some(made) => {
                        shared.fields().put(&work, made);
                        shared.event_again(&work.sought.event);
                        shared.count("fields_computed", stage.label(), 1);
                    }
                    None => shared.count("fields_cancelled", stage.label(), 1),
                }
            }
        })?;
    Ok(Running {
        board: board.clone(),
        thread,
    })
}

/// Everything else on the machine goes first.
fn last_in_line() {
    #[cfg(unix)]
    {
        /// The lowest priority that there is.
        const NICEST: i32 = 19;
        // Linux counts it by thread. Where it is refused, the pool's size still bounds what is taken.
        let _ = rustix::process::nice(NICEST);
    }
}

/// `None` when a newer source has come meanwhile.
fn carry_out(board: &Board, ocean: &Ocean, policy: &Policy, work: &Work) -> Option<Made> {
    let fields = board.fields();
    let sought = &work.sought;
    let wait = || {
        while fields.gives_way() && fields.is_sought(work) {
            std::thread::sleep(LOOK_EVERY);
        }
        fields.is_sought(work)
    };
    if !wait() {
        return None;
    }
    Some(match work.stage {
        Stage::TravelTime => Made::TravelTime(
            ocean
                .travel_times(&sought.quake)
                .map(|field| Packed::of(field.lattice(), field.seconds(), Quantity::TravelTime)),
        ),
        Stage::MaxHeight => {
            let run = ocean.carry(&sought.quake, sought.mechanism, sought.last_s, &mut |_| {
                wait()
            });
            Made::MaxHeight(match run {
                Ok(None) => return None,
                Ok(Some((carried, stations))) => Ok(Run {
                    packed: Packed::of(ocean.lattice(), &carried.max_m, Quantity::MaxHeight),
                    step_s: carried.step_s,
                    series: stations.into_iter().zip(carried.series_m).collect(),
                }),
                Err(why) => Err(why),
            })
        }
        Stage::Bands => {
            let given = sought.given.as_ref()?;
            Made::Bands(ocean.bands(&sought.quake, given, policy))
        }
    })
}
