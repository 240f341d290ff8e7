//! What hangs together: edges between findings, and the situations that they make, grow, join and let go.

use std::collections::BTreeSet;

use super::{
    Edge, Finding, Held, Kind, MOST_FINDINGS, MOST_SITUATIONS, News, Situation, Situations, words,
};
use crate::alert::text::compact_utc;

/// Edges of a finding at most, beyond those that hold a situation together: enough to explain it.
const MOST_EDGES: usize = 4;
/// Findings of one situation that one rule links another to, at most: the newest.
const MOST_LOOKED_AT: usize = 16;

impl Situations {
    pub(super) fn unplace(&mut self, at: u64, s: Option<u64>, kind: Kind) {
        if let Some(there) = self.placed.get_mut(&(s, kind)) {
            there.remove(&at);
            if there.is_empty() {
                self.placed.remove(&(s, kind));
            }
        }
    }

    /// Notes which situation a finding is in, or that it is in none.
    pub(super) fn place(&mut self, at: u64, s: Option<u64>) {
        let Some(held) = self.held.get_mut(&at) else {
            return;
        };
        let (was, kind) = (std::mem::replace(&mut held.situation, s), held.finding.kind);
        self.unplace(at, was, kind);
        self.placed.entry((s, kind)).or_default().insert(at);
    }

    /// Drops what does not hold any more now that a finding is known better.
    pub(super) fn check_edges(&mut self, at: u64, news: &mut Vec<News>) {
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
    pub(super) fn settle(&mut self, findings: &[u64], news: &mut Vec<News>) {
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
    pub(super) fn join(&mut self, at: u64, news: &mut Vec<News>) {
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

    pub(super) fn open(&mut self, first: u64) -> Option<u64> {
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
    pub(super) fn split(&mut self, s: u64) {
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
                // No room for another: what has no place of its own stays.
                if let Some(situation) = self.situations.get_mut(&s) {
                    situation.findings.extend(part);
                }
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
