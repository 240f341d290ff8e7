//! What is remembered of one series: the newest values as they came, older ones as the least and the greatest of each minute, still older ones of
//! each quarter of an hour.
//!
//! A value is in one place only: what the first ring lets go of for want of room is folded into the minutes, what these let go of into the
//! quarters. So nothing that stood out is gone before the quarters are, whatever the room. Rows may come in any order.

use std::collections::VecDeque;

use crate::detect::UNUSABLE;

/// One value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Value in the quantity's unit; finite.
    pub value: f64,
    /// `wire::quality` flags.
    pub quality: u8,
}

impl Point {
    /// Whether detectors would look at it.
    pub fn is_usable(&self) -> bool {
        self.quality & UNUSABLE == 0
    }
}

const MINUTE_US: i64 = 60_000_000;
const QUARTER_US: i64 = 15 * MINUTE_US;
/// Minutes are kept for two weeks at most, quarters for 90 days: the rest of the room is for values as they came.
const MOST_MINUTES: usize = 14 * 24 * 60;
const MOST_QUARTERS: usize = 90 * 24 * 4;

/// The least and the greatest of what lies in one stretch of time. Where anything in it is usable, what is not does not count: a sensor's fault of
/// 10^8 Pa must not be all that is left of an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    least: Point,
    greatest: Point,
}

impl Extremes {
    /// Of one value.
    pub fn of(point: Point) -> Self {
        Self {
            least: point,
            greatest: point,
        }
    }

    /// Takes another value in.
    pub fn fold(&mut self, point: Point) {
        match (self.least.is_usable(), point.is_usable()) {
            (false, true) => *self = Self::of(point),
            (true, false) => {}
            _ => {
                if point.value < self.least.value {
                    self.least = point;
                }
                if point.value > self.greatest.value {
                    self.greatest = point;
                }
            }
        }
    }

    /// The two in the order of their time, or the one.
    pub fn points(&self) -> impl Iterator<Item = Point> + use<> {
        let (least, greatest) = (self.least, self.greatest);
        let (first, second) = if least.time_us <= greatest.time_us {
            (least, greatest)
        } else {
            (greatest, least)
        };
        let differ = (first.time_us, first.value) != (second.time_us, second.value);
        std::iter::once(first).chain(differ.then_some(second))
    }
}

/// Extremes of a stretch of a quarter of an hour at most, in 40 bytes instead of 56: there are a thousand times as many as anything else here.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start_us: i64,
    values: [f64; 2],
    /// After the start: a stretch is shorter than the 71 minutes that fit.
    after_us: [u32; 2],
    qualities: [u8; 2],
}

impl Stretch {
    fn new(start_us: i64, extremes: &Extremes) -> Self {
        let both = [extremes.least, extremes.greatest];
        Self {
            start_us,
            values: both.map(|p| p.value),
            after_us: both.map(|p| p.time_us.abs_diff(start_us) as u32),
            qualities: both.map(|p| p.quality),
        }
    }

    fn extremes(&self) -> Extremes {
        let [least, greatest] = [0, 1].map(|i| Point {
            time_us: self.start_us + i64::from(self.after_us[i]),
            value: self.values[i],
            quality: self.qualities[i],
        });
        Extremes { least, greatest }
    }
}

/// Stretches of one width, oldest first.
#[derive(Debug)]
struct Level {
    width_us: i64,
    most: usize,
    stretches: VecDeque<Stretch>,
    /// Nothing before this is here: it was let go of.
    from_us: i64,
}

impl Level {
    fn new(width_us: i64) -> Self {
        Self {
            width_us,
            most: 0,
            stretches: VecDeque::new(),
            from_us: i64::MIN,
        }
    }

    /// Takes a value in; what has to give way for it comes back.
    fn fold(&mut self, point: Point) -> Option<Extremes> {
        let start_us = point
            .time_us
            .div_euclid(self.width_us)
            .saturating_mul(self.width_us);
        let at = match self.stretches.back() {
            None => 0,
            Some(last) if last.start_us < start_us => self.stretches.len(),
            Some(_) => self.stretches.partition_point(|s| s.start_us < start_us),
        };
        let same = |s: &&mut Stretch| s.start_us == start_us;
        if let Some(stretch) = self.stretches.get_mut(at).filter(same) {
            let mut extremes = stretch.extremes();
            extremes.fold(point);
            *stretch = Stretch::new(start_us, &extremes);
            return None;
        }
        let full = self.stretches.len() >= self.most;
        let gone = full.then(|| self.let_go()).flatten();
        // One place nearer to the front when the oldest has gone.
        let at = at.saturating_sub(usize::from(gone.is_some()));
        grow(&mut self.stretches, self.most);
        self.stretches
            .insert(at, Stretch::new(start_us, &Extremes::of(point)));
        gone
    }

