//! Which meters are out together.

use super::area::Hull;
use crate::energy::settings::Outage as Rules;
use crate::place::Place;

/// How a meter stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// Not counted: never heard, out for long before, or behind a link that is lost.
    Unknown,
    /// Heard, and with voltage as far as it said.
    Well,
    /// Out.
    Out {
        /// When it went out, microseconds: earliest and latest.
        from_us: i64,
        /// See `from_us`.
        to_us: i64,
        /// It read no voltage; otherwise it is merely silent.
        by_word: bool,
    },
}

impl Standing {
    /// Whether it is out.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Out { .. })
    }

    fn weight(self) -> f64 {
        match self {
            Self::Out { by_word: true, .. } => 1.0,
            Self::Out { by_word: false, .. } => 0.5,
            _ => 0.0,
        }
    }
}

/// How many meters of a set, by what they said.
pub fn weight(members: &[usize], standing: &[Standing]) -> f64 {
    members.iter().map(|m| standing[*m].weight()).sum()
}

/// Meters that stand in a hull and are counted, and those of them that are out.
pub fn count_in(hull: &Hull, places: &[Place], standing: &[Standing]) -> (usize, usize) {
    let (mut all, mut out) = (0, 0);
    for (place, standing) in places.iter().zip(standing) {
        if *standing != Standing::Unknown && hull.contains(*place) {
            all += 1;
            out += usize::from(standing.is_out());
        }
    }
    (all, out)
}

/// Groups of meters that are out together, each in order of its meters, first by their first.
///
/// Two neighbours that are out belong together when they can have gone out within `together` of each other, and at least one has half
/// of the asked share out among its own neighbours: a silent meter among healthy ones links nobody. A group is an outage when it has
/// meters enough, evidence enough, and the share of all meters in its hull.
pub fn clusters(
    places: &[Place],
    neighbours: &[Vec<(usize, f64)>],
    standing: &[Standing],
    rules: &Rules,
) -> Vec<Vec<usize>> {
    let together_us = rules.together.as_micros() as i64;
    let dense: Vec<bool> = (0..places.len())
        .map(|me| {
            if !standing[me].is_out() {
                return false;
            }
            let (mut all, mut out) = (1.0, 1.0);
            for (other, _) in &neighbours[me] {
                all += f64::from(u8::from(standing[*other] != Standing::Unknown));
                out += f64::from(u8::from(standing[*other].is_out()));
            }
            out / all >= rules.share / 2.0
        })
        .collect();
    let mut root: Vec<usize> = (0..places.len()).collect();
    for (me, near) in neighbours.iter().enumerate() {
        for (other, _) in near {
            if *other > me
                && (dense[me] || dense[*other])
                && near_in_time(standing[me], standing[*other], together_us)
            {
                let (a, b) = (find(&mut root, me), find(&mut root, *other));
                // The smaller index leads, so that the order of joining does not show.
                root[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: std::collections::BTreeMap<usize, Vec<usize>> = Default::default();
    for me in (0..places.len()).filter(|me| standing[*me].is_out()) {
        let leader = find(&mut root, me);
        groups.entry(leader).or_default().push(me);
    }
    groups
        .into_values()
        .filter(|group| {
            if group.len() < rules.least_meters.max(2)
                || weight(group, standing) < rules.least_weight
            {
                return false;
            }
            let at: Vec<Place> = group.iter().map(|m| places[*m]).collect();
            let Some(hull) = Hull::of(&at) else {
                return false;
            };
            // A line has no inside: its own meters are all that stand on it.
            let (all, _) = count_in(&hull, places, standing);
            group.len() as f64 >= rules.share * all.max(group.len()) as f64
        })
        .collect()
}

fn near_in_time(a: Standing, b: Standing, together_us: i64) -> bool {
    let (
        Standing::Out {
            from_us: a_from,
            to_us: a_to,
            ..
        },
        Standing::Out {
            from_us: b_from,
            to_us: b_to,
            ..
        },
    ) = (a, b)
    else {
        return false;
    };
    a_from.saturating_sub(b_to) <= together_us && b_from.saturating_sub(a_to) <= together_us
}

fn find(root: &mut [usize], mut me: usize) -> usize {
    while root[me] != me {
        root[me] = root[root[me]];
        me = root[me];
    }
    me
}
