//! The way from each place in a zone to the nearest shelter, on foot, and out of the zones.

use std::collections::BTreeSet;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::Input;
use super::ground::Ground;
use crate::places::Place;
use crate::planning::Travel;
use crate::roads::Network;
use crate::roads::Stand;
use crate::roads::search::{Goal, Times, Way};
use crate::sphere::distance_m;

/// A bridge of a list of places is on a road that is this near, metres.
const BRIDGE_WITHIN_M: f64 = 50.0;

/// What was found for the places inside, in their order.
pub(super) struct Routes<'a> {
    pub(super) roads: Option<Roads<'a>>,
    /// Of each place inside.
    pub(super) found: Vec<Route>,
    /// Edges that are bridges, by the road data or by a list of places.
    pub(super) bridges: BTreeSet<u32>,
    /// Where the bridges of lists stand, in their order: the nearest road.
    pub(super) listed: Vec<Option<u32>>,
}

/// The road network, prepared for this assessment.
pub(super) struct Roads<'a> {
    pub(super) network: &'a Network,
    pub(super) times: Times,
    /// Where the shelters outside stand, in their order.
    pub(super) refuges: Vec<Vec<Stand>>,
}

/// The ways of one place.
#[derive(Clone, Default)]
pub(super) struct Route {
    pub(super) stands: Vec<Stand>,
    /// By road.
    pub(super) way: Option<Way>,
    pub(super) on_foot_s: Option<f64>,
    pub(super) out_s: Option<f64>,
    /// The nearest shelter as the crow flies, and how far it is; where there are no roads.
    pub(super) straight: Option<(usize, f64)>,
}

impl<'a> Routes<'a> {
    pub(super) fn find(input: &Input<'a>, ground: &Ground<'_>) -> Self {
        let within_m = input.planning.road_within_m;
        let Some(network) = input.roads.filter(|n| n.edge_count() > 0) else {
            let line = StraightLine::new(&ground.refuges);
            let found = ground
                .inside
                .iter()
                .map(|(_, place)| Route {
                    straight: line.nearest(place.at(), input.planning.shelter_within_m),
                    ..Route::default()
                })
                .collect();
            return Self {
                roads: None,
                found,
                bridges: BTreeSet::new(),
                listed: Vec::new(),
            };
        };
        let walking = input.planning.walking.value;
        let times = network.times(input.speeds, input.planning.travel, walking);
        let refuges: Vec<Vec<Stand>> = ground
            .refuges
            .iter()
            .map(|place| network.stands(place.at(), within_m))
            .collect();
        let goals: Vec<Goal> = goals(&refuges, |_| true);
        let reached = network.reach(&times, &goals);
        let on_foot_times = network.times(input.speeds, Travel::Foot, walking);
        let on_foot = network.reach(&on_foot_times, &goals);
        let outside = (0..network.nodes.len())
            .filter(|n| ground.zone(network.nodes[*n]).is_none())
            .map(|n| n as u32);
        let out = network.reach_nodes(&times, outside);
        let found = ground
            .inside
            .iter()
            .map(|(_, place)| {
                let stands = network.stands(place.at(), within_m);
                let seconds = |way: Option<Way>| way.map(|w| w.seconds);
                Route {
                    way: network.way(&times, &reached, &stands),
                    on_foot_s: seconds(network.way(&on_foot_times, &on_foot, &stands)),
                    out_s: seconds(network.way(&times, &out, &stands)),
                    straight: None,
                    stands,
                }
            })
            .collect();
        let listed: Vec<Option<u32>> = ground
            .bridges
            .iter()
            .map(|bridge| {
                let stands = network.stands(bridge.at(), BRIDGE_WITHIN_M);
                stands.first().map(|stand| stand.edge)
            })
            .collect();
        let bridges = (0..network.edges.len() as u32)
            .filter(|e| network.segments[network.edges[*e as usize].segment as usize].bridge)
            .chain(listed.iter().flatten().copied())
            .collect();
        Self {
            roads: Some(Roads {
                network,
                times,
                refuges,
            }),
            found,
            bridges,
            listed,
        }
    }
}

/// The shelters that `which` names as goals.
pub(super) fn goals(refuges: &[Vec<Stand>], which: impl Fn(usize) -> bool) -> Vec<Goal> {
    refuges
        .iter()
        .enumerate()
        .filter(|(k, _)| which(*k))
        .map(|(k, stands)| Goal {
            number: k as u32,
            stands: stands.clone(),
        })
        .collect()
}

/// Shelters as the crow flies.
pub(super) struct StraightLine {
    points: Vec<[f64; 2]>,
    tree: RTree<GeomWithData<[f64; 3], usize>>,
}

impl StraightLine {
    pub(super) fn new(refuges: &[&Place]) -> Self {
        let points: Vec<[f64; 2]> = refuges.iter().map(|p| p.at()).collect();
        let on_sphere = points
            .iter()
            .enumerate()
            .map(|(k, p)| GeomWithData::new(vector(*p), k))
            .collect();
        Self {
            points,
            tree: RTree::bulk_load(on_sphere),
        }
    }

    /// Takes a shelter away.
    pub(super) fn without(&mut self, k: usize) {
        let gone = GeomWithData::new(vector(self.points[k]), k);
        self.tree.remove(&gone);
    }

    /// The nearest shelter, at most `within_m` away. Chords order as arcs do.
    pub(super) fn nearest(&self, at: [f64; 2], within_m: f64) -> Option<(usize, f64)> {
        let mut best: Option<(f64, usize)> = None;
        for found in self.tree.nearest_neighbor_iter(&vector(at)) {
            let k = found.data;
            let away = distance_m(self.points[k], at);
            // Shelters that are equally far come in no order: all of them are looked at, and a little beyond, for rounding.
            if away > within_m || best.is_some_and(|(b, _)| away > b + 0.01) {
                break;
            }
            if best.is_none_or(|b| (away, k) < b) {
                best = Some((away, k));
            }
        }
        best.map(|(away, k)| (k, away))
    }
}

/// A point on the unit sphere.
fn vector([lat, lon]: [f64; 2]) -> [f64; 3] {
    let (lat, lon) = (lat.to_radians(), lon.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}
