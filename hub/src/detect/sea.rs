//! The sea at one lane: rows in the order of their time, whatever the order they came in, and what the detector says of them all.
//!
//! The lane keeps its last [`RECENT`] rows and the detector's state before them. Rows are put in their place first and stepped at the end of
//! the hub's step, so that the order within a step changes nothing. Where a row came that belongs before rows stepped earlier, these
//! are stepped again, and what the detector says then takes the place of what it had said: the lane's [`Told`] list is at every moment what it
//! would be, had all rows that are there come in order.

use std::collections::VecDeque;

use signal::tsunami::{Change, Detector, Settings};

/// Rows of a sea-level lane that can still be reordered: 8.5 hours at the 15 s of a DART in event mode.
pub const RECENT: usize = 2_048;
/// Changes that a lane remembers beyond those of its recent rows: a great tsunami gives some dozens in a day.
const MOST_TOLD: usize = 256;
/// Rows further apart than this leave time in which a wave could have passed unseen: twice the 15 minutes of a DART in normal mode.
pub(super) const GAP_US: i64 = 30 * 60 * 1_000_000;
/// Changes of one kind this close are one: it was said before, if at another instant.
const SAME_US: i64 = 10 * 60 * 1_000_000;

/// A change, and the row that caused it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Event time of the row, microseconds since the Unix epoch.
    pub time_us: i64,
    /// What the detector said.
    pub change: Change,
    /// Nothing like it had been said before the lane's last late rows.
    pub news: bool,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It waits in its place for the end of the step.
    Waiting,
    /// The same row is there under another number.
    Known,
    /// The rows around it cannot be stepped again.
    TooLate,
}

/// What rows of one step have changed.
#[derive(Debug, PartialEq)]
pub(super) enum Advance {
    /// These changes follow on what was said before; none, mostly.
    Further(Vec<Told>),
    /// Something that was said before is not so: the whole list has to be read anew.
    Revised,
}

#[derive(Debug)]
pub(super) struct Sea {
    live: Detector,
    settled: Detector,
    /// Event time of the last row that is settled.
    settled_us: i64,
    recent: VecDeque<(i64, f64)>,
    /// Recent rows that `live` has been stepped with.
    stepped: usize,
    /// A row came that belongs before one of these.
    late: bool,
    waiting: bool,
    told: VecDeque<Told>,
    /// Of these, what settled rows caused.
    fixed: usize,
    /// Since when rows have come without a gap, and as the settled rows have it.
    unbroken_us: i64,
    settled_unbroken_us: i64,
    rows: u64,
}

impl Sea {
    pub(super) fn new() -> Self {
        let detector = Detector::new(Settings::default());
        Self {
            live: detector.clone(),
            settled: detector,
            settled_us: i64::MIN,
            recent: VecDeque::new(),
            stepped: 0,
            late: false,
            waiting: false,
            told: VecDeque::new(),
            fixed: 0,
            unbroken_us: i64::MIN,
            settled_unbroken_us: i64::MIN,
            rows: 0,
        }
    }

    pub(super) fn in_event(&self) -> bool {
        self.live.in_event()
    }

    pub(super) fn recent(&self) -> &VecDeque<(i64, f64)> {
        &self.recent
    }

    pub(super) fn last_us(&self) -> Option<i64> {
        self.recent.back().map(|r| r.0)
    }

    pub(super) fn unbroken_us(&self) -> Option<i64> {
        (self.unbroken_us > i64::MIN).then_some(self.unbroken_us)
    }

    /// Rows taken so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// What the detector says of all rows, in their order.
    pub(super) fn told(&self) -> &VecDeque<Told> {
        &self.told
    }

