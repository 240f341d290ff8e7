//! An outline with fewer corners that contains the original.
//!
//! Two steps only ever add ground: leaving out a corner that points inwards, and replacing an edge by the point where
//! its neighbours meet when prolonged. The cheapest one in added area is taken again and again. Both are done on the
//! lattice, with the new corner rounded to where the old ones stay inside, so containment is exact and not a
//! matter of rounding. Where neither step is left, the convex hull serves, and at last the bounding box.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::geometry::{Lattice, first_crossing, meet, turn};

/// Latitudes end here, in lattice units.
const POLE: i64 = 9_000_000;
/// Longitudes stay below this, in lattice units: three half turns and some.
const FARTHEST: f64 = 6.0e7;
/// Corners up to which a concave outline is reduced as it is; its cost grows with the square
/// (2,000 corners to 100: 11 ms). Larger ones become their hull first, whose cost is that of sorting.
const MAX_STEPWISE: usize = 2_000;

/// A counter-clockwise outline of at most `most` corners (four at least) that contains `ring`, which is given without
/// closing point. `None` if the ring has no area.
pub(crate) fn reduce(ring: &[Lattice], most: usize) -> Option<Vec<Lattice>> {
    let hull = hull(ring)?;
    let tidy = tidied(ring);
    let usable = (3..=MAX_STEPWISE).contains(&tidy.len()) && first_crossing(&tidy).is_none();
    usable
        .then(|| stepwise(&counter_clockwise(tidy), most))
        .flatten()
        .or_else(|| stepwise(&hull, most))
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

/// Steps until at most `most` corners are left; `None` if the steps run out before.
fn stepwise(ring: &[Lattice], most: usize) -> Option<Vec<Lattice>> {
    let mut outline = Outline::new(ring);
    while outline.left > most {
        let before = outline.left;
        let mut steps: BinaryHeap<Reverse<Step>> = BinaryHeap::new();
        (0..ring.len()).for_each(|at| outline.offer(at, &mut steps));
        while outline.left > most {
            let Some(Reverse(step)) = steps.pop() else {
                break;
            };
            if outline.corners[step.at].version == step.version && outline.allows(step) {
                outline.take(step, &mut steps);
            }
        }
        // A step that was in the way of others may have become possible: offer all again, while that helps.
        if outline.left == before {
            return None;
        }
    }
    Some(outline.points())
}

/// One way to have a corner less: corner `at` goes, or is moved to where it replaces the next one too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    /// Twice the area that it adds.
    cost: i64,
    at: usize,
    /// Of the corner when the step was offered; what changed since is no longer that step.
    version: u32,
    moved_to: Option<Lattice>,
}

#[derive(Clone, Copy)]
struct Corner {
    point: Lattice,
    before: usize,
    after: usize,
    gone: bool,
    version: u32,
}

/// A counter-clockwise ring from which corners are taken, as a linked list.
struct Outline {
    corners: Vec<Corner>,
    left: usize,
    /// A convex ring is kept convex, which three turns tell; any other is kept simple by looking at all its edges.
    convex: bool,
}

impl Outline {
    fn new(ring: &[Lattice]) -> Self {
        let n = ring.len();
        let corner = |(i, &point)| Corner {
            point,
            before: (i + n - 1) % n,
            after: (i + 1) % n,
            gone: false,
            version: 0,
        };
        let convex = (0..n).all(|i| turn(ring[i], ring[(i + 1) % n], ring[(i + 2) % n]) > 0);
        Self {
            corners: ring.iter().enumerate().map(corner).collect(),
            left: n,
            convex,
        }
    }

    fn before(&self, at: usize) -> usize {
        self.corners[at].before
    }

    fn after(&self, at: usize) -> usize {
        self.corners[at].after
    }

    fn point(&self, at: usize) -> Lattice {
        self.corners[at].point
    }

    fn points(&self) -> Vec<Lattice> {
        self.corners
            .iter()
            .filter(|corner| !corner.gone)
            .map(|corner| corner.point)
            .collect()
    }

