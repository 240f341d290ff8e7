//! Shortest times from everywhere to the nearest of many goals: Dijkstra's algorithm (1959) from the goals outwards, against the direction of
//! travel. Sums along a way start at the goal, so that adding a goal or opening a road can only shorten a time, to the last bit.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::nearest::Stand;
use super::{Cars, Network, Speeds};
use crate::planning::Travel;

/// No way.
pub(crate) const NONE: u32 = u32::MAX;

/// Who goes less far along an edge than this does not use it, metres.
const TOUCHED_M: f64 = 0.5;

/// An edge that is used for so many metres.
fn used(edge: u32, metres: f64) -> u32 {
    if metres < TOUCHED_M { NONE } else { edge }
}

/// Seconds that each edge takes, from `a` to `b` and back; infinite when it cannot be travelled that way.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) edges: Vec<[f64; 2]>,
    pub(crate) walking_m_s: f64,
}

impl Network {
    /// How long each edge takes now.
    pub(crate) fn times(&self, speeds: &Speeds, travel: Travel, walking_m_s: f64) -> Times {
        let segments: Vec<[f64; 2]> = self
            .segments
            .iter()
            .map(|s| {
                if s.closed {
                    return [f64::INFINITY; 2];
                }
                let walk = if s.foot {
                    1.0 / walking_m_s
                } else {
                    f64::INFINITY
                };
                let now = speeds.get(&s.id).copied().or(s.speed_m_s);
                let drive = match (travel, now) {
                    (Travel::Road, Some(speed)) if speed > 0.0 => 1.0 / speed,
                    _ => f64::INFINITY,
                };
                let (there, back) = match s.cars {
                    Cars::No => (f64::INFINITY, f64::INFINITY),
                    Cars::Forward => (drive, f64::INFINITY),
                    Cars::Backward => (f64::INFINITY, drive),
                    Cars::Both => (drive, drive),
                };
                [walk.min(there), walk.min(back)]
            })
            .collect();
        Times {
            edges: self
                .edges
                .iter()
                .map(|e| {
                    segments[e.segment as usize].map(|pace| {
                        // Infinite times nothing would be no number.
                        if pace.is_finite() {
                            pace * e.length_m
                        } else {
                            pace
                        }
                    })
                })
                .collect(),
            walking_m_s,
        }
    }
}

/// Where ways may end.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    /// What the caller calls it; of equal ways the one to the smaller number counts.
    pub(crate) number: u32,
    pub(crate) stands: Vec<Stand>,
}

/// A way's time and end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Way {
    pub(crate) seconds: f64,
    pub(crate) goal: u32,
    /// The edge that the place stands at, [`NONE`] when its way does not use it; and the node that it goes to first, [`NONE`] when the goal is on
    /// the same edge.
    pub(crate) edge: u32,
    pub(crate) node: u32,
}

/// The nearest goal of every node.
#[derive(Default)]
pub(crate) struct Reached {
    pub(crate) seconds: Vec<f64>,
    goal: Vec<u32>,
    /// The edge by which the way goes on, and the node it leads to; [`NONE`] where the next thing is the goal.
    pub(crate) via: Vec<(u32, u32)>,
    /// The edge on which a way ends that has no further node; [`NONE`] when it ends at the node.
    pub(crate) last: Vec<u32>,
    /// Goals by the edge they stand at.
    on_edge: HashMap<u32, Vec<(u32, Stand)>>,
}

impl Reached {
    fn nothing(nodes: usize, on_edge: HashMap<u32, Vec<(u32, Stand)>>) -> Self {
        Self {
            seconds: vec![f64::INFINITY; nodes],
            goal: vec![NONE; nodes],
            via: vec![(NONE, NONE); nodes],
            last: vec![NONE; nodes],
            on_edge,
        }
    }

    fn forget(&mut self, node: u32) {
        let at = node as usize;
        self.seconds[at] = f64::INFINITY;
        self.goal[at] = NONE;
        self.via[at] = (NONE, NONE);
        self.last[at] = NONE;
    }

    /// The edges that a way uses, in the order of travel.
    pub(crate) fn edges(&self, way: &Way) -> impl Iterator<Item = u32> {
        let mut node = way.node;
        let onward = std::iter::from_fn(move || {
            let at = (node != NONE).then_some(node as usize)?;
            let (edge, next) = self.via[at];
            node = next;
            Some(if edge == NONE { self.last[at] } else { edge })
        });
        std::iter::once(way.edge)
            .chain(onward)
            .filter(|edge| *edge != NONE)
    }
}

/// What may come next: the least first. Seconds are finite and not negative, so that their bits order as they do.
type Queue = BinaryHeap<Reverse<(u64, u32, u32)>>;

/// A way from a node that has been found, and may not be the fastest.
struct Found {
    seconds: f64,
    goal: u32,
    node: u32,
    via: (u32, u32),
    last: u32,
}

