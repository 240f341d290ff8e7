//! The front of a wave: how far the water moved within minutes, judged against how far it usually moves.
//!
//! A residual of centimetres over hours is weather or left-over tide; the same within five minutes is not. Samples are gathered
//! into slots of a minute (of one sample where samples come more slowly), and every full slot is compared with older ones:
//!
//! | bank | now: latest slots, least of them | before: slots back, number | centres apart |
//! |---|---|---|---|
//! | fine A | 2, the lesser | 4 back, 4 | 5 min |
//! | fine B | 3, the lesser two | 6 back, 8 | 8.5 min |
//! | fine C | 5, the lesser four | 12 back, 12 | 15.5 min |
//! | coarse | 3, the second largest whatever its sign | 3 back, 4 | 3 slots or more |
//!
//! "The lesser" drops the value that speaks loudest for a wave, and "before" drops its largest and its smallest, so that a lone
//! spike makes nothing. Each bank learns its own root mean square and remembers the largest change lately, which makes the
//! threshold the station's own: the least of 6 mm in the quiet deep ocean, five times 5 mm in a harbour, more where bursts are usual.
//!
//! Roughness, how badly slots follow from each other, is what shaking leaves in them. Sampled more rarely than every 10 s it may alias into
//! a slow swing while the surface waves come and sweep past the sampling period, so that its largest counts six times for 15 minutes;
//! later it is only noise.
//!
//! A change that happens between two slots and stands between flat ones is a **step** of the instrument and not a wave. It waits
//! for three flat slots, and then the level moves ([`Verdict::Step`]).

use super::detector::{micros, seconds};
use super::slots::Slots;
use super::within;
use libm::{fabsf, sqrtf};

/// A slot covers at least this long (a minute, less the jitter of its samples).
const SLOT_US: i64 = micros(55.0);
/// Slots longer than this are the coarse kind, s.
const COARSE_S: f32 = 120.0;
/// Fine banks: latest slots, slots back, slots there.
const BANKS: [(usize, usize, usize); 3] = [(2, 4, 4), (3, 6, 8), (5, 12, 12)];
const COARSE: (usize, usize, usize) = (3, 3, 4);
/// Memory of the banks' noise, s,
const NOISE_S: f32 = 6.0 * 3600.0;
/// and how much the guess before the first slot weighs, s.
const FIRST_WATCH_S: f32 = 600.0;
/// Until a bank has watched for this long its threshold is half as high again, s.
const YOUNG_S: f32 = 1800.0;
/// ... and for so long after a gap, s.
const AFTER_GAP_S: f32 = 3600.0;
/// The noise of a bank is not believed below this, m: half the 1 mm resolution of DART messages.
const LEAST_NOISE_M: f32 = 0.0005;
/// A wave exceeds the largest change lately by this factor,
const PEAK: f32 = 1.25;
/// which is forgotten with this time constant, s: weather lasts for days.
const PEAK_S: f32 = 36.0 * 3600.0;
/// ... and with this one while a tsunami passes, s: what it leaves in the sea for days is not the next one.
const WAVE_PEAK_S: f32 = 6.0 * 3600.0;
/// The banks are at least this many standard deviations of the tide's slope away from left-over tide.
const TIDE_FACTOR: f32 = 3.0;
/// How many times the roughness of minutes may appear as a change,
const LEAK: f32 = 4.0;
/// how many times the roughness that [`super::shaking`] forgets slowly,
const LEAK_FADING: f32 = 2.0;
/// and how many times while it is new, for so long, s (see [`super::shaking`]).
const LEAK_NEW: f32 = 6.0;
const TRAIN_S: f32 = 900.0;
/// A slot has many samples from here on: every 10 s.
const MANY: f32 = 6.0;
/// Minutes are rough beyond this many times their usual mean square.
const ROUGH: f32 = 9.0;
/// A bank learns its noise from changes below this part of its threshold.
const LEARN_BELOW: f32 = 0.75;
/// The largest change lately counts after this long, s.
const RECENT_S: f32 = 1800.0;

/// What one bank knows of the station.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Bank {
    /// Mean square of usual changes, m2.
    square: f32,
    /// Largest until lately, m,
    peak_m: f32,
    /// and the largest in the half hour under way and the one before, which may be the foot of a wave, m.
    recent_m: [f32; 2],
    change_m: f32,
}

/// The circumstances of a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// Standard deviation of the tide's slope, m/s.
    pub(super) slope_m_s: f32,
    /// Roughness of minutes, m.
    pub(super) rough_m: f32,
    /// Usual slow noise of the station, m: what is guessed for a bank that knows nothing.
    pub(super) noise_m: f32,
    /// The threshold is at least this, m, and
    pub(super) least_m: f32,
    /// this many times the noise.
    pub(super) factor: f32,
    /// Whether the station is as usual, so that there is something to learn, and how fast (1: usual, 0: not at all).
    pub(super) learn: f32,
    /// Whether the station shakes.
    pub(super) shaking: bool,
    /// Whether a tsunami is passing.
    pub(super) wave: bool,
}

