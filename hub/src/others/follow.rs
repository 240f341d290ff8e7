//! The threads: one a feed that reads it, one that lets what has lapsed fall out and keeps the record.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use agency::{Feed, Follower, News, Told};
use clock::Clock;
use senders::{FeedState, Gatherer, Ledger, Message, Origin, Refused, Source, Standing};

use super::settings::sources;
use super::view::{FeedView, OthersView};
use crate::config::Config;
use crate::quake_feeds::in_words;
use crate::view::Board;

/// How often what has lapsed is looked for.
const LOOK: Duration = Duration::from_secs(2);
/// Time between two pictures while messages pour in: each costs as much as all that stands.
const PICTURE: Duration = Duration::from_millis(250);

/// What all threads share.
struct Shared {
    known: Mutex<Known>,
    board: Arc<Board>,
    clock: Clock,
    languages: Vec<String>,
    /// Wakes the keeper: there is something to write down.
    wake: SyncSender<()>,
}

struct Known {
    ledger: Ledger,
    feeds: BTreeMap<String, FeedView>,
    /// In the order of the configuration.
    order: Vec<String>,
    /// What is shown is behind, and when it was made.
    unshown: bool,
    shown: Option<Instant>,
    /// The record on disk is behind.
    unwritten: bool,
    /// The hub stops: nobody listens any more.
    ended: bool,
}

/// The threads that follow other senders.
pub struct Others {
    followers: Vec<Follower>,
    keeper: std::thread::JoinHandle<()>,
    shared: Arc<Shared>,
}

/// Shows what stood before, and follows all feeds of a deployment; `None` when there are none.
///
/// # Errors
/// Text, when a feed is misconfigured or the system gives no thread.
pub fn start(config: &Config, clock: &Clock, board: &Arc<Board>) -> Result<Option<Others>, String> {
    let sources = sources(&config.alert_feed)?;
    if sources.is_empty() {
        return Ok(None);
    }
    let record = config.data_dir.join("others.json");
    let (wake, woken) = sync_channel(1);
    let languages = config.sender.languages.iter();
    let shared = Arc::new(Shared {
        known: Mutex::new(Known {
            ledger: Ledger::default(),
            feeds: BTreeMap::new(),
            order: sources.iter().map(|(feed, _)| feed.name.clone()).collect(),
            unshown: false,
            shown: None,
            unwritten: false,
            ended: false,
        }),
        board: board.clone(),
        clock: clock.clone(),
        languages: languages.map(|l| l.tag().to_owned()).collect(),
        wake,
    });
    let origins = shared.restore(&record, &sources);
    shared.show();
    let thread = |what: &str, e: std::io::Error| {
        format!("cannot start the thread of alerts of others ({what}): {e}")
    };
    let keeper = std::thread::Builder::new()
        .name("others".to_owned())
        .spawn({
            let shared = shared.clone();
            move || shared.keep(&record, &woken)
        })
        .map_err(|e| thread("record", e))?;
    let followers = sources
        .into_iter()
        .map(|(feed, source)| {
            let name = feed.name.clone();
            let mut gatherer = Gatherer::new(source, origins.iter());
            let shared = shared.clone();
            let tell = move |feed: &Feed, news| shared.hear(feed, news, &mut gatherer);
            Follower::start(feed, tell).map_err(|e| thread(&name, e))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Others {
        followers,
        keeper,
        shared,
    }))
}

