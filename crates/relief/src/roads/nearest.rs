//! The roads nearest to a place.

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use super::Network;
use crate::sphere::Plane;

/// Most roads that a place is taken to stand at. Which ones they are follows from where they lie alone, not from what is closed, so that
/// closing a road can only take a way away.
const ROADS: usize = 4;
/// Most pieces that are looked at to find them: a winding road has many.
const PIECES: usize = 32;

/// A straight piece of an edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    edge: u32,
    from: [f64; 2],
    to: [f64; 2],
    /// Metres from the edge's beginning to the piece's, and the piece's length.
    before_m: f64,
    length_m: f64,
}

impl Piece {
    pub(crate) fn new(
        plane: &Plane,
        edge: u32,
        from: [f64; 2],
        to: [f64; 2],
        before_m: f64,
        length_m: f64,
    ) -> Self {
        Self {
            edge,
            from: plane.project(from),
            to: plane.project(to),
            before_m,
            length_m,
        }
    }

    /// How far along the piece the foot of the perpendicular from `p` lies, 0 to 1, and the square of its distance.
    fn foot(&self, p: &[f64; 2]) -> (f64, f64) {
        let along = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let there = [p[0] - self.from[0], p[1] - self.from[1]];
        let length2 = along[0] * along[0] + along[1] * along[1];
        let t = if length2 > 0.0 {
            ((there[0] * along[0] + there[1] * along[1]) / length2).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let off = [there[0] - t * along[0], there[1] - t * along[1]];
        (t, off[0] * off[0] + off[1] * off[1])
    }
}

impl RTreeObject for Piece {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.from, self.to)
    }
}

impl PointDistance for Piece {
    fn distance_2(&self, p: &[f64; 2]) -> f64 {
        self.foot(p).1
    }
}

/// All pieces.
#[derive(Debug, Default)]
pub(crate) struct Index(RTree<Piece>);

impl Index {
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        Self(RTree::bulk_load(pieces))
    }
}

/// Where a place stands at a road.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stand {
    pub(crate) edge: u32,
    /// Metres from the edge's beginning.
    pub(crate) along_m: f64,
    /// Metres from the place to the road.
    pub(crate) off_m: f64,
}

impl Network {
    /// The roads that a place stands at, the nearest first; none when all are farther than `within_m`.
    pub(crate) fn stands(&self, at: [f64; 2], within_m: f64) -> Vec<Stand> {
        let p = self.plane.project(at);
        let mut stands: Vec<Stand> = Vec::new();
        // Pieces of the same edge in a row of distances: the first is the edge's nearest.
        for (piece, distance2) in self
            .index
            .0
            .nearest_neighbor_iter_with_distance_2(&p)
            .take_while(|(_, d2)| *d2 <= within_m * within_m)
            .take(PIECES)
        {
            if stands.iter().any(|s| s.edge == piece.edge) {
                continue;
            }
            stands.push(Stand {
                edge: piece.edge,
                along_m: piece.before_m + piece.foot(&p).0 * piece.length_m,
                off_m: distance2.sqrt(),
            });
            if stands.len() == ROADS {
                break;
            }
        }
        // Equal distances come in the order of the tree, which is the same for the same network.
        stands
    }
}
