//! Situations as people see them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Held, Situation, Situations, words};
use crate::view::{EvidenceView, SituationView};

/// Situations and findings of one that are shown, at most; the timeline has all.
pub(super) const MOST_SHOWN: usize = 64;
/// See [`MOST_SHOWN`].
pub(super) const MOST_EVIDENCE: usize = 40;

impl Situations {
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
        let mut next = VecDeque::from([head]);
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
