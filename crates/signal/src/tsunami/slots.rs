//! The latest minutes (or samples, where they come more slowly), and what their shape says.
//!
//! Nothing here knows what is usual at the station: [`super::front`] judges.

use libm::{fabsf, sqrtf};

/// Slots kept.
pub(super) const KEPT: usize = 24;
/// Roughness is the mean over this many slots.
const ROUGH_SLOTS: usize = 10;
/// Slots that are looked at together.
const LANES: usize = 4;
/// After more missing slots than this the older ones are forgotten.
const MOST_MISSING: usize = 6;
/// Flat slots on each side of a step,
const FLAT: usize = 3;
/// flat within this part of the step,
const FLAT_PART: f32 = 0.15;
/// but no more than this, m: what moves more within three minutes is not flat, whatever jumps beside it;
const FLAT_MOST_M: f32 = 0.3;
/// or within this many times the noise of a slot.
const FLAT_NOISE: f32 = 3.5;
/// A change of this many times the noise of a slot between two slots, after flat ones, waits for a third slot: bad blocks come in
/// twos.
const ABRUPT: f32 = 12.0;

/// Latest first; NaN where nothing came.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Slots {
    ring: [f32; KEPT],
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            ring: [f32::NAN; KEPT],
        }
    }

    /// A mean, `steps` slots after the latest. Returns whether the older ones were forgotten.
    pub(super) fn push(&mut self, steps: usize, mean_m: f32) -> bool {
        let steps = steps.clamp(1, KEPT);
        self.ring.copy_within(..KEPT - steps, steps);
        self.ring[..steps].fill(f32::NAN);
        // The tide was not watched meanwhile: what is left of it is not a change of the water.
        let forgotten = steps > MOST_MISSING;
        if forgotten {
            self.ring.fill(f32::NAN);
        }
        self.ring[0] = mean_m;
        forgotten
    }

    /// One more value for the latest slot, which then has `count`.
    pub(super) fn fold(&mut self, value_m: f32, count: f32) {
        self.ring[0] += (value_m - self.ring[0]) / count;
    }

    /// Mean of the latest slot, m.
    pub(super) fn latest_m(&self) -> f32 {
        self.ring[0]
    }

    pub(super) fn shift(&mut self, by_m: f32) {
        for slot in &mut self.ring {
            *slot += by_m;
        }
    }

    /// What came after a complete step moves to where the water was.
    pub(super) fn relevel(&mut self, by_m: f32) {
        for slot in &mut self.ring[..FLAT] {
            *slot -= by_m;
        }
        self.ring[FLAT] = self.ring[FLAT + 1];
    }

    /// How far the water is from where it was, m, as one must believe and on the whole; `None` where too little is known.
    pub(super) fn change(
        &self,
        (latest, back, number): (usize, usize, usize),
        coarse: bool,
    ) -> Option<(f32, f32, f32)> {
        let (sum, square, count, low, high) = gather(&self.ring[back..back + number]);
        if count * 2.0 <= number as f32 {
            return None;
        }
        let before = if count > 3.0 {
            (sum - low - high) / (count - 2.0)
        } else {
            sum / count
        };
        // Standard deviation of that mean, by the scatter it was made of.
        let scatter = (square - sum * sum / count).max(0.0) / (count - 1.0) / count;
        let before_m = sqrtf(scatter);
        let now = &self.ring[..latest];
        if now.iter().any(|slot| !slot.is_finite()) {
            return None;
        }
        if coarse {
            let mut away = [now[0] - before, now[1] - before, now[2] - before];
            away.sort_unstable_by(|a, b| b.abs().total_cmp(&a.abs()));
            return Some((away[1], away[1], before_m));
        }
        let (mut sum, mut low, mut high) = (0.0, f32::INFINITY, f32::NEG_INFINITY);
        for &slot in now {
            let away = slot - before;
            sum += away;
            low = low.min(away);
            high = high.max(away);
        }
        let loudest = if sum > 0.0 { high } else { low };
        let rest = (sum - loudest) / (latest - 1) as f32;
        // Dropping the loudest may turn the sign round, and bad blocks end: then nothing moved.
        let still = now[0] - before;
        let moved = rest * sum > 0.0 && still * rest >= 0.5 * rest * rest;
        let change_m = if moved { rest } else { 0.0 };
        Some((change_m, sum / latest as f32, before_m))
    }

    /// How many slots ago the present motion had a tenth of itself behind it; 0 where that is longer ago than is kept.
    pub(super) fn age(&self, change_m: f32) -> usize {
        let top = self.ring[0];
        let calm = top - 0.9 * change_m;
        let mut age = 0;
        for (k, &slot) in self.ring.iter().enumerate() {
            if slot.is_finite() && (slot - calm) * change_m <= 0.0 {
                age = k;
                break;
            }
        }
        age
    }

    /// Mean square of how badly slots follow from each other (second differences, normalised to a slot's own), m2: before the
    /// latest two slots, and that of the latest three alone, halved. `otherwise_m` stands in where slots are missing.
    pub(super) fn roughness(&self, otherwise_m: f32) -> (f32, f32) {
        let second2 = |k: usize| {
            let [a, b, c] = [self.ring[k], self.ring[k + 1], self.ring[k + 2]];
            let second = a - 2.0 * b + c;
            second * second
        };
        let mut squares = [0.0; LANES * ROUGH_SLOTS.div_ceil(LANES)];
        for (k, square) in squares[..ROUGH_SLOTS].iter_mut().enumerate() {
            *square = second2(2 + k);
        }
        let (sum, _, count, ..) = gather(&squares);
        let count = count - (squares.len() - ROUGH_SLOTS) as f32;
        let otherwise2 = otherwise_m * otherwise_m;
        let before2 = if count >= 4.0 {
            sum / (6.0 * count)
        } else {
            otherwise2
        };
        let latest2 = second2(0);
        (
            before2,
            if latest2.is_finite() {
                latest2 / 12.0
            } else {
                otherwise2
            },
        )
    }

    /// Whether the water left a flat sea all at once, no more than two slots ago.
    pub(super) fn abrupt(&self, noise_m: f32) -> bool {
        let Some((old_m, spread_m)) = mean(&self.ring[2..2 + FLAT]) else {
            return false;
        };
        spread_m <= FLAT_NOISE * noise_m && fabsf(self.ring[1] - old_m) > ABRUPT * noise_m
    }

    /// A jump between flat slots: its size, m, and whether enough flat slots followed. `None`: what moved, moved otherwise.
    pub(super) fn jump(&self, noise_m: f32, partial: bool) -> Option<(f32, bool)> {
        // Wherever the jump is, one of these two lies before it.
        let far = |k: usize| fabsf(self.ring[0] - self.ring[k]) > FLAT_NOISE * noise_m;
        if !(far(FLAT) || far(FLAT + 1)) {
            return None;
        }
        for after in 1..=FLAT {
            // The slot of the jump itself may hold a part of it.
            let widths = if partial { 2 } else { 1 };
            for width in 0..widths {
                let old = &self.ring[after + width..after + width + FLAT];
                let new = &self.ring[..after];
                let (old_m, old_spread) = mean(old)?;
                let (new_m, new_spread) = mean(new)?;
                let jump_m = new_m - old_m;
                let flat_m = (FLAT_PART * fabsf(jump_m))
                    .min(FLAT_MOST_M)
                    .max(FLAT_NOISE * noise_m);
                let between = width == 0 || {
                    let part = self.ring[after] - old_m;
                    part * jump_m > 0.0 && fabsf(part) < fabsf(jump_m)
                };
                if fabsf(jump_m) > 3.0 * flat_m
                    && old_spread <= flat_m
                    && new_spread <= flat_m
                    && between
                {
                    return Some((jump_m, after == FLAT));
                }
            }
        }
        None
    }
}

