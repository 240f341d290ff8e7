//! Outages over the map: several meters without voltage, or silent, close in space and time. One alone is a meter.
//!
//! Pure: told who was heard and what the voltage detectors say, it answers with lines for the timeline when the hub's time passes.
//! Rules:
//! - A meter that reads no voltage is out by its own word, and stays so through silence. A meter that is merely silent for several of its
//!   usual intervals is half as good evidence.
//! - A meter that falls silent together with everything else of its edge, of which none reported losing voltage, is no evidence at all:
//!   a link is lost, and that is told instead. An edge with a single meter cannot tell the two apart and counts as the meter.
//! - Neighbours that went out together are an outage when they are several and a clear share of the meters within their hull.
//! - An outage grows while neighbours follow, and is restored when a share of its meters is back.
//! - What an outage belongs to (an earthquake, traffic that stops) is for `situation` to say.
//! - Time in which the hub itself was away is nobody's silence.

pub mod area;
pub mod cluster;
pub mod map;
mod silence;
mod words;

use std::collections::{BTreeSet, HashMap};

use crate::energy::settings::Outage as Rules;
use crate::place::Place;
use area::Hull;
use cluster::Standing;

const SECOND_US: i64 = 1_000_000;

/// A step later than this after the one before: the hub was away.
const AWAY_US: i64 = 120 * SECOND_US;
/// And later than so many ticks: live, it steps at least every tick.
const AWAY_TICKS: i64 = 3;

/// A line for the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Stable word: `outage`, `outage_over`, `link_lost`, `link_back`.
    pub kind: &'static str,
    /// One sentence.
    pub text: String,
    /// The outage, or what holds at a meter: a key of `situation`.
    pub about: Option<String>,
    /// Of a single meter: what it is called, and what is the matter.
    pub meter: Option<(String, &'static str)>,
}

/// A meter's name and place.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Name for people.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

/// An outage that is on.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Id, unique in a deployment's run of the journal.
    pub id: String,
    /// When the first of its meters went out, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Every meter that has been out in it.
    pub members: BTreeSet<usize>,
    /// Those that are out now.
    pub out: BTreeSet<usize>,
    /// Meters within its hull that are counted, its own among them.
    pub of: usize,
    /// Outline with a margin, `[lat, lon]`, closed.
    pub area: Vec<[f64; 2]>,
    /// Area of the outline, km2.
    pub area_km2: f64,
    /// Outages that have become part of it.
    pub joined: BTreeSet<String>,
    /// How many meters were out when it was last told.
    told: usize,
}

impl Outage {
    /// What `situation` knows it by.
    pub fn key(&self) -> String {
        format!("outage/{}", self.id)
    }
}

#[derive(Debug, Clone, Default)]
struct Meter {
    /// When it was last heard, hub's time.
    heard_us: Option<i64>,
    /// Its usual interval.
    usual_us: i64,
    edge: Option<usize>,
    /// Since when it reads no voltage.
    no_voltage_us: Option<i64>,
    /// Left over from an outage that was restored; no evidence for another until it is back.
    spent: bool,
}

#[derive(Debug, Clone)]
struct Edge {
    name: String,
    heard_us: i64,
    lost: bool,
    /// Heard since it was lost.
    spoke: bool,
}

/// All meters on the map.
#[derive(Debug)]
pub struct Outages {
    rules: Rules,
    sites: Vec<Site>,
    places: Vec<Place>,
    neighbours: Vec<Vec<(usize, f64)>>,
    meters: Vec<Meter>,
    edges: Vec<Edge>,
    edge_index: HashMap<String, usize>,
    on: Vec<Outage>,
    number: u64,
    stepped_us: Option<i64>,
    judged_us: Option<i64>,
    away_us: i64,
}

impl Outages {
    /// Nobody has been heard yet. `tick_us`: how often the hub steps at least.
    pub fn new(sites: Vec<Site>, rules: Rules, tick_us: i64) -> Self {
        let places: Vec<Place> = sites.iter().map(|s| s.place).collect();
        Self {
            neighbours: map::neighbours(&places, rules.reach_km),
            meters: vec![Meter::default(); sites.len()],
            places,
            sites,
            edges: Vec::new(),
            edge_index: HashMap::new(),
            on: Vec::new(),
            number: 0,
            stepped_us: None,
            judged_us: None,
            away_us: tick_us.saturating_mul(AWAY_TICKS).max(AWAY_US),
            rules,
        }
    }