impl Others {
    /// Ends the threads. What has been heard is written down.
    pub fn stop(self) {
        for follower in self.followers {
            follower.stop();
        }
        self.shared.lock().ended = true;
        // It may be full: then the keeper is awake already.
        let _ = self.shared.wake.try_send(());
        // What it panicked about is in the log.
        let _ = self.keeper.join();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Known> {
        // A panic while the lock was held is our own bug; the data is plain values and stays usable.
        self.known.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Takes back what was written down; returns where it came from.
    fn restore(&self, record: &Path, sources: &[(Feed, Source)]) -> Vec<Origin> {
        let mut known = self.lock();
        for (feed, _) in sources {
            let view = FeedView::waiting(&feed.name);
            known.feeds.insert(feed.name.clone(), view);
        }
        let remembered = match senders::load(record) {
            Ok(remembered) => remembered,
            Err(why) => {
                let text = format!(
                    "{}: {why}: alerts of other senders that were known before the start are not shown until their feeds list them",
                    record.display()
                );
                tracing::error!("{text}");
                let now_us = self.clock.now_us();
                self.board.condition("others_record", Some(&text), now_us);
                return Vec::new();
            }
        };
        let now_us = self.clock.now_us();
        let mut origins = Vec::new();
        known.ledger.restore(remembered, now_us, |one| {
            let source = sources.iter().find(|(f, _)| f.name == one.origin.feed)?;
            let message = Message::read(one.xml.clone(), one.origin.clone(), &source.1.trust);
            let message = message.ok()?;
            origins.push(one.origin.clone());
            Some(message)
        });
        tracing::info!(
            messages = origins.len(),
            "alerts of other senders known before"
        );
        origins
    }

    /// Puts what stands on the board.
    fn show(&self) {
        let now_us = self.clock.now_us();
        let mut known = self.lock();
        self.show_locked(&mut known, now_us);
    }

    fn show_locked(&self, known: &mut Known, now_us: i64) {
        known.unshown = false;
        known.shown = Some(Instant::now());
        let feeds = known.order.iter().filter_map(|name| known.feeds.get(name));
        let feeds: Vec<FeedView> = feeds.cloned().collect();
        let shown = known.ledger.shown(now_us, &self.languages);
        for feed in &feeds {
            let (bad, contested) = known.ledger.doubtful(&feed.name, now_us);
            let text = (bad + contested > 0).then(|| {
                format!(
                    "the alert feed {}: {bad} messages with a signature that does not hold, {contested} of which others with the same name and other content go about: ask the sender before believing them",
                    feed.name
                )
            });
            let code = format!("alert_feed_doubtful_{}", feed.name);
            self.board.condition(&code, text.as_deref(), now_us);
            let label = format!("feed=\"{}\"", feed.name);
            let known_now = u64::from(feed.known);
            self.board.set("alert_feed_known_now", &label, known_now);
        }
        let standings = ["signed", "transport", "unverified", "bad_signature"];
        for actual in [true, false] {
            for standing in standings {
                let of =
                    |s: &&senders::Shown| s.is_actual() == actual && s.standing.name() == standing;
                let count = shown.iter().filter(of).count() as u64;
                let label = format!("actual=\"{actual}\",standing=\"{standing}\"");
                self.board.set("alerts_of_others_now", &label, count);
            }
        }
        let let_go = known.ledger.let_go();
        self.board.set("alerts_of_others_let_go", "", let_go);
        self.board.others(OthersView::new(feeds, shown));
    }

    /// Lets what has lapsed fall out, and writes down what changed, until the end.
    fn keep(&self, record: &Path, woken: &Receiver<()>) {
        let mut before_us = self.clock.now_us();
        loop {
            let ended = match woken.recv_timeout(LOOK) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => self.lock().ended,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            let now_us = self.clock.now_us();
            let to_write = {
                let mut known = self.lock();
                let lapsed = known.ledger.pass(before_us, now_us);
                known.unwritten |= lapsed;
                if (lapsed || known.unshown) && !ended {
                    self.show_locked(&mut known, now_us);
                }
                std::mem::take(&mut known.unwritten).then(|| known.ledger.to_remember())
            };
            before_us = now_us;
            if let Some(messages) = to_write {
                let failed = senders::save(record, messages).err();
                let text = failed.map(|why| {
                    self.lock().unwritten = true;
                    format!(
                        "{}: {why}: alerts of other senders will not be known after a restart until their feeds list them",
                        record.display()
                    )
                });
                self.board
                    .condition("others_record", text.as_deref(), now_us);
            }
            if ended {
                return;
            }
        }
    }

    /// Takes a feed's news.
    fn hear(&self, feed: &Feed, news: News, gatherer: &mut Gatherer) -> Told {
        let name = feed.name.as_str();
        if self.lock().ended {
            return Told::Nobody;
        }
        let count = |result: &str| {
            let label = format!("feed=\"{name}\",result=\"{result}\"");
            self.board.count("alert_feed_looks", &label, 1);
        };
        let now_us = self.clock.now_us();
        let region = gatherer.source().region;
        let mut found = |found: Result<Message, Refused>| match found {
            Ok(message) => self.take(message, region.as_ref()),
            Err(refused) => {
                let label = format!("feed=\"{name}\",reason=\"{}\"", refused.reason);
                self.board.count("alert_messages_refused", &label, 1);
                tracing::warn!(
                    feed = name,
                    reason = refused.reason,
                    "not read: {}",
                    refused.what
                );
            }
        };
        let mut why_unreadable = None;
        match news {
            News::Document(bytes) => {
                count("document");
                if let Err(why) = gatherer.document(&bytes, now_us, &mut found) {
                    count(why.name());
                    why_unreadable = Some(why.to_string());
                }
            }
            News::Unchanged => {
                count("unchanged");
                gatherer.again(now_us, &mut found);
            }
            News::Failed {
                reason,
                why,
                in_a_row,
                pause,
            } => {
                count(reason);
                tracing::warn!(feed = name, place = %feed.place, in_a_row, ?pause, "no answer: {why}");
                return Told::Taken;
            }
            News::Stale { silent } => {
                gatherer.stale();
                let silent = in_words(silent);
                tracing::error!(feed = name, "the alert feed has not answered for {silent}");
            }
        }
        self.state(name, gatherer, why_unreadable);
        Told::Taken
    }

    fn take(&self, message: Message, region: Option<&senders::Region>) {
        let now_us = self.clock.now_us();
        let feed = message.origin.feed.clone();
        let standing = message.standing.clone();
        let (sender, identifier) = (
            message.alert.sender.clone(),
            message.alert.identifier.clone(),
        );
        let mut known = self.lock();
        let taken = known.ledger.take(message, region, now_us);
        let label = format!("feed=\"{feed}\",result=\"{}\"", taken.name());
        self.board.count("alert_messages", &label, 1);
        if let Standing::BadSignature { why } = &standing {
            let label = format!("feed=\"{feed}\"");
            self.board.count("alert_signatures_bad", &label, 1);
            tracing::error!(feed, sender, identifier, "a signature does not hold: {why}");
        }
        if !taken.changes() {
            return;
        }
        tracing::info!(
            feed,
            sender,
            identifier,
            standing = standing.name(),
            result = taken.name(),
            "an alert of another sender"
        );
        known.unwritten = true;
        known.unshown = true;
        if known.shown.is_none_or(|at| at.elapsed() >= PICTURE) {
            self.show_locked(&mut known, now_us);
        }
        drop(known);
        // It may be full: then the keeper is awake already.
        let _ = self.wake.try_send(());
    }

    /// Tells what is known of a feed now.
    fn state(&self, name: &str, gatherer: &Gatherer, why_unreadable: Option<String>) {
        let now_us = self.clock.now_us();
        let state = gatherer.state();
        let mut known = self.lock();
        let Some(view) = known.feeds.get_mut(name) else {
            return;
        };
        let before = view.clone();
        view.set(state, gatherer.listed(), gatherer.unread());
        if state != FeedState::Stale {
            view.answered_us = Some(now_us);
        }
        let text = view.text.clone();
        let told = |of: FeedState| (state == of).then(|| format!("the alert feed {name} {text}"));
        let condition = |what: &str, text: Option<String>| {
            let code = format!("alert_feed_{what}_{name}");
            self.board.condition(&code, text.as_deref(), now_us);
        };
        condition("stale", told(FeedState::Stale));
        condition("incomplete", told(FeedState::Incomplete));
        // Why is known when the document comes; while it stays the same, so does what was said of it.
        if state != FeedState::Unreadable || why_unreadable.is_some() {
            let why = why_unreadable.unwrap_or_default();
            let text = told(FeedState::Unreadable).map(|text| format!("{text} ({why})"));
            condition("unreadable", text);
        }
        // The time of the last answer alone is no news to anybody.
        let same = FeedView {
            answered_us: before.answered_us,
            ..view.clone()
        } == before;
        if same && !known.unshown {
            self.board.others_answered(name, now_us);
        } else {
            self.show_locked(&mut known, now_us);
        }
    }
}
