//! Situations: findings of all domains that belong together, so that an officer sees one thing with its evidence, not forty alarms.
//!
//! Pure: told what was found and when it ended, it answers with lines for the timeline. Rules:
//! - Two findings belong together when a [`rule::Rule`] says so, by kind, size, time and place. Whatever hangs together is one situation.
//! - A finding of a kind that `opens` is a situation alone; others wait, unseen, for something that they belong to.
//! - Each finding but the first keeps the link by which it joined, and the rule behind it, for people to read.
//! - Nothing here warns anybody, changes a level or keeps a finding from being told: it sorts what others have found.
//! - Memory is bounded: [`MOST_FINDINGS`], [`MOST_SITUATIONS`]. What finds no room is counted, and told all the same by whoever found it.

pub mod kind;
pub mod rule;
mod shape;
mod words;

pub use kind::Kind;
pub use rule::{Link, Rule, Settings};
pub use shape::Shape;

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::text::compact_utc;
use crate::view::{EvidenceView, SituationView};

/// Most findings that are remembered.
pub const MOST_FINDINGS: usize = 4_096;
/// Most situations, over or not.
pub const MOST_SITUATIONS: usize = 256;
/// Edges of a finding at most, beyond those that hold a situation together: enough to explain it.
const MOST_EDGES: usize = 4;
/// Findings of one situation that one rule links another to, at most: the newest.
const MOST_LOOKED_AT: usize = 16;
/// Situations and findings of one that are shown, at most; the timeline has all.
const MOST_SHOWN: usize = 64;
/// See [`MOST_SHOWN`].
const MOST_EVIDENCE: usize = 40;
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

    fn unplace(&mut self, at: u64, s: Option<u64>, kind: Kind) {
        if let Some(there) = self.placed.get_mut(&(s, kind)) {
            there.remove(&at);
            if there.is_empty() {
                self.placed.remove(&(s, kind));
            }
        }
    }

    /// Notes which situation a finding is in, or that it is in none.
    fn place(&mut self, at: u64, s: Option<u64>) {
        let Some(held) = self.held.get_mut(&at) else {
            return;
        };
        let (was, kind) = (std::mem::replace(&mut held.situation, s), held.finding.kind);
        self.unplace(at, was, kind);
        self.placed.entry((s, kind)).or_default().insert(at);
    }

    /// Drops what does not hold any more now that a finding is known better.
    fn check_edges(&mut self, at: u64, news: &mut Vec<News>) {
        let Some(held) = self.held.get(&at) else {
            return;
        };
        let (mut kept, mut lost) = (Vec::new(), Vec::new());
        for edge in &held.edges {
            let link = self.held.get(&edge.other).and_then(|other| {
                let (cause, effect) = ends(edge.is_effect, &held.finding, &other.finding);
                self.rules[edge.rule].links(cause, effect)
            });
            match link {
                Some(link) => kept.push(Edge { link, ..*edge }),
                None => lost.push(edge.other),
            }
        }
        for edge in &kept {
            if let Some(other) = self.held.get_mut(&edge.other) {
                for mirrored in other.edges.iter_mut().filter(|e| e.other == at) {
                    mirrored.link = edge.link;
                }
            }
        }
        for other in &lost {
            if let Some(other) = self.held.get_mut(other) {
                other.edges.retain(|e| e.other != at);
            }
        }
        if let Some(held) = self.held.get_mut(&at) {
            held.edges = kept;
        }
        if lost.is_empty() {
            return;
        }
        lost.push(at);
        self.settle(&lost, news);
    }

    /// Findings have lost edges: they look for others, and what hangs together no more falls apart.
    fn settle(&mut self, findings: &[u64], news: &mut Vec<News>) {
        for at in findings {
            self.join(*at, news);
        }
        // Only now, since joining may have made two situations one.
        let touched = findings.iter().filter_map(|f| self.held.get(f)?.situation);
        for s in touched.collect::<BTreeSet<u64>>() {
            self.split(s);
        }
    }

    /// Links of a finding to others, the best first: by each rule to each situation's newest few, and to all that have none.
    fn links(&self, at: u64) -> Vec<Edge> {
        let Some(me) = self.held.get(&at).map(|h| &h.finding) else {
            return Vec::new();
        };
        let mut found: Vec<Edge> = Vec::new();
        let situations = || std::iter::once(None).chain(self.situations.keys().map(|s| Some(*s)));
        for (rule, r) in self.rules.iter().enumerate() {
            for (mine, theirs, is_effect) in
                [(&r.effect, &r.cause, true), (&r.cause, &r.effect, false)]
            {
                if !mine.contains(&me.kind) {
                    continue;
                }
                for s in situations() {
                    let most = if s.is_some() {
                        MOST_LOOKED_AT
                    } else {
                        MOST_FINDINGS
                    };
                    let there = theirs.iter().filter_map(|k| self.placed.get(&(s, *k)));
                    let others = there.flat_map(|there| there.iter().rev());
                    let links = others.filter(|o| **o != at).filter_map(|other| {
                        let held = self.held.get(other)?;
                        let (cause, effect) = ends(is_effect, me, &held.finding);
                        let link = r.links(cause, effect)?;
                        Some(Edge {
                            other: *other,
                            rule,
                            is_effect,
                            link,
                        })
                    });
                    found.extend(links.take(most));
                }
            }
        }
        found.sort_by(better);
        found
    }

    /// Puts a finding where it belongs, and joins what it holds together.
    fn join(&mut self, at: u64, news: &mut Vec<News>) {
        for edge in self.links(at) {
            let (Some(me), Some(other)) = (self.held.get(&at), self.held.get(&edge.other)) else {
                continue;
            };
            if me.edges.iter().any(|e| e.other == edge.other) {
                continue;
            }
            let (mine, theirs) = (me.situation, other.situation);
            match (mine, theirs) {
                (Some(s), Some(t)) if s == t => {
                    if me.edges.len() < MOST_EDGES && other.edges.len() < MOST_EDGES {
                        self.tie(at, edge);
                    }
                }
                (Some(s), Some(t)) => {
                    self.tie(at, edge);
                    self.merge(s, t, at, edge, news);
                }
                (None, Some(s)) => {
                    self.tie(at, edge);
                    self.enter(at, s, at, edge, news);
                }
                (Some(s), None) => {
                    self.tie(at, edge);
                    self.enter(edge.other, s, at, edge, news);
                }
                (None, None) => {
                    // What began the matter opens it, the other joins.
                    let (first, then) = if edge.is_effect {
                        (edge.other, at)
                    } else {
                        (at, edge.other)
                    };
                    if let Some(s) = self.open(first) {
                        self.tie(at, edge);
                        self.enter(then, s, at, edge, news);
                    }
                }
            }
        }
        if self
            .held
            .get(&at)
            .is_some_and(|h| h.situation.is_none() && self.opens_alone(h))
        {
            self.open(at);
        }
    }

    fn opens_alone(&self, held: &Held) -> bool {
        held.finding.alone && self.opens.contains(&held.finding.kind)
    }

    /// Notes an edge at both of its ends.
    fn tie(&mut self, at: u64, edge: Edge) {
        if let Some(other) = self.held.get_mut(&edge.other) {
            other.edges.push(Edge {
                other: at,
                is_effect: !edge.is_effect,
                ..edge
            });
        }
        if let Some(me) = self.held.get_mut(&at) {
            me.edges.push(edge);
        }
    }

    fn open(&mut self, first: u64) -> Option<u64> {
        if self.situations.len() >= MOST_SITUATIONS {
            let over = self.situations.iter().find(|(_, s)| s.over_us.is_some());
            let Some(over) = over.map(|(at, _)| *at) else {
                self.refused += 1;
                return None;
            };
            self.drop_situation(over);
        }
        let held = self.held.get_mut(&first)?;
        let start = format!("situation-{}", compact_utc(held.finding.since_us));
        let mut id = start.clone();
        let mut n = 1;
        while self.situations.values().any(|s| s.id == id) {
            n += 1;
            id = format!("{start}-{n}");
        }
        let at = self.next;
        self.next += 1;
        self.place(first, Some(at));
        let situation = Situation {
            id,
            findings: BTreeSet::from([first]),
            over_us: None,
            told: BTreeSet::new(),
        };
        self.situations.insert(at, situation);
        Some(at)
    }

    /// A finding without a situation enters one. `at` is whose edge it is.
    fn enter(&mut self, who: u64, s: u64, at: u64, edge: Edge, news: &mut Vec<News>) {
        self.place(who, Some(s));
        let on = self.is_on(who);
        let Some(situation) = self.situations.get_mut(&s) else {
            return;
        };
        situation.findings.insert(who);
        if on {
            situation.over_us = None;
        }
        // The first joining by a rule is news, the fortieth is a number in the list; damage is told each time.
        let first = situation.told.insert(edge.rule);
        if first || self.rules[edge.rule].damage {
            self.tell(s, at, edge, "", news);
        }
    }

    /// Two situations turn out to be one: the older one.
    fn merge(&mut self, s: u64, t: u64, at: u64, edge: Edge, news: &mut Vec<News>) {
        let (keep, give) = (s.min(t), s.max(t));
        let Some(given) = self.situations.remove(&give) else {
            return;
        };
        for finding in &given.findings {
            self.place(*finding, Some(keep));
        }
        let Some(kept) = self.situations.get_mut(&keep) else {
            return;
        };
        kept.findings.extend(given.findings);
        kept.told.extend(given.told);
        kept.told.insert(edge.rule);
        if given.over_us.is_none() {
            kept.over_us = None;
        }
        let text = format!("{} is part of this situation now: ", given.id);
        self.tell(keep, at, edge, &text, news);
    }

    fn tell(&self, s: u64, at: u64, edge: Edge, before: &str, news: &mut Vec<News>) {
        let (Some(situation), Some(me), Some(other)) = (
            self.situations.get(&s),
            self.held.get(&at),
            self.held.get(&edge.other),
        ) else {
            return;
        };
        let rule = &self.rules[edge.rule];
        let (cause, effect) = ends(edge.is_effect, &me.finding, &other.finding);
        let why = words::of_effect(cause, &edge.link, rule);
        news.push(News {
            kind: if rule.damage { "damage" } else { "situation" },
            text: format!("{before}{} {why}", effect.name),
            situation: situation.id.clone(),
        });
    }

    fn is_on(&self, at: u64) -> bool {
        self.held
            .get(&at)
            .is_some_and(|h| h.finding.until_us.is_none())
    }

    /// Falls apart into what still hangs together; the part with the oldest finding keeps the name.
    fn split(&mut self, s: u64) {
        let Some(situation) = self.situations.get(&s) else {
            return;
        };
        let (told, over_us) = (situation.told.clone(), situation.over_us);
        let mut left = situation.findings.clone();
        let mut parts: Vec<BTreeSet<u64>> = Vec::new();
        while let Some(first) = left.pop_first() {
            let mut part = BTreeSet::from([first]);
            let mut next = vec![first];
            while let Some(at) = next.pop() {
                for edge in self.held.get(&at).iter().flat_map(|h| &h.edges) {
                    if left.remove(&edge.other) {
                        part.insert(edge.other);
                        next.push(edge.other);
                    }
                }
            }
            parts.push(part);
        }
        let alone = |part: &BTreeSet<u64>| {
            part.iter()
                .filter_map(|f| self.held.get(f))
                .any(|h| self.opens_alone(h))
        };
        let (stay, loose): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|p| p.len() > 1 || alone(p));
        for finding in loose.into_iter().flatten() {
            self.place(finding, None);
        }
        let mut stay = stay.into_iter();
        match (stay.next(), self.situations.get_mut(&s)) {
            (Some(first), Some(situation)) => situation.findings = first,
            _ => {
                self.situations.remove(&s);
            }
        }
        for part in stay {
            let Some(own) = part.first().and_then(|first| self.open(*first)) else {
                continue;
            };
            for finding in &part {
                self.place(*finding, Some(own));
            }
            if let Some(situation) = self.situations.get_mut(&own) {
                situation.findings = part;
                situation.over_us = over_us;
                situation.told.clone_from(&told);
            }
        }
    }

    /// The situations as people see them, oldest first: those that are on, and those that were until a day ago.
    pub fn views(&self) -> Vec<SituationView> {
        let newest = self.situations.iter().rev().take(MOST_SHOWN);
        let mut views: Vec<SituationView> = newest.map(|(_, s)| self.view(s)).collect();
        views.reverse();
        views
    }

    fn view(&self, situation: &Situation) -> SituationView {
        let all: Vec<(u64, &Held)> = situation
            .findings
            .iter()
            .filter_map(|f| Some((*f, self.held.get(f)?)))
            .collect();
        let why = self.explained(&all);
        let mut order: Vec<&(u64, &Held)> = all.iter().collect();
        order.sort_by_key(|(at, h)| {
            (
                h.finding.kind,
                h.finding.until_us.is_some(),
                h.finding.since_us,
                *at,
            )
        });
        let evidence: Vec<EvidenceView> = order
            .iter()
            .take(MOST_EVIDENCE)
            .map(|(at, held)| {
                let f = &held.finding;
                let middle = f.shape.middle();
                let because = why.get(at);
                let damage = held
                    .edges
                    .iter()
                    .any(|e| e.is_effect && self.rules[e.rule].damage);
                EvidenceView {
                    key: f.key.clone(),
                    kind: f.kind.name(),
                    name: f.name.clone(),
                    text: f.text.clone(),
                    since_us: f.since_us,
                    until_us: f.until_us,
                    lat: middle.lat,
                    lon: middle.lon,
                    rule: because.map(|b| b.0.clone()),
                    because: because.map(|b| b.1.clone()),
                    damage,
                }
            })
            .collect();
        let findings = || all.iter().map(|(_, h)| &h.finding);
        SituationView {
            id: situation.id.clone(),
            title: words::title(findings()),
            since_us: findings().map(|f| f.since_us).min().unwrap_or(0),
            over_us: situation.over_us,
            events: findings()
                .filter_map(|f| f.event.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            damage: evidence.iter().filter(|e| e.damage).count(),
            more: all.len() - evidence.len(),
            evidence,
        }
    }

    /// For each finding but the head of a situation, the rule by which it hangs on what is nearer to the head, and why in words.
    fn explained(&self, all: &[(u64, &Held)]) -> BTreeMap<u64, (String, String)> {
        let head = all
            .iter()
            .min_by_key(|(at, h)| (h.finding.kind, h.finding.since_us, *at));
        let mut why = BTreeMap::new();
        let Some(&(head, _)) = head else { return why };
        let mut next = std::collections::VecDeque::from([head]);
        while let Some(at) = next.pop_front() {
            let Some(me) = self.held.get(&at) else {
                continue;
            };
            for edge in &me.edges {
                if edge.other == head || why.contains_key(&edge.other) {
                    continue;
                }
                let rule = &self.rules[edge.rule];
                // Seen from the other's end: I am its cause where it is my effect.
                let text = if edge.is_effect {
                    words::of_cause(&me.finding, &edge.link, rule)
                } else {
                    words::of_effect(&me.finding, &edge.link, rule)
                };
                why.insert(edge.other, (rule.id.clone(), text));
                next.push_back(edge.other);
            }
        }
        why
    }
}

/// Earlier rules first, then what is nearer, then what is sooner, then what is older.
fn better(a: &Edge, b: &Edge) -> std::cmp::Ordering {
    let km = |e: &Edge| e.link.km.unwrap_or(0.0);
    a.rule
        .cmp(&b.rule)
        .then(km(a).total_cmp(&km(b)))
        .then(a.link.lag_us.abs().cmp(&b.link.lag_us.abs()))
        .then(a.other.cmp(&b.other))
}

/// Cause and effect of an edge of mine.
fn ends<'a>(is_effect: bool, me: &'a Finding, other: &'a Finding) -> (&'a Finding, &'a Finding) {
    if is_effect { (other, me) } else { (me, other) }
}

#[cfg(test)]
mod tests;
