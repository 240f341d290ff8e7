//! The detector's state machine: one sample in, one [`Step`] out.

use super::front::{Circumstances, Front, Moved, Verdict};
use super::lowpass::Lowpass;
use super::settings::Settings;
use super::shaking::{MINUTE_S, Shaking};
use super::spike::{Guard, Passed};
use super::tide::{self, Tide};
use super::wave::{Event, Excursion, Half};
use super::{Change, Sign, Step, within};
use libm::{fabs, fabsf, sqrt, sqrtf};

/// Heights beyond this are no heights, m: the deepest sea floor lies at 10,935 m (GEBCO). They are ignored.
const LARGEST_M: f64 = 20_000.0;

/// Noise assumed before anything is known, m,
const FIRST_NOISE_M: f32 = 0.01;
/// and the most that is assumed when the first samples differ.
const FIRST_NOISE_MOST_M: f32 = 0.03;
/// Noise below this is not believed, m: the resolution of deep pressure sensors in DART messages is 1 mm.
const LEAST_NOISE_M: f32 = 0.002;
/// The first level is not better known than this, m.
const FIRST_SPREAD_M: f64 = 0.02;
/// Time constant of the noise estimate, s.
const NOISE_S: f32 = 6.0 * 3600.0;
/// The estimate forgets its first guess as if that had been watched for this long, s.
const FIRST_WATCH_S: f32 = 3600.0;
/// The motion is calm below this part of the threshold (or below the noise): there a wave begins.
const CALM: f32 = 0.125;
/// One tide measurement is the mean of the samples over at least this long.
const BLOCK_US: i64 = 300_000_000;
/// The tide's prediction must be this many standard deviations better than the threshold.
const TIDE_FACTOR: f32 = 3.0;
/// While a wave is suspected the tide hardly learns; during a confirmed one, which may last for days, it learns slowly.
const EXCURSION_DISTRUST: f32 = 10.0;
const EVENT_DISTRUST: f32 = 3.0;
/// An excursion to one side longer than this is no wave but a new level: three times half the longest tsunami period, 1 h.
const RELEVEL_US: i64 = 5_400_000_000;
/// A second beyond the threshold counts at most this often towards confirmation, however strong the motion; once while shaking is
/// new, since a wave train that sweeps past the sampling period can look like one slow swing.
const STRONG: f32 = 3.0;
/// ... unless the slow motion is this many times the fast: then it is no wave train.
const CLEAR: f32 = 4.0;
/// The latest minute must still hold this part of the slow motion.
const STILL: f32 = 0.3;
/// Samples further apart than this do not belong to one excursion, and no more than this counts as watched, s.
const APART_S: f32 = 1800.0;
/// After a gap longer than this the level may have changed unseen (sensors are serviced in gaps),
const GAP_US: i64 = 2 * 3_600_000_000;
/// by about this much, m; the tide's uncertainty grows by it and the threshold with it until the level is known again.
const GAP_SPREAD_M: f64 = 0.1;

/// A sharp step beyond this is more than a sensor that sank or tilted, m: another sensor or another datum, and the tide that was
/// learnt may be another's.
const ELSEWHERE_M: f32 = 0.6;

/// No wave and no shaking is this far from the tide, m: 38 m of sound and shaking at a sensor over the source of 2011 are the most on
/// record. It is a missing value's number, a service, or another station behind the same name.
const STRANGE_M: f32 = 100.0;
/// ... unless the fast motion is this part of it.
const STRANGE_FAST: f32 = 8.0;
/// What stays there for this long, and moves so often meanwhile, is where the station is now, and nothing else is known of it. A number
/// that stands for a missing value does not move.
const STRANGE_US: i64 = 1_800_000_000;
const STRANGE_MOVES: u32 = 3;

/// Samples gathered for one tide measurement.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Block {
    sum_m: f64,
    /// Of times since the latest measurement.
    sum_us: i64,
    count: u32,
    latest_us: i64,
}

/// Samples far from anything that water does.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Strange {
    since_us: i64,
    height_m: f64,
    moves: u32,
}