    fn let_go(&mut self) -> Option<Extremes> {
        let gone = self.stretches.pop_front()?;
        self.from_us = self
            .from_us
            .max(gone.start_us.saturating_add(self.width_us));
        Some(gone.extremes())
    }

    fn between(&self, from_us: i64, to_us: i64, out: &mut Vec<Point>) {
        let first = self
            .stretches
            .partition_point(|s| s.start_us.saturating_add(self.width_us) <= from_us);
        for stretch in self.stretches.range(first..) {
            if stretch.start_us > to_us {
                break;
            }
            let inside = |p: &Point| (from_us..=to_us).contains(&p.time_us);
            out.extend(stretch.extremes().points().filter(inside));
        }
    }

    fn bytes(&self) -> usize {
        self.stretches.capacity() * size_of::<Stretch>()
    }
}

/// Grows in small steps: doubling would take twice the room that is meant.
fn grow<T>(ring: &mut VecDeque<T>, most: usize) {
    if ring.len() == ring.capacity() {
        let step = (ring.len() / 8).clamp(16, 16 * 1_024);
        ring.reserve_exact(step.min(most.saturating_sub(ring.len()).max(1)));
    }
}

/// One series.
#[derive(Debug)]
pub struct Ring {
    newest: VecDeque<Point>,
    most: usize,
    /// Values up to this have been let go of into the minutes.
    from_us: i64,
    minutes: Level,
    quarters: Level,
}

impl Ring {
    /// An empty one that takes about so many bytes at most.
    pub fn new(most_bytes: usize) -> Self {
        let mut ring = Self {
            newest: VecDeque::new(),
            most: 0,
            from_us: i64::MIN,
            minutes: Level::new(MINUTE_US),
            quarters: Level::new(QUARTER_US),
        };
        ring.fit(most_bytes);
        ring
    }

    /// Changes how much room it may take, and gives back what is beyond.
    pub fn fit(&mut self, most_bytes: usize) {
        let stretch = size_of::<Stretch>();
        self.minutes.most = (most_bytes / 2 / stretch).clamp(4, MOST_MINUTES);
        self.quarters.most = (most_bytes / 4 / stretch).clamp(4, MOST_QUARTERS);
        let stretches = (self.minutes.most + self.quarters.most) * stretch;
        self.most = (most_bytes.saturating_sub(stretches) / size_of::<Point>()).max(16);
        while self.newest.len() > self.most {
            self.let_go();
        }
        while self.minutes.stretches.len() > self.minutes.most {
            if let Some(extremes) = self.minutes.let_go() {
                self.quarters_take_both(extremes);
            }
        }
        while self.quarters.stretches.len() > self.quarters.most {
            self.quarters.let_go();
        }
        self.newest.shrink_to(self.most);
        self.minutes.stretches.shrink_to(self.minutes.most);
        self.quarters.stretches.shrink_to(self.quarters.most);
    }

    /// Takes a value in. The same value of the same time again changes nothing.
    pub fn push(&mut self, point: Point) {
        if point.time_us <= self.from_us {
            self.minutes_take(point);
            return;
        }
        let mut at = match self.newest.back() {
            Some(last) if last.time_us >= point.time_us => {
                let after = |p: &Point| p.time_us <= point.time_us;
                self.newest.partition_point(after)
            }
            _ => self.newest.len(),
        };
        let same = |p: &Point| (p.time_us, p.value) == (point.time_us, point.value);
        if at > 0 && self.newest.get(at - 1).is_some_and(same) {
            return;
        }
        if self.newest.len() >= self.most {
            if at == 0 {
                // Older than all that is here, and there is no room.
                self.from_us = point.time_us;
                self.minutes_take(point);
                return;
            }
            self.let_go();
            at -= 1;
        }
        grow(&mut self.newest, self.most);
        self.newest.insert(at, point);
    }

    fn let_go(&mut self) {
        if let Some(oldest) = self.newest.pop_front() {
            self.from_us = oldest.time_us;
            self.minutes_take(oldest);
        }
    }