    /// The outages that are on.
    pub fn on(&self) -> &[Outage] {
        &self.on
    }

    /// The outage that a meter is out in.
    pub fn of_meter(&self, meter: usize) -> Option<&Outage> {
        self.on.iter().find(|o| o.out.contains(&meter))
    }

    /// Whether any meter has been heard, so that silence can mean something: time alone changes what is known then.
    pub fn is_watching(&self) -> bool {
        self.meters.iter().any(|m| m.heard_us.is_some())
    }

    /// What a meter's voltage says now: since when there is none, event time.
    pub fn voltage(&mut self, meter: usize, none_since_us: Option<i64>) {
        if let Some(meter) = self.meters.get_mut(meter) {
            meter.no_voltage_us = none_since_us;
        }
    }

    /// Lets the hub's time pass. Judged at most once a second.
    pub fn step(&mut self, now_us: i64) -> Vec<News> {
        if let Some(last_us) = self.stepped_us.replace(now_us) {
            let away_us = now_us.saturating_sub(last_us);
            if away_us > self.away_us {
                self.was_away(away_us, now_us);
            }
        }
        let fresh = self
            .judged_us
            .is_some_and(|t| now_us.saturating_sub(t) < SECOND_US && now_us >= t);
        if fresh || !self.is_watching() {
            return Vec::new();
        }
        self.judged_us = Some(now_us);
        let mut news = Vec::new();
        self.links(now_us, &mut news);
        let mut standing = self.standing(now_us);
        self.restore(&mut standing, now_us, &mut news);
        self.grow(&standing, now_us, &mut news);
        news
    }

    fn standing(&mut self, now_us: i64) -> Vec<Standing> {
        let by_edge = self.by_edge();
        let together_us = self.rules.together.as_micros() as i64;
        let mut spent = Vec::new();
        let standing = self.meters.iter().enumerate().map(|(at, meter)| {
            let Some(heard_us) = meter.heard_us else {
                return Standing::Unknown;
            };
            let silent = self.is_silent(meter, now_us);
            let (from_us, to_us, found_us, by_word) = match meter.no_voltage_us {
                Some(since_us) => (since_us, since_us, since_us, true),
                None if silent => {
                    let found_us = heard_us.saturating_add(self.allowance_us(meter));
                    (
                        heard_us,
                        heard_us.saturating_add(meter.usual_us),
                        found_us,
                        false,
                    )
                }
                None => {
                    spent.push(at);
                    return Standing::Well;
                }
            };
            let mine = self.on.iter().any(|o| o.members.contains(&at));
            let old = now_us.saturating_sub(found_us) > together_us;
            if !by_word && self.is_link(meter, &by_edge) || (old || meter.spent) && !mine {
                return Standing::Unknown;
            }
            Standing::Out {
                from_us,
                to_us,
                by_word,
            }
        });
        let standing: Vec<Standing> = standing.collect();
        for at in spent {
            self.meters[at].spent = false;
        }
        standing
    }

    /// Takes back whoever is back, and ends what is restored.
    fn restore(&mut self, standing: &mut [Standing], now_us: i64, news: &mut Vec<News>) {
        let restored = self.rules.restored;
        let meters = &mut self.meters;
        self.on.retain_mut(|outage| {
            // Who is behind a lost link now is not back: only a meter that speaks can say so.
            outage.out.retain(|m| standing[*m] != Standing::Well);
            let back = outage.members.len() - outage.out.len();
            if (back as f64) < restored * outage.members.len() as f64 {
                return true;
            }
            for left in &outage.out {
                meters[*left].spent = true;
                standing[*left] = Standing::Unknown;
            }
            news.push(words::restored(outage, now_us));
            false
        });
    }