/// Tells a tsunami from tide, shaking, spikes and noise. See the [module](super).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detector {
    settings: Settings,
    first: [f64; 3],
    seen: u8,
    latest_us: i64,
    tide: Tide,
    tide_us: i64,
    block: Block,
    guard: Guard,
    lowpass: Lowpass,
    shaking: Shaking,
    slow_m: f32,
    noise2: f32,
    noise_m: f32,
    /// The threshold without shaking and with a settled tide.
    usual_m: f32,
    delay_us: i64,
    watched_s: f32,
    excursion: Option<Excursion>,
    event: Option<Event>,
    half: Half,
    front: Front,
    strange: Option<Strange>,
    /// Whether the level jumped so far that this is another place.
    elsewhere: bool,
}

impl Detector {
    /// A detector that knows nothing of its station yet. Settings that make no sense fall back to their defaults.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let settings = settings.sane();
        let lowpass = Lowpass::new(settings.shaking_period_s);
        let delay_us = (Lowpass::delay_s(settings.shaking_period_s) * 1e6) as i64;
        let mut detector = Self {
            settings,
            first: [0.0; 3],
            seen: 0,
            latest_us: i64::MIN,
            tide: Tide::new(0.0, 1.0),
            tide_us: 0,
            block: Block::default(),
            guard: Guard::default(),
            lowpass,
            shaking: Shaking::new(settings.shaking_m, settings.shaking_period_s),
            slow_m: 0.0,
            noise2: FIRST_NOISE_M * FIRST_NOISE_M,
            noise_m: FIRST_NOISE_M,
            usual_m: 0.0,
            delay_us,
            watched_s: 0.0,
            excursion: None,
            event: None,
            half: Half::at(0),
            front: Front::new(),
            strange: None,
            elsewhere: false,
        };
        detector.knows_noise(FIRST_NOISE_M);
        detector
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a confirmed tsunami is under way.
    #[must_use]
    pub fn in_event(&self) -> bool {
        self.event.is_some()
    }

    /// Whether the latest samples shake.
    #[must_use]
    pub fn is_shaking(&self) -> bool {
        self.shaking.is_on()
    }

    /// Takes a sample.
    ///
    /// One that is not finite, beyond 20 km, or older than the latest changes nothing and comes back with a NaN residual; a
    /// caller that wants to count those compares for itself. Equal times are averaged.
    pub fn step(&mut self, time_us: i64, height_m: f64) -> Step {
        // Written so that NaN is refused too.
        if !(fabs(height_m) <= LARGEST_M && time_us >= self.latest_us) {
            return self.report(f32::NAN, f32::INFINITY, None);
        }
        if self.seen < 3 {
            return self.start(time_us, height_m);
        }
        let after_us = time_us.saturating_sub(self.tide_us);
        let mut residual_m = self.tide.left_m(height_m, after_us);
        let size = fabsf(residual_m);
        if size > STRANGE_M && size > STRANGE_FAST * self.shaking.fast_m() {
            return self.wonder(time_us, height_m);
        }
        self.strange = None;
        let gap_us = time_us.saturating_sub(self.latest_us);
        self.latest_us = time_us;
        if gap_us > BLOCK_US {
            self.measure();
            if gap_us > GAP_US {
                self.tide.gap(GAP_SPREAD_M);
            }
            residual_m = self
                .tide
                .left_m(height_m, time_us.saturating_sub(self.tide_us));
        }
        let shaking = &self.shaking;
        let Some(passed) = self
            .guard
            .pass(seconds(0, gap_us), residual_m, self.slow_m, || {
                shaking.fast_m()
            })
        else {
            let after_us = time_us.saturating_sub(self.tide_us);
            return self.report(residual_m, self.threshold_m(after_us), None);
        };
        if let Some((step_s, earlier_m)) = passed.earlier {
            self.lowpass.step(step_s, earlier_m);
        }
        self.slow_m = self.lowpass.step(passed.step_s, passed.residual_m);
        let shook = self.shaking.step(time_us, passed.residual_m);
        let moved = self.watch_front(time_us, &passed);
        if self.elsewhere {
            return self.begin_anew(time_us, height_m);
        }
        self.gather(time_us, height_m);
        let threshold_m = self.threshold_m(time_us.saturating_sub(self.tide_us));
        let found = self.decide(time_us, passed.step_s, threshold_m, moved);
        let change = found.or(shook.filter(|_| self.event.is_none()));
        self.report(residual_m, threshold_m, change)
    }

