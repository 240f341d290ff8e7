//! Who was heard, who is silent, and whose silence is a link's.

use super::{Edge, Meter, News, Outages, SECOND_US, words};

impl Outages {
    /// An edge delivered something, at the hub's time.
    pub fn edge_heard(&mut self, name: &str, now_us: i64) -> usize {
        let at = match self.edge_index.get(name) {
            Some(&at) => at,
            None => {
                self.edge_index.insert(name.to_owned(), self.edges.len());
                self.edges.push(Edge {
                    name: name.to_owned(),
                    heard_us: now_us,
                    lost: false,
                    spoke: true,
                });
                self.edges.len() - 1
            }
        };
        let away_us = now_us.saturating_sub(self.edges[at].heard_us);
        if away_us > self.rules.silent_least.as_micros() as i64 {
            self.link_returns(at, away_us, now_us);
        }
        (self.edges[at].heard_us, self.edges[at].spoke) = (now_us, true);
        at
    }

    /// The meters that an edge took with it are given the time of its absence: those that have not been read since it is back are no more
    /// silent than before.
    fn link_returns(&mut self, at: usize, away_us: i64, now_us: i64) {
        let by_edge = self.by_edge();
        let with_it: Vec<usize> = (0..self.meters.len())
            .filter(|m| {
                let meter = &self.meters[*m];
                meter.edge == Some(at)
                    && self.is_silent(meter, now_us)
                    && self.is_link(meter, &by_edge)
            })
            .collect();
        for meter in with_it {
            let heard_us = &mut self.meters[meter].heard_us;
            *heard_us = heard_us.map(|t| t.saturating_add(away_us).min(now_us));
        }
    }

    /// A meter was heard through an edge, at the hub's time; never what is told late from a backlog.
    pub fn heard(&mut self, meter: usize, edge: usize, now_us: i64) {
        /// A longer interval moves the usual one half way, a shorter one by an eighth: silence is called rather late than early.
        const LONGER: i64 = 2;
        const SHORTER: i64 = 8;
        /// An interval is at most this many usual ones, or this long: a gap is no habit.
        const MOST_TIMES: i64 = 4;
        const MOST_US: i64 = 600 * SECOND_US;
        let Some(meter) = self.meters.get_mut(meter) else {
            return;
        };
        meter.edge = Some(edge);
        let Some(last_us) = meter.heard_us.replace(now_us) else {
            return;
        };
        let interval_us = now_us.saturating_sub(last_us);
        // One poll may come in several messages.
        if interval_us < SECOND_US {
            return;
        }
        let most_us = meter.usual_us.saturating_mul(MOST_TIMES).max(MOST_US);
        let more_us = interval_us.min(most_us) - meter.usual_us;
        meter.usual_us += if meter.usual_us == 0 {
            more_us
        } else if more_us > 0 {
            more_us / LONGER
        } else {
            more_us / SHORTER
        };
    }

    /// The hub was away: what was heard before is moved by that time, so that its absence is nobody's silence.
    pub(super) fn was_away(&mut self, away_us: i64, now_us: i64) {
        // What was heard in this very step is not moved beyond it.
        let moved = |heard_us: i64| heard_us.saturating_add(away_us).min(now_us);
        for heard_us in self.meters.iter_mut().filter_map(|m| m.heard_us.as_mut()) {
            *heard_us = moved(*heard_us);
        }
        for edge in &mut self.edges {
            edge.heard_us = moved(edge.heard_us);
        }
    }

    /// How long a meter may be silent.
    pub(super) fn allowance_us(&self, meter: &Meter) -> i64 {
        let intervals = meter.usual_us as f64 * self.rules.silent_intervals;
        (intervals as i64).max(self.rules.silent_least.as_micros() as i64)
    }

    pub(super) fn is_silent(&self, meter: &Meter, now_us: i64) -> bool {
        meter
            .heard_us
            .is_some_and(|t| now_us.saturating_sub(t) > self.allowance_us(meter))
    }

    /// Meters of each edge that have been heard, and whether one of them reported losing voltage before the edge fell silent.
    pub(super) fn by_edge(&self) -> Vec<(usize, bool)> {
        let together_us = self.rules.together.as_micros() as i64;
        let mut edges = vec![(0, false); self.edges.len()];
        for meter in &self.meters {
            if let Some(at) = meter.edge {
                edges[at].0 += 1;
                edges[at].1 |= meter
                    .no_voltage_us
                    .is_some_and(|t| t >= self.edges[at].heard_us.saturating_sub(together_us));
            }
        }
        edges
    }

    /// Whether a meter's silence is its edge's.
    pub(super) fn is_link(&self, meter: &Meter, by_edge: &[(usize, bool)]) -> bool {
        let (Some(at), Some(heard_us)) = (meter.edge, meter.heard_us) else {
            return false;
        };
        let (meters, lost_voltage) = by_edge[at];
        let slack_us = meter.usual_us.saturating_add(SECOND_US);
        meters >= 2 && !lost_voltage && self.edges[at].heard_us <= heard_us.saturating_add(slack_us)
    }

    pub(super) fn links(&mut self, now_us: i64, news: &mut Vec<News>) {
        let by_edge = self.by_edge();
        // Meters that an edge's silence takes with it, and whether one of them is overdue.
        let mut with_it = vec![(0, false); self.edges.len()];
        for meter in &self.meters {
            let Some(at) = meter.edge else { continue };
            if meter.no_voltage_us.is_none() && self.is_link(meter, &by_edge) {
                with_it[at].0 += 1;
                with_it[at].1 |= self.is_silent(meter, now_us)
                    && now_us.saturating_sub(self.edges[at].heard_us) > self.allowance_us(meter);
            }
        }
        for (at, (meters, overdue)) in with_it.into_iter().enumerate() {
            let edge = &mut self.edges[at];
            if edge.lost && edge.spoke {
                edge.lost = false;
                news.push(words::link_back(&edge.name, now_us));
            } else if overdue && !edge.lost {
                (edge.lost, edge.spoke) = (true, false);
                news.push(words::link_lost(&edge.name, meters, edge.heard_us, now_us));
            }
        }
    }
}