    fn minutes_take(&mut self, point: Point) {
        if point.time_us < self.minutes.from_us {
            self.quarters_take(point);
        } else if let Some(extremes) = self.minutes.fold(point) {
            self.quarters_take_both(extremes);
        }
    }

    fn quarters_take_both(&mut self, extremes: Extremes) {
        for point in extremes.points() {
            self.quarters_take(point);
        }
    }

    fn quarters_take(&mut self, point: Point) {
        if point.time_us >= self.quarters.from_us {
            self.quarters.fold(point);
        }
    }

    /// What is here of a time, both ends included, oldest first.
    pub fn between(&self, from_us: i64, to_us: i64) -> Vec<Point> {
        let mut out = Vec::new();
        self.quarters.between(from_us, to_us, &mut out);
        self.minutes.between(from_us, to_us, &mut out);
        let first = self.newest.partition_point(|p| p.time_us < from_us);
        let inside = |p: &&Point| p.time_us <= to_us;
        out.extend(self.newest.range(first..).take_while(inside));
        // A late value folded into an older level may stand beside newer ones.
        if !out.is_sorted_by_key(|p| p.time_us) {
            out.sort_by_key(|p| p.time_us);
        }
        out
    }

    /// From when on values are here as they came.
    pub fn whole_from_us(&self) -> i64 {
        self.from_us
    }

    /// From when on anything is here; the least where nothing was ever forgotten.
    pub fn known_from_us(&self) -> i64 {
        self.quarters.from_us
    }

    /// Times of the first and the last value; `None` for an empty series.
    pub fn extent_us(&self) -> Option<(i64, i64)> {
        let fronts = [&self.quarters, &self.minutes].map(|l| l.stretches.front());
        let first = |e: Extremes| e.points().next().map(|p| p.time_us);
        let reduced = fronts
            .into_iter()
            .flatten()
            .filter_map(|s| first(s.extremes()));
        let first_us = reduced
            .chain(self.newest.front().map(|p| p.time_us))
            .min()?;
        let backs = [&self.quarters, &self.minutes].map(|l| l.stretches.back());
        let last = |e: Extremes| e.points().last().map(|p| p.time_us);
        let reduced = backs
            .into_iter()
            .flatten()
            .filter_map(|s| last(s.extremes()));
        let last_us = reduced.chain(self.newest.back().map(|p| p.time_us)).max()?;
        Some((first_us, last_us))
    }

    /// Memory taken, bytes.
    pub fn bytes(&self) -> usize {
        self.newest.capacity() * size_of::<Point>() + self.minutes.bytes() + self.quarters.bytes()
    }
}

