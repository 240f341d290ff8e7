//! Samples of any size at any time into every detector. The first byte picks the detector, the second the size of steps; then a sample
//! each in eleven bytes: how its value is made, the time since the one before, the value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signal::{dart, power, stalta, threshold, traffic, tsunami};

/// Times and values.
struct Samples<'a> {
    bytes: &'a [u8],
    time_us: i64,
    value: f64,
    unit_us: i64,
}

impl Iterator for Samples<'_> {
    type Item = (u8, i64, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let (sample, rest) = self.bytes.split_first_chunk::<11>()?;
        self.bytes = rest;
        let [how, high, low, value @ ..] = *sample;
        let step = i64::from(i16::from_be_bytes([high, low]));
        self.time_us = match how >> 6 {
            // Any time, the next one, the next but some, and one that goes back at times.
            0 => i64::from_be_bytes(value),
            1 => self.time_us.wrapping_add(self.unit_us),
            2 => self
                .time_us
                .saturating_add(self.unit_us.saturating_mul(step.abs())),
            _ => self.time_us.saturating_add(step * 1_000),
        };
        let any = f64::from_be_bytes(value);
        let small = f64::from(step as i16) * 1e-3;
        self.value = match how & 7 {
            0 => any,
            1 => small,
            2 => self.value + small,
            3 => -self.value,
            4 => 230.0 + small,
            5 => 4000.0 + small,
            6 => small * 1e3,
            _ => self.value,
        };
        Some((how >> 3 & 7, self.time_us, self.value))
    }
}

fuzz_target!(|data: &[u8]| {
    let [pick, unit, bytes @ ..] = data else {
        return;
    };
    let unit_us = [
        10_000,
        1_000_000,
        15_000_000,
        60_000_000,
        300_000_000,
        900_000_000,
    ];
    let samples = Samples {
        bytes,
        time_us: 0,
        value: 0.0,
        unit_us: unit_us[usize::from(*unit) % unit_us.len()],
    };
    match pick % 7 {
        0 => tsunami(samples),
        1 => road(samples),
        2 => {
            let mut check = traffic::Combination::new();
            let mut pair = traffic::Neighbours::new(traffic::NeighboursSettings::default());
            for (which, t, v) in samples {
                check.step(MEASURES[usize::from(which) % MEASURES.len()], t, v);
                pair.upstream(t, v);
                pair.downstream(t.wrapping_add(i64::from(which)), v);
            }
        }
        3 => meter(samples),
        4 => {
            let mut one = stalta::StaLta::new(stalta::Settings::default());
            let mut together = stalta::Coincidence::new(2, 3_000_000);
            for (which, t, v) in samples {
                if let Some(stalta::Trigger::On { since_us, ratio }) = one.step(t, v) {
                    assert!(ratio > 0.0);
                    together.trigger(usize::from(which), since_us);
                }
                assert!(!one.ratio().is_nan());
            }
        }
        5 => {
            let limits = threshold::Limits {
                above: Some(4.0),
                below: Some(-4.0),
                hysteresis: 0.5,
                min_duration_us: 1_000_000,
                max_rate_per_s: Some(1.0),
            };
            let mut limit = threshold::Threshold::new(limits).expect("good limits");
            for (_, t, v) in samples {
                limit.step(t, v);
                while limit.pending().is_some() {}
            }
        }
        _ => {
            let mut dart = dart::Dart::<764>::new(15_000_000, dart::THRESHOLD_M).expect("it fits");
            for (_, t, v) in samples {
                dart.step(t, v);
            }
        }
    }
});

fn tsunami(samples: Samples) {
    let mut detector = tsunami::Detector::new(tsunami::Settings::default());
    for (_, t, v) in samples {
        let was_in_event = detector.in_event();
        let step = detector.step(t, v);
        assert!(step.slow_m.is_finite() && step.noise_m > 0.0 && step.noise_m.is_finite());
        assert!(step.threshold_m > 0.0);
        match step.change {
            Some(tsunami::Change::Onset { confidence, .. }) => {
                assert!(!was_in_event && detector.in_event());
                assert!((0.0..=1.0).contains(&confidence));
            }
            Some(tsunami::Change::Growth {
                amplitude_m,
                period_s,
                ..
            }) => {
                assert!(was_in_event && amplitude_m.is_finite());
                assert!(period_s.is_none_or(|s| s > 0.0 && s.is_finite()));
            }
            Some(tsunami::Change::End { .. }) => assert!(was_in_event && !detector.in_event()),
            Some(tsunami::Change::Shaking { peak_m, .. }) => assert!(peak_m.is_finite()),
            None => assert_eq!(was_in_event, detector.in_event()),
        }
    }
}

const MEASURES: [traffic::Measure; 5] = [
    traffic::Measure::Speed,
    traffic::Measure::Occupancy,
    traffic::Measure::Flow,
    traffic::Measure::TravelTime,
    traffic::Measure::Other,
];

fn road(samples: Samples) {
    let mut detectors = MEASURES.map(traffic::Detector::new);
    for (which, t, v) in samples {
        let step = detectors[usize::from(which) % MEASURES.len()].step(t, v);
        assert!((0.0..=1.0).contains(&step.score) && step.deviate.is_finite());
        assert!(step.judged.is_none() || step.expected.is_finite());
        for change in step.changes() {
            if let traffic::Change::Onset { confidence, .. } = change {
                assert!((0.0..=1.0).contains(&confidence));
            }
        }
    }
}

fn meter(samples: Samples) {
    let measures = [
        power::Measure::Voltage,
        power::Measure::Current,
        power::Measure::ActivePower,
        power::Measure::Frequency,
        power::Measure::ActiveEnergy,
    ];
    let mut meter = power::Meter::new(power::Settings {
        rated_a: Some(63.0),
        current_imbalance: Some(0.3),
        ..power::Settings::default()
    })
    .expect("good settings");
    for (which, t, v) in samples {
        let channel = usize::from(which) % 4;
        let measure = measures[usize::from(which) % measures.len()];
        for finding in meter.step(t, measure, channel, v).iter() {
            assert!(finding.span.least_us >= 0 && finding.span.most_us >= finding.span.least_us);
            assert!(!finding.extreme.is_nan());
        }
    }
}
