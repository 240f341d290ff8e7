//! A road network: lines with what may travel on them and how fast, joined where they share a vertex.
//!
//! Lines come from GeoJSON ([`read`]) with the tags of OpenStreetMap or plain ones; [`Network::build`] joins them. A line keeps the id under which a
//! traffic station can be bound to it, however many pieces the junctions cut it into.

mod geojson;
mod join;
mod nearest;
pub(crate) mod search;

pub use geojson::{Lines, read};
pub(crate) use nearest::Stand;

use std::collections::BTreeMap;

use crate::sphere::Plane;

/// One line of the road network as its source tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Id; lines of the same id are one segment.
    pub id: String,
    /// Name for people; may be empty.
    pub name: String,
    /// Vertices, `[lat, lon]` in degrees.
    pub points: Vec<[f64; 2]>,
    /// Which way cars may go.
    pub cars: Cars,
    /// Whether people may walk on it, both ways.
    pub foot: bool,
    /// How fast cars go when nothing is known of now, m/s; `None` when nobody said.
    pub speed_m_s: Option<f64>,
    /// It is a bridge.
    pub bridge: bool,
    /// It is closed to everything.
    pub closed: bool,
}

/// Which way cars may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cars {
    /// Neither.
    No,
    /// Along the line's vertices.
    Forward,
    /// Against them.
    Backward,
    /// Both.
    Both,
}

/// Speeds that traffic has now, m/s, by segment id. A standstill is 0.
pub type Speeds = BTreeMap<String, f64>;

/// What a line is, without its shape.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cars: Cars,
    pub(crate) foot: bool,
    pub(crate) speed_m_s: Option<f64>,
    pub(crate) bridge: bool,
    pub(crate) closed: bool,
}

/// A piece of a segment between two junctions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) length_m: f64,
    pub(crate) segment: u32,
}

/// A joined network.
#[derive(Debug, Default)]
pub struct Network {
    pub(crate) nodes: Vec<[f64; 2]>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) segments: Vec<Segment>,
    /// Edges at a node: `around[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    around: Vec<u32>,
    plane: Plane,
    index: nearest::Index,
}

impl Network {
    /// Junctions and ends.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Pieces between junctions.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// Ids of the segments, for binding traffic stations; sorted.
    pub fn segment_ids(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map(|s| s.id.as_str())
    }

    /// Whether a segment of this id is there.
    pub fn has_segment(&self, id: &str) -> bool {
        self.segments
            .binary_search_by(|s| s.id.as_str().cmp(id))
            .is_ok()
    }

    pub(crate) fn edges_at(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.around[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}
