//! A unit source as weights on the nodes it lifts.

use crate::lattice::Lattice;
use crate::motion::Motion;

/// Lift times area of each node, in runs along rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Lifted {
    spans: Vec<Span>,
}

#[derive(Debug, Clone, PartialEq)]
struct Span {
    i: usize,
    j: usize,
    weights: Vec<f32>,
}

/// Sums run in this many lanes, which the compiler makes vectors of; the order is fixed, and so are the bits.
const LANES: usize = 16;

impl Lifted {
    /// Motions in the end: a unit source is there at once, so their times do not count. Areas in units of that of a node at
    /// the equator.
    pub(super) fn new(lattice: &Lattice, motions: &[Motion]) -> Self {
        let nx = lattice.nx();
        let mut spans = Vec::new();
        for motion in motions {
            let patch = &motion.patch;
            for (b, row) in patch.rows().take(patch.ny).enumerate() {
                let j = patch.j0 + b;
                if j >= lattice.ny() {
                    break;
                }
                let area = lattice.cos_lat(j);
                let weights: Vec<f32> = row.iter().map(|&m| (f64::from(m) * area) as f32).collect();
                // A patch of a periodic lattice may run past its last column.
                let mut rest = weights.as_slice();
                let mut i = patch.i0;
                while !rest.is_empty() {
                    if lattice.is_periodic() {
                        i %= nx;
                    } else if i >= nx {
                        break;
                    }
                    let (here, beyond) = rest.split_at(rest.len().min(nx - i));
                    spans.extend(trimmed(i, j, here));
                    (i, rest) = (i + here.len(), beyond);
                }
            }
        }
        Self { spans }
    }

    /// Sum of weight times height; `row` gives the heights of a row.
    pub(super) fn weigh<'a>(&self, row: impl Fn(usize) -> &'a [f32]) -> f64 {
        let mut sum = 0.0;
        for span in &self.spans {
            if let Some(heights) = row(span.j).get(span.i..span.i + span.weights.len()) {
                sum += f64::from(dot(&span.weights, heights));
            }
        }
        sum
    }

    /// Storage indices of the nodes that are lifted.
    pub(super) fn nodes(&self, nx: usize) -> impl Iterator<Item = usize> {
        self.spans.iter().flat_map(move |span| {
            let lifted = span.weights.iter().enumerate().filter(|(_, w)| **w != 0.0);
            lifted.map(move |(k, _)| span.j * nx + span.i + k)
        })
    }
}

/// A span without the zeros at its ends, unless that is nothing.
fn trimmed(i: usize, j: usize, weights: &[f32]) -> Option<Span> {
    let first = weights.iter().position(|w| *w != 0.0)?;
    let last = weights.iter().rposition(|w| *w != 0.0)?;
    Some(Span {
        i: i + first,
        j,
        weights: weights[first..=last].to_vec(),
    })
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for k in 0..LANES {
            lanes[k] += a[k] * b[k];
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += a * b;
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::Patch;
    use crate::{Grid, GridHeader};

    fn lattice(nx: usize, dlon: f64) -> Lattice {
        let header = GridHeader {
            nx,
            ny: 3,
            lon0: 0.0,
            lat0: 59.0,
            dlon,
            dlat: 1.0,
            ..GridHeader::default()
        };
        *Grid::new(&header, vec![-1; nx * 3]).unwrap().lattice()
    }

    fn patch(i0: usize, nx: usize) -> Motion {
        Motion::instant(Patch {
            i0,
            j0: 1,
            nx,
            ny: 1,
            metres: (0..nx).map(|k| k as f32).collect(),
        })
    }

    #[test]
    fn a_patch_across_the_seam_of_a_periodic_lattice_is_one_source() {
        let l = lattice(36, 10.0);
        let lifted = Lifted::new(&l, &[patch(34, 5)]);
        assert_eq!(
            lifted.nodes(36).collect::<Vec<_>>(),
            [36 + 35, 36, 37, 38],
            "the first lifts nothing"
        );
        let heights: Vec<f32> = (0..36).map(|i| i as f32).collect();
        // 1 x 35 + 2 x 0 + 3 x 1 + 4 x 2, times cos 60.
        let sum = lifted.weigh(|_| &heights);
        assert!((sum - 46.0 * 0.5).abs() < 1e-5, "{sum}");
    }

    #[test]
    fn what_lies_beyond_the_lattice_counts_for_nothing() {
        let l = lattice(20, 1.0);
        let lifted = Lifted::new(&l, &[patch(18, 5)]);
        assert_eq!(lifted.nodes(20).collect::<Vec<_>>(), [20 + 19]);
    }

    #[test]
    fn sums_have_every_length() {
        for n in 0..70 {
            let a: Vec<f32> = (0..n).map(|k| k as f32).collect();
            let exact: usize = (0..n).map(|k| k * k).sum();
            assert_eq!(dot(&a, &a), exact as f32);
        }
    }
}
