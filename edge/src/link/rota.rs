//! Whose turn it is on a shared line.
//!
//! Invariants: whoever has waited longest is next, so that nobody is passed over; a node that does not answer is asked
//! ever more rarely, so that dead ones cost the others at most one timeout in [`DEAD_MAX`] each; one that has more to say
//! than its turn allowed is asked again as soon as everybody else who is due was.
//!
//! Refuses: to read a clock.

use std::time::Duration;

/// Longest pause before a dead node is asked again.
pub const DEAD_MAX: Duration = Duration::from_secs(30);

/// Unanswered polls after which a node counts as dead: single ones are lost to noise.
const ALIVE_TRIES: u32 = 3;

/// The nodes of a shared line.
#[derive(Debug)]
pub struct Rota {
    members: Vec<Entry>,
    interval: Duration,
    turns: u64,
}

#[derive(Debug)]
struct Entry {
    node: u32,
    due: Duration,
    unanswered: u32,
    /// Number of its last turn: of two that are due at the same instant the one that has waited longer is next.
    turn: u64,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Poll this node.
    Poll(u32),
    /// Nobody is due before this instant.
    Wait(Duration),
}

impl Rota {
    /// These nodes, each polled every `interval` when it has little to say.
    pub fn new(nodes: &[u32], interval: Duration) -> Self {
        let mut rota = Self {
            members: Vec::new(),
            interval,
            turns: 0,
        };
        rota.replace(nodes);
        rota
    }

    /// From now on these nodes; what is known of those that stay is kept.
    pub fn replace(&mut self, nodes: &[u32]) {
        self.members.retain(|member| nodes.contains(&member.node));
        for &node in nodes {
            if !self.members.iter().any(|member| member.node == node) {
                self.members.push(Entry {
                    node,
                    due: Duration::ZERO,
                    unanswered: 0,
                    turn: 0,
                });
            }
        }
    }

    /// Whose turn it is at `now`, counted from any fixed instant.
    pub fn next(&self, now: Duration) -> Next {
        match self
            .members
            .iter()
            .min_by_key(|member| (member.due, member.turn))
        {
            Some(first) if first.due <= now => Next::Poll(first.node),
            Some(first) => Next::Wait(first.due),
            None => Next::Wait(now + self.interval),
        }
    }

    /// `node` was polled and spoke until `now`; `more`: it has more to say.
    pub fn answered(&mut self, node: u32, now: Duration, more: bool) {
        let interval = self.interval;
        if let Some(member) = self.turn_of(node) {
            member.unanswered = 0;
            member.due = if more { now } else { now + interval };
        }
    }

    /// `node` was polled and had not answered at `now`.
    pub fn silent(&mut self, node: u32, now: Duration) {
        let interval = self.interval;
        if let Some(member) = self.turn_of(node) {
            member.unanswered = member.unanswered.saturating_add(1);
            let beyond = member.unanswered.saturating_sub(ALIVE_TRIES).min(16);
            member.due = now + (interval * (1 << beyond)).min(DEAD_MAX);
        }
    }

    /// Nodes that answer, or may.
    pub fn alive(&self) -> usize {
        let alive = |member: &&Entry| member.unanswered <= ALIVE_TRIES;
        self.members.iter().filter(alive).count()
    }

    fn turn_of(&mut self, node: u32) -> Option<&mut Entry> {
        self.turns += 1;
        let member = self.members.iter_mut().find(|member| member.node == node)?;
        member.turn = self.turns;
        Some(member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(200);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn everyone_has_a_turn_and_who_has_more_to_say_waits_for_the_others() {
        let mut rota = Rota::new(&[1, 2, 3], INTERVAL);
        let mut order = Vec::new();
        let mut now = 0;
        for _ in 0..9 {
            match rota.next(ms(now)) {
                Next::Poll(node) => {
                    order.push(node);
                    now += 10;
                    rota.answered(node, ms(now), node == 2);
                }
                Next::Wait(until) => now = until.as_millis() as u64,
            }
        }
        assert_eq!(order[..5], [1, 2, 3, 2, 2]);
        assert!(order.iter().filter(|node| **node == 2).count() > 4);
        rota.replace(&[3, 4]);
        assert_eq!(
            rota.next(ms(now)),
            Next::Poll(4),
            "a new one is asked at once"
        );
    }

    #[test]
    fn a_dead_node_is_asked_ever_more_rarely_and_comes_back() {
        let mut rota = Rota::new(&[1, 2], INTERVAL);
        let (mut now, mut dead, mut live) = (0u64, 0, 0);
        while now < 600_000 {
            match rota.next(ms(now)) {
                Next::Poll(1) => {
                    dead += 1;
                    now += 100;
                    rota.silent(1, ms(now));
                }
                Next::Poll(_) => {
                    live += 1;
                    now += 10;
                    rota.answered(2, ms(now), false);
                }
                Next::Wait(until) => now = until.as_millis() as u64,
            }
        }
        assert!((20..40).contains(&dead), "{dead}");
        assert!(live > 2_800, "{live}");
        assert_eq!(rota.alive(), 1);
        rota.answered(1, ms(now), false);
        assert_eq!(rota.alive(), 2);
        assert!(matches!(rota.next(ms(now + 200)), Next::Poll(_)));
        assert_eq!(Rota::new(&[], INTERVAL).next(ms(5)), Next::Wait(ms(205)));
    }
}
