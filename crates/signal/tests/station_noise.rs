//! The threshold is the station's own: waves of a centimetre over sub-millimetre noise are called, and long noise of every kind is
//! not. Seas are made up and seeded: tide of five constituents, red and white noise, harbour oscillation in bursts, drift, steps,
//! spikes, bad blocks and missing stretches.

mod dice;

use dice::Dice;
use signal::tsunami::{Change, Detector, Settings, Sign};
use std::f64::consts::TAU;

const DAY_S: f64 = 86_400.0;

/// What a station lives with; sizes in metres.
#[derive(Debug, Clone, Copy)]
struct Station {
    step_s: f64,
    m2_m: f64,
    white_m: f64,
    /// Red noise that agrees for a quarter of an hour.
    red_m: f64,
    /// Harbour oscillation, in bursts.
    seiche_m: f64,
    drift_m_per_day: f64,
    /// Resolution of what is sent.
    grain_m: f64,
    /// Steps of this size about once a day; spikes and bad blocks of this size a few times a day.
    step_m: f64,
    spike_m: f64,
}

const DEEP: Station = Station {
    step_s: 60.0,
    m2_m: 0.4,
    white_m: 0.0005,
    red_m: 0.0004,
    seiche_m: 0.0,
    drift_m_per_day: 0.002,
    grain_m: 0.001,
    step_m: 0.0,
    spike_m: 0.0,
};

const GAUGE: Station = Station {
    step_s: 60.0,
    m2_m: 0.7,
    white_m: 0.004,
    red_m: 0.004,
    seiche_m: 0.02,
    drift_m_per_day: 0.02,
    grain_m: 0.001,
    step_m: 0.0,
    spike_m: 0.0,
};

/// Time, height and (for a caller that adds a wave) nothing else; stretches are missing.
fn made(seed: u64, station: &Station, days: f64) -> Vec<(f64, f64)> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let phases: [f64; 5] = std::array::from_fn(|_| TAU * dice.uniform());
    let tide = [
        (12.4206, 1.0),
        (12.0, 0.4),
        (12.6583, 0.2),
        (23.9345, 0.4),
        (25.8193, 0.3),
    ];
    let (mut red, mut level, mut burst, mut burst_to) = (0.0, 0.0, 0.0, 0.0);
    let (mut phase, mut bad, mut away_to) = (0.0, 0, 0.0);
    let keep = (-station.step_s / 900.0).exp();
    let per_step = station.step_s / DAY_S;
    let mut series = Vec::new();
    for k in 0..(days * DAY_S / station.step_s) as u64 {
        let t = k as f64 * station.step_s;
        red = keep * red + (1.0 - keep * keep).sqrt() * dice.normal() * station.red_m;
        // A burst grows and decays over an hour, a few times a day; periods of 12 to 25 minutes.
        let want = if t < burst_to { 1.0 } else { 0.15 };
        burst += (want - burst) * (station.step_s / 3600.0).min(1.0);
        if dice.uniform() < 3.0 * per_step {
            burst_to = t + 7200.0 * dice.uniform();
        }
        phase += TAU * station.step_s / (1080.0 + 200.0 * (t / 5000.0).sin());
        if dice.uniform() < per_step {
            level += station.step_m * dice.normal();
        }
        if dice.uniform() < 4.0 * per_step {
            bad = 1 + u32::from(dice.uniform() < 0.3);
        }
        if dice.uniform() < 0.5 * per_step {
            away_to = t + 10_000.0 * dice.uniform();
        }
        let mut height = 4000.0 + level + red + station.white_m * dice.normal();
        height += station.drift_m_per_day * t / DAY_S + station.seiche_m * burst * f64::sin(phase);
        for ((period_h, share), phase) in tide.into_iter().zip(phases) {
            height += share * station.m2_m * (TAU * t / (period_h * 3600.0) + phase).cos();
        }
        if bad > 0 {
            bad -= 1;
            height += station.spike_m * dice.normal();
        }
        if t >= away_to {
            series.push((t, (height / station.grain_m).round() * station.grain_m));
        }
    }
    series
}

