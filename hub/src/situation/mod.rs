//! Situations: findings of all domains that belong together, so that an officer sees one thing with its evidence, not forty alarms.
//!
//! Pure: told what was found and when it ended, it answers with lines for the timeline. Rules:
//! - Two findings belong together when a [`rule::Rule`] says so, by kind, size, time and place. Whatever hangs together is one situation.
//! - A finding of a kind that `opens` is a situation alone; others wait, unseen, for something that they belong to.
//! - Each finding but the first keeps the link by which it joined, and the rule behind it, for people to read.
//! - Nothing here warns anybody, changes a level or keeps a finding from being told: it sorts what others have found.
//! - Memory is bounded: [`MOST_FINDINGS`], [`MOST_SITUATIONS`]. What finds no room is counted, and told all the same by whoever found it.

mod graph;
pub mod kind;
pub mod rule;
mod shape;
mod views;
mod words;

pub use kind::Kind;
pub use rule::{Link, Rule, Settings};
pub use shape::Shape;

use std::collections::{BTreeMap, BTreeSet};

/// Most findings that are remembered.
pub const MOST_FINDINGS: usize = 4_096;
/// Most situations, over or not.
pub const MOST_SITUATIONS: usize = 256;
/// What was never said to have ended counts as over after this.
const LONGEST_US: i64 = 48 * 3_600 * 1_000_000;
/// A situation that is over is shown for this long.
const SHOWN_US: i64 = 24 * 3_600 * 1_000_000;

/// One finding, of any domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is known by: the same finding told again has the same key.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub shape: Shape,
    /// When it began, microseconds since the Unix epoch.
    pub since_us: i64,
    /// When it ended; `None` while it is on.
    pub until_us: Option<i64>,
    /// Magnitude, number of meters or stations; else 1.
    pub size: f64,
    /// The tsunami event that it was counted to.
    pub event: Option<String>,
    /// What it is called in a sentence: `outage-1`, `the M6.0 earthquake (10 km N of X)`.
    pub name: String,
    /// What there is to say about it, as last told.
    pub text: String,
    /// Whether it is a situation alone, if its kind is.
    pub alone: bool,
}

/// How a finding hangs together with another; the other has the same turned around.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge {
    other: u64,
    rule: usize,
    /// The other is the cause.
    is_effect: bool,
    link: Link,
}

#[derive(Debug, Clone)]
struct Held {
    finding: Finding,
    situation: Option<u64>,
    edges: Vec<Edge>,
}

#[derive(Debug, Clone)]
struct Situation {
    id: String,
    findings: BTreeSet<u64>,
    over_us: Option<i64>,
    /// Rules by which a joining has been told.
    told: BTreeSet<usize>,
}

/// A line for the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Stable word: `situation`, `situation_over`, `damage`.
    pub kind: &'static str,
    /// One sentence.
    pub text: String,
    /// The situation.
    pub situation: String,
}

/// All situations of a deployment.
#[derive(Debug)]
pub struct Situations {
    rules: Vec<Rule>,
    opens: BTreeSet<Kind>,
    linger_us: i64,
    /// How long an ended finding may still be linked to.
    keep_us: i64,
    held: BTreeMap<u64, Held>,
    by_key: BTreeMap<String, u64>,
    /// Findings by their situation, or none, and kind.
    placed: BTreeMap<(Option<u64>, Kind), BTreeSet<u64>>,
    situations: BTreeMap<u64, Situation>,
    next: u64,
    refused: u64,
    version: u64,
}

impl Situations {
    /// Nothing has been found yet. The settings have been checked ([`Settings::check`]); rules that cannot be meant are none.
    pub fn new(settings: &Settings) -> Self {
        let rules = settings.rules().unwrap_or_default();
        Self {
            keep_us: rules.iter().map(Rule::spans_us).max().unwrap_or(0),
            rules,
            opens: settings.opens.clone(),
            linger_us: settings.linger.as_micros() as i64,
            held: BTreeMap::new(),
            by_key: BTreeMap::new(),
            placed: BTreeMap::new(),
            situations: BTreeMap::new(),
            next: 0,
            refused: 0,
            version: 0,
        }
    }

