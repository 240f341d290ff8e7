//! Sources of places and roads: followed like the earthquake feeds, each read on its own thread; what they told last is kept.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agency::{Feed, Follower, News, Told};
use clock::Clock;
use relief::outputs::SourceState;
use relief::places::{Found, Source, read_csv, read_geojson, read_s3xml};
use relief::roads::{self, Line, Lines};
use relief::{Place, ReadError, Refusals};

use super::Assessor;
use super::settings::{Format, Relief};
use crate::view::Board;

/// How a source is read.
#[derive(Clone)]
enum Reader {
    Places(Format, Source),
    Roads,
}

/// What a source told.
#[derive(Clone, Default)]
pub(super) enum Content {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Places.
    Places(Arc<Found>),
    /// Roads.
    Roads(Arc<Lines>),
}

impl Content {
    fn refused(&self) -> Option<&Refusals> {
        match self {
            Self::Nothing => None,
            Self::Places(found) => Some(&found.refused),
            Self::Roads(lines) => Some(&lines.refused),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Places(found) => found.places.len(),
            Self::Roads(lines) => lines.lines.len(),
        }
    }

    /// `312 places, 3 refused (...)`.
    fn words(&self) -> String {
        let what = match self {
            Self::Nothing => return "nothing yet".to_owned(),
            Self::Places(_) => "places",
            Self::Roads(_) => "road lines",
        };
        let refused = self
            .refused()
            .and_then(Refusals::words)
            .map(|words| format!(", {words}"));
        format!("{} {what}{}", self.len(), refused.unwrap_or_default())
    }
}

/// A source as it is now.
struct Kept {
    name: String,
    content: Content,
    answered: Option<Instant>,
    /// It does not answer.
    silent: Option<String>,
    /// What it answers cannot be read.
    unreadable: Option<String>,
}

/// What all sources told last.
pub(super) struct Shelf {
    kept: Mutex<(u64, Vec<Kept>)>,
}

/// All that is known, at a revision.
pub struct Stock {
    /// Grows with every document that was taken.
    pub revision: u64,
    /// The documents, in the order of the configuration.
    contents: Vec<Content>,
}

impl Stock {
    /// Places, in the order of the sources.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.contents.iter().flat_map(|content| match content {
            Content::Places(found) => found.places.as_slice(),
            Content::Nothing | Content::Roads(_) => &[],
        })
    }

    /// Lines of roads, in the order of the sources.
    pub fn roads(&self) -> impl Iterator<Item = &Line> {
        self.contents.iter().flat_map(|content| match content {
            Content::Roads(lines) => lines.lines.as_slice(),
            Content::Nothing | Content::Places(_) => &[],
        })
    }
}

impl Shelf {
    pub(super) fn new(settings: &Relief) -> Result<Self, String> {
        let kept = settings
            .feeds()?
            .into_iter()
            .map(|feed| Kept {
                name: feed.name,
                content: Content::Nothing,
                answered: None,
                silent: None,
                unreadable: None,
            })
            .collect();
        Ok(Self {
            kept: Mutex::new((0, kept)),
        })
    }

    fn with<R>(&self, f: impl FnOnce(&mut (u64, Vec<Kept>)) -> R) -> R {
        // A panic while it was held is our own bug; the data are plain values.
        f(&mut self.kept.lock().unwrap_or_else(|e| e.into_inner()))
    }

    /// Everything. The documents are shared, not copied.
    pub(super) fn stock(&self) -> Stock {
        self.with(|(revision, kept)| Stock {
            revision: *revision,
            contents: kept.iter().map(|k| k.content.clone()).collect(),
        })
    }

    /// Everything, unless the revision is still `known`.
    pub(super) fn newer(&self, known: Option<u64>) -> Option<Stock> {
        let stock = self.stock();
        (known != Some(stock.revision)).then_some(stock)
    }

    /// How each source is, for a report.
    pub(super) fn states(&self) -> Vec<SourceState> {
        self.with(|(_, kept)| {
            kept.iter()
                .map(|k| SourceState {
                    name: k.name.clone(),
                    told: k.content.words(),
                    age_s: k.answered.map(|at| at.elapsed().as_secs()),
                    trouble: k.unreadable.clone().or_else(|| k.silent.clone()),
                })
                .collect()
        })
    }
}