/// Onsets: second, sign, confidence.
fn onsets(series: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, Sign, f64)> {
    let mut detector = Detector::new(Settings::default());
    series
        .into_iter()
        .filter_map(|(t, height)| {
            let step = detector.step((t * 1e6) as i64, height);
            match step.change {
                Some(Change::Onset {
                    sign, confidence, ..
                }) => Some((t, sign, confidence)),
                _ => None,
            }
        })
        .collect()
}

fn train(t: f64, amplitude_m: f64, period_s: f64) -> f64 {
    let s = t / period_s;
    if s < 0.0 {
        0.0
    } else {
        amplitude_m * (TAU * s).sin() * (-s / 4.0).exp() * 1.06
    }
}

/// Days of noise without a call, by kind of station and of trouble.
#[test]
fn long_noise_makes_no_call() {
    let kinds = [
        (
            "deep 15 s",
            Station {
                step_s: 15.0,
                ..DEEP
            },
            20.0,
        ),
        ("deep 1 min", DEEP, 60.0),
        (
            "deep 15 min",
            Station {
                step_s: 900.0,
                ..DEEP
            },
            200.0,
        ),
        (
            "deep, steps",
            Station {
                step_m: 0.02,
                ..DEEP
            },
            40.0,
        ),
        (
            "deep, spikes",
            Station {
                spike_m: 0.3,
                ..DEEP
            },
            40.0,
        ),
        (
            "deep, small spikes",
            Station {
                spike_m: 0.02,
                ..DEEP
            },
            40.0,
        ),
        (
            "deep 15 s, steps and spikes",
            Station {
                step_s: 15.0,
                step_m: 0.03,
                spike_m: 0.1,
                ..DEEP
            },
            20.0,
        ),
        (
            "deep, drift",
            Station {
                drift_m_per_day: 0.05,
                ..DEEP
            },
            40.0,
        ),
        ("gauge 1 min", GAUGE, 60.0),
        (
            "gauge 6 min",
            Station {
                step_s: 360.0,
                ..GAUGE
            },
            100.0,
        ),
        (
            "gauge 15 s",
            Station {
                step_s: 15.0,
                white_m: 0.01,
                ..GAUGE
            },
            10.0,
        ),
        (
            "gauge, spikes",
            Station {
                spike_m: 0.5,
                ..GAUGE
            },
            40.0,
        ),
        ("gauge, great tide", Station { m2_m: 2.5, ..GAUGE }, 40.0),
        (
            "gauge, storm",
            Station {
                seiche_m: 0.1,
                red_m: 0.03,
                ..GAUGE
            },
            40.0,
        ),
    ];
    // Twenty steps and eighty spikes, of which some fall together: a step next to a spike is not told from a wave.
    let mut wrong = -2;
    for (name, station, days) in kinds {
        let mut calls = Vec::new();
        for seed in 0..4 {
            calls.extend(onsets(made(seed, &station, days / 4.0)));
        }
        println!(
            "{name:30} {days:4} days: {} calls {:?}",
            calls.len(),
            calls
                .iter()
                .map(|c| (c.0 as i64, (c.2 * 100.0) as i64))
                .take(6)
                .collect::<Vec<_>>()
        );
        wrong += calls.len() as i32;
        assert!(
            calls.is_empty() || name.contains("steps and spikes"),
            "{name}: {calls:?}"
        );
    }
    assert!(wrong <= 0, "{wrong}");
}