    /// Findings for which there was no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Another number for each change of what is shown.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The situation of a tsunami event.
    pub fn of_event(&self, event: &str) -> Option<&str> {
        let of = |f: &u64| {
            self.held
                .get(f)
                .is_some_and(|h| h.finding.event.as_deref() == Some(event))
        };
        let mut newest = self.situations.values().rev();
        let situation = newest.find(|s| s.findings.iter().any(of))?;
        Some(&situation.id)
    }

    /// Whether time alone can change what is said: a situation is on.
    pub fn is_busy(&self) -> bool {
        self.situations.values().any(|s| s.over_us.is_none())
    }

    /// The finding of a key, as last told.
    pub fn finding(&self, key: &str) -> Option<&Finding> {
        Some(&self.held.get(self.by_key.get(key)?)?.finding)
    }

    /// The situation of a finding.
    pub fn of(&self, key: &str) -> Option<&str> {
        let at = self.held.get(self.by_key.get(key)?)?.situation?;
        Some(&self.situations.get(&at)?.id)
    }

    /// The finding of a kind that a rule for damage holds responsible for another.
    pub fn damaged_by(&self, key: &str, kind: Kind) -> Option<&Finding> {
        let held = self.held.get(self.by_key.get(key)?)?;
        let mut causes = held
            .edges
            .iter()
            .filter(|e| e.is_effect && self.rules[e.rule].damage);
        causes.find_map(|e| {
            let cause = &self.held.get(&e.other)?.finding;
            (cause.kind == kind).then_some(cause)
        })
    }

    /// Takes a finding, new or told again with what is known of it now.
    ///
    /// What has ended and begins again within the time that a situation lingers goes on; after it, it is another finding.
    pub fn take(&mut self, mut finding: Finding) -> Vec<News> {
        let mut news = Vec::new();
        let known = self
            .by_key
            .get(&finding.key)
            .and_then(|at| Some((*at, self.held.get(at)?)));
        let known = known.filter(|(_, held)| held.finding.kind == finding.kind);
        let known = known.and_then(|(at, held)| {
            let known = &held.finding;
            match known.until_us {
                Some(until_us) if finding.since_us.saturating_sub(until_us) > self.linger_us => {
                    None
                }
                Some(until_us) if finding.since_us > until_us => {
                    finding.since_us = known.since_us;
                    Some(at)
                }
                _ => Some(at),
            }
        });
        let at = match known {
            Some(at) => {
                let Some(held) = self.held.get_mut(&at) else {
                    return news;
                };
                if held.finding == finding {
                    return news;
                }
                self.version += 1;
                let known = std::mem::replace(&mut held.finding, finding);
                let new = &held.finding;
                let same = known.since_us == new.since_us
                    && known.shape == new.shape
                    && known.size == new.size
                    && known.event == new.event
                    && known.alone == new.alone
                    && (known.until_us.is_none() || new.until_us.is_some());
                if same {
                    return news;
                }
                at
            }
            None => {
                self.version += 1;
                if !self.has_room() {
                    self.refused += 1;
                    return news;
                }
                let at = self.next;
                self.next += 1;
                self.by_key.insert(finding.key.clone(), at);
                self.placed
                    .entry((None, finding.kind))
                    .or_default()
                    .insert(at);
                let held = Held {
                    finding,
                    situation: None,
                    edges: Vec::new(),
                };
                self.held.insert(at, held);
                at
            }
        };
        self.check_edges(at, &mut news);
        self.join(at, &mut news);
        news
    }

    /// Notes that a finding is over.
    pub fn end(&mut self, key: &str, until_us: i64) {
        if let Some(held) = self.by_key.get(key).and_then(|at| self.held.get_mut(at))
            && held.finding.until_us.is_none()
        {
            held.finding.until_us = Some(until_us.max(held.finding.since_us));
            self.version += 1;
        }
    }

