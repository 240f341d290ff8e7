//! Lines of equal value on a lattice: marching squares, segments joined to lines.

use std::collections::HashMap;

use ocean::Lattice;

/// The part of a lattice that is looked at: columns from `i0`, `columns` squares eastward (round a periodic
/// lattice), rows alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub i0: usize,
    pub columns: usize,
    pub j0: usize,
    pub rows: usize,
}

/// Points in cells from the lattice's first node; columns of a window that goes round count on beyond the
/// last.
pub(crate) type Line = Vec<(f64, f64)>;

/// Lines of every level (ascending), level by level. Squares with a corner that is not finite have none.
/// Lines come in the order of their first square from the south-west, whatever a hash map does.
pub(crate) fn lines(
    lattice: &Lattice,
    values: &[f32],
    levels: &[f32],
    window: Window,
) -> Vec<Vec<Line>> {
    let nx = lattice.nx();
    let value = |i: usize, j: usize| values[j * nx + i % nx];
    // Edges of squares: twice the index of the node at its west or south end, plus one when it runs north.
    let row = window.i0 + window.columns + 1;
    let mut segments: Vec<Vec<(usize, usize)>> = vec![Vec::new(); levels.len()];
    for j in window.j0..window.j0 + window.rows {
        for i in window.i0..window.i0 + window.columns {
            let corners = [
                value(i, j),
                value(i + 1, j),
                value(i + 1, j + 1),
                value(i, j + 1),
            ];
            if !corners.iter().all(|v| v.is_finite()) {
                continue;
            }
            let low = corners.iter().copied().fold(f32::INFINITY, f32::min);
            let high = corners.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let from = levels.partition_point(|&l| l <= low);
            let to = levels.partition_point(|&l| l <= high);
            for k in from..to {
                cross(corners, levels[k], 2 * (j * row + i), row, &mut segments[k]);
            }
        }
    }
    let lines_of = |(segments, &level): (Vec<(usize, usize)>, &f32)| {
        let point = |e: usize| {
            let (i, j) = (e / 2 % row, e / 2 / row);
            let (i2, j2) = if e % 2 == 1 { (i, j + 1) } else { (i + 1, j) };
            let (a, b) = (value(i, j), value(i2, j2));
            let t = f64::from(((level - a) / (b - a)).clamp(0.0, 1.0));
            (
                i as f64 + t * (i2 - i) as f64,
                j as f64 + t * (j2 - j) as f64,
            )
        };
        joined(&segments)
            .into_iter()
            .map(|line| line.into_iter().map(point).collect())
            .collect()
    };
    segments.into_iter().zip(levels).map(lines_of).collect()
}

/// Adds what a level cuts out of the square whose southern edge is `south`; `row` nodes make a row.
fn cross(
    corners: [f32; 4],
    level: f32,
    south: usize,
    row: usize,
    segments: &mut Vec<(usize, usize)>,
) {
    let above = corners.map(|v| v >= level);
    let edges = [south, south + 3, south + 2 * row, south + 1];
    let mut crossed = [0; 4];
    let mut n = 0;
    for (k, edge) in edges.into_iter().enumerate() {
        if above[k] != above[(k + 1) % 4] {
            crossed[n] = edge;
            n += 1;
        }
    }
    let [a, b, c, d] = crossed;
    // A saddle has four crossings: the mean decides which corners hang together.
    let high = corners.iter().sum::<f32>() * 0.25 >= level;
    match n {
        2 => segments.push((a, b)),
        4 if high == above[0] => segments.extend([(a, b), (c, d)]),
        4 => segments.extend([(a, d), (b, c)]),
        _ => {}
    }
}

/// Chains of edges from pairs. An edge belongs to at most two segments.
fn joined(segments: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut at: HashMap<usize, [Option<usize>; 2]> = HashMap::with_capacity(segments.len() * 2);
    for (k, &(a, b)) in segments.iter().enumerate() {
        for e in [a, b] {
            let ends = at.entry(e).or_default();
            let free = usize::from(ends[0].is_some());
            ends[free] = Some(k);
        }
    }
    let mut used = vec![false; segments.len()];
    let follow = |from: usize, used: &mut [bool]| {
        let mut chain = Vec::new();
        let mut e = from;
        while let Some(k) = at
            .get(&e)
            .and_then(|ends| ends.iter().flatten().copied().find(|&k| !used[k]))
        {
            used[k] = true;
            let (a, b) = segments[k];
            e = if a == e { b } else { a };
            chain.push(e);
        }
        chain
    };
    let mut out = Vec::new();
    for k in 0..segments.len() {
        if used[k] {
            continue;
        }
        used[k] = true;
        let (a, b) = segments[k];
        let mut chain: Vec<usize> = follow(a, &mut used);
        chain.reverse();
        chain.extend([a, b]);
        chain.extend(follow(b, &mut used));
        out.push(chain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(n: usize) -> Lattice {
        let header = ocean::GridHeader {
            nx: n,
            ny: n,
            dlon: 1.0,
            dlat: 1.0,
            ..Default::default()
        };
        *ocean::Grid::new(&header, vec![-1; n * n])
            .expect("a grid")
            .lattice()
    }

    #[test]
    fn a_hill_has_one_closed_ring() {
        let l = lattice(21);
        let values: Vec<f32> = (0..441)
            .map(|k| ((k % 21) as f32 - 10.0).hypot((k / 21) as f32 - 10.0))
            .collect();
        let window = Window {
            i0: 0,
            columns: 20,
            j0: 0,
            rows: 20,
        };
        let rings = lines(&l, &values, &[6.3], window).remove(0);
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].first(), rings[0].last());
        assert!(
            rings[0]
                .iter()
                .all(|(x, y)| ((x - 10.0).hypot(y - 10.0) - 6.3).abs() < 0.05)
        );
        // A hole in the field opens the ring.
        let mut holed = values;
        holed[10 * 21 + 16] = f32::INFINITY;
        let open = lines(&l, &holed, &[6.3], window).remove(0);
        assert_eq!(open.len(), 1);
        assert_ne!(open[0].first(), open[0].last());
    }

    #[test]
    fn nothing_to_draw() {
        let l = lattice(4);
        let window = Window {
            i0: 0,
            columns: 3,
            j0: 0,
            rows: 3,
        };
        for v in [f32::NAN, f32::INFINITY, 1.0, 5.0] {
            assert!(
                lines(&l, &[v; 16], &[5.0, 7.0], window)
                    .iter()
                    .all(Vec::is_empty)
            );
        }
    }
}