    /// A sample far from anything that water does is as good as none, until it proves to be how things are now. Then everything
    /// begins anew; an event ends only after as long as a quiet sea would take to end it.
    fn wonder(&mut self, time_us: i64, height_m: f64) -> Step {
        let strange = self.strange.get_or_insert(Strange {
            since_us: time_us,
            height_m,
            moves: 0,
        });
        if height_m != strange.height_m {
            strange.height_m = height_m;
            strange.moves = strange.moves.saturating_add(1);
        }
        let lasted_us = time_us.saturating_sub(strange.since_us);
        let quiet = self.event.is_none() || lasted_us as f64 * 1e-6 >= self.settings.quiet_s;
        if strange.moves < STRANGE_MOVES || lasted_us < STRANGE_US || !quiet {
            return self.report(f32::NAN, f32::INFINITY, None);
        }
        self.begin_anew(time_us, height_m)
    }

    /// From here on as if nothing had been before; an event ends.
    fn begin_anew(&mut self, time_us: i64, height_m: f64) -> Step {
        let end = self.event.map(|event| event.end());
        *self = Self::new(self.settings);
        let step = self.start(time_us, height_m);
        Step {
            change: end,
            ..step
        }
    }

    /// The first three samples only fix where the water stands: their median, so that one bad first sample costs nothing.
    fn start(&mut self, time_us: i64, height_m: f64) -> Step {
        self.first[usize::from(self.seen)] = height_m;
        self.seen += 1;
        self.latest_us = time_us;
        if self.seen == 3 {
            let [a, b, c] = self.first;
            let spread_m = (a.max(b).max(c) - a.min(b).min(c)).max(FIRST_SPREAD_M);
            self.tide = Tide::new(a.min(b).max(a.max(b).min(c)), spread_m);
            // What three samples differ from a line, as white noise; the tide between them hardly counts.
            let rough_m = (fabs(a - 2.0 * b + c) / sqrt(6.0)) as f32;
            self.knows_noise(within(rough_m, FIRST_NOISE_M, FIRST_NOISE_MOST_M));
            self.noise2 = self.noise_m * self.noise_m;
            self.tide_us = time_us;
            self.half = Half::at(time_us);
        }
        self.report(0.0, f32::INFINITY, None)
    }

    fn report(&self, residual_m: f32, threshold_m: f32, change: Option<Change>) -> Step {
        Step {
            residual_m: f64::from(residual_m),
            slow_m: f64::from(self.slow_m),
            noise_m: f64::from(self.noise_m),
            threshold_m: f64::from(threshold_m),
            change,
        }
    }

    /// The threshold of the slow motion, `after_us` after the tide was measured.
    fn threshold_m(&self, after_us: i64) -> f32 {
        let tide_m2 = TIDE_FACTOR * TIDE_FACTOR * self.tide.variance_m2(after_us);
        // The root only where it counts.
        let settled_m = if tide_m2 > self.usual_m * self.usual_m {
            sqrtf(tide_m2)
        } else {
            self.usual_m
        };
        settled_m + self.shaking.leak_m()
    }

    fn knows_noise(&mut self, noise_m: f32) {
        self.noise_m = noise_m;
        let noise_factor = self.settings.noise_factor as f32;
        self.usual_m = (self.settings.threshold_m as f32).max(noise_factor * noise_m);
    }

    /// Shows the front what came through. A jump of the instrument is taken into the level; a change of the water is returned.
    fn watch_front(&mut self, time_us: i64, passed: &Passed) -> Option<Moved> {
        if let Some((_, earlier_m)) = passed.earlier {
            let earlier_us = time_us.saturating_sub(micros(passed.step_s));
            if self.front.gather(earlier_us, earlier_m) {
                self.front.judge(&self.circumstances());
            }
        }
        if !self.front.gather(time_us, passed.residual_m) {
            return None;
        }
        match self.front.judge(&self.circumstances()) {
            Verdict::Usual => None,
            Verdict::Step(by_m) => {
                self.stepped(by_m);
                self.elsewhere = fabsf(by_m) > ELSEWHERE_M && self.event.is_none();
                None
            }
            Verdict::Moved(moved) => Some(moved),
        }
    }

