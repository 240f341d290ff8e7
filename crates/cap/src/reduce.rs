//! An outline with fewer corners that contains the original.
//!
//! Two steps only ever add ground: leaving out a corner that points inwards, and replacing an edge by the point where
//! its neighbours meet when prolonged. The cheapest one in added area is taken again and again. Both are done on the
//! lattice, with the new corner rounded to where the old ones stay inside, so containment is exact and not a
//! matter of rounding. Where neither step is left, the convex hull serves, and at last the bounding box.

use crate::geometry::{Lattice, first_crossing, meet, turn};

/// Latitudes end here, in lattice units.
const POLE: i64 = 9_000_000;
/// Corners up to which the stepwise reduction is tried: 2,000 take about 20 ms, and the cost grows with the square.
const MAX_STEPWISE: usize = 2_000;

/// A counter-clockwise outline of at most `most` corners (four at least) that contains `ring`, which is given without
/// closing point. `None` if the ring has no area.
pub(crate) fn reduce(ring: &[Lattice], most: usize) -> Option<Vec<Lattice>> {
    let hull = hull(ring)?;
    let tidy = tidied(ring);
    let usable = (3..=MAX_STEPWISE).contains(&tidy.len()) && first_crossing(&tidy).is_none();
    usable
        .then(|| stepwise(counter_clockwise(tidy), most))
        .flatten()
        .or_else(|| stepwise(hull.clone(), most))
        .or_else(|| Some(bounding_box(&hull)))
}