    /// Puts a row in its place. Rows of one time are ordered by height, so that their order does not depend on their arrival either.
    pub(super) fn place(&mut self, time_us: i64, height: f64) -> Placed {
        if time_us <= self.settled_us {
            return Placed::TooLate;
        }
        let row = (time_us, height);
        let before = |a: &(i64, f64)| a.0.cmp(&time_us).then(a.1.total_cmp(&height)).is_lt();
        let at = if self.recent.back().is_none_or(before) {
            self.recent.len()
        } else {
            self.recent.partition_point(before)
        };
        if self.recent.get(at) == Some(&row) {
            return Placed::Known;
        }
        self.recent.insert(at, row);
        self.late |= at < self.stepped;
        self.rows += 1;
        Placed::Waiting
    }

    /// Whether the lane is to be advanced at the end of this step and was not noted for it before.
    pub(super) fn note(&mut self) -> bool {
        !std::mem::replace(&mut self.waiting, true)
    }

    /// Steps what waits.
    pub(super) fn advance(&mut self) -> Advance {
        self.waiting = false;
        let advance = if std::mem::take(&mut self.late) {
            self.again()
        } else {
            let from = self.stepped;
            let last_us = from
                .checked_sub(1)
                .map_or(self.settled_us, |k| self.recent[k].0);
            let further = self.step_from(from, last_us);
            self.told.extend(&further);
            Advance::Further(further)
        };
        self.settle();
        advance
    }

    /// Steps the detector with the recent rows from one on; `last_us` is the time of the row before it.
    fn step_from(&mut self, from: usize, mut last_us: i64) -> Vec<Told> {
        let mut found = Vec::new();
        for &(time_us, height) in self.recent.range(from..) {
            if time_us.saturating_sub(last_us) > GAP_US {
                self.unbroken_us = time_us;
            }
            last_us = time_us;
            if let Some(change) = self.live.step(time_us, height).change {
                found.push(Told {
                    time_us,
                    change,
                    news: true,
                });
            }
        }
        self.stepped = self.recent.len();
        found
    }

    /// Steps all recent rows again from the settled state.
    fn again(&mut self) -> Advance {
        self.live = self.settled.clone();
        self.unbroken_us = self.settled_unbroken_us;
        let mut now = self.step_from(0, self.settled_us);
        let was: Vec<Told> = self.told.drain(self.fixed..).collect();
        let same = |(a, b): &(&Told, &Told)| (a.time_us, a.change) == (b.time_us, b.change);
        let common = was.iter().zip(&now).take_while(same).count();
        for told in &mut self.told {
            told.news = false;
        }
        for (k, told) in now.iter_mut().enumerate() {
            told.news = k >= common && !was.iter().any(|w| is_alike(&w.change, &told.change));
        }
        self.told.extend(&now);
        if common < was.len() {
            return Advance::Revised;
        }
        Advance::Further(now.split_off(common))
    }

    /// Lets go of rows beyond those that can be reordered.
    fn settle(&mut self) {
        while self.recent.len() > RECENT {
            let Some((time_us, height)) = self.recent.pop_front() else {
                break;
            };
            self.stepped -= 1;
            if time_us.saturating_sub(self.settled_us) > GAP_US {
                self.settled_unbroken_us = time_us;
            }
            self.settled_us = time_us;
            // The live detector had the same rows in the same order, and said the same.
            if self.settled.step(time_us, height).change.is_some() {
                self.fixed += 1;
            }
        }
        while self.fixed > 0 && self.told.len() > MOST_TOLD {
            self.told.pop_front();
            self.fixed -= 1;
        }
    }
}

