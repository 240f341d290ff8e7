//! Sums by zone, and the assessment.

use std::collections::{BTreeMap, BTreeSet};

use super::beds::Beds;
use super::ground::Ground;
use super::ways::{Route, Routes};
use super::{
    Assessment, BridgeUse, Input, Inside, Nearest, Needs, Refuge, Ways, ZoneNeeds, left_s,
    wave_in_s,
};
use crate::figure::{Figure, People};
use crate::places::{Kind, Place, Status};
use crate::planning::Planning;
use crate::roads::Network;
use crate::sphere::distance_m;

pub(super) fn assessment(
    input: &Input<'_>,
    ground: Ground<'_>,
    routes: &Routes<'_>,
    beds: Beds,
) -> Assessment {
    let bridges = routes
        .roads
        .as_ref()
        .map(|roads| Bridges::find(roads.network, &ground, routes, &beds))
        .unwrap_or_default();
    let waves: Vec<Option<i64>> = ground
        .zones
        .iter()
        .map(|zone| wave_in_s(zone, input.now_us))
        .collect();
    let mut tallies: Vec<Tally> = vec![Tally::default(); ground.zones.len()];
    let mut inside = Vec::new();
    for (k, ((zone, place), route)) in ground.inside.iter().zip(&routes.found).enumerate() {
        let leaves = ground.leaves(*zone, input.planning);
        let tally = &mut tallies[*zone];
        tally.take(place, beds.to[k], leaves);
        if place.kind == Kind::Population {
            if routes.roads.is_some() && leaves {
                tally.ways(place, route, waves[*zone]);
            }
        } else {
            inside.push(look(&ground, place, *zone, route, waves[*zone]));
        }
    }
    let zones: Vec<ZoneNeeds> = tallies
        .iter()
        .enumerate()
        .map(|(z, tally)| {
            let evacuate = ground.leaves(z, input.planning);
            let mut needs = tally.needs(evacuate, routes.roads.is_some(), input.planning);
            needs.bridges_on_ways = bridges.on_ways(&beds.bridges_of[z]);
            ZoneNeeds {
                zone: ground.zones[z].clone(),
                evacuate,
                wave_in_s: waves[z],
                needs,
            }
        })
        .collect();
    let total = total(&zones, bridges.used.len(), input.planning);
    let shelters: Vec<Refuge> = ground
        .refuges
        .iter()
        .zip(&beds.of)
        .map(|(place, promised)| Refuge {
            place: (*place).clone(),
            free: place.free(),
            promised: *promised,
        })
        .collect();
    let speeds_used = input.roads.map_or(0, |roads| {
        input
            .speeds
            .keys()
            .filter(|id| roads.has_segment(id))
            .count()
    });
    let notes = notes(input, &ground, &zones, &shelters, speeds_used);
    Assessment {
        now_us: input.now_us,
        zones,
        total,
        inside,
        shelters,
        shelters_closed: ground.closed,
        bridges: bridges.used,
        by_road: routes.roads.is_some(),
        speeds_used,
        notes,
    }
}

/// What has been counted in a zone so far.
#[derive(Clone, Default)]
struct Tally {
    people: People,
    cells: usize,
    cells_without_number: usize,
    with_bed: People,
    ways: Ways,
    by_kind: BTreeMap<Kind, usize>,
    occupants: People,
    occupied: usize,
    occupancy_missing: usize,
}

impl Tally {
    fn take(&mut self, place: &Place, beds: People, leaves: bool) {
        *self.by_kind.entry(place.kind).or_default() += 1;
        match (place.kind, place.population, place.occupancy) {
            (Kind::Population, people, _) => {
                self.cells += 1;
                match people {
                    Some(people) => self.people = self.people.plus(people),
                    None => self.cells_without_number += 1,
                }
                if leaves {
                    self.with_bed = self.with_bed.plus(beds);
                }
            }
            (Kind::Hospital | Kind::School | Kind::Shelter, _, Some(occupants)) => {
                self.occupied += 1;
                self.occupants = self.occupants.plus(People::whole(occupants));
            }
            (Kind::Hospital | Kind::School | Kind::Shelter, _, None) => {
                self.occupancy_missing += 1;
            }
            (Kind::Bridge, _, _) => {}
        }
    }

    fn ways(&mut self, cell: &Place, route: &Route, wave_in_s: Option<i64>) {
        let people = cell.population.unwrap_or_default();
        let late = |travel_s| left_s(wave_in_s, Some(travel_s)).is_some_and(|left| left < 0);
        let mut count = |travel_s: Option<f64>,
                         no_way: fn(&mut Ways) -> &mut People,
                         too_late: fn(&mut Ways) -> &mut People| {
            let to = match travel_s {
                None => no_way(&mut self.ways),
                Some(travel_s) if late(travel_s) => too_late(&mut self.ways),
                Some(_) => return,
            };
            *to = to.plus(people);
        };
        count(route.out_s, |w| &mut w.no_way_out, |w| &mut w.too_late_out);
        count(
            route.way.map(|w| w.seconds),
            |w| &mut w.no_way_to_shelter,
            |w| &mut w.too_late_to_shelter,
        );
    }