    /// Takes a finding back: it never was. `why` follows its name in a sentence.
    pub fn withdraw(&mut self, key: &str, why: &str) -> Vec<News> {
        let mut news = Vec::new();
        let Some(&at) = self.by_key.get(key) else {
            return news;
        };
        let Some(held) = self.remove(at) else {
            return news;
        };
        let name = &held.finding.name;
        let situation = held.situation.and_then(|s| self.situations.get(&s));
        if let Some(known) = situation.filter(|s| !s.findings.is_empty()) {
            let mut tell = |kind, text| {
                news.push(News {
                    kind,
                    text,
                    situation: known.id.clone(),
                });
            };
            tell("situation", format!("{name} {why}"));
            for edge in &held.edges {
                if let Some(other) = self.held.get(&edge.other)
                    && !edge.is_effect
                    && self.rules[edge.rule].damage
                {
                    tell(
                        "damage",
                        format!(
                            "{name} {why}: {} is no evidence of its damage any more",
                            other.finding.name
                        ),
                    );
                }
            }
        }
        let near: Vec<u64> = held.edges.iter().map(|e| e.other).collect();
        self.settle(&near, &mut news);
        if let Some(s) = held.situation {
            self.split(s);
        }
        news
    }

    /// Lets time pass.
    pub fn pass(&mut self, now_us: i64) -> Vec<News> {
        let mut news = Vec::new();
        let mut gone = Vec::new();
        for (&at, situation) in &mut self.situations {
            if let Some(over_us) = situation.over_us {
                if now_us.saturating_sub(over_us) > SHOWN_US {
                    gone.push(at);
                }
                continue;
            }
            let ends = situation.findings.iter().filter_map(|f| {
                let finding = &self.held.get(f)?.finding;
                let late_us = finding.since_us.saturating_add(LONGEST_US);
                Some(match finding.until_us {
                    Some(until_us) => until_us,
                    None if now_us >= late_us => late_us,
                    None => i64::MAX,
                })
            });
            let last_us = ends.max().unwrap_or(i64::MIN);
            if now_us.saturating_sub(last_us) >= self.linger_us && last_us < now_us {
                situation.over_us = Some(now_us);
                self.version += 1;
                let found = situation.findings.iter().filter_map(|f| self.held.get(f));
                news.push(News {
                    kind: "situation_over",
                    text: words::over(&situation.id, found.map(|h| &h.finding)),
                    situation: situation.id.clone(),
                });
            }
        }
        for at in gone {
            self.drop_situation(at);
        }
        let keep_us = self.keep_us;
        let old = |h: &Held| {
            let end_us = h
                .finding
                .until_us
                .unwrap_or_else(|| h.finding.since_us.saturating_add(LONGEST_US));
            h.situation.is_none() && now_us.saturating_sub(end_us) > keep_us
        };
        let loose: Vec<u64> = self
            .held
            .iter()
            .filter(|(_, h)| old(h))
            .map(|(at, _)| *at)
            .collect();
        for at in loose {
            self.remove(at);
        }
        news
    }

    /// Makes room for a finding; what is over gives way, that of situations last.
    fn has_room(&mut self) -> bool {
        if self.held.len() < MOST_FINDINGS {
            return true;
        }
        let ended = |h: &Held| h.finding.until_us.is_some();
        let loose = self
            .held
            .iter()
            .find(|(_, h)| h.situation.is_none() && ended(h));
        if let Some(at) = loose.map(|(at, _)| *at) {
            self.remove(at);
            return true;
        }
        let over = self.situations.iter().find(|(_, s)| s.over_us.is_some());
        if let Some(at) = over.map(|(at, _)| *at) {
            self.drop_situation(at);
            return self.held.len() < MOST_FINDINGS;
        }
        false
    }

    fn drop_situation(&mut self, at: u64) {
        if let Some(situation) = self.situations.remove(&at) {
            for finding in situation.findings {
                self.remove(finding);
            }
        }
    }

    /// Removes a finding and the edges to it.
    fn remove(&mut self, at: u64) -> Option<Held> {
        let held = self.held.remove(&at)?;
        self.version += 1;
        if self.by_key.get(&held.finding.key) == Some(&at) {
            self.by_key.remove(&held.finding.key);
        }
        self.unplace(at, held.situation, held.finding.kind);
        for edge in &held.edges {
            if let Some(other) = self.held.get_mut(&edge.other) {
                other.edges.retain(|e| e.other != at);
            }
        }
        if let Some(situation) = held.situation.and_then(|s| self.situations.get_mut(&s)) {
            situation.findings.remove(&at);
        }
        Some(held)
    }
}

#[cfg(test)]
mod tests;
