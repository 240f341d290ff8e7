//! Room for labels: each takes a free spot or is left out, none covers another.

use crate::canvas::Frame;

/// Side of a bin of the lookup, pixels.
const BIN_PX: f32 = 48.0;

/// Where a label went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    pub frame: Frame,
    /// It lies so far off that a line must lead to it.
    pub leader: bool,
}

/// What is taken on a map.
pub(crate) struct Room {
    bounds: Frame,
    across: usize,
    bins: Vec<Vec<u32>>,
    taken: Vec<Frame>,
}

impl Room {
    pub fn new(bounds: Frame) -> Self {
        let bins = |side: f32| (side.max(1.0) / BIN_PX).ceil() as usize + 1;
        let (across, down) = (bins(bounds.width()), bins(bounds.height()));
        Room {
            bounds,
            across,
            bins: vec![Vec::new(); across * down],
            taken: Vec::new(),
        }
    }

    fn bins_of(&self, frame: &Frame) -> impl Iterator<Item = usize> + use<> {
        let across = self.across;
        let down = self.bins.len() / across;
        let bin =
            |v: f32, from: f32, n: usize| (((v - from) / BIN_PX).max(0.0) as usize).min(n - 1);
        let (i0, i1) = (
            bin(frame.x0, self.bounds.x0, across),
            bin(frame.x1, self.bounds.x0, across),
        );
        let (j0, j1) = (
            bin(frame.y0, self.bounds.y0, down),
            bin(frame.y1, self.bounds.y0, down),
        );
        (j0..=j1).flat_map(move |j| (i0..=i1).map(move |i| j * across + i))
    }

    pub fn is_free(&self, frame: &Frame) -> bool {
        self.bounds.holds(frame)
            && self.bins_of(frame).all(|bin| {
                self.bins[bin]
                    .iter()
                    .all(|&k| !self.taken[k as usize].overlaps(frame))
            })
    }

    /// Marks a rectangle as taken, free or not.
    pub fn take(&mut self, frame: Frame) {
        let k = self.taken.len() as u32;
        for bin in self.bins_of(&frame) {
            self.bins[bin].push(k);
        }
        self.taken.push(frame);
    }

    /// Takes a rectangle if it is free.
    pub fn claim(&mut self, frame: Frame) -> bool {
        let free = self.is_free(&frame);
        if free {
            self.take(frame);
        }
        free
    }

    /// A spot for a label of `width` x `height` beside a mark at (`x`, `y`) that reaches `radius` round it:
    /// right, left, above, below, the corners between, then farther out with a leader.
    pub fn beside(
        &mut self,
        x: f32,
        y: f32,
        radius: f32,
        width: f32,
        height: f32,
    ) -> Option<Placed> {
        // Directions as (east, down), in the order in which cartographers prefer them (Imhof 1975).
        const NEAR: [(f32, f32); 8] = [
            (1.0, 0.0),
            (0.8, -0.8),
            (0.8, 0.8),
            (-1.0, 0.0),
            (-0.8, -0.8),
            (-0.8, 0.8),
            (0.0, -1.0),
            (0.0, 1.0),
        ];
        for (reach, leader) in [
            (radius + 1.5, false),
            (radius + height * 1.2, true),
            (radius + height * 2.4, true),
        ] {
            for (dx, dy) in NEAR {
                let side = if dx == 0.0 { 0.0 } else { dx.signum() };
                let cx = x + dx * reach + side * width * 0.5;
                let cy = y + dy * (reach + height * 0.5);
                let frame = Frame::around(cx, cy, width * 0.5, height * 0.5);
                if self.claim(frame) {
                    return Some(Placed { frame, leader });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn labels_never_overlap_and_stay_inside(
            spots in prop::collection::vec((0.0f32..400.0, 0.0f32..300.0, 5.0f32..120.0), 0..80)
        ) {
            let bounds = Frame::new(0.0, 0.0, 400.0, 300.0);
            let mut room = Room::new(bounds);
            for (x, y, _) in &spots {
                room.take(Frame::around(*x, *y, 4.0, 4.0));
            }
            let placed: Vec<Frame> = spots
                .iter()
                .filter_map(|&(x, y, w)| room.beside(x, y, 5.0, w, 14.0))
                .map(|p| p.frame)
                .collect();
            for (k, a) in placed.iter().enumerate() {
                prop_assert!(bounds.holds(a));
                prop_assert!(placed[k + 1..].iter().all(|b| !a.overlaps(b)));
                prop_assert!(spots.iter().all(|(x, y, _)| !a.overlaps(&Frame::around(*x, *y, 4.0, 4.0))));
            }
            if spots.len() == 1 && spots[0].2 < 100.0 {
                prop_assert_eq!(placed.len(), 1);
            }
        }
    }
}