/// The convex hull, counter-clockwise (Andrew's monotone chain); `None` if all points lie on a line.
pub(crate) fn hull(points: &[Lattice]) -> Option<Vec<Lattice>> {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(|p| (p.x, p.y));
    sorted.dedup();
    let half = |points: &mut dyn Iterator<Item = Lattice>| {
        let mut chain: Vec<Lattice> = Vec::new();
        for p in points {
            while chain.len() >= 2 && turn(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut lower = half(&mut sorted.iter().copied());
    lower.extend(half(&mut sorted.iter().rev().copied()));
    (lower.len() >= 3).then_some(lower)
}

fn bounding_box(points: &[Lattice]) -> Vec<Lattice> {
    let (mut low, mut high) = (points[0], points[0]);
    for p in points {
        low = Lattice {
            x: low.x.min(p.x),
            y: low.y.min(p.y),
        };
        high = Lattice {
            x: high.x.max(p.x),
            y: high.y.max(p.y),
        };
    }
    vec![
        low,
        Lattice {
            x: high.x,
            y: low.y,
        },
        high,
        Lattice {
            x: low.x,
            y: high.y,
        },
    ]
}

/// Without corners that repeat the one before or lie on a straight edge.
fn tidied(ring: &[Lattice]) -> Vec<Lattice> {
    let mut tidy: Vec<Lattice> = Vec::with_capacity(ring.len());
    for &p in ring {
        while tidy.len() >= 2 && is_straight(tidy[tidy.len() - 2], tidy[tidy.len() - 1], p) {
            tidy.pop();
        }
        if tidy.last() != Some(&p) {
            tidy.push(p);
        }
    }
    while tidy.len() > 1 && tidy.first() == tidy.last() {
        tidy.pop();
    }
    tidy
}

/// Whether `b` lies between `a` and `c` on a straight line.
fn is_straight(a: Lattice, b: Lattice, c: Lattice) -> bool {
    let ahead = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y);
    turn(a, b, c) == 0 && ahead > 0
}

/// Twice the signed area, in 128 bits since a large ring's sum outgrows 64.
fn doubled_area(ring: &[Lattice]) -> i128 {
    (0..ring.len())
        .map(|i| (ring[i], ring[(i + 1) % ring.len()]))
        .map(|(a, b)| i128::from(a.x) * i128::from(b.y) - i128::from(b.x) * i128::from(a.y))
        .sum()
}

fn counter_clockwise(mut ring: Vec<Lattice>) -> Vec<Lattice> {
    if doubled_area(&ring) < 0 {
        ring.reverse();
    }
    ring
}

/// One way to have a corner less: the corners `at` and, with a replacement, `at + 1` go.
#[derive(Clone, Copy)]
struct Step {
    /// Twice the area that it adds.
    cost: i64,
    at: usize,
    replacement: Option<Lattice>,
}

/// Steps until at most `most` corners are left; `None` if the steps run out before.
fn stepwise(mut ring: Vec<Lattice>, most: usize) -> Option<Vec<Lattice>> {
    while ring.len() > most {
        let n = ring.len();
        let mut steps: Vec<Step> = (0..n)
            .flat_map(|at| [leave_out(&ring, at), prolong(&ring, at)])
            .flatten()
            .collect();
        loop {
            let (cheapest, &step) = steps
                .iter()
                .enumerate()
                .min_by_key(|(_, step)| (step.cost, step.at))?;
            if let Some(next) = applied(&ring, step) {
                ring = next;
                break;
            }
            steps.swap_remove(cheapest);
        }
    }
    Some(ring)
}

/// Leaves out corner `at` if it points inwards or lies on a straight line.
fn leave_out(ring: &[Lattice], at: usize) -> Option<Step> {
    let n = ring.len();
    let area = turn(ring[(at + n - 1) % n], ring[at], ring[(at + 1) % n]);
    (area <= 0).then_some(Step {
        cost: -area,
        at,
        replacement: None,
    })
}

/// Replaces the edge from corner `at` by the point where the edges before and behind it meet.
fn prolong(ring: &[Lattice], at: usize) -> Option<Step> {
    let n = ring.len();
    let [a, b, c, d] = [at + n - 1, at, at + 1, at + 2].map(|i| ring[i % n]);
    if n < 4 || turn(a, b, c) <= 0 || turn(b, c, d) <= 0 {
        return None;
    }
    // b + t u = c + s w, solved with cross products.
    let (ux, uy, wx, wy) = (b.x - a.x, b.y - a.y, c.x - d.x, c.y - d.y);
    let across = (ux * wy - uy * wx) as f64;
    let t = ((c.x - b.x) * wy - (c.y - b.y) * wx) as f64 / across;
    let s = ((c.x - b.x) * uy - (c.y - b.y) * ux) as f64 / across;
    // Parallel edges give infinities; four times their length is far enough for any useful step.
    if !(t > 0.0 && s > 0.0 && t < 4.0e7 && s < 4.0e7) {
        return None;
    }
    let (x, y) = (
        (b.x as f64 + t * ux as f64).floor(),
        (b.y as f64 + t * uy as f64).floor(),
    );
    if x.abs() > 6.0e7 || y.abs() > POLE as f64 {
        return None;
    }
    let (x, y) = (x as i64, y as i64);
    let around = (-1..=2).flat_map(|dx| {
        (-1..=2).map(move |dy| Lattice {
            x: x + dx,
            y: y + dy,
        })
    });
    let contains = |v: &Lattice| v.y.abs() <= POLE && turn(a, *v, b) >= 0 && turn(*v, d, c) >= 0;
    let corner = around
        .filter(contains)
        .min_by_key(|&v| turn(b, v, c).abs())?;
    Some(Step {
        cost: turn(b, corner, c).abs(),
        at,
        replacement: Some(corner),
    })
}

/// The ring after a step, unless its new edges would meet others.
fn applied(ring: &[Lattice], step: Step) -> Option<Vec<Lattice>> {
    let n = ring.len();
    let gone = if step.replacement.is_some() { 2 } else { 1 };
    // From the corner behind those that go, around to the corner before them.
    let mut kept: Vec<Lattice> = (0..n - gone)
        .map(|i| ring[(step.at + gone + i) % n])
        .collect();
    kept.extend(step.replacement);
    let m = kept.len();
    if m < 3 {
        return None;
    }
    let first_new = if step.replacement.is_some() {
        m - 2
    } else {
        m - 1
    };
    let edge = |i: usize| (kept[i % m], kept[(i + 1) % m]);
    let folds_back = |i: usize| {
        let ((a, b), (_, c)) = (edge(i), edge(i + 1));
        a == b || (turn(a, b, c) == 0 && !is_straight(a, b, c))
    };
    if (first_new - 1..=m).any(folds_back) {
        return None;
    }
    for new in first_new..m {
        let (a, b) = edge(new);
        let apart =
            |&other: &usize| other != new && (other + 1) % m != new && (new + 1) % m != other;
        if (0..m)
            .filter(apart)
            .any(|other| meet(a, b, edge(other).0, edge(other).1))
        {
            return None;
        }
    }
    Some(kept)
}