/// 1.3 cm, periods of 15 to 30 min, on 0.6 mm noise with tide, after two days.
#[test]
fn a_wave_of_a_centimetre_is_called_in_the_deep_ocean() {
    for (step_s, least) in [(15.0, 45), (60.0, 45), (900.0, 0)] {
        let (mut found, mut signs, mut late) = (0, 0, 0.0_f64);
        for seed in 0..50_u64 {
            let from_s = 2.0 * DAY_S + 1000.0 * seed as f64;
            let period_s = 900.0 + 18.0 * seed as f64;
            let amplitude_m = if seed % 2 == 0 { 0.013 } else { -0.013 };
            let station = Station { step_s, ..DEEP };
            let series = made(seed + 100, &station, 3.2);
            let calls = onsets(
                series
                    .into_iter()
                    .map(|(t, h)| (t, h + train(t - from_s, amplitude_m, period_s))),
            );
            if let Some(&(t, sign, _)) = calls
                .iter()
                .find(|c| c.0 > from_s && c.0 < from_s + 3.0 * period_s)
            {
                found += 1;
                signs += i32::from((sign == Sign::Rise) == (amplitude_m > 0.0));
                late = late.max(t - from_s);
            }
        }
        println!(
            "1.3 cm every {step_s} s: {found} of 50 called, {signs} with the right sign, the latest {late:.0} s after its front"
        );
        assert!(found >= least);
    }
}

/// What a confidence means: of the calls that say so, that share were waves, where every second sea has a wave (a few thresholds high or
/// many) and every other one a disturbance: surface waves, steps, spikes, bad blocks or a storm.
#[test]
fn confidence_is_the_share_of_calls_that_were_waves() {
    let mut dice = Dice(77);
    let mut bins = [(0, 0); 4];
    for seed in 0..1000_u64 {
        let gauge = dice.uniform() < 0.3;
        let step_s = if dice.uniform() < 0.6 { 60.0 } else { 15.0 };
        let mut station = Station {
            step_s,
            ..if gauge { GAUGE } else { DEEP }
        };
        let from_s = DAY_S + 20_000.0 * dice.uniform();
        let wave = seed % 2 == 0;
        let shaken = !wave && dice.uniform() < 0.6;
        if !wave && !shaken {
            station.step_m = 0.05 * dice.uniform();
            station.spike_m = dice.uniform();
            station.seiche_m *= 1.0 + 4.0 * dice.uniform();
        }
        let size_m = if gauge { 0.04 } else { 0.008 } * (3.0 * dice.uniform()).exp();
        let (period_s, train_s) = (
            600.0 + 1800.0 * dice.uniform(),
            240.0 + 1500.0 * dice.uniform(),
        );
        let (shake_m, shake_s) = (
            0.02 * (4.0 * dice.uniform()).exp(),
            10.0 + 30.0 * dice.uniform(),
        );
        let added = |t: f64| {
            if wave {
                return train(t - from_s, size_m, period_s);
            }
            let s = (t - from_s) / train_s;
            if !shaken || s < 0.0 {
                return 0.0;
            }
            let envelope = (s * 10.0).min(1.0) * (-3.0 * (s - 0.1).max(0.0)).exp();
            shake_m * envelope * (TAU * t / shake_s * (1.0 + s / 6.0)).sin()
        };
        let series = made(seed + 5000, &station, 1.4);
        for (t, _, confidence) in onsets(series.into_iter().map(|(t, h)| (t, h + added(t))))
            .into_iter()
            .take(1)
        {
            let bin = match confidence {
                c if c < 0.7 => 0,
                c if c < 0.85 => 1,
                c if c < 0.95 => 2,
                _ => 3,
            };
            bins[bin].1 += 1;
            bins[bin].0 += i32::from(wave && t > from_s);
        }
    }
    let told = [
        ("below 0.7", 0.5, 0.8),
        ("0.7 to 0.85", 0.65, 0.95),
        ("0.85 to 0.95", 0.8, 1.0),
        ("above 0.95", 0.93, 1.0),
    ];
    for ((name, low, high), (right, all)) in told.into_iter().zip(bins) {
        let share = f64::from(right) / f64::from(all.max(1));
        println!("confidence {name}: {right} of {all} calls were waves ({share:.2})");
        assert!(
            share > low && (share < high || high > 0.9),
            "{name}: {share}"
        );
    }
}