    fn grow(&mut self, standing: &[Standing], now_us: i64, news: &mut Vec<News>) {
        let groups = cluster::clusters(&self.places, &self.neighbours, standing, &self.rules);
        for group in groups {
            let known: Vec<usize> = (0..self.on.len())
                .filter(|at| group.iter().any(|m| self.on[*at].members.contains(m)))
                .collect();
            let at = match known.split_first() {
                Some((&first, others)) => {
                    // What grows together is one, the oldest.
                    for &other in others.iter().rev() {
                        let joined = self.on.remove(other);
                        let outage = &mut self.on[first];
                        outage.since_us = outage.since_us.min(joined.since_us);
                        outage.members.extend(joined.members);
                        outage.out.extend(joined.out);
                        outage.joined.extend(joined.joined);
                        outage.joined.insert(joined.id.clone());
                        news.push(words::joined(&joined.id, outage, now_us));
                    }
                    first
                }
                None => {
                    self.number += 1;
                    self.on.push(Outage {
                        id: format!("outage-{}", self.number),
                        since_us: i64::MAX,
                        members: BTreeSet::new(),
                        out: BTreeSet::new(),
                        of: 0,
                        area: Vec::new(),
                        area_km2: 0.0,
                        joined: BTreeSet::new(),
                        told: 0,
                    });
                    self.on.len() - 1
                }
            };
            let outage = &mut self.on[at];
            let before = outage.out.len();
            outage.members.extend(&group);
            outage.out.extend(&group);
            let from = group.iter().filter_map(|m| match standing[*m] {
                Standing::Out { from_us, .. } => Some(from_us),
                _ => None,
            });
            outage.since_us = outage.since_us.min(from.min().unwrap_or(now_us));
            if outage.out.len() == before {
                continue;
            }
            self.measure(at, standing);
            let outage = &mut self.on[at];
            let first = outage.told == 0;
            // Half as many again, and two at least: news, not a counter.
            if first || outage.out.len() >= outage.told + (outage.told / 2).max(2) {
                outage.told = outage.out.len();
                let by_word = outage
                    .out
                    .iter()
                    .filter(|m| matches!(standing[**m], Standing::Out { by_word: true, .. }));
                let by_word = by_word.count();
                let near = &self.sites[middle(&self.places, &outage.members)].name;
                news.push(words::outage(outage, first, by_word, near, now_us));
            }
        }
    }

    /// Area and counts of an outage.
    fn measure(&mut self, at: usize, standing: &[Standing]) {
        /// The margin about the outermost meters, km: at least a block, at most what is not known between two villages.
        const MARGIN_KM: (f64, f64) = (0.1, 1.0);
        let outage = &mut self.on[at];
        let places: Vec<Place> = outage.members.iter().map(|m| self.places[*m]).collect();
        let nearest = outage
            .members
            .iter()
            .filter_map(|m| self.neighbours[*m].first());
        let mut nearest: Vec<f64> = nearest.map(|n| n.1).collect();
        nearest.sort_by(f64::total_cmp);
        // Half way to the next meter.
        let half = nearest
            .get(nearest.len() / 2)
            .map_or(MARGIN_KM.1, |d| d / 2.0);
        let margin_km = half.clamp(MARGIN_KM.0, MARGIN_KM.1);
        if let Some(hull) = Hull::of(&places) {
            let (all, _) = cluster::count_in(&hull, &self.places, standing);
            outage.of = all.max(outage.members.len());
            (outage.area_km2, outage.area) = hull.outline(margin_km);
        }
    }
}

/// The meter nearest to the middle of a set.
fn middle(places: &[Place], members: &BTreeSet<usize>) -> usize {
    let Some(&first) = members.first() else {
        return 0;
    };
    let plane = |m: usize| places[m].from(places[first]);
    let n = members.len() as f64;
    let mean = members.iter().fold([0.0, 0.0], |sum, m| {
        let [x, y] = plane(*m);
        [sum[0] + x / n, sum[1] + y / n]
    });
    let off = |m: usize| {
        let [x, y] = plane(m);
        (x - mean[0]).hypot(y - mean[1])
    };
    members
        .iter()
        .copied()
        .min_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests;
