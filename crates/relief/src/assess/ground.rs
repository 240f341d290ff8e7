//! Which place lies in which zone, and which shelters are safe.

use geo::{BoundingRect, Intersects};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::usable;
use crate::places::{Kind, Place};
use crate::planning::Planning;
use crate::sphere::{DEGREE_M, distance_m};
use crate::zone::Zone;

/// Zones and places in an order of their own, joined.
pub(super) struct Ground<'a> {
    /// The gravest first, then the earliest, then by id: a place in several zones counts in the first.
    pub(super) zones: Vec<&'a Zone>,
    /// Places in zones: by zone, kind and id.
    pub(super) inside: Vec<(usize, &'a Place)>,
    /// Shelters outside all zones that are near one and not closed: by id.
    pub(super) refuges: Vec<&'a Place>,
    /// Near, outside and closed.
    pub(super) closed: usize,
    /// Places that were there twice.
    pub(super) twice: usize,
    /// Bridges that are places, wherever they are.
    pub(super) bridges: Vec<&'a Place>,
    outlines: Outlines<'a>,
}

type Corner = [f64; 2];

struct Outlines<'a> {
    polygons: Vec<(usize, geo::Polygon<f64>)>,
    tree: RTree<GeomWithData<Rectangle<Corner>, usize>>,
    discs: Vec<(usize, &'a ([f64; 2], f64))>,
}

impl<'a> Outlines<'a> {
    fn new(zones: &[&'a Zone]) -> Self {
        let mut polygons = Vec::new();
        let mut discs = Vec::new();
        for (z, zone) in zones.iter().enumerate() {
            for outline in &zone.outlines {
                let ring = outline.iter().map(|[lat, lon]| (*lon, *lat)).collect();
                polygons.push((z, geo::Polygon::new(ring, Vec::new())));
            }
            discs.extend(zone.discs.iter().map(|disc| (z, disc)));
        }
        let boxes = polygons
            .iter()
            .enumerate()
            .filter_map(|(k, (_, polygon))| {
                let bounds = polygon.bounding_rect()?;
                let corners = [bounds.min(), bounds.max()].map(|c| [c.x, c.y]);
                Some(GeomWithData::new(
                    Rectangle::from_corners(corners[0], corners[1]),
                    k,
                ))
            })
            .collect();
        Self {
            polygons,
            tree: RTree::bulk_load(boxes),
            discs,
        }
    }

    /// The first of the zones that a point lies in; the border belongs to the zone.
    fn zone(&self, [lat, lon]: [f64; 2]) -> Option<usize> {
        let point = geo::Point::new(lon, lat);
        let outlined = self
            .tree
            .locate_all_at_point(&[lon, lat])
            .map(|found| &self.polygons[found.data])
            .filter(|(_, polygon)| polygon.intersects(&point))
            .map(|(z, _)| *z);
        let round = self
            .discs
            .iter()
            .filter(|(_, (centre, km))| distance_m(*centre, [lat, lon]) <= km * 1_000.0)
            .map(|(z, _)| *z);
        outlined.chain(round).min()
    }

    /// Whether a point is about `within_m` from a zone, or nearer. By boxes: it decides what is listed, and no number.
    fn near(&self, [lat, lon]: [f64; 2], within_m: f64) -> bool {
        let up = within_m / DEGREE_M;
        let side = up / lat.to_radians().cos().max(1e-3);
        let around = AABB::from_corners([lon - side, lat - up], [lon + side, lat + up]);
        self.tree
            .locate_in_envelope_intersecting(&around)
            .next()
            .is_some()
            || self
                .discs
                .iter()
                .any(|(_, (centre, km))| distance_m(*centre, [lat, lon]) <= km * 1_000.0 + within_m)
    }
}

impl<'a> Ground<'a> {
    pub(super) fn lay(zones: &'a [Zone], places: &'a [Place], planning: &Planning) -> Self {
        let mut zones: Vec<&Zone> = zones.iter().collect();
        zones.sort_by(|a, b| {
            let key = |z: &Zone| (z.earliest_us().is_none(), z.earliest_us());
            b.level
                .cmp(&a.level)
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| a.id.cmp(&b.id))
        });
        let mut places: Vec<&Place> = places.iter().collect();
        places.sort_unstable_by(|a, b| {
            (a.kind, &a.id, &a.source, a.lat.to_bits(), a.lon.to_bits()).cmp(&(
                b.kind,
                &b.id,
                &b.source,
                b.lat.to_bits(),
                b.lon.to_bits(),
            ))
        });
        let all = places.len();
        places.dedup_by(|b, a| a.kind == b.kind && a.id == b.id);
        let twice = all - places.len();
        let outlines = Outlines::new(&zones);
        let (mut inside, mut refuges, mut bridges, mut closed) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        for place in places {
            if place.kind == Kind::Bridge {
                bridges.push(place);
            }
            match outlines.zone(place.at()) {
                Some(zone) => inside.push((zone, place)),
                None if place.kind == Kind::Shelter
                    && outlines.near(place.at(), planning.shelter_within_m) =>
                {
                    if usable(place) {
                        refuges.push(place);
                    } else {
                        closed += 1;
                    }
                }
                None => {}
            }
        }
        // Stable: within a zone they stay in the order of kind and id.
        inside.sort_by_key(|(zone, _)| *zone);
        Self {
            zones,
            inside,
            refuges,
            closed,
            twice,
            bridges,
            outlines,
        }
    }

    /// The zone that a point lies in.
    pub(super) fn zone(&self, at: [f64; 2]) -> Option<usize> {
        self.outlines.zone(at)
    }

    /// Whether the people of a place are to leave: those of population cells in zones from the level on at which one leaves.
    pub(super) fn leaves(&self, zone: usize, planning: &Planning) -> bool {
        self.zones[zone].level >= planning.evacuate_from
    }
}