    fn needs(&self, evacuate: bool, by_road: bool, planning: &Planning) -> Needs {
        let known = self.cells - self.cells_without_number;
        let people = Figure::of(self.people, known, self.cells_without_number);
        let to_evacuate = if evacuate {
            people
        } else {
            // Nobody is told to leave, whoever lives there.
            Figure::Known(People::ZERO)
        };
        let number = |kind| self.by_kind.get(&kind).copied().unwrap_or_default();
        let mut needs = Needs {
            people,
            cells: self.cells,
            cells_without_number: self.cells_without_number,
            to_evacuate,
            with_bed: self.with_bed,
            lacking: lacking(to_evacuate, self.with_bed),
            ways: (by_road && to_evacuate != Figure::Unknown).then_some(self.ways),
            hospitals: number(Kind::Hospital),
            schools: number(Kind::School),
            shelters: number(Kind::Shelter),
            bridges: number(Kind::Bridge),
            occupants: Figure::of(self.occupants, self.occupied, self.occupancy_missing),
            ..Needs::default()
        };
        reckon(&mut needs, planning);
        needs
    }
}

fn lacking(to_evacuate: Figure, with_bed: People) -> Figure {
    match to_evacuate.people() {
        Some(people) => to_evacuate.with(people.less(with_bed)),
        None => Figure::Unknown,
    }
}

/// Water, floor and toilets for those who are to leave.
fn reckon(needs: &mut Needs, planning: &Planning) {
    let people = needs.to_evacuate.people();
    needs.water_l_day = people.map(|p| p.count() as f64 * planning.water.value);
    needs.floor_m2 = people.map(|p| p.count() as f64 * planning.floor.value);
    needs.toilets = people.map(|p| (p.count() as f64 / planning.toilet.value).ceil() as u64);
}

fn total(zones: &[ZoneNeeds], bridges_on_ways: usize, planning: &Planning) -> Needs {
    let mut all = zones.iter().map(|z| &z.needs);
    let Some(first) = all.next() else {
        return Needs::default();
    };
    let mut total = first.clone();
    for needs in all {
        total.people = total.people.and(needs.people);
        total.cells += needs.cells;
        total.cells_without_number += needs.cells_without_number;
        total.to_evacuate = total.to_evacuate.and(needs.to_evacuate);
        total.with_bed = total.with_bed.plus(needs.with_bed);
        total.lacking = total.lacking.and(needs.lacking);
        total.ways = match (total.ways, needs.ways) {
            (Some(a), Some(b)) => Some(a.and(b)),
            (a, b) => a.or(b),
        };
        total.hospitals += needs.hospitals;
        total.schools += needs.schools;
        total.shelters += needs.shelters;
        total.bridges += needs.bridges;
    }
    // A zone without any such house has nobody in it to count.
    let houses = |n: &&Needs| n.hospitals + n.schools + n.shelters > 0;
    total.occupants = zones
        .iter()
        .map(|z| &z.needs)
        .filter(houses)
        .map(|n| n.occupants)
        .reduce(Figure::and)
        .unwrap_or_default();
    total.bridges_on_ways = bridges_on_ways;
    reckon(&mut total, planning);
    total
}

fn look(
    ground: &Ground<'_>,
    place: &Place,
    zone: usize,
    route: &Route,
    wave_in_s: Option<i64>,
) -> Inside {
    let to = |shelter: usize, travel_s: Option<f64>| {
        let refuge = ground.refuges[shelter];
        Nearest {
            shelter: refuge.id.clone(),
            name: refuge.name.clone(),
            travel_s,
            on_foot_s: route.on_foot_s,
            straight_m: distance_m(refuge.at(), place.at()),
        }
    };
    let nearest = match (&route.way, route.straight) {
        (Some(way), _) => Some(to(way.goal as usize, Some(way.seconds))),
        (None, Some((shelter, _))) => Some(to(shelter, None)),
        (None, None) => None,
    };
    Inside {
        place: place.clone(),
        zone,
        left_s: left_s(wave_in_s, route.way.map(|w| w.seconds)),
        left_out_s: left_s(wave_in_s, route.out_s),
        out_s: route.out_s,
        nearest,
    }
}

/// Bridges on ways to shelters.
#[derive(Default)]
struct Bridges {
    used: Vec<BridgeUse>,
    /// Which of `used` an edge belongs to, by the bridge's id.
    of_edge: BTreeMap<u32, BTreeSet<String>>,
}

