//! Subscribers that messages are pushed to: webhooks, WebSub hubs, Sahana Eden, e-mail, directories.
//!
//! The pipeline hands each message that was issued to a [`Tap`], which waits for nothing. One thread puts messages on the shelf from which
//! each subscriber's own thread takes them (crate `outlet`), and watches over these threads. What a subscriber has received is kept under
//! `<data_dir>/outlets/<name>`; what of the issued messages it is still owed follows from that after any restart.
//!
//! Refuses: to issue anything; to serve a replay, whose messages are for the screen.

mod settings;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use desk::Published;
use flume::{RecvTimeoutError, Sender};
use outlet::{Issued, Peer, Shelf, Sign, Status, Store, StoreError, Worker};

pub use settings::{
    Kind, MOST_SUBSCRIBERS, MailEncryption, SeverityName, StatusName, Subscriber, check, hubs,
    ready,
};

use crate::config::Config;
use crate::feed;
use crate::view::Board;

/// Messages on the shelf; beyond it the oldest go.
const SHELF: usize = 4_096;
/// How often the subscribers' threads are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long an attempt may still take when the hub stops; one that takes longer is in doubt for the next start.
const GRACE: Duration = Duration::from_secs(2);

/// Where the pipeline puts what was issued.
#[derive(Debug, Clone, Default)]
pub struct Tap(Option<Sender<Published>>);

impl Tap {
    /// Hands on a message. Waits for nobody.
    pub fn issued(&self, message: &Published) {
        if let Some(sender) = &self.0
            && sender.send(message.clone()).is_err()
        {
            tracing::error!(
                identifier = message.identifier,
                "the subscribers' thread is gone: they get nothing"
            );
        }
    }
}

/// The subscribers of a running hub.
pub struct Outlets {
    tap: Tap,
    thread: std::thread::JoinHandle<()>,
}

struct Served {
    name: String,
    worker: Worker,
    is_dead: bool,
}