/// At most so many points of these, the least and the greatest of each of equal stretches of time. Returns whether any was left out.
pub fn reduce(points: Vec<Point>, most: usize) -> (Vec<Point>, bool) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return (points, false);
    };
    if points.len() <= most {
        return (points, false);
    }
    let stretches = (most / 2).max(1) as i128;
    let (start_us, span_us) = (
        first.time_us,
        i128::from(last.time_us) - i128::from(first.time_us) + 1,
    );
    let stretch = |p: &Point| (i128::from(p.time_us) - i128::from(start_us)) * stretches / span_us;
    let mut out = Vec::with_capacity(most);
    let mut open: Option<(i128, Extremes)> = None;
    for &point in &points {
        match &mut open {
            Some((at, extremes)) if *at == stretch(&point) => extremes.fold(point),
            _ => {
                out.extend(open.iter().flat_map(|o| o.1.points()));
                open = Some((stretch(&point), Extremes::of(point)));
            }
        }
    }
    out.extend(open.iter().flat_map(|o| o.1.points()));
    (out, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::quality::Quality;

    fn point(second: i64, value: f64) -> Point {
        Point {
            time_us: second * 1_000_000,
            value,
            quality: 0,
        }
    }

    fn all(ring: &Ring) -> Vec<Point> {
        ring.between(i64::MIN, i64::MAX)
    }

    #[test]
    fn what_stood_out_outlives_the_values_as_they_came() {
        let mut ring = Ring::new(64 * 1_024);
        let day = 24 * 3_600;
        for s in 0..2 * day {
            let value = match s {
                5_000 => 9.5,
                100_000 => -7.25,
                _ => (s as f64 / 700.0).sin(),
            };
            ring.push(point(s, value));
        }
        assert!(ring.bytes() <= 64 * 1_024, "{}", ring.bytes());
        let kept = all(&ring);
        assert!(kept.contains(&point(5_000, 9.5)) && kept.contains(&point(100_000, -7.25)));
        assert!(kept.is_sorted_by_key(|p| p.time_us));
        assert_eq!(
            ring.extent_us().map(|e| e.1),
            Some((2 * day - 1) * 1_000_000)
        );
        // The newest are there one by one.
        let from_us = ring.whole_from_us();
        let newest = ring.between(from_us + 1, i64::MAX);
        assert!(newest.len() > 500);
        assert!(
            newest
                .windows(2)
                .all(|w| w[1].time_us - w[0].time_us == 1_000_000)
        );
        assert_eq!(ring.between(3_600_000_000, 3_599_000_000), []);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_while_there_is_room() {
        let rows: Vec<Point> = (0..3_000)
            .map(|s| point(s, (s * 37 % 101) as f64))
            .collect();
        let fill = |rows: &mut dyn Iterator<Item = &Point>| {
            let mut ring = Ring::new(1 << 20);
            rows.for_each(|p| ring.push(*p));
            all(&ring)
        };
        let expected = fill(&mut rows.iter());
        assert_eq!(expected, rows);
        assert_eq!(fill(&mut rows.iter().rev()), expected);
        assert_eq!(fill(&mut rows.iter().chain(rows.iter())), expected, "again");
        let odd_first = rows.iter().filter(|p| p.time_us / 1_000_000 % 2 == 1);
        let even = rows.iter().filter(|p| p.time_us / 1_000_000 % 2 == 0);
        assert_eq!(fill(&mut odd_first.chain(even)), expected);
    }

    #[test]
    fn a_late_extreme_reaches_the_stretch_that_it_belongs_to() {
        let mut ring = Ring::new(8 * 1_024);
        for s in 0..20_000 {
            ring.push(point(s, 0.0));
        }
        let late_us = ring.whole_from_us() - 600_000_000;
        ring.push(Point {
            time_us: late_us,
            value: 4.0,
            quality: 0,
        });
        let kept = ring.between(late_us, late_us);
        assert_eq!(kept.last().map(|p| p.value), Some(4.0));
        assert!(ring.bytes() <= 8 * 1_024, "{}", ring.bytes());
    }

    #[test]
    fn less_room_keeps_the_bound_and_the_extremes() {
        let mut ring = Ring::new(1 << 20);
        for s in 0..30_000 {
            ring.push(point(s, if s == 11_111 { 5.0 } else { 0.5 }));
        }
        ring.fit(32 * 1_024);
        assert!(ring.bytes() <= 32 * 1_024, "{}", ring.bytes());
        assert!(all(&ring).contains(&point(11_111, 5.0)));
    }

    #[test]
    fn faults_do_not_hide_what_the_sea_did() {
        let bad = Point {
            quality: Quality::OUT_OF_RANGE.0,
            ..point(3, 1e8)
        };
        let rows = vec![point(1, 0.5), point(2, 0.7), bad, point(4, 0.6)];
        let (kept, reduced) = reduce(rows, 2);
        assert!(reduced);
        assert_eq!(kept, [point(1, 0.5), point(2, 0.7)]);
        let only = Extremes::of(bad);
        assert_eq!(
            only.points().collect::<Vec<_>>(),
            [bad],
            "a fault is better than nothing"
        );
    }

    #[test]
    fn reduction_keeps_within_the_count_and_keeps_the_extremes() {
        let rows: Vec<Point> = (0..10_000)
            .map(|s| point(s, (s * 7_919 % 10_007) as f64))
            .collect();
        for most in [2, 3, 10, 999, 5_000] {
            let (kept, reduced) = reduce(rows.clone(), most);
            assert!(reduced && kept.len() <= most, "{most}: {}", kept.len());
            let greatest = |p: &[Point]| p.iter().map(|p| p.value).fold(f64::MIN, f64::max);
            let least = |p: &[Point]| p.iter().map(|p| p.value).fold(f64::MAX, f64::min);
            assert_eq!(greatest(&kept), greatest(&rows));
            assert_eq!(least(&kept), least(&rows));
            assert!(kept.is_sorted_by_key(|p| p.time_us));
        }
        assert_eq!(reduce(rows.clone(), 10_000), (rows, false));
        let ends = vec![
            point(i64::MIN / 1_000_000, 0.0),
            point(0, 1.0),
            point(i64::MAX / 1_000_000, 2.0),
        ];
        assert_eq!(reduce(ends, 2).0.len(), 2, "no overflow over all of time");
    }
}