/// What a full slot says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Within what is usual, or not known yet.
    Usual,
    /// The water moved.
    Moved(Moved),
    /// The instrument's level jumped by so much, m.
    Step(f32),
}

/// A change beyond the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    /// By how much, signed, m.
    pub(super) change_m: f32,
    /// How many thresholds that is.
    pub(super) ratio: f32,
    /// Since when.
    pub(super) since_us: i64,
}

/// The slots and their banks.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Front {
    slots: Slots,
    unit_s: f32,
    strange: u8,
    from_us: i64,
    latest_us: i64,
    /// Start of the latest full slot.
    full_us: i64,
    sum_m: f32,
    count: f32,
    /// Samples in the latest full slot.
    full_count: f32,
    banks: [Bank; 3],
    watched_s: f32,
    /// How long there has been no gap, s.
    since_gap_s: f32,
    /// How long the half hour under way has lasted, s.
    recent_s: f32,
    /// How long minutes have been rough, s.
    rough_s: f32,
    /// Largest mean square roughness since then, m2.
    roughest2: f32,
    usual_rough2: f32,
    ratio: f32,
    jumped: bool,
    /// What surface waves that just came may look like, m.
    train_m: f32,
}

impl Front {
    pub(super) fn new() -> Self {
        Self {
            slots: Slots::new(),
            unit_s: 60.0,
            strange: 0,
            from_us: i64::MIN,
            latest_us: i64::MIN,
            full_us: i64::MIN,
            sum_m: 0.0,
            count: 0.0,
            full_count: 0.0,
            banks: [Bank {
                square: 0.0,
                peak_m: 0.0,
                recent_m: [0.0; 2],
                change_m: 0.0,
            }; 3],
            watched_s: 0.0,
            since_gap_s: 0.0,
            recent_s: 0.0,
            rough_s: 0.0,
            roughest2: 0.0,
            usual_rough2: 0.0,
            ratio: 0.0,
            jumped: false,
            train_m: 0.0,
        }
    }

    /// How many thresholds the latest change is.
    pub(super) fn ratio(&self) -> f32 {
        self.ratio
    }

    /// Whether the latest change may be a step of the instrument: then it is too early to say.
    pub(super) fn may_be_step(&self) -> bool {
        self.jumped
    }

    /// What surface waves that just came, sampled too rarely, may look like, m.
    pub(super) fn train_m(&self) -> f32 {
        self.train_m
    }