impl Outlets {
    /// Starts the subscribers' threads; none without subscribers. `earlier` is what was issued before, oldest first; `base_url` where the
    /// public reaches the feeds; `signer` signs what is rewritten.
    ///
    /// # Errors
    /// Text that names the subscriber and says what is wrong.
    pub fn start(
        config: &Config,
        clock: &Clock,
        board: &Arc<Board>,
        base_url: &str,
        signer: Option<Arc<dyn Sign>>,
        earlier: &[Published],
    ) -> Result<Option<Self>, String> {
        if config.subscriber.is_empty() {
            return Ok(None);
        }
        let shelf = Shelf::new(SHELF);
        let put = {
            let (shelf, base_url) = (shelf.clone(), base_url.to_owned());
            move |message: &Published| match read(message, &base_url) {
                Ok(issued) => shelf.put(Arc::new(issued)),
                Err(why) => tracing::error!(
                    identifier = message.identifier,
                    "no subscriber gets it: {why}"
                ),
            }
        };
        // The oldest would fall off the shelf again.
        earlier[earlier.len().saturating_sub(SHELF)..]
            .iter()
            .for_each(&put);
        let mut served = Vec::new();
        for subscriber in &config.subscriber {
            served.push(serve(
                subscriber,
                config,
                clock,
                board,
                base_url,
                signer.clone(),
                &shelf,
            )?);
        }
        let (sender, messages) = flume::unbounded();
        let (clock, board) = (clock.clone(), board.clone());
        let watch = move || {
            loop {
                match messages.recv_timeout(LOOK_EVERY) {
                    Ok(message) => put(&message),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                served
                    .iter_mut()
                    .for_each(|one| look_after(one, &board, &clock));
            }
            served.iter().for_each(|one| one.worker.ask_to_stop());
            let until = std::time::Instant::now() + GRACE;
            for one in served {
                let left = until.saturating_duration_since(std::time::Instant::now());
                if !one.worker.stop(left) {
                    tracing::warn!(
                        subscriber = one.name,
                        "an attempt is still under way: whether it arrived is found out at the next start"
                    );
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("outlets".to_owned())
            .spawn(watch)
            .map_err(|e| format!("cannot start the subscribers' thread: {e}"))?;
        Ok(Some(Self {
            tap: Tap(Some(sender)),
            thread,
        }))
    }

    /// Where issued messages are put.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// Ends the threads once no tap is left, and waits for that.
    pub fn stop(self) {
        drop(self.tap);
        // What it panicked about is in the log.
        let _ = self.thread.join();
    }
}

fn read(message: &Published, base_url: &str) -> Result<Issued, String> {
    let url = feed::message_url(base_url, &message.file());
    Issued::read(&message.event, url, &message.xml).map_err(|e| e.to_string())
}

fn serve(
    subscriber: &Subscriber,
    config: &Config,
    clock: &Clock,
    board: &Arc<Board>,
    base_url: &str,
    signer: Option<Arc<dyn Sign>>,
    shelf: &Arc<Shelf>,
) -> Result<Served, String> {
    let deliver = subscriber.deliver(base_url, config.mode)?;
    if let Err(why) = deliver.ready() {
        // Seen to be blocked at the first message; a hub without one of its subscribers is better than no hub.
        tracing::error!(subscriber = subscriber.name, "cannot be served: {why}");
    }
    let directory = settings::directory(&config.data_dir, &subscriber.name);
    // Opened and closed: what a damaged ledger held is lost, and a hub that does not start warns nobody.
    if let Err(why) = Store::open(&directory).map(|_| ()) {
        set_aside(&directory, &why, clock.now_us())
            .map_err(|e| format!("[[subscriber]] \"{}\": {e}", subscriber.name))?;
    }
    let peer = Peer {
        name: subscriber.name.clone(),
        profile: subscriber.profile(signer)?,
        deliver,
        backoff: subscriber.backoff(),
        directory,
    };
    let utc_us = {
        let clock = clock.clone();
        move || clock.now_us()
    };
    let (board, clock, tell_after) = (board.clone(), clock.clone(), subscriber.tell_after);
    let tell = move |status: Status| show(&board, status, tell_after, clock.now_us());
    let worker = Worker::start(peer, shelf.clone(), utc_us, tell)
        .map_err(|e| format!("[[subscriber]] \"{}\": {e}", subscriber.name))?;
    Ok(Served {
        name: subscriber.name.clone(),
        worker,
        is_dead: false,
    })
}

/// Moves a damaged ledger out of the way. One that another process has open is not damaged.
fn set_aside(directory: &Path, why: &StoreError, now_us: i64) -> Result<(), String> {
    let damaged = matches!(
        why,
        StoreError::Note { .. } | StoreError::Journal(journal::Error::Corrupt { .. })
    );
    if !damaged {
        return Err(why.to_string());
    }
    let aside = directory.with_extension(format!("damaged-{now_us}"));
    std::fs::rename(directory, &aside).map_err(|e| format!("{}: {e}", directory.display()))?;
    tracing::error!(
        aside = %aside.display(),
        "what a subscriber has received is not known any more ({why}): it gets again what is in force"
    );
    Ok(())
}

/// A thread that died of a bug of ours is said; the other subscribers go on.
fn look_after(one: &mut Served, board: &Board, clock: &Clock) {
    if one.is_dead || !one.worker.has_ended() {
        return;
    }
    one.is_dead = true;
    let text = format!(
        "the thread of subscriber {} has died: it gets nothing until the hub is restarted; the log says why",
        one.name
    );
    tracing::error!(subscriber = one.name, "{text}");
    board.condition(
        &format!("subscriber_dead_{}", one.name),
        Some(&text),
        clock.now_us(),
    );
}

/// Puts a subscriber's status on the board.
fn show(board: &Board, status: Status, tell_after: Duration, now_us: i64) {
    let name = &status.name;
    let failing_us = status
        .failing_since_us
        .map(|since_us| now_us.saturating_sub(since_us));
    let too_long =
        failing_us.filter(|us| *us >= i64::try_from(tell_after.as_micros()).unwrap_or(i64::MAX));
    let text = too_long.map(|us| {
        format!(
            "subscriber {name} could not be told for {} min, {} waiting: the desk and the log say why",
            us / 60_000_000,
            status.waiting,
        )
    });
    board.condition(
        &format!("subscriber_failing_{name}"),
        text.as_deref(),
        now_us,
    );
    let label = format!("subscriber=\"{name}\"");
    board.set("subscriber_messages_waiting", &label, status.waiting as u64);
    let numbers = [
        ("delivered", status.delivered),
        ("failed_attempt", status.failures),
        ("refused", status.refused),
        ("expired", status.expired),
        ("dropped", status.dropped),
        ("in_doubt", status.in_doubt),
        ("missed", status.missed),
    ];
    for (result, number) in numbers {
        let label = format!("{label},result=\"{result}\"");
        board.set("subscriber_messages", &label, number);
    }
    for state in outlet::PeerState::ALL {
        let label = format!("{label},state=\"{}\"", state.name());
        board.set(
            "subscriber_state_now",
            &label,
            u64::from(state == status.state),
        );
    }
    board.subscriber(status);
}
