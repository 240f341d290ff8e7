//! Whether one source explains onsets at several stations, and where it would be.
//!
//! For every cell of the sea each onset says when the wave would have left there. Where these instants agree within what onsets and
//! travel times are known by, the cell explains those stations; the cell that explains most of them is the source. A station that lies, by
//! its clock, its fault or its level, agrees with no cell of the others' and is outvoted; it can neither move the source nor hide it.
//!
//! Stations that must have seen the wave by now, speak, and saw nothing speak against a cell. One of them may be the broken one: a cell
//! is given up when there are two, and as many as stations for it.

use ocean::sphere::distance_km;

use super::reach::Reach;
use crate::place::Place;

/// What an onset is known by at best, seconds: the detector dates it back by its own low-pass, and a source has an extent of some minutes.
pub const ONSET_SIGMA_S: f64 = 300.0;
/// Travel times on real depths, as part of themselves (as `ocean::forecast::ARRIVAL_SIGMA_PART`: NOAA's models meet the first peak
/// within 3 %, Tang et al. 2009).
const TRAVEL_SIGMA_PART: f64 = 0.03;
/// ... of the way that stations share: what is wrong with it is wrong for all of them and goes into the origin's time. Without this a
/// source half a day away, known to half an hour, would explain anything.
const SHARED_SIGMA_PART: f64 = 0.01;
/// Standard deviations within which an onset agrees.
const AGREE: f64 = 2.0;
/// Chi squared that is allowed for each station: 4 for two and 6 for three, which honest ones keep in 19 of 20 cases.
const ALLOWED: f64 = 2.0;
/// A source far from every trench costs this much (in units of chi squared): possible, since slopes slide anywhere, but rarer.
const UNLIKELY: f64 = 2.0;
/// Each hour that the first station's wave has been under way: nobody has told of this source, and agencies tell within minutes.
const OLD_PER_HOUR: f64 = 1.0;
/// Longer than this no wave has been under way to its first station untold, seconds: what reaches two stations from farther than 4,000 km is a
/// great earthquake's. Half a day away there is a place that explains almost any two instants.
const OLDEST_S: f64 = 6.0 * 3_600.0;
/// A station more that agrees is worth this much, so that a bad and unlikely fit to three does not win over a good one to two.
const STATION: f64 = 6.0;
/// Cells within this of the best one's cost are the region (two standard deviations).
const REGION: f64 = 4.0;
/// How long after its computed arrival a wave may be overdue before silence means something, seconds.
const OVERDUE_S: f64 = 1_800.0;
/// Height that a silent station must have been due, metres: five times the detector's threshold, for waves that radiate to one side.
const DUE_M: f64 = 0.15;
/// Length of a source for the purpose of how its wave spreads, kilometres.
const SOURCE_KM: f64 = 100.0;

/// An onset at a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Onset {
    /// The station.
    pub station: u32,
    /// Where it is.
    pub place: Place,
    /// Depth of the water there, metres.
    pub depth_m: f64,
    /// When, seconds on any scale.
    pub time_s: f64,
    /// Standard deviation, seconds.
    pub sigma_s: f64,
    /// Largest height so far, metres, signed; 0 until known.
    pub amplitude_m: f64,
}

/// A station that speaks and has seen nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silent {
    /// The station.
    pub station: u32,
    /// Where it is.
    pub place: Place,
    /// Depth of the water there, metres.
    pub depth_m: f64,
    /// Since when it has spoken without a gap, seconds on the onsets' scale.
    pub from_s: f64,
    /// Its last row.
    pub until_s: f64,
}

/// One source that explains onsets.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Where.
    pub place: Place,
    /// When the wave began, seconds on the onsets' scale.
    pub origin_s: f64,
    /// Standard deviation of it at this place, seconds.
    pub origin_sigma_s: f64,
    /// Stations that agree and how much later than computed the wave came there, seconds.
    pub members: Vec<(u32, f64)>,
    /// How many of them count, those too near to another one not.
    pub count: usize,
    /// Chi squared, what is added to it for unlikely sources, and what is taken off for every station: less is better.
    pub cost: f64,
    /// Stations that must have seen it and did not.
    pub against: Vec<u32>,
    /// Near a trench.
    pub likely: bool,
    /// Root mean square distance of the region's places from this one, kilometres: how well the place is known.
    pub region_km: f64,
}

/// A cell that explains some onsets.
struct Candidate {
    cell: usize,
    members: u32,
    count: usize,
    origin_s: f64,
    cost: f64,
}