    fn circumstances(&self) -> Circumstances {
        let learn = if self.shaking.is_on() || self.excursion.is_some() && self.event.is_none() {
            0.0
        } else if self.event.is_some() {
            0.25
        } else {
            1.0
        };
        Circumstances {
            slope_m_s: self.tide.slope_sigma_m_s(),
            rough_m: self.shaking.rough_m(),
            noise_m: self.noise_m,
            least_m: self.settings.least_m as f32,
            factor: self.settings.front_factor as f32,
            learn,
            shaking: self.shaking.is_on(),
            wave: self.event.is_some(),
        }
    }

    /// Gathers samples into blocks.
    fn gather(&mut self, time_us: i64, height_m: f64) {
        let after_us = time_us.saturating_sub(self.tide_us);
        self.block.sum_m += height_m;
        self.block.sum_us = self.block.sum_us.saturating_add(after_us);
        self.block.count = self.block.count.saturating_add(1);
        self.block.latest_us = time_us;
        if after_us >= BLOCK_US {
            self.measure();
        }
    }

    /// Gives the block to the tide, and what the tide leaves to the noise.
    fn measure(&mut self) {
        let Block {
            sum_m,
            sum_us,
            count,
            latest_us,
        } = core::mem::take(&mut self.block);
        if count == 0 {
            return;
        }
        let centre_us = sum_us / i64::from(count);
        let span_s = seconds(self.tide_us, latest_us).max(1.0);
        let suspicion = match (&self.event, &self.excursion) {
            (Some(_), _) => EVENT_DISTRUST,
            (None, Some(_)) => EXCURSION_DISTRUST,
            (None, None) => 1.0,
        };
        let before_m = self.tide.predict(latest_us.saturating_sub(self.tide_us));
        // The tide counts residuals as agreeing for 20 minutes; minutes that shake are independent of each other.
        let rough = self.shaking.rough_m() / self.noise_m;
        let distrust =
            suspicion * sqrtf(1.0 + rough * rough * MINUTE_S / tide::CORRELATION_S as f32);
        self.tide.measure(
            centre_us as f64 * 1e-6,
            f64::from(span_s),
            sum_m / f64::from(count),
            f64::from(self.noise_m),
            f64::from(distrust),
        );
        self.tide_us = self.tide_us.saturating_add(centre_us).min(latest_us);
        // The past residuals were measured against the old prediction: move them along, so that no step is seen.
        let shift = before_m - self.tide.predict(latest_us.saturating_sub(self.tide_us));
        let shift = shift as f32;
        self.lowpass.shift(shift);
        self.shaking.shift(shift);
        self.guard.shift(shift);
        self.front.shift(shift);
        let left_m = self.slow_m;
        self.slow_m += shift;
        let settled_m = 3.0 * self.noise_m;
        let settled = self.tide.variance_m2(0) <= settled_m * settled_m && !self.shaking.is_on();
        if settled && (self.excursion.is_none() || self.event.is_some()) {
            self.learn_noise(span_s.min(3600.0), left_m);
        }
    }

    fn learn_noise(&mut self, span_s: f32, left_m: f32) {
        self.watched_s += span_s;
        // During an event the noise learns four times slower: enough for a storm not to keep an event open for ever.
        let memory_s = if self.event.is_some() {
            4.0 * NOISE_S
        } else {
            NOISE_S.min(self.watched_s + FIRST_WATCH_S)
        };
        let bound = 3.0 * self.noise_m;
        let square = (left_m * left_m).min(bound * bound);
        self.noise2 += span_s / memory_s * (square - self.noise2);
        self.knows_noise(sqrtf(self.noise2).max(LEAST_NOISE_M));
    }