    /// Mean of the latest full slot, m; NaN before there is one.
    pub(super) fn latest_m(&self) -> f32 {
        self.slots.latest_m()
    }

    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f32) {
        self.sum_m += by_m * self.count;
        self.slots.shift(by_m);
    }

    /// Takes a residual. Returns whether a slot is full: then it is to be judged.
    pub(super) fn gather(&mut self, time_us: i64, residual_m: f32) -> bool {
        if self.latest_us == i64::MIN {
            self.latest_us = time_us;
            self.from_us = time_us;
        }
        let step_us = time_us.saturating_sub(self.latest_us);
        self.latest_us = time_us;
        if self.count == 0.0
            && self.full_us != i64::MIN
            && time_us.saturating_sub(self.full_us) < SLOT_US
        {
            // More values in a slot that is full already: equal stamps, or the sampling became finer.
            self.full_count += 1.0;
            self.slots.fold(residual_m, self.full_count);
            return false;
        }
        if self.count > 0.0 && time_us.saturating_sub(self.from_us) >= SLOT_US {
            self.close();
        }
        if self.count == 0.0 {
            self.from_us = time_us;
        }
        self.sum_m += residual_m;
        self.count += 1.0;
        // The next sample would be in the next slot: do not wait for it.
        let lasted_us = time_us.saturating_sub(self.from_us);
        if lasted_us.saturating_add(step_us) < SLOT_US {
            return false;
        }
        self.close();
        true
    }

    /// The slot under way is full.
    fn close(&mut self) {
        let mean_m = self.sum_m / self.count;
        let interval_s = if self.full_us == i64::MIN {
            self.unit_s
        } else {
            seconds(self.full_us, self.from_us)
        };
        self.full_us = self.from_us;
        self.full_count = self.count;
        self.sum_m = 0.0;
        self.count = 0.0;
        let ratio = interval_s / self.unit_s;
        if (0.75..1.5).contains(&ratio) {
            self.strange = 0;
        } else {
            self.strange = self.strange.saturating_add(1);
            if ratio < 0.75 || self.strange >= 3 {
                *self = Self {
                    unit_s: within(interval_s, 60.0, 3600.0),
                    from_us: self.from_us,
                    latest_us: self.latest_us,
                    full_us: self.full_us,
                    full_count: self.full_count,
                    ..Self::new()
                };
            }
        }
        let steps = (interval_s / self.unit_s + 0.5) as usize;
        if self.slots.push(steps, mean_m) {
            self.since_gap_s = 0.0;
        }
        self.since_gap_s += self.unit_s;
    }

    /// What the slot that has become full says.
    pub(super) fn judge(&mut self, now: &Circumstances) -> Verdict {
        if self.watched_s == 0.0 {
            for bank in &mut self.banks {
                bank.square = now.noise_m * now.noise_m;
            }
        }
        let coarse = self.unit_s > COARSE_S;
        let (before2, latest2) = self.slots.roughness(now.rough_m);
        // Surface waves sweep past the sampling period when they come, and then look slow; later they are only noise.
        let rough = before2.max(latest2) > ROUGH * self.usual_rough2;
        self.rough_s = if rough || now.shaking {
            self.rough_s + self.unit_s
        } else {
            0.0
        };
        // Waves of seconds average out of a minute of many samples, and alias into a minute of few.
        let few = self.full_count < MANY;
        let new = few && self.rough_s > 0.0 && self.rough_s < TRAIN_S;
        let leak2 = if new {
            self.roughest2 = self
                .roughest2
                .max(before2)
                .max(latest2)
                .max(now.rough_m * now.rough_m);
            LEAK_NEW * LEAK_NEW * self.roughest2
        } else {
            self.roughest2 = 0.0;
            let lasting2 = LEAK * LEAK * before2;
            let memory2 = LEAK_FADING * LEAK_FADING * now.rough_m * now.rough_m;
            (lasting2.max(memory2) - 2.0 * LEAK * LEAK * self.usual_rough2).max(0.0)
        };
        self.train_m = if new { sqrtf(leak2) } else { 0.0 };
        self.recent_s += self.unit_s;
        let turned = self.recent_s >= RECENT_S;
        if turned {
            self.recent_s = 0.0;
        }
        let young = if self.watched_s < YOUNG_S.max(8.0 * self.unit_s)
            || self.since_gap_s < AFTER_GAP_S.max(4.0 * self.unit_s)
        {
            1.5
        } else {
            1.0
        };
        let memory_s = NOISE_S
            .max(48.0 * self.unit_s)
            .min(self.watched_s + FIRST_WATCH_S.max(2.0 * self.unit_s));
        let weight = now.learn * (self.unit_s / memory_s).min(0.5);
        let (mut best, mut best_ratio, mut known) = (0.0, 0.0, false);
        let shapes: &[(usize, usize, usize)] = if coarse { &[COARSE] } else { &BANKS };
        for (&shape, bank) in shapes.iter().zip(&mut self.banks) {
            let Some((change_m, whole_m, before_m)) = self.slots.change(shape, coarse) else {
                continue;
            };
            known = true;
            let noise_m = sqrtf(bank.square).max(LEAST_NOISE_M);
            let apart_s =
                self.unit_s * (shape.1 as f32 + 0.5 * shape.2 as f32 - 0.5 * shape.0 as f32);
            let own_m = now
                .least_m
                .max(young * now.factor * noise_m)
                .max(PEAK * bank.peak_m)
                .max(LEAK * before_m)
                .max(TIDE_FACTOR * now.slope_m_s * apart_s);
            let ratio = fabsf(change_m) / sqrtf(own_m * own_m + leak2);
            bank.change_m = change_m;
            if ratio > best_ratio {
                (best, best_ratio) = (change_m, ratio);
            }
            let bound_m = 3.0 * noise_m;
            let square = (whole_m * whole_m).min(bound_m * bound_m);
            if ratio < LEARN_BELOW {
                bank.square += weight * (square - bank.square);
            }
            let peak_s = if now.wave { WAVE_PEAK_S } else { PEAK_S };
            bank.peak_m -= bank.peak_m * (self.unit_s / peak_s).min(1.0);
            if now.wave || (now.learn > 0.0 && ratio <= 1.0 && !rough) {
                bank.recent_m[0] = bank.recent_m[0].max(fabsf(change_m));
            }
            if turned {
                bank.peak_m = bank.peak_m.max(bank.recent_m[1]);
                bank.recent_m = [0.0, bank.recent_m[0]];
            }
        }
        self.ratio = best_ratio;
        self.jumped = false;
        if known {
            self.watched_s += self.unit_s * now.learn;
            self.usual_rough2 +=
                weight * (before2.min(9.0 * self.usual_rough2.max(1e-8)) - self.usual_rough2);
        }
        let slot_m = sqrtf(self.usual_rough2).max(LEAST_NOISE_M);
        if !coarse && let Some((jump_m, complete)) = self.slots.jump(slot_m, self.full_count > 1.0)
        {
            if complete {
                self.ratio = 0.0;
                return Verdict::Step(jump_m);
            }
            self.jumped = true;
        }
        if !coarse && self.slots.abrupt(slot_m) {
            self.jumped = true;
        }
        if best_ratio <= 1.0 {
            return Verdict::Usual;
        }
        Verdict::Moved(Moved {
            change_m: best,
            ratio: best_ratio,
            since_us: self
                .full_us
                .saturating_sub(micros(self.slots.age(best) as f32 * self.unit_s)),
        })
    }

    /// The step of `by_m` that was told is taken into the level: what came after it moves to where the water was.
    pub(super) fn relevel(&mut self, by_m: f32) {
        self.slots.relevel(by_m);
        self.sum_m -= by_m * self.count;
        self.jumped = false;
    }
}
