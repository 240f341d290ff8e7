//! The tide and everything slower, tracked by a small Kalman filter at irregular times.
//!
//! State: height, its slope, and three stochastic oscillators (diurnal, semidiurnal, quarter-diurnal), eight numbers. The
//! slope wanders (an integrated random walk), which alone is a high-pass at [`TREND_PERIOD_S`]; the oscillators carry the
//! tide's memory, so that the prediction stays good for hours while a wave passes. With a short history the
//! prior variance of the oscillators speaks: [`Tide::sigma_m`] says how far the prediction can be trusted, and the
//! detector's threshold follows it, so that there is no separate warm-up.
//!
//! What is left after the tide is not white: neighbouring residuals agree for [`CORRELATION_S`]. A measurement that
//! stands for `span` seconds therefore counts with variance `sigma^2 CORRELATION_S / span`, which makes the
//! result nearly independent of the sampling. Process noise scales with the same `sigma^2`: the filter's
//! speed is set by the periods below, not by the station.
//!
//! An innovation beyond [`GATE`] standard deviations pulls no harder than one at the gate (Huber), so that a wave or a
//! broken sensor moves the tide only slowly.

use super::detector::seconds;
use super::within;
use libm::{cos, sin, sqrt, sqrtf};

/// Number of states: height, slope, three pairs.
const N: usize = 8;

/// Angular speeds, rad/s. Diurnal: mean of K1 (15.041 deg/h) and O1 (13.943); semidiurnal: between M2 (28.984) and S2
/// (30.000), nearer M2; quarter-diurnal: M4 (57.968). Speeds: Doodson 1921 as tabulated by NOAA CO-OPS.
const SPEEDS: [f64; 3] = [14.492 * DEG_PER_H, 29.1 * DEG_PER_H, 57.968 * DEG_PER_H];
const DEG_PER_H: f64 = core::f64::consts::PI / 180.0 / 3600.0;

/// Prior standard deviation of each oscillator, m. Our choice: it covers semidiurnal amplitudes up to about 3 m; where the
/// tide is larger the first hour of the first record may give a false onset.
const PRIOR_M: [f64; 3] = [0.5, 1.5, 0.1];

/// The integrated random walk follows periods longer than this, s. Tsunami periods end at one hour.
const TREND_PERIOD_S: f64 = 3.0 * 3600.0;

/// How fast an oscillator's amplitude and phase may change, s: neighbouring constituents beat over days (M2 with S2 in
/// 14.8 days), and the tracker must keep up with that.
const OSCILLATOR_S: f64 = 3600.0;

/// Residuals agree for this long, s: about the period of typical infragravity and harbour oscillations.
pub(super) const CORRELATION_S: f64 = 1200.0;

/// Innovations are clipped at this many standard deviations.
const GATE: f64 = 3.0;

/// Beyond this gap the oscillators' phase is trusted less, s: each stands for several constituents,
const UNSEEN_S: f64 = 3.0 * 3600.0;
/// whose speeds differ by about this much, rad/s (0.5 deg/h).
const DRIFT_PER_S: f64 = 0.5 * DEG_PER_H;

/// After hours without data the predicted slope is wrong by about this, m/s (7 cm/h): a third of a metre of tide, 0.4 rad off.
const GAP_SLOPE_M_S: f64 = 2e-5;

/// ... and level and slope by this part of the tide's.
const GAP_PART: f64 = 0.2;

/// A sharp jump of the level is known to this part of itself.
const STEP_DOUBT: f64 = 0.1;

/// The longest step predicted in one piece, s; by then nothing is left of the phase.
const FORGOTTEN_S: f64 = 30.0 * 86_400.0;

/// The prediction is a cubic for this long after a measurement.
const SHORT_US: i64 = 1_800_000_000;

/// Tide filter: [`Tide::left_m`] between measurements, [`Tide::measure`] at each.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Tide {
    x: [f64; N],
    p: [[f64; N]; N],
    /// Height at the latest measurement,
    height_m: f64,
    /// and the coefficients of its linear, square and cubic change since.
    taylor: [f32; 3],
    /// Variance of the prediction as a quadratic in time since then.
    spread: [f32; 3],
    slope_sigma_m_s: f32,
    turn: Turn,
}

/// Cosine and sine of how far each oscillator turns in a time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Turn {
    over_s: f64,
    turns: [(f64, f64); 3],
}

impl Tide {
    /// Nothing known but a first height, good to `sigma_m`.
    pub(super) fn new(height_m: f64, sigma_m: f64) -> Self {
        let mut p = [[0.0; N]; N];
        p[0][0] = 100.0;
        // Slow drift other than the tide: 1 cm/h.
        p[1][1] = (0.01 / 3600.0) * (0.01 / 3600.0);
        for (k, prior) in PRIOR_M.into_iter().enumerate() {
            p[2 + 2 * k][2 + 2 * k] = prior * prior;
            p[3 + 2 * k][3 + 2 * k] = prior * prior;
        }
        let mut x = [0.0; N];
        x[0] = height_m;
        let mut tide = Self {
            x,
            p,
            height_m,
            taylor: [0.0; 3],
            spread: [0.0; 3],
            slope_sigma_m_s: 0.0,
            turn: Turn {
                over_s: 0.0,
                turns: [(1.0, 0.0); 3],
            },
        };
        tide.measure(0.0, CORRELATION_S, height_m, sigma_m, 1.0);
        tide
    }