/// Most onsets that are looked at together.
pub const MOST_ONSETS: usize = 16;

/// The best source that explains the onset `newest` and at least one more, `separation_km` or more away from it.
///
/// `heed`: whether silent stations count. Stations must have been prepared.
pub fn fit(
    reach: &Reach,
    onsets: &[Onset],
    silent: &[Silent],
    newest: usize,
    separation_km: f64,
    heed: bool,
) -> Option<Fit> {
    let onsets = &onsets[..onsets.len().min(MOST_ONSETS)];
    if newest >= onsets.len() {
        return None;
    }
    let fields: Vec<&[f32]> = onsets
        .iter()
        .map(|o| reach.field(o.station))
        .collect::<Option<_>>()?;
    let apart = separations(onsets, separation_km);
    let mut candidates: Vec<Candidate> = (0..reach.cells())
        .filter_map(|cell| candidate(reach, onsets, &fields, &apart, newest, cell))
        .collect();
    if heed {
        candidates.retain(|c| {
            let against = against(reach, onsets, silent, c).count();
            against < 2 || against < c.count
        });
    }
    let best = candidates.iter().min_by(|a, b| a.cost.total_cmp(&b.cost))?;
    let place = reach.place(best.cell);
    let (mut square, mut weights) = (0.0, 0.0);
    for c in &candidates {
        if c.cost <= best.cost + REGION {
            let there = reach.place(c.cell);
            let weight = (-0.5 * (c.cost - best.cost)).exp() * there.lat.to_radians().cos();
            square += weight * distance_km(place.lat, place.lon, there.lat, there.lon).powi(2);
            weights += weight;
        }
    }
    let members: Vec<(u32, f64)> = onsets
        .iter()
        .enumerate()
        .filter(|(k, _)| best.members & (1 << k) != 0)
        .map(|(k, o)| {
            let late_s = o.time_s - f64::from(fields[k][best.cell]) - best.origin_s;
            (o.station, late_s)
        })
        .collect();
    let nearest_s = first_s(&fields, best.cell);
    let precision: f64 = onsets
        .iter()
        .enumerate()
        .filter(|(k, _)| best.members & (1 << k) != 0)
        .map(|(k, o)| sigma_s(o, f64::from(fields[k][best.cell]), nearest_s).powi(-2))
        .sum();
    Some(Fit {
        place,
        origin_s: best.origin_s,
        origin_sigma_s: precision.sqrt().recip(),
        members,
        count: best.count,
        cost: best.cost,
        against: against(reach, onsets, silent, best)
            .map(|s| s.station)
            .collect(),
        likely: reach.is_likely(best.cell),
        region_km: (square / weights).sqrt(),
    })
}

/// By onset, the earlier ones in the list that are too near to it, as bits.
fn separations(onsets: &[Onset], separation_km: f64) -> Vec<u32> {
    let near = |a: &Onset, b: &Onset| {
        distance_km(a.place.lat, a.place.lon, b.place.lat, b.place.lon) < separation_km
    };
    (0..onsets.len())
        .map(|k| {
            (0..k)
                .filter(|j| near(&onsets[k], &onsets[*j]))
                .fold(0, |bits, j| bits | 1 << j)
        })
        .collect()
}

/// Of an onset whose wave took `travel_s`, the first station's `first_s`.
fn sigma_s(onset: &Onset, travel_s: f64, first_s: f64) -> f64 {
    let own = TRAVEL_SIGMA_PART * (travel_s - first_s) + SHARED_SIGMA_PART * first_s;
    onset.sigma_s.hypot(own)
}

/// What the wave takes from a cell to the first of the stations.
fn first_s(fields: &[&[f32]], cell: usize) -> f64 {
    let all = fields.iter().map(|f| f64::from(f[cell]));
    all.fold(f64::INFINITY, f64::min)
}