impl Reached {
    /// Keeps a way if it is faster than the one that is known; of equal ones that to the smaller goal, then that by the smaller edge.
    fn offer(&mut self, found: Found, queue: &mut Queue) {
        let at = found.node as usize;
        let known = (self.seconds[at], self.goal[at], self.via[at], self.last[at]);
        if found.seconds.is_finite() && (found.seconds, found.goal, found.via, found.last) < known {
            self.seconds[at] = found.seconds;
            self.goal[at] = found.goal;
            self.via[at] = found.via;
            self.last[at] = found.last;
            queue.push(Reverse((found.seconds.to_bits(), found.goal, found.node)));
        }
    }
}

impl Network {
    /// Part of an edge's time. An edge of no length is at both its ends at once.
    fn part(&self, times: &Times, edge: u32, forward: bool, metres: f64) -> f64 {
        let whole = times.edges[edge as usize][usize::from(!forward)];
        let length_m = self.edges[edge as usize].length_m;
        if whole.is_infinite() {
            f64::INFINITY
        } else if length_m > 0.0 {
            whole * (metres / length_m).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Times from every node to the nearest goal.
    pub(crate) fn reach(&self, times: &Times, goals: &[Goal]) -> Reached {
        let mut on_edge: HashMap<u32, Vec<(u32, Stand)>> = HashMap::new();
        for goal in goals {
            for stand in &goal.stands {
                on_edge
                    .entry(stand.edge)
                    .or_default()
                    .push((goal.number, *stand));
            }
        }
        let mut reached = Reached::nothing(self.nodes.len(), on_edge);
        let mut queue = Queue::new();
        for found in goals.iter().flat_map(|goal| self.seeds(times, goal)) {
            reached.offer(found, &mut queue);
        }
        self.spread(times, queue, &mut reached);
        reached
    }

    /// Takes a goal away: ways that led to it lead to the next nearest of `left`, or nowhere.
    pub(crate) fn without(&self, times: &Times, reached: &mut Reached, goal: u32, left: &[Goal]) {
        reached.on_edge.retain(|_, ends| {
            ends.retain(|(number, _)| *number != goal);
            !ends.is_empty()
        });
        let lost: Vec<u32> = (0..self.nodes.len() as u32)
            .filter(|n| reached.goal[*n as usize] == goal)
            .collect();
        let mut open = vec![false; self.nodes.len()];
        for &node in &lost {
            reached.forget(node);
            open[node as usize] = true;
        }
        // From where they border on ground that keeps its goal, and from goals among them that were farther than the lost one. What keeps its
        // goal has nothing nearer among what is left.
        let mut queue = Queue::new();
        for &node in &lost {
            for &e in self.edges_at(node) {
                let (to, seconds) = self.onward(times, e, node);
                if open[to as usize] {
                    continue;
                }
                let found = Found {
                    seconds: reached.seconds[to as usize] + seconds,
                    goal: reached.goal[to as usize],
                    node,
                    via: (e, to),
                    last: NONE,
                };
                reached.offer(found, &mut queue);
            }
        }
        for found in left.iter().flat_map(|goal| self.seeds(times, goal)) {
            if open[found.node as usize] {
                reached.offer(found, &mut queue);
            }
        }
        self.spread(times, queue, reached);
    }

    /// The other end of an edge, and how long it takes to get there.
    fn onward(&self, times: &Times, e: u32, from: u32) -> (u32, f64) {
        let edge = self.edges[e as usize];
        if edge.a == from {
            (edge.b, times.edges[e as usize][0])
        } else {
            (edge.a, times.edges[e as usize][1])
        }
    }

    /// The ends of the edges that a goal stands at.
    fn seeds(&self, times: &Times, goal: &Goal) -> impl Iterator<Item = Found> {
        goal.stands.iter().flat_map(move |stand| {
            let edge = self.edges[stand.edge as usize];
            let off = stand.off_m / times.walking_m_s;
            let rest = edge.length_m - stand.along_m;
            [(edge.a, true, stand.along_m), (edge.b, false, rest)].map(|(node, forward, metres)| {
                Found {
                    seconds: off + self.part(times, stand.edge, forward, metres),
                    goal: goal.number,
                    node,
                    via: (NONE, NONE),
                    last: used(stand.edge, metres),
                }
            })
        })
    }

    /// Times from every node to the nearest of some nodes.
    pub(crate) fn reach_nodes(&self, times: &Times, nodes: impl Iterator<Item = u32>) -> Reached {
        let mut reached = Reached::nothing(self.nodes.len(), HashMap::new());
        let mut queue = Queue::new();
        for node in nodes {
            let found = Found {
                seconds: 0.0,
                goal: 0,
                node,
                via: (NONE, NONE),
                last: NONE,
            };
            reached.offer(found, &mut queue);
        }
        self.spread(times, queue, &mut reached);
        reached
    }

    fn spread(&self, times: &Times, mut queue: Queue, reached: &mut Reached) {
        while let Some(Reverse((bits, goal, node))) = queue.pop() {
            let at = node as usize;
            // A faster way has been found since.
            if (reached.seconds[at].to_bits(), reached.goal[at]) != (bits, goal) {
                continue;
            }
            for &e in self.edges_at(node) {
                // Travel is towards the node that was just reached.
                let edge = self.edges[e as usize];
                let (from, seconds) = if edge.b == node {
                    (edge.a, times.edges[e as usize][0])
                } else {
                    (edge.b, times.edges[e as usize][1])
                };
                let found = Found {
                    seconds: reached.seconds[at] + seconds,
                    goal,
                    node: from,
                    via: (e, node),
                    last: NONE,
                };
                reached.offer(found, &mut queue);
            }
        }
    }

    /// The fastest way from a place at a road to the nearest goal.
    pub(crate) fn way(&self, times: &Times, reached: &Reached, stands: &[Stand]) -> Option<Way> {
        let mut best: Option<Way> = None;
        let mut take = |way: Way| {
            let key = |w: &Way| (w.seconds, w.goal, w.edge, w.node);
            if way.seconds.is_finite() && best.as_ref().is_none_or(|b| key(&way) < key(b)) {
                best = Some(way);
            }
        };
        for stand in stands {
            let edge = self.edges[stand.edge as usize];
            let off = stand.off_m / times.walking_m_s;
            let rest = edge.length_m - stand.along_m;
            for (node, forward, metres) in [(edge.a, false, stand.along_m), (edge.b, true, rest)] {
                let seconds = self.part(times, stand.edge, forward, metres);
                take(Way {
                    seconds: reached.seconds[node as usize] + seconds + off,
                    goal: reached.goal[node as usize],
                    edge: used(stand.edge, metres),
                    node,
                });
            }
            for (goal, end) in reached.on_edge.get(&stand.edge).into_iter().flatten() {
                let metres = end.along_m - stand.along_m;
                let seconds = self.part(times, stand.edge, metres >= 0.0, metres.abs());
                take(Way {
                    seconds: end.off_m / times.walking_m_s + seconds + off,
                    goal: *goal,
                    edge: used(stand.edge, metres.abs()),
                    node: NONE,
                });
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roads::Line;

    /// Streets 100 m apart on a square, some closed, some fast, by a fixed pattern.
    fn square(side: u32) -> Network {
        let at = |n: u32, e: u32| [f64::from(n) * 0.0009, f64::from(e) * 0.0009];
        let mut lines = Vec::new();
        for n in 0..side {
            for e in 0..side {
                for (up, right) in [(1, 0), (0, 1)] {
                    let sort = (n * 31 + e * 17 + up * 7) % 11;
                    lines.push(Line {
                        id: format!("{n}-{e}-{up}"),
                        name: String::new(),
                        points: vec![at(n, e), at(n + up, e + right)],
                        cars: if sort == 3 { Cars::Forward } else { Cars::Both },
                        foot: sort != 4,
                        speed_m_s: (sort > 5).then(|| f64::from(sort)),
                        bridge: false,
                        closed: sort < 2,
                    });
                }
            }
        }
        Network::build(lines, 1.0)
    }

    #[test]
    fn a_goal_taken_away_leaves_what_would_be_without_it() {
        let network = square(12);
        let times = network.times(&Speeds::new(), Travel::Road, 1.1);
        let mut goals: Vec<Goal> = (0..9_u32)
            .map(|k| {
                let at = [
                    f64::from(k * 37 % 11) * 0.00093,
                    f64::from(k * 53 % 11) * 0.00091,
                ];
                Goal {
                    number: k,
                    stands: network.stands(at, 500.0),
                }
            })
            .collect();
        let mut reached = network.reach(&times, &goals);
        for gone in [4, 0, 8, 2, 1, 3, 7, 5, 6] {
            goals.retain(|g| g.number != gone);
            network.without(&times, &mut reached, gone, &goals);
            let fresh = network.reach(&times, &goals);
            assert_eq!(reached.seconds, fresh.seconds);
            assert_eq!(reached.goal, fresh.goal);
            for n in 0..network.nodes.len() {
                let stands = network.stands(network.nodes[n], 50.0);
                let way = |reached| network.way(&times, reached, &stands);
                assert_eq!(way(&reached), way(&fresh));
                // Every way ends, and uses no edge twice.
                if let Some(way) = way(&reached) {
                    let mut edges: Vec<u32> = reached.edges(&way).collect();
                    let all = edges.len();
                    edges.sort_unstable();
                    edges.dedup();
                    assert_eq!(edges.len(), all);
                }
            }
        }
        assert!(reached.seconds.iter().all(|s| s.is_infinite()));
    }
}
