//! Promises beds, each once, and follows those who were promised one over the bridges on their way.
//!
//! The nearest are served first: of all who have none yet and all shelters that have room, the two that are nearest to each other come together.
//! When a shelter is full, those who would have gone there are offered the next nearest.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::Input;
use super::ground::Ground;
use super::ways::{Routes, StraightLine, goals};
use crate::figure::People;
use crate::places::Kind;
use crate::roads::search::{Goal, Reached, Way};

/// What was promised.
pub(super) struct Beds {
    /// To each place inside, in their order.
    pub(super) to: Vec<People>,
    /// In each shelter outside, in their order.
    pub(super) of: Vec<People>,
    /// People over each edge; empty without roads.
    pub(super) over: Vec<People>,
    /// The bridges' edges that the people of each zone use.
    pub(super) bridges_of: Vec<BTreeSet<u32>>,
}

/// Where somebody is offered a bed.
#[derive(Clone, Copy)]
struct Offer {
    /// Seconds by road, or metres.
    cost: f64,
    shelter: usize,
    way: Option<Way>,
}

/// Shelters with room, and how to find the nearest.
struct Search<'a> {
    input: &'a Input<'a>,
    ground: &'a Ground<'a>,
    routes: &'a Routes<'a>,
    room: Vec<People>,
    by_road: Option<(Reached, Vec<Goal>)>,
    line: StraightLine,
}

impl<'a> Search<'a> {
    fn new(input: &'a Input<'a>, ground: &'a Ground<'a>, routes: &'a Routes<'a>) -> Self {
        let room: Vec<People> = ground
            .refuges
            .iter()
            .map(|place| People::whole(place.free().unwrap_or_default()))
            .collect();
        let by_road = routes.roads.as_ref().map(|roads| {
            let goals = goals(&roads.refuges, |k| room[k] > People::ZERO);
            (roads.network.reach(&roads.times, &goals), goals)
        });
        let mut line = StraightLine::new(&ground.refuges);
        for (k, _) in room.iter().enumerate().filter(|(_, r)| **r == People::ZERO) {
            line.without(k);
        }
        Self {
            input,
            ground,
            routes,
            room,
            by_road,
            line,
        }
    }

    fn offer(&self, who: usize) -> Option<Offer> {
        if let (Some(roads), Some((reached, _))) = (&self.routes.roads, &self.by_road) {
            let stands = &self.routes.found[who].stands;
            let way = roads.network.way(&roads.times, reached, stands)?;
            return Some(Offer {
                cost: way.seconds,
                shelter: way.goal as usize,
                way: Some(way),
            });
        }
        let at = self.ground.inside[who].1.at();
        let within_m = self.input.planning.shelter_within_m;
        let (shelter, cost) = self.line.nearest(at, within_m)?;
        Some(Offer {
            cost,
            shelter,
            way: None,
        })
    }

    /// Takes as many beds as there are of those wanted.
    fn take(&mut self, shelter: usize, wanted: People) -> People {
        let taken = wanted.min(self.room[shelter]);
        self.room[shelter] = self.room[shelter].less(taken);
        if self.room[shelter] == People::ZERO {
            self.close(shelter);
        }
        taken
    }

    fn close(&mut self, shelter: usize) {
        self.line.without(shelter);
        if let (Some(roads), Some((reached, goals))) = (&self.routes.roads, &mut self.by_road) {
            goals.retain(|goal| goal.number != shelter as u32);
            roads
                .network
                .without(&roads.times, reached, shelter as u32, goals);
        }
    }
}

pub(super) fn promise(input: &Input<'_>, ground: &Ground<'_>, routes: &Routes<'_>) -> Beds {
    let edges = routes.roads.as_ref().map_or(0, |r| r.network.edges.len());
    let mut beds = Beds {
        to: vec![People::ZERO; ground.inside.len()],
        of: vec![People::ZERO; ground.refuges.len()],
        over: vec![People::ZERO; edges],
        bridges_of: vec![BTreeSet::new(); ground.zones.len()],
    };
    let mut search = Search::new(input, ground, routes);
    let mut left: Vec<People> = vec![People::ZERO; ground.inside.len()];
    let mut offers: Vec<Option<Offer>> = vec![None; ground.inside.len()];
    let mut queue = BinaryHeap::new();
    // Costs are finite and not negative: their bits order as they do.
    let key = |offer: &Offer, who: usize| Reverse((offer.cost.to_bits(), who));
    for (who, (zone, place)) in ground.inside.iter().enumerate() {
        if place.kind == Kind::Population
            && ground.leaves(*zone, input.planning)
            && let Some(people) = place.population.filter(|p| *p > People::ZERO)
            && let Some(offer) = search.offer(who)
        {
            left[who] = people;
            queue.push(key(&offer, who));
            offers[who] = Some(offer);
        }
    }
    while let Some(Reverse((_, who))) = queue.pop() {
        let Some(offer) = offers[who] else {
            continue;
        };
        if search.room[offer.shelter] > People::ZERO {
            // The way before the shelter fills up and is taken away.
            let edges: Vec<u32> = match (&offer.way, &search.by_road) {
                (Some(way), Some((reached, _))) => reached.edges(way).collect(),
                _ => Vec::new(),
            };
            let taken = search.take(offer.shelter, left[who]);
            left[who] = left[who].less(taken);
            beds.to[who] = beds.to[who].plus(taken);
            beds.of[offer.shelter] = beds.of[offer.shelter].plus(taken);
            for edge in edges {
                let at = edge as usize;
                beds.over[at] = beds.over[at].plus(taken);
                if routes.bridges.contains(&edge) {
                    beds.bridges_of[ground.inside[who].0].insert(edge);
                }
            }
        }
        if left[who] > People::ZERO {
            offers[who] = search.offer(who);
            if let Some(offer) = &offers[who] {
                queue.push(key(offer, who));
            }
        }
    }
    beds
}