/// Whether two changes say the same of about the same time.
fn is_alike(a: &Change, b: &Change) -> bool {
    let of = |change: &Change| match *change {
        Change::Shaking { since_us, .. } => (0, since_us),
        Change::Onset { onset_us, .. } => (1, onset_us),
        Change::Growth { time_us, .. } => (2, time_us),
        Change::End { quiet_since_us, .. } => (3, quiet_since_us),
    };
    let (a, b) = (of(a), of(b));
    a.0 == b.0 && a.1.saturating_sub(b.1).saturating_abs() <= SAME_US
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    /// A tide, and a wave of 25 minutes from minute 1,300 on, once a minute.
    fn rows(count: i64) -> Vec<(i64, f64)> {
        let turn = std::f64::consts::TAU;
        (0..count)
            .map(|k| {
                let since = (k - 1_300).max(0) as f64;
                let wave = 0.4 * (turn * since / 25.0).sin() * (-since / 60.0).exp();
                let jitter = 0.001 * ((k * 7_919 % 13) as f64 - 6.0) / 6.0;
                let tide = 0.5 * (turn * k as f64 / 745.0).sin();
                (k * MINUTE_US, tide + wave + jitter)
            })
            .collect()
    }

    fn plain(sea: &Sea) -> Vec<(i64, Change)> {
        sea.told().iter().map(|t| (t.time_us, t.change)).collect()
    }

    /// Takes rows in pieces, each of them one step.
    fn fed<'a>(pieces: impl IntoIterator<Item = &'a [(i64, f64)]>) -> Sea {
        let mut sea = Sea::new();
        for piece in pieces {
            for &(t, h) in piece {
                assert_ne!(sea.place(t, h), Placed::TooLate);
            }
            sea.advance();
        }
        sea
    }

    #[test]
    fn what_is_believed_does_not_depend_on_the_order() {
        let rows = rows(1_600);
        let expected = fed(rows.chunks(1));
        assert!(
            plain(&expected)
                .iter()
                .any(|t| matches!(t.1, Change::Onset { .. })),
            "{:?}",
            plain(&expected)
        );
        let mut backward = rows.clone();
        backward[1_200..].reverse();
        // Even rows first, odd ones an hour behind them.
        let mut behind = rows.clone();
        for chunk in behind.chunks_mut(60) {
            chunk.sort_by_key(|r| (r.0 / MINUTE_US % 2, r.0));
        }
        let mut live_first = rows[..1_250].to_vec();
        live_first.extend(&rows[1_400..]);
        live_first.extend(&rows[1_250..1_400]);
        for other in [&backward, &behind, &live_first] {
            for piece in [1, 7, 4_000] {
                let sea = fed(other.chunks(piece));
                assert_eq!(plain(&sea), plain(&expected), "pieces of {piece}");
                assert_eq!(sea.unbroken_us, expected.unbroken_us);
                assert_eq!(sea.recent, expected.recent);
            }
        }
    }

    #[test]
    fn what_follows_is_told_once_and_what_changes_is_said_to() {
        let rows = rows(1_600);
        let mut sea = Sea::new();
        let mut told = Vec::new();
        for &(t, h) in rows.iter().filter(|r| r.0 % (3 * MINUTE_US) == 0) {
            sea.place(t, h);
            let Advance::Further(further) = sea.advance() else {
                panic!("in order")
            };
            told.extend(further);
        }
        assert_eq!(
            told.iter()
                .map(|t| (t.time_us, t.change))
                .collect::<Vec<_>>(),
            plain(&sea)
        );
        // The same rows again say nothing.
        for &(t, h) in rows.iter().filter(|r| r.0 % (3 * MINUTE_US) == 0) {
            assert_eq!(sea.place(t, h), Placed::Known);
        }
        assert_eq!(sea.advance(), Advance::Further(Vec::new()));
        for &(t, h) in &rows {
            sea.place(t, h);
        }
        assert_eq!(sea.advance(), Advance::Revised);
        assert_eq!(plain(&sea), plain(&fed(rows.chunks(1))));
    }

    #[test]
    fn memory_is_bounded_and_what_is_older_is_refused() {
        let rows = rows(RECENT as i64 + 3_000);
        let sea = fed([&rows[..]]);
        assert_eq!(sea.recent.len(), RECENT);
        assert!(sea.told.len() <= MOST_TOLD);
        assert_eq!(plain(&sea), plain(&fed(rows.chunks(1))));
        let mut sea = sea;
        assert_eq!(sea.place(2_999 * MINUTE_US, 0.1), Placed::TooLate);
        assert_eq!(sea.place(3_000 * MINUTE_US + 1, 0.1), Placed::Waiting);
    }
}
