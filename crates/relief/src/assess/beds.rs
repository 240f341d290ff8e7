//! Promises beds, each once, and follows those who were promised one over the bridges on their way.
//!
//! The nearest are served first: rounds of "everybody's nearest shelter that has room", each in the order of the way's length. A shelter that fills
//! up drops out, and the next round finds the next nearest for those who are left. Every round fills a shelter or serves everybody who can
//! reach one, so there are at most as many rounds as shelters.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::Input;
use super::ground::Ground;
use super::ways::{Routes, StraightLine, goals};
use crate::figure::People;
use crate::places::Kind;
use crate::roads::Network;
use crate::roads::search::{NONE, Reached, Way};

/// What was promised.
pub(super) struct Beds {
    /// To each place inside, in their order.
    pub(super) to: Vec<People>,
    /// In each shelter outside, in their order.
    pub(super) of: Vec<People>,
    /// People over each edge.
    pub(super) over: BTreeMap<u32, People>,
    /// Edges that the people of each zone use.
    pub(super) edges_of: Vec<BTreeSet<u32>>,
}

/// An order of service: how far, who, where to.
struct Offer {
    cost: f64,
    who: usize,
    shelter: usize,
    way: Option<Way>,
}

pub(super) fn promise(input: &Input<'_>, ground: &Ground<'_>, routes: &Routes<'_>) -> Beds {
    let mut beds = Beds {
        to: vec![People::ZERO; ground.inside.len()],
        of: vec![People::ZERO; ground.refuges.len()],
        over: BTreeMap::new(),
        edges_of: vec![BTreeSet::new(); ground.zones.len()],
    };
    let mut room: Vec<People> = ground
        .refuges
        .iter()
        .map(|place| People::whole(place.free().unwrap_or_default()))
        .collect();
    let mut waiting: Vec<(usize, People)> = ground
        .inside
        .iter()
        .enumerate()
        .filter(|(_, (zone, place))| {
            place.kind == Kind::Population && ground.leaves(*zone, input.planning)
        })
        .filter_map(|(k, (_, place))| Some((k, place.population?)))
        .filter(|(_, people)| *people > People::ZERO)
        .collect();
    let line = StraightLine::new(&ground.refuges);
    while !waiting.is_empty() && room.iter().any(|r| *r > People::ZERO) {
        let open = |k: usize| room[k] > People::ZERO;
        let reached = routes.roads.as_ref().map(|roads| {
            roads
                .network
                .reach(&roads.times, &goals(&roads.refuges, open))
        });
        let mut offers: Vec<Offer> = waiting
            .iter()
            .filter_map(|&(who, _)| match (&routes.roads, &reached) {
                (Some(roads), Some(reached)) => {
                    let stands = &routes.found[who].stands;
                    let way = roads.network.way(&roads.times, reached, stands)?;
                    Some(Offer {
                        cost: way.seconds,
                        who,
                        shelter: way.goal as usize,
                        way: Some(way),
                    })
                }
                _ => {
                    let at = ground.inside[who].1.at();
                    let (shelter, away) =
                        line.nearest(at, input.planning.shelter_within_m, open)?;
                    Some(Offer {
                        cost: away,
                        who,
                        shelter,
                        way: None,
                    })
                }
            })
            .collect();
        if offers.is_empty() {
            break;
        }
        offers.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.who.cmp(&b.who)));
        let mut left: BTreeMap<usize, People> = waiting.iter().copied().collect();
        let mut flows: Vec<Flow> = vec![Flow::default(); ground.zones.len()];
        for offer in &offers {
            let wants = left[&offer.who];
            let gets = wants.min(room[offer.shelter]);
            if gets == People::ZERO {
                continue;
            }
            room[offer.shelter] = room[offer.shelter].less(gets);
            beds.of[offer.shelter] = beds.of[offer.shelter].plus(gets);
            beds.to[offer.who] = beds.to[offer.who].plus(gets);
            left.insert(offer.who, wants.less(gets));
            if let Some(way) = &offer.way {
                flows[ground.inside[offer.who].0].start(way, gets);
            }
        }
        if let (Some(roads), Some(reached)) = (&routes.roads, &reached) {
            for (zone, flow) in flows.into_iter().enumerate() {
                flow.follow(
                    roads.network,
                    reached,
                    &mut beds.over,
                    &mut beds.edges_of[zone],
                );
            }
        }
        // Who was offered nothing has no way to any shelter with room, and will have none when fewer have room.
        let offered: BTreeSet<usize> = offers.iter().map(|o| o.who).collect();
        waiting = left
            .into_iter()
            .filter(|(who, people)| *people > People::ZERO && offered.contains(who))
            .collect();
    }
    beds
}

/// People on their ways.
#[derive(Clone, Default)]
struct Flow {
    /// Over the edges that they stand at.
    edges: BTreeMap<u32, People>,
    /// At the nodes that they come to.
    nodes: BTreeMap<u32, People>,
}

impl Flow {
    fn start(&mut self, way: &Way, people: People) {
        let add = |to: &mut People| *to = to.plus(people);
        add(self.edges.entry(way.edge).or_default());
        if way.node != NONE {
            add(self.nodes.entry(way.node).or_default());
        }
    }

    /// Carries everybody to the end, the farthest first, so that those who meet go on together.
    fn follow(
        mut self,
        network: &Network,
        reached: &Reached,
        over: &mut BTreeMap<u32, People>,
        used: &mut BTreeSet<u32>,
    ) {
        // Seconds are finite and not negative: their bits order as they do.
        let key = |node: u32| (reached.seconds[node as usize].to_bits(), node);
        let mut heap: BinaryHeap<(u64, u32)> = self.nodes.keys().map(|n| key(*n)).collect();
        while let Some((_, node)) = heap.pop() {
            let Some(people) = self.nodes.remove(&node) else {
                continue;
            };
            let (edge, next) = reached.via[node as usize];
            let edge = if edge == NONE {
                reached.last[node as usize]
            } else {
                edge
            };
            let on = self.edges.entry(edge).or_default();
            *on = on.plus(people);
            if next != NONE {
                let at = self.nodes.entry(next).or_default();
                *at = at.plus(people);
                heap.push(key(next));
            }
        }
        for (edge, people) in self.edges {
            if (edge as usize) < network.edges.len() {
                let all = over.entry(edge).or_default();
                *all = all.plus(people);
                used.insert(edge);
            }
        }
    }
}