/// Mean and range of slots; `None` when one is missing.
fn mean(slots: &[f32]) -> Option<(f32, f32)> {
    let (mut sum, mut low, mut high) = (0.0, f32::INFINITY, f32::NEG_INFINITY);
    for &slot in slots {
        if !slot.is_finite() {
            return None;
        }
        sum += slot;
        low = low.min(slot);
        high = high.max(slot);
    }
    Some((sum / slots.len() as f32, high - low))
}

/// The lesser of two numbers; one instruction, since it does not care about NaN.
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The greater likewise.
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Sum, sum of squares, number, least and largest of the slots that hold something.
fn gather(slots: &[f32]) -> (f32, f32, f32, f32, f32) {
    // Side by side: the processor takes four at once. Every bank looks at a multiple of four slots.
    let (fours, _) = slots.as_chunks::<LANES>();
    let (mut sum, mut square) = ([0.0; LANES], [0.0; LANES]);
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for four in fours {
        sum = core::array::from_fn(|k| sum[k] + four[k]);
        square = core::array::from_fn(|k| square[k] + four[k] * four[k]);
        low = core::array::from_fn(|k| lesser(four[k], low[k]));
        high = core::array::from_fn(|k| greater(four[k], high[k]));
    }
    let all = (
        (sum[0] + sum[1]) + (sum[2] + sum[3]),
        (square[0] + square[1]) + (square[2] + square[3]),
        slots.len() as f32,
        lesser(lesser(low[0], low[1]), lesser(low[2], low[3])),
        greater(greater(high[0], high[1]), greater(high[2], high[3])),
    );
    // NaN spreads: only then is it worth looking at each.
    if all.0.is_finite() {
        return all;
    }
    slots.iter().filter(|slot| slot.is_finite()).fold(
        NO_SLOTS,
        |(sum, square, count, low, high), &slot| {
            let (low, high) = (low.min(slot), high.max(slot));
            (sum + slot, square + slot * slot, count + 1.0, low, high)
        },
    )
}

const NO_SLOTS: (f32, f32, f32, f32, f32) = (0.0, 0.0, 0.0, f32::INFINITY, f32::NEG_INFINITY);