    /// How far a height `after_us` after the latest measurement is from the prediction, m.
    pub(super) fn left_m(&self, height_m: f64, after_us: i64) -> f32 {
        if after_us < SHORT_US {
            (height_m - self.height_m) as f32 - self.moved_m(seconds(0, after_us))
        } else {
            (height_m - self.predict(after_us)) as f32
        }
    }

    /// How far the prediction moves within half an hour after the latest measurement, m.
    fn moved_m(&self, after_s: f32) -> f32 {
        // Third order: the quarter-diurnal turns 0.5 rad in half an hour, the fourth term is 0.003 of it.
        let [linear, square, cubic] = self.taylor;
        after_s * (linear + after_s * (square + after_s * cubic))
    }

    /// Predicted height `after_us` after the latest measurement, m.
    pub(super) fn predict(&self, after_us: i64) -> f64 {
        if after_us < SHORT_US {
            return self.height_m + f64::from(self.moved_m(seconds(0, after_us)));
        }
        let after_s = after_us as f64 * 1e-6;
        let mut sum = self.x[0] + self.x[1] * after_s;
        for (k, speed) in SPEEDS.into_iter().enumerate() {
            sum +=
                self.x[2 + 2 * k] * cos(speed * after_s) + self.x[3 + 2 * k] * sin(speed * after_s);
        }
        sum
    }

    /// Variance of that prediction, m2.
    pub(super) fn variance_m2(&self, after_us: i64) -> f32 {
        let [v, v1, v2] = self.spread;
        let after_s = seconds(0, after_us);
        (v + after_s * (v1 + after_s * v2)).max(0.0)
    }

    /// A measurement `after_s` after the previous one, that stands for `span_s` seconds. `sigma_m` is the usual spread of
    /// residuals, `distrust` (at least 1) how many times its standard deviation this one has.
    pub(super) fn measure(
        &mut self,
        after_s: f64,
        span_s: f64,
        height_m: f64,
        sigma_m: f64,
        distrust: f64,
    ) {
        self.advance(after_s, sigma_m);
        let noise = sigma_m * sigma_m * distrust * distrust * (CORRELATION_S / span_s).max(1.0);
        // P H' with H picking the height and each oscillator's first component.
        let mut ph = [0.0; N];
        for (row, out) in self.p.iter().zip(&mut ph) {
            *out = row[0] + row[2] + row[4] + row[6];
        }
        let spread = ph[0] + ph[2] + ph[4] + ph[6];
        let variance = spread + noise;
        let gate = GATE * sqrt(variance);
        let innovation = height_m - (self.x[0] + self.x[2] + self.x[4] + self.x[6]);
        let innovation = within(innovation, -gate, gate);
        let per_variance = 1.0 / variance;
        for i in 0..N {
            let gain = ph[i] * per_variance;
            self.x[i] += gain * innovation;
            for (j, column) in ph.iter().enumerate().take(i + 1) {
                let value = self.p[i][j] - gain * column;
                self.p[i][j] = value;
                self.p[j][i] = value;
            }
            // Rounding must not make a variance negative.
            self.p[i][i] = self.p[i][i].max(1e-18);
        }
        self.anchor();
    }

    /// The level may have changed unseen by about `by_m`.
    pub(super) fn doubt(&mut self, by_m: f64) {
        self.p[0][0] += by_m * by_m;
        self.anchor();
    }

    /// Nothing was seen for hours: level and slope may be other than predicted, by at least `by_m` and [`GAP_SLOPE_M_S`], by
    /// [`GAP_PART`] of the tide where it is large.
    pub(super) fn gap(&mut self, by_m: f64) {
        let (level2, slope2) = (1..4).fold((0.0, 0.0), |(level2, slope2), k| {
            let size2 = self.x[2 * k] * self.x[2 * k] + self.x[2 * k + 1] * self.x[2 * k + 1];
            let speed = SPEEDS[k - 1];
            (level2 + size2, slope2 + size2 * speed * speed)
        });
        let slope_m_s = GAP_SLOPE_M_S.max(GAP_PART * sqrt(slope2));
        self.p[1][1] += slope_m_s * slope_m_s;
        self.doubt(by_m.max(GAP_PART * sqrt(level2)));
    }

    /// Standard deviation of the predicted slope, m/s.
    pub(super) fn slope_sigma_m_s(&self) -> f32 {
        self.slope_sigma_m_s
    }

