//! Where meters stand, and which are neighbours.

use crate::place::{KM_PER_DEGREE, Place};

/// Neighbours of a meter, at most: the ring around a point of a grid.
pub const NEIGHBOURS: usize = 8;

/// Every meter's nearest neighbours within reach, nearest first: index and distance, km. Both ways: who is a neighbour of mine has me as
/// one.
pub fn neighbours(places: &[Place], reach_km: f64) -> Vec<Vec<(usize, f64)>> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].lat.total_cmp(&places[*b].lat).then(a.cmp(b)));
    let mut all: Vec<Vec<(usize, f64)>> = vec![Vec::new(); places.len()];
    for (at, &me) in order.iter().enumerate() {
        let mut near: Vec<(usize, f64)> = Vec::with_capacity(NEIGHBOURS + 1);
        let north = order[at + 1..].iter();
        let south = order[..at].iter().rev();
        for side in [
            &mut north.copied() as &mut dyn Iterator<Item = usize>,
            &mut south.copied(),
        ] {
            for other in side {
                let far = near.get(NEIGHBOURS - 1).map_or(reach_km, |n| n.1);
                // Sorted by latitude: whoever follows is further north or south than this alone.
                if (places[other].lat - places[me].lat).abs() * KM_PER_DEGREE > far {
                    break;
                }
                let distance = places[me].distance_km(places[other]);
                if distance <= far {
                    let to = near.partition_point(|n| n.1 <= distance);
                    near.insert(to, (other, distance));
                    near.truncate(NEIGHBOURS);
                }
            }
        }
        all[me] = near;
    }
    for me in 0..places.len() {
        for k in 0..all[me].len().min(NEIGHBOURS) {
            let (other, distance) = all[me][k];
            if !all[other].iter().any(|n| n.0 == me) {
                all[other].push((me, distance));
            }
        }
    }
    for near in &mut all {
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_nearest_and_both_ways() {
        let places: Vec<Place> = (0..400)
            .map(|k| Place {
                lat: 50.0 + f64::from(k / 20) * 0.001,
                lon: 8.0 + f64::from(k % 20) * 0.001_5,
            })
            .chain([Place {
                lat: 50.0,
                lon: 9.0,
            }])
            .collect();
        let near = neighbours(&places, 5.0);
        for (me, found) in near.iter().enumerate() {
            let mut all: Vec<f64> = (0..places.len())
                .filter(|o| *o != me)
                .map(|o| places[me].distance_km(places[o]))
                .filter(|d| *d <= 5.0)
                .collect();
            all.sort_by(f64::total_cmp);
            assert_eq!(found.len() >= NEIGHBOURS, all.len() >= NEIGHBOURS);
            for (one, right) in found.iter().zip(all.iter().take(NEIGHBOURS)) {
                assert!(one.1 <= right + 1e-9, "{me}");
            }
            for (other, _) in found {
                assert!(near[*other].iter().any(|n| n.0 == me));
            }
        }
        assert!(near[400].is_empty(), "too far from anyone");
    }
}
