//! The earthquake feeds that a deployment follows: their configuration, and the threads that hand documents to the pipeline.
//!
//! A document takes the way of one that came by MQTT, without the broker: the journal has it before anything follows from it, and a hub
//! whose broker is gone still hears of earthquakes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agency::{Feed, Follower, News, Place, Told};
use clock::Clock;
use flume::Sender;
use rumqttc::{Publish, QoS};
use serde::Deserialize;
use wire::topic::Channel;

use crate::config::Config;
use crate::mqtt::{Inbound, Session, Via};
use crate::view::Board;

/// Most feeds of a deployment: each has a thread.
pub const MOST_FEEDS: usize = 16;
/// A number that no connection to a broker has: what comes from a feed is acknowledged to nobody.
const NO_CONNECTION: u64 = u64::MAX;

/// One feed, as configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuakeFeed {
    /// Id, in logs and metrics.
    pub name: String,
    /// Where to ask: USGS GeoJSON or QuakeML by HTTP.
    pub url: Option<String>,
    /// Or a file that another program writes.
    pub file: Option<PathBuf>,
    /// How often to look.
    #[serde(with = "settings::duration", default = "every")]
    pub every: Duration,
    /// After how long without an answer officers are told [default: five times `every`, at least five minutes].
    #[serde(with = "settings::duration", default)]
    pub stale_after: Duration,
}

/// As USGS renews its summaries.
fn every() -> Duration {
    Duration::from_secs(60)
}

impl QuakeFeed {
    fn feed(&self) -> Result<Feed, String> {
        feed(
            &format!("[[quake_feed]] \"{}\"", self.name),
            &self.name,
            (self.url.as_ref(), self.file.as_ref()),
            (self.every, self.stale_after),
        )
    }
}

/// A feed of whatever kind, from what is configured of it: its name, its URL or file, how often it is looked at, and after how long it is
/// stale (zero: five times as long, at least five minutes). `at` says where in the configuration.
///
/// # Errors
/// Text that says where and what is wrong.
pub fn feed(
    at: &str,
    name: &str,
    place: (Option<&String>, Option<&PathBuf>),
    (every, stale_after): (Duration, Duration),
) -> Result<Feed, String> {
    if !wire::topic::is_id(name) {
        return Err(format!(
            "{at}: the name is no id: use 1 to 48 letters, digits, `.`, `_` or `-`"
        ));
    }
    let place = match place {
        (Some(url), None) => Place::Url(url.clone()),
        (None, Some(file)) => Place::File(file.clone()),
        _ => return Err(format!("{at}: give either url or file")),
    };
    let stale_after = if stale_after.is_zero() {
        (5 * every).max(Duration::from_secs(300))
    } else {
        stale_after
    };
    let feed = Feed {
        name: name.to_owned(),
        place,
        every,
        stale_after,
        most_bytes: agency::MAX_DOCUMENT,
    };
    feed.check().map_err(|e| format!("{at}: {e}"))?;
    Ok(feed)
}

/// Refuses too many feeds of one kind, and two of one name.
///
/// # Errors
/// Text that says which.
pub fn check_names(table: &str, names: &[&str], most: usize) -> Result<(), String> {
    if names.len() > most {
        return Err(format!(
            "{} {table}: at most {most} are followed",
            names.len()
        ));
    }
    for (k, name) in names.iter().enumerate() {
        if names[..k].contains(name) {
            return Err(format!("{table} \"{name}\" is there twice"));
        }
    }
    Ok(())
}

/// The feeds of a deployment.
///
/// # Errors
/// Text that names the feed and says what is wrong with it.
pub fn check(feeds: &[QuakeFeed]) -> Result<Vec<Feed>, String> {
    let names: Vec<&str> = feeds.iter().map(|f| f.name.as_str()).collect();
    check_names("[[quake_feed]]", &names, MOST_FEEDS)?;
    feeds.iter().map(QuakeFeed::feed).collect()
}

/// Follows all feeds of a deployment.
///
/// # Errors
/// Text, when a feed is misconfigured or the system gives no thread.
pub fn start(
    config: &Config,
    clock: &Clock,
    board: &Arc<Board>,
    inbound: &Sender<Inbound>,
) -> Result<Vec<Follower>, String> {
    let feeds = check(&config.quake_feed)?;
    feeds
        .into_iter()
        .map(|feed| {
            let (clock, board, inbound) = (clock.clone(), board.clone(), inbound.clone());
            let name = feed.name.clone();
            let tell = move |feed: &Feed, news| hear(feed, news, &clock, &board, &inbound);
            Follower::start(feed, tell)
                .map_err(|e| format!("cannot start the thread of the feed \"{name}\": {e}"))
        })
        .collect()
}