impl Bridges {
    fn find(network: &Network, ground: &Ground<'_>, routes: &Routes<'_>, beds: &Beds) -> Self {
        let mut used: BTreeMap<String, BridgeUse> = BTreeMap::new();
        let mut of_edge: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        let mut take = |edge: u32, new: BridgeUse| {
            of_edge.entry(edge).or_default().insert(new.id.clone());
            // The same people pass the pieces of one bridge one after the other.
            match used.entry(new.id.clone()) {
                std::collections::btree_map::Entry::Vacant(at) => {
                    at.insert(new);
                }
                std::collections::btree_map::Entry::Occupied(mut at) => {
                    let at = at.get_mut();
                    at.people = at.people.max(new.people);
                }
            }
        };
        let mut listed: BTreeSet<u32> = BTreeSet::new();
        for (bridge, edge) in ground.bridges.iter().zip(&routes.listed) {
            let Some(edge) = *edge else { continue };
            let people = beds.over[edge as usize];
            if people == People::ZERO {
                continue;
            }
            listed.insert(edge);
            take(
                edge,
                BridgeUse {
                    id: bridge.id.clone(),
                    name: bridge.name.clone(),
                    lat: bridge.lat,
                    lon: bridge.lon,
                    people,
                    zone: ground.zone(bridge.at()),
                    status: bridge.status,
                },
            );
        }
        for &edge in &routes.bridges {
            let people = beds.over[edge as usize];
            if people == People::ZERO {
                continue;
            }
            let piece = network.edges[edge as usize];
            let segment = &network.segments[piece.segment as usize];
            // A bridge that the list of places has is that one.
            if !segment.bridge || listed.contains(&edge) {
                continue;
            }
            let at = network.nodes[piece.a as usize];
            take(
                edge,
                BridgeUse {
                    id: segment.id.clone(),
                    name: segment.name.clone(),
                    lat: at[0],
                    lon: at[1],
                    people,
                    zone: ground.zone(at),
                    status: Status::Unknown,
                },
            );
        }
        let mut used: Vec<BridgeUse> = used.into_values().collect();
        used.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.id.cmp(&b.id)));
        Self { used, of_edge }
    }

    fn on_ways(&self, edges: &BTreeSet<u32>) -> usize {
        let bridges: BTreeSet<&String> = self
            .of_edge
            .iter()
            .filter(|(edge, _)| edges.contains(edge))
            .flat_map(|(_, ids)| ids)
            .collect();
        bridges.len()
    }
}

fn notes(
    input: &Input<'_>,
    ground: &Ground<'_>,
    zones: &[ZoneNeeds],
    shelters: &[Refuge],
    speeds_used: usize,
) -> Vec<String> {
    let mut notes = Vec::new();
    let unknown: Vec<&str> = zones
        .iter()
        .filter(|z| z.needs.people == Figure::Unknown)
        .map(|z| z.zone.name.as_str())
        .collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "No population data for {}: how many people are there is unknown, not zero.",
            unknown.join(", ")
        ));
    }
    let partly: usize = zones.iter().map(|z| z.needs.cells_without_number).sum();
    if partly > 0 {
        notes.push(format!(
            "{partly} population cells in the zones have no number; the sums are lower bounds."
        ));
    }
    if input.roads.is_none_or(|r| r.edge_count() == 0) {
        notes.push(format!(
            "There is no road network: shelters are the nearest as the crow flies within {:.0} km, and no travel time is known.",
            input.planning.shelter_within_m / 1_000.0
        ));
    } else if speeds_used == 0 {
        notes.push(
            "No current traffic speeds: cars go at the speeds that the road data give, and people walk where these give none."
                .to_owned(),
        );
    } else {
        notes.push(format!(
            "Current traffic speeds on {speeds_used} road segments."
        ));
    }
    let without = shelters.iter().filter(|s| s.free.is_none()).count();
    if without > 0 {
        notes.push(format!(
            "{without} of {} shelters outside have no known capacity: no bed in them is promised.",
            shelters.len()
        ));
    }
    let state = shelters
        .iter()
        .filter(|s| s.place.status == Status::Unknown)
        .count();
    if state > 0 {
        notes.push(format!(
            "Whether {state} of {} shelters outside are open is unknown; they are counted on.",
            shelters.len()
        ));
    }
    let occupancy = shelters
        .iter()
        .filter(|s| s.free.is_some() && s.place.occupancy.is_none())
        .count();
    if occupancy > 0 {
        notes.push(format!(
            "How many people {occupancy} shelters have already is unknown; they are taken as empty."
        ));
    }
    if ground.closed > 0 {
        notes.push(format!(
            "{} shelters outside are closed and left out.",
            ground.closed
        ));
    }
    if ground.twice > 0 {
        notes.push(format!(
            "{} places are in more than one source and counted once.",
            ground.twice
        ));
    }
    notes
}