/// Follows all sources of a deployment.
pub(super) fn follow(
    settings: &Relief,
    shelf: &Arc<Shelf>,
    clock: &Clock,
    board: &Arc<Board>,
    assessor: &Assessor,
) -> Result<Vec<Follower>, String> {
    let places = settings.places.iter().map(|s| {
        let read = s.reading()?;
        Ok(Reader::Places(s.format()?, read))
    });
    let roads = settings.roads.iter().map(|_| Ok(Reader::Roads));
    let readers: Vec<Reader> = places.chain(roads).collect::<Result<_, String>>()?;
    settings
        .feeds()?
        .into_iter()
        .zip(readers)
        .enumerate()
        .map(|(at, (feed, reader))| {
            let name = feed.name.clone();
            let mut desk = Desk {
                at,
                reader,
                shelf: shelf.clone(),
                clock: clock.clone(),
                board: board.clone(),
                assessor: assessor.clone(),
            };
            Follower::start(feed, move |feed, news| desk.hear(feed, news)).map_err(|e| {
                format!("cannot start the thread of the relief source \"{name}\": {e}")
            })
        })
        .collect()
}

/// Takes one source's news.
struct Desk {
    at: usize,
    reader: Reader,
    shelf: Arc<Shelf>,
    clock: Clock,
    board: Arc<Board>,
    assessor: Assessor,
}

impl Desk {
    fn hear(&mut self, feed: &Feed, news: News) -> Told {
        let name = feed.name.as_str();
        match news {
            News::Document(bytes) => {
                self.count(name, "document");
                self.answered(name);
                self.take(name, &bytes);
            }
            News::Unchanged => {
                self.count(name, "unchanged");
                self.answered(name);
            }
            News::Failed {
                reason,
                why,
                in_a_row,
                pause,
            } => {
                self.count(name, reason);
                tracing::warn!(source = name, place = %feed.place, in_a_row, ?pause, "no answer: {why}");
                self.keep(|kept| kept.silent = Some(format!("does not answer: {why}")));
            }
            News::Stale { silent } => {
                let text = format!(
                    "the relief source {name} has not answered for {}: {}",
                    in_words(silent),
                    self.still_used()
                );
                tracing::error!(source = name, "{text}");
                self.condition("stale", name, Some(&text));
            }
        }
        if self.assessor.is_gone() {
            Told::Nobody
        } else {
            Told::Taken
        }
    }

    fn take(&mut self, name: &str, bytes: &[u8]) {
        match self.read(bytes) {
            Ok(content) => {
                let refused = content.refused().cloned().unwrap_or_default();
                for (reason, by) in &refused.by_reason {
                    let label = format!("source=\"{name}\",reason=\"{reason}\"");
                    self.board.count("relief_rows_refused", &label, *by);
                }
                let told = content.words();
                tracing::info!(source = name, "{told}");
                let nothing = (content.len() == 0).then(|| {
                    format!("the relief source {name} has nothing that can be used ({told}): an assessment that lacks it says so")
                });
                self.condition("empty", name, nothing.as_deref());
                self.condition("unreadable", name, None);
                self.shelf.with(|(revision, kept)| {
                    *revision += 1;
                    kept[self.at].content = content;
                    kept[self.at].unreadable = None;
                });
            }
            Err(why) => {
                let text = format!(
                    "the relief source {name} answers with what cannot be read ({why}): {}",
                    self.still_used()
                );
                tracing::error!(source = name, "{text}");
                self.condition("unreadable", name, Some(&text));
                self.keep(|kept| {
                    kept.unreadable = Some(format!("its last answer cannot be read: {why}"));
                });
            }
        }
        self.assessor.look();
    }

    fn read(&self, bytes: &[u8]) -> Result<Content, ReadError> {
        Ok(match &self.reader {
            Reader::Places(format, source) => {
                let found = match format {
                    Format::Geojson => read_geojson(bytes, source),
                    Format::Csv => read_csv(bytes, source),
                    Format::S3xml => read_s3xml(bytes, source),
                }?;
                Content::Places(Arc::new(found))
            }
            Reader::Roads => Content::Roads(Arc::new(roads::read(bytes)?)),
        })
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        self.shelf.with(|(_, kept)| change(&mut kept[self.at]));
    }

    fn answered(&self, name: &str) {
        self.condition("stale", name, None);
        self.keep(|kept| {
            kept.answered = Some(Instant::now());
            kept.silent = None;
        });
    }

    /// What becomes of assessments meanwhile.
    fn still_used(&self) -> &'static str {
        let has = self
            .shelf
            .with(|(_, kept)| !matches!(kept[self.at].content, Content::Nothing));
        if has {
            "what it told last is still used, with its age"
        } else {
            "assessments lack what it would tell"
        }
    }

    fn condition(&self, what: &str, name: &str, text: Option<&str>) {
        let code = format!("relief_source_{what}_{name}");
        self.board.condition(&code, text, self.clock.now_us());
    }

    fn count(&self, name: &str, result: &str) {
        let label = format!("source=\"{name}\",result=\"{result}\"");
        self.board.count("relief_source_looks", &label, 1);
    }
}

fn in_words(silent: Duration) -> String {
    match silent.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