    fn decide(
        &mut self,
        time_us: i64,
        step_s: f32,
        threshold_m: f32,
        moved: Option<Moved>,
    ) -> Option<Change> {
        let size = fabsf(self.slow_m);
        let sign = Sign::of(self.slow_m);
        let centre_us = time_us.saturating_sub(self.delay_us);
        let calm_m = self.noise_m.max(CALM * threshold_m);
        self.half
            .follow(centre_us, step_s, self.slow_m, calm_m, threshold_m);
        let doubtful = self.shaking.is_new() && size < CLEAR * self.shaking.fast_m();
        let strong = if doubtful { 1.0 } else { STRONG };
        self.excursion = match self.excursion {
            _ if size <= threshold_m => None,
            Some(e) if e.sign == sign && step_s <= APART_S => Some(Excursion {
                samples: e.samples.saturating_add(1),
                weight_s: e.weight_s
                    + step_s.min(0.5 * self.settings.confirm_s as f32)
                        * (size / threshold_m).min(strong),
                ..e
            }),
            _ => Some(Excursion {
                sign,
                since_us: time_us,
                samples: 1,
                weight_s: 0.0,
            }),
        };
        let lasted_us = self
            .excursion
            .map_or(0, |e| time_us.saturating_sub(e.since_us));
        if lasted_us > RELEVEL_US {
            self.relevel();
            return None;
        }
        let usual = self.usual_m;
        let Some(event) = &mut self.event else {
            if self.front.may_be_step() {
                return None;
            }
            let ratio = size / threshold_m;
            // The low-pass lags: a bad block is over before it shows.
            let still =
                sign.times(self.front.latest_m()) >= STILL * size && size > self.front.train_m();
            let stayed = self.excursion.filter(|e| {
                still && f64::from(e.weight_s) >= self.settings.confirm_s && e.samples >= 2
            });
            let moved = moved.filter(|m| {
                !self.shaking.is_new() || fabsf(m.change_m) >= CLEAR * self.shaking.fast_m()
            });
            let (onset_us, sign, ratio) = match (stayed, moved) {
                (Some(_), Some(m)) if Sign::of(m.change_m) == sign => {
                    (self.half.from_us, sign, ratio.max(m.ratio))
                }
                (Some(_), _) => (self.half.from_us, sign, ratio),
                (None, Some(m)) => (m.since_us, Sign::of(m.change_m), m.ratio),
                (None, None) => return None,
            };
            let confidence = self.confidence(ratio);
            self.event = Some(Event::new(&self.half, time_us));
            return Some(Change::Onset {
                onset_us,
                sign,
                confidence,
            });
        };
        // Silence is not quiet: a gap counts for little.
        let quiet_us = event.quiet(
            time_us,
            size <= usual && self.front.ratio() <= 1.0,
            micros(step_s.min(APART_S)),
        );
        if quiet_us as f64 * 1e-6 >= self.settings.quiet_s {
            let end = event.end();
            self.event = None;
            return Some(end);
        }
        event.grow(&self.half, size, self.settings.shaking_period_s)
    }

    /// How likely a call is a wave that exceeds its threshold `ratio` times: the share of such calls that were waves in the made-up
    /// seas of `tests/station_noise.rs`.
    fn confidence(&self, ratio: f32) -> f64 {
        let ratio = f64::from(ratio);
        let square = (ratio * ratio).max(1.0);
        let mut doubt = 0.45 / (square * square);
        if self.shaking.is_on() {
            doubt = 1.5 * doubt.max(0.07);
        }
        1.0 - doubt.max(0.01)
    }

    /// The instrument's level jumped: what came after the jump moves to where the water was.
    fn stepped(&mut self, by_m: f32) {
        self.tide.step(f64::from(by_m));
        self.lowpass.shift(-by_m);
        self.shaking.shift(-by_m);
        self.guard.shift(-by_m);
        self.front.relevel(by_m);
        self.slow_m -= by_m;
        self.block = Block::default();
        self.excursion = None;
    }

    /// A lasting offset (a moved sensor, co-seismic uplift, a changed datum) becomes the new level.
    fn relevel(&mut self) {
        let by_m = self.slow_m;
        self.tide.relevel(f64::from(by_m));
        self.lowpass.shift(-by_m);
        self.shaking.shift(-by_m);
        self.front.shift(-by_m);
        self.slow_m = 0.0;
        self.block = Block::default();
        self.excursion = None;
        self.half = Half::at(self.latest_us.saturating_sub(self.delay_us));
    }
}

/// Seconds from one time to another; times far apart saturate.
pub(super) fn seconds(from_us: i64, to_us: i64) -> f32 {
    let us = to_us.saturating_sub(from_us);
    // Single instructions on a Cortex-M4 up to 71 minutes.
    u32::try_from(us).map_or(us as f32, |us| us as f32) * 1e-6
}

/// The same the other way; what is longer than 71 minutes is good to a millionth.
pub(super) const fn micros(s: f32) -> i64 {
    (s * 1e6) as i64
}