    /// The instrument's level jumped by about `by_m`, seen sharply: keep slope and tide, and doubt little.
    pub(super) fn step(&mut self, by_m: f64) {
        self.x[0] += by_m;
        self.doubt(STEP_DOUBT * by_m);
    }

    /// The water stands at a new level: keep slope and tide.
    pub(super) fn relevel(&mut self, by_m: f64) {
        self.x[0] += by_m;
        self.doubt(by_m);
    }

    /// `x <- F x`, `P <- F P F'`, two states at a time: only the pairs on and below the diagonal are computed.
    fn turn_all(&mut self, dt: f64) {
        let [a, b, c] = self.turn.turns;
        let step = [[1.0, dt], [0.0, 1.0]];
        let pairs = [step, rotation(a), rotation(b), rotation(c)];
        for (i, f) in pairs.iter().enumerate() {
            let x = [self.x[2 * i], self.x[2 * i + 1]];
            [self.x[2 * i], self.x[2 * i + 1]] = [dot(f[0], x), dot(f[1], x)];
            for (j, g) in pairs.iter().enumerate().take(i + 1) {
                let (upper, lower) = (&self.p[2 * i], &self.p[2 * i + 1]);
                let columns = [0, 1].map(|k| [upper[2 * j + k], lower[2 * j + k]]);
                let rows = f.map(|row| columns.map(|column| dot(row, column)));
                for (m, row) in rows.into_iter().enumerate() {
                    for (n, to) in g.iter().enumerate() {
                        if i == j && n > m {
                            continue;
                        }
                        let value = dot(*to, row);
                        self.p[2 * i + m][2 * j + n] = value;
                        self.p[2 * j + n][2 * i + m] = value;
                    }
                }
            }
        }
    }

    fn advance(&mut self, after_s: f64, sigma_m: f64) {
        let dt = within(after_s, 0.0, FORGOTTEN_S);
        if dt == 0.0 {
            return;
        }
        if dt != self.turn.over_s {
            self.turn = Turn {
                over_s: dt,
                turns: SPEEDS.map(|speed| (cos(speed * dt), sin(speed * dt))),
            };
        }
        self.turn_all(dt);
        let density = sigma_m * sigma_m * CORRELATION_S;
        let w = 2.0 * core::f64::consts::PI / TREND_PERIOD_S;
        let q = density * w * w * w * w;
        self.p[0][0] += q * dt * dt * dt / 3.0;
        self.p[0][1] += q * dt * dt / 2.0;
        self.p[1][0] = self.p[0][1];
        self.p[1][1] += q * dt;
        let wander = density * dt / (OSCILLATOR_S * OSCILLATOR_S);
        for i in 2..N {
            self.p[i][i] += wander;
        }
        if dt > UNSEEN_S {
            for (k, drift) in (0..).zip([DRIFT_PER_S; 3]) {
                let (a, b) = (2 + 2 * k, 3 + 2 * k);
                let size = self.x[a] * self.x[a] + self.x[b] * self.x[b];
                let lost = size * (drift * dt * drift * dt).min(1.0);
                self.p[a][a] += lost;
                self.p[b][b] += lost;
            }
        }
    }

    /// Prepares [`Self::predict`] and [`Self::sigma_m`] at the present time.
    fn anchor(&mut self) {
        let x = &self.x;
        let mut taylor = [x[0], x[1], 0.0, 0.0];
        for (k, w) in SPEEDS.into_iter().enumerate() {
            let (a, b) = (x[2 + 2 * k], x[3 + 2 * k]);
            taylor[0] += a;
            taylor[1] += w * b;
            taylor[2] -= w * w / 2.0 * a;
            taylor[3] -= w * w * w / 6.0 * b;
        }
        self.height_m = taylor[0];
        self.taylor = [taylor[1] as f32, taylor[2] as f32, taylor[3] as f32];
        // Rows of the slope and of each oscillator's second component make the slope's row.
        let slopes = [(1, 1.0), (3, SPEEDS[0]), (5, SPEEDS[1]), (7, SPEEDS[2])];
        let (mut v, mut v1, mut v2) = (0.0, 0.0, 0.0);
        for (i, slope) in slopes {
            let row = &self.p[i];
            let cross = row[1] + row[3] * SPEEDS[0] + row[5] * SPEEDS[1] + row[7] * SPEEDS[2];
            v2 += slope * cross;
            v1 += slope * (row[0] + row[2] + row[4] + row[6]) * 2.0;
        }
        for i in [0, 2, 4, 6] {
            let row = &self.p[i];
            v += row[0] + row[2] + row[4] + row[6];
        }
        let v2 = v2.max(0.0);
        self.spread = [v as f32, v1 as f32, v2 as f32];
        self.slope_sigma_m_s = sqrtf(v2 as f32);
    }
}

/// An oscillator's turn by an angle with this cosine and sine.
fn rotation((cosine, sine): (f64, f64)) -> [[f64; 2]; 2] {
    [[cosine, sine], [-sine, cosine]]
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}
