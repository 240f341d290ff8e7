//! Joins lines where they share a vertex within a tolerance.

use std::collections::HashMap;

use super::{Edge, Line, Network, Segment, nearest};
use crate::sphere::{DEGREE_M, Plane, distance_m, wrap};

/// Cells of a grid no smaller than the tolerance, so that a neighbour is in one of nine.
struct Grid {
    lat_step: f64,
    lon_step: f64,
    tolerance_m: f64,
    cells: HashMap<(i64, i64), Vec<u32>>,
    vertices: Vec<[f64; 2]>,
}

impl Grid {
    fn new(lines: &[Line], tolerance_m: f64) -> Self {
        let far = lines
            .iter()
            .flat_map(|l| &l.points)
            .fold(0.0_f64, |far, p| far.max(p[0].abs()));
        let lat_step = tolerance_m / DEGREE_M;
        Self {
            lat_step,
            lon_step: lat_step / far.to_radians().cos().max(1e-3),
            tolerance_m,
            cells: HashMap::new(),
            vertices: Vec::new(),
        }
    }

    /// The vertex that stands for a point: the nearest one within the tolerance, or the point itself.
    fn vertex(&mut self, p: [f64; 2]) -> u32 {
        let lon = wrap(p[1]);
        let (i, j) = (
            (p[0] / self.lat_step).floor() as i64,
            (lon / self.lon_step).floor() as i64,
        );
        let mut best: Option<(f64, u32)> = None;
        for cell in (-1..=1).flat_map(|di| (-1..=1).map(move |dj| (i + di, j + dj))) {
            for &vertex in self.cells.get(&cell).into_iter().flatten() {
                let away = distance_m(self.vertices[vertex as usize], p);
                if away <= self.tolerance_m && best.is_none_or(|(b, v)| (away, vertex) < (b, v)) {
                    best = Some((away, vertex));
                }
            }
        }
        if let Some((_, vertex)) = best {
            return vertex;
        }
        let vertex = self.vertices.len() as u32;
        self.vertices.push([p[0], lon]);
        self.cells.entry((i, j)).or_default().push(vertex);
        vertex
    }
}

impl Network {
    /// Joins lines. Vertices that lie within `tolerance_m` of each other are one; where lines share a vertex, they cross, also in the middle of a
    /// line. Lines that cross without a common vertex do not meet: a flyover is no junction. The order of the lines changes nothing.
    ///
    /// `tolerance_m` is taken as at least 1 cm and at most 100 m.
    pub fn build(mut lines: Vec<Line>, tolerance_m: f64) -> Self {
        let tolerance_m = tolerance_m.clamp(0.01, 100.0);
        lines.retain(|l| l.points.len() >= 2);
        lines.sort_by(|a, b| {
            a.id.cmp(&b.id).then_with(|| {
                let (a, b) = (a.points.iter().flatten(), b.points.iter().flatten());
                a.map(|x| x.to_bits()).cmp(b.map(|x| x.to_bits()))
            })
        });
        let plane = Plane::around(lines.iter().flat_map(|l| &l.points).copied());
        let mut grid = Grid::new(&lines, tolerance_m);
        let chains: Vec<Vec<u32>> = lines
            .iter()
            .map(|line| {
                let mut chain: Vec<u32> = line.points.iter().map(|p| grid.vertex(*p)).collect();
                chain.dedup();
                chain
            })
            .collect();
        // A vertex is a junction when it ends a line or is passed twice.
        let mut passed = vec![0_u8; grid.vertices.len()];
        for chain in &chains {
            for &vertex in chain {
                let passed = &mut passed[vertex as usize];
                *passed = passed.saturating_add(1);
            }
            for &end in chain.first().iter().chain(chain.last().iter()) {
                passed[*end as usize] = u8::MAX;
            }
        }
        let mut network = Self {
            plane,
            ..Self::default()
        };
        let mut node_of: HashMap<u32, u32> = HashMap::new();
        let mut pieces = Vec::new();
        for (line, chain) in lines.iter().zip(&chains) {
            let segment = network.segment(line);
            let (Some(&first), true) = (chain.first(), chain.len() >= 2) else {
                continue;
            };
            let mut node = |vertex: u32, nodes: &mut Vec<[f64; 2]>| {
                *node_of.entry(vertex).or_insert_with(|| {
                    nodes.push(grid.vertices[vertex as usize]);
                    nodes.len() as u32 - 1
                })
            };
            let mut a = node(first, &mut network.nodes);
            let mut length_m = 0.0;
            for pair in chain.windows(2) {
                let (from, to) = (
                    grid.vertices[pair[0] as usize],
                    grid.vertices[pair[1] as usize],
                );
                let edge = network.edges.len() as u32;
                let step_m = distance_m(from, to);
                pieces.push(nearest::Piece::new(
                    &plane, edge, from, to, length_m, step_m,
                ));
                length_m += step_m;
                if passed[pair[1] as usize] >= 2 {
                    let b = node(pair[1], &mut network.nodes);
                    network.edges.push(Edge {
                        a,
                        b,
                        length_m,
                        segment,
                    });
                    (a, length_m) = (b, 0.0);
                }
            }
        }
        network.index = nearest::Index::new(pieces);
        network.wire();
        network
    }

    /// The segment of a line, which those of the same id share. They are sorted by id.
    fn segment(&mut self, line: &Line) -> u32 {
        // Lines of one id and different attributes are different segments to travel, and the same one to a traffic station.
        let same = self.segments.last().is_some_and(|s| {
            s.id == line.id
                && (s.cars, s.foot, s.bridge, s.closed, s.speed_m_s)
                    == (
                        line.cars,
                        line.foot,
                        line.bridge,
                        line.closed,
                        line.speed_m_s,
                    )
        });
        if !same {
            self.segments.push(Segment {
                id: line.id.clone(),
                name: line.name.clone(),
                cars: line.cars,
                foot: line.foot,
                speed_m_s: line.speed_m_s,
                bridge: line.bridge,
                closed: line.closed,
            });
        }
        self.segments.len() as u32 - 1
    }

    fn wire(&mut self) {
        let mut starts = vec![0_u32; self.nodes.len() + 1];
        for edge in &self.edges {
            starts[edge.a as usize + 1] += 1;
            starts[edge.b as usize + 1] += 1;
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        let mut next = starts.clone();
        let mut around = vec![0; 2 * self.edges.len()];
        for (e, edge) in self.edges.iter().enumerate() {
            for node in [edge.a, edge.b] {
                let at = &mut next[node as usize];
                around[*at as usize] = e as u32;
                *at += 1;
            }
        }
        (self.starts, self.around) = (starts, around);
    }
}