/// Takes a feed's news.
fn hear(feed: &Feed, news: News, clock: &Clock, board: &Board, inbound: &Sender<Inbound>) -> Told {
    let name = feed.name.as_str();
    let stale = format!("quake_feed_stale_{name}");
    let count = |result: &str| {
        let label = format!("feed=\"{name}\",result=\"{result}\"");
        board.count("quake_feed_looks", &label, 1);
    };
    match news {
        News::Document(bytes) => {
            count("document");
            board.condition(&stale, None, clock.now_us());
            // It answers, but with something else: a page about maintenance, a network's login.
            let refused = crate::intake::quakes::read(&bytes).err().map(|why| {
                format!("the earthquake feed {name} answers with no earthquake document ({why}): earthquakes it would tell of are not heard of")
            });
            let unreadable = format!("quake_feed_unreadable_{name}");
            board.condition(&unreadable, refused.as_deref(), clock.now_us());
            let message = Inbound {
                via: Via {
                    session: Session::Warnings,
                    connection: NO_CONNECTION,
                },
                channel: Channel::Quake,
                edge: name.to_owned(),
                publish: Publish::new(name, QoS::AtMostOnce, bytes),
                at: Instant::now(),
            };
            match inbound.try_send(message) {
                Ok(()) => Told::Taken,
                Err(flume::TrySendError::Full(_)) => {
                    tracing::warn!(
                        feed = name,
                        "the pipeline is full; the document is asked for again"
                    );
                    Told::Again
                }
                Err(flume::TrySendError::Disconnected(_)) => Told::Nobody,
            }
        }
        News::Unchanged => {
            count("unchanged");
            board.condition(&stale, None, clock.now_us());
            listening(inbound)
        }
        News::Failed {
            reason,
            why,
            in_a_row,
            pause,
        } => {
            count(reason);
            tracing::warn!(feed = name, place = %feed.place, in_a_row, ?pause, "no answer: {why}");
            listening(inbound)
        }
        News::Stale { silent } => {
            let text = format!(
                "the earthquake feed {name} has not answered for {}: earthquakes it would tell of are not heard of",
                in_words(silent)
            );
            tracing::error!(feed = name, "{text}");
            board.condition(&stale, Some(&text), clock.now_us());
            listening(inbound)
        }
    }
}

/// A time without an answer.
pub(crate) fn in_words(silent: Duration) -> String {
    match silent.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn listening(inbound: &Sender<Inbound>) -> Told {
    if inbound.is_disconnected() {
        Told::Nobody
    } else {
        Told::Taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(text: &str) -> Result<Vec<Feed>, String> {
        #[derive(Deserialize)]
        struct File {
            quake_feed: Vec<QuakeFeed>,
        }
        let file: File = settings::parse("hub.toml", text).map_err(|e| e.to_string())?;
        check(&file.quake_feed)
    }

    #[test]
    fn feeds_are_checked() {
        let sound =
            "[[quake_feed]]\nname = \"usgs\"\nurl = \"https://earthquake.usgs.gov/x.geojson\"\n";
        let feeds = feed(sound).expect("sound");
        assert_eq!(feeds[0].every, Duration::from_secs(60));
        assert_eq!(feeds[0].stale_after, Duration::from_secs(300));
        for (text, word) in [
            (format!("{sound}{sound}"), "twice"),
            (format!("{sound}file = \"x\"\n"), "either url or file"),
            (
                "[[quake_feed]]\nname = \"a\"\n".to_owned(),
                "either url or file",
            ),
            (
                "[[quake_feed]]\nname = \"a b\"\nfile = \"x\"\n".to_owned(),
                "no id",
            ),
            (format!("{sound}every = \"1ms\"\n"), "every"),
            (format!("{sound}stale_after = \"1s\"\n"), "stale"),
            (format!("{sound}evrey = \"1m\"\n"), "evrey"),
        ] {
            let why = feed(&text).expect_err(&text);
            assert!(why.contains(word), "{why}");
        }
        let many: String = (0..17)
            .map(|k| format!("[[quake_feed]]\nname = \"f{k}\"\nfile = \"x\"\n"))
            .collect();
        assert!(feed(&many).expect_err("too many").contains("at most 16"));
    }
}