fn candidate(
    reach: &Reach,
    onsets: &[Onset],
    fields: &[&[f32]],
    apart: &[u32],
    newest: usize,
    cell: usize,
) -> Option<Candidate> {
    if !fields[newest][cell].is_finite() {
        return None;
    }
    let nearest_s = first_s(fields, cell);
    // When the wave would have left here: instant and standard deviation.
    let mut left = [(f64::NAN, f64::INFINITY); MOST_ONSETS];
    for ((slot, onset), field) in left.iter_mut().zip(onsets).zip(fields) {
        let travel_s = f64::from(field[cell]);
        if travel_s.is_finite() {
            *slot = (onset.time_s - travel_s, sigma_s(onset, travel_s, nearest_s));
        }
    }
    let left = &left[..onsets.len()];
    let (newest_s, newest_sigma) = left[newest];
    let (mut members, mut count) = (0, 0);
    // The instant that most agree on is the beginning of somebody's interval.
    for &(left_s, sigma) in left {
        let at = left_s - AGREE * sigma;
        if at.is_nan() || (newest_s - at).abs() > AGREE * newest_sigma * (1.0 + 1e-9) {
            continue;
        }
        let mut agree = 0u32;
        for (k, &(s, sigma)) in left.iter().enumerate() {
            if (s - at).abs() <= AGREE * sigma * (1.0 + 1e-9) {
                agree |= 1 << k;
            }
        }
        let counts = counted(agree, apart);
        if counts > count {
            (members, count) = (agree, counts);
        }
    }
    let (origin_s, chi) = loop {
        if count < 2 {
            return None;
        }
        let (origin_s, chi) = together(left, members);
        let total = members.count_ones();
        if chi <= ALLOWED * f64::from(total) {
            break (origin_s, chi);
        }
        // Whoever fits worst is left out; without the newest there is no point.
        let off = |k: usize| ((left[k].0 - origin_s) / left[k].1).abs();
        let worst = (0..left.len())
            .filter(|k| members & (1 << k) != 0 && *k != newest)
            .max_by(|a, b| off(*a).total_cmp(&off(*b)))?;
        members &= !(1 << worst);
        count = counted(members, apart);
    };
    let first_s = (0..left.len())
        .filter(|k| members & (1 << k) != 0)
        .map(|k| f64::from(fields[k][cell]))
        .fold(f64::INFINITY, f64::min);
    if first_s > OLDEST_S {
        return None;
    }
    let unlikely = if reach.is_likely(cell) { 0.0 } else { UNLIKELY };
    Some(Candidate {
        cell,
        members,
        count,
        origin_s,
        cost: chi + unlikely + OLD_PER_HOUR * first_s / 3_600.0 - STATION * count as f64,
    })
}

/// How many of the members count: one that is too near to an earlier one does not.
fn counted(members: u32, apart: &[u32]) -> usize {
    let alone = |(k, near): &(usize, &u32)| members & (1 << k) != 0 && **near & members == 0;
    apart.iter().enumerate().filter(alone).count()
}

/// The instant on which members agree best, and chi squared of it.
fn together(left: &[(f64, f64)], members: u32) -> (f64, f64) {
    let all = || {
        let all = left.iter().enumerate();
        all.filter(move |(k, _)| members & (1 << k) != 0)
            .map(|(_, l)| l)
    };
    let weight: f64 = all().map(|l| l.1.powi(-2)).sum();
    let origin_s = all().map(|l| l.0 * l.1.powi(-2)).sum::<f64>() / weight;
    let chi = all().map(|l| ((l.0 - origin_s) / l.1).powi(2)).sum();
    (origin_s, chi)
}

/// Silent stations that must have seen a candidate's wave by now.
fn against<'a>(
    reach: &'a Reach,
    onsets: &'a [Onset],
    silent: &'a [Silent],
    candidate: &'a Candidate,
) -> impl Iterator<Item = &'a Silent> {
    let source = reach.place(candidate.cell);
    let spread = move |p: &Place| {
        SOURCE_KM + std::f64::consts::PI * distance_km(source.lat, source.lon, p.lat, p.lon)
    };
    silent.iter().filter(move |s| {
        let Some(field) = reach.field(s.station) else {
            return false;
        };
        let travel_s = f64::from(field[candidate.cell]);
        let sigma = ONSET_SIGMA_S.hypot(TRAVEL_SIGMA_PART * travel_s);
        let due_s = candidate.origin_s + travel_s;
        if !(s.from_s <= due_s - AGREE * sigma && s.until_s >= due_s + AGREE * sigma + OVERDUE_S) {
            return false;
        }
        // Green's law and spreading from what the members saw, the least of them.
        let due_m = onsets
            .iter()
            .enumerate()
            .filter(|(k, o)| candidate.members & (1 << k) != 0 && o.amplitude_m != 0.0)
            .map(|(_, o)| {
                let shoaling = (o.depth_m / s.depth_m).powf(0.25);
                o.amplitude_m.abs() * (spread(&o.place) / spread(&s.place)).sqrt() * shoaling
            })
            .fold(f64::INFINITY, f64::min);
        due_m.is_finite() && due_m >= DUE_M
    })
}