    /// Adds the steps that are possible at a corner.
    fn offer(&self, at: usize, steps: &mut BinaryHeap<Reverse<Step>>) {
        let Corner {
            gone: false,
            version,
            ..
        } = self.corners[at]
        else {
            return;
        };
        let [a, b, c, d] = [
            self.before(at),
            at,
            self.after(at),
            self.after(self.after(at)),
        ]
        .map(|i| self.point(i));
        let area = turn(a, b, c);
        if area <= 0 {
            steps.push(Reverse(Step {
                cost: -area,
                at,
                version,
                moved_to: None,
            }));
        } else if let Some(corner) = prolonged(a, b, c, d) {
            steps.push(Reverse(Step {
                cost: turn(b, corner, c).abs(),
                at,
                version,
                moved_to: Some(corner),
            }));
        }
    }

    /// Whether the ring stays simple.
    fn allows(&self, step: Step) -> bool {
        let (first, gap_end) = (self.before(step.at), self.after(step.at));
        let last = if step.moved_to.is_some() {
            self.after(gap_end)
        } else {
            gap_end
        };
        if self.left < 4 || first == last {
            return false;
        }
        let (a, d) = (self.point(first), self.point(last));
        let middle = step.moved_to.unwrap_or(d);
        let (outer_a, outer_d) = (self.point(self.before(first)), self.point(self.after(last)));
        let corners = [
            Some((outer_a, a, middle)),
            step.moved_to.map(|v| (a, v, d)),
            {
                let inner = if step.moved_to.is_some() { middle } else { a };
                Some((inner, d, outer_d))
            },
        ];
        let mut corners = corners.into_iter().flatten();
        if self.convex {
            return corners.all(|(p, q, r)| turn(p, q, r) > 0);
        }
        if corners.any(|(p, q, r)| p == q || (turn(p, q, r) == 0 && !is_straight(p, q, r))) {
            return false;
        }
        // All edges that stay, from the last new corner around to the first.
        let mut at = last;
        while at != first {
            let next = self.after(at);
            let (u, w) = (self.point(at), self.point(next));
            let (behind, ahead) = (at == last, next == first);
            let crossed = match step.moved_to {
                None => !behind && !ahead && meet(a, d, u, w),
                Some(v) => (!ahead && meet(a, v, u, w)) || (!behind && meet(v, d, u, w)),
            };
            if crossed {
                return false;
            }
            at = next;
        }
        true
    }

    fn take(&mut self, step: Step, steps: &mut BinaryHeap<Reverse<Step>>) {
        let out = if step.moved_to.is_some() {
            self.after(step.at)
        } else {
            step.at
        };
        if let Some(point) = step.moved_to {
            self.corners[step.at].point = point;
        }
        let (before, after) = (self.before(out), self.after(out));
        self.corners[out].gone = true;
        self.corners[out].version += 1;
        self.corners[before].after = after;
        self.corners[after].before = before;
        self.left -= 1;
        // Steps look one corner back and two ahead.
        let mut near = self.before(self.before(before));
        for _ in 0..6 {
            self.corners[near].version += 1;
            near = self.after(near);
        }
        for _ in 0..6 {
            near = self.before(near);
            self.offer(near, steps);
        }
    }
}

/// Where the edges `a b` and `d c` meet when prolonged beyond `b` and `c`, rounded so that `b` and `c` stay inside.
fn prolonged(a: Lattice, b: Lattice, c: Lattice, d: Lattice) -> Option<Lattice> {
    if turn(b, c, d) <= 0 {
        return None;
    }
    // b + t u = c + s w, solved with cross products.
    let (ux, uy, wx, wy) = (b.x - a.x, b.y - a.y, c.x - d.x, c.y - d.y);
    let across = (ux * wy - uy * wx) as f64;
    let t = ((c.x - b.x) * wy - (c.y - b.y) * wx) as f64 / across;
    let s = ((c.x - b.x) * uy - (c.y - b.y) * ux) as f64 / across;
    // Parallel edges give infinities, edges that part give negative numbers.
    if !(t > 0.0 && s > 0.0 && t.is_finite() && s.is_finite()) {
        return None;
    }
    let (x, y) = (
        (b.x as f64 + t * ux as f64).floor(),
        (b.y as f64 + t * uy as f64).floor(),
    );
    if x.abs() > FARTHEST || y.abs() > POLE as f64 {
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
    around.filter(contains).min_by_key(|&v| turn(b, v, c).abs())
}
