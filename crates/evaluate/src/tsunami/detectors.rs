//! The detectors under one face: a sample in, what is called out.

use signal::dart::Dart;
use signal::tsunami::{Change, Detector, Settings};

/// The published instrument stays in event mode for about this long; triggers within it are one alarm (Mofjeld; 3 to 4 h).
const EVENT_MODE_US: i64 = 3 * 3600 * 1_000_000;
/// The reference's deviation is an amplitude for so long after a trigger, later its means contain the wave.
const MEANINGFUL_US: i64 = 45 * 60 * 1_000_000;

/// A detector by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// This program's own, with its default settings.
    Watchfire,
    /// The published DART algorithm, 30 mm: the instrument's threshold in deep water.
    Dart30,
    /// The same with 100 mm, as some use it on tide gauges.
    Dart100,
}

impl Which {
    /// All of them, in the table's order.
    pub const ALL: [Self; 3] = [Self::Watchfire, Self::Dart30, Self::Dart100];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Watchfire => "watchfire",
            Self::Dart30 => "dart-30mm",
            Self::Dart100 => "dart-100mm",
        }
    }
}

/// What a detector says about one sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Said {
    /// A new alarm.
    pub(super) alarm: bool,
    /// The water is called a tsunami (the alarm's sample, or one that confirms it).
    pub(super) call: bool,
    /// Which way the water moved, where it says so.
    pub(super) rises: Option<bool>,
    /// Largest excursion of what is called, so far, signed, m.
    pub(super) amplitude_m: Option<f64>,
    /// How likely the call is a wave, where it says so.
    pub(super) confidence: Option<f64>,
}

#[derive(Debug)]
pub(super) enum Any {
    Watchfire(Box<Detector>),
    Dart {
        dart: Box<Dart<764>>,
        alarm_us: Option<i64>,
        largest_m: f64,
    },
    /// The reference needs a sample every ten minutes at least.
    Cannot,
}

impl Any {
    /// A fresh detector for samples usually `step_us` apart.
    pub(super) fn new(which: Which, step_us: i64) -> Self {
        let threshold_m = match which {
            Which::Watchfire => {
                return Self::Watchfire(Box::new(Detector::new(Settings::default())));
            }
            Which::Dart30 => signal::dart::THRESHOLD_M,
            Which::Dart100 => 0.1,
        };
        // The instrument's 15 s, or the coarsest step that the samples fill.
        let step_s = [15, 60, 120, 300, 360, 600]
            .into_iter()
            .find(|s| step_us <= s * 1_000_000);
        step_s
            .and_then(|s| Dart::new(s * 1_000_000, threshold_m).ok())
            .map_or(Self::Cannot, |dart| Self::Dart {
                dart: Box::new(dart),
                alarm_us: None,
                largest_m: 0.0,
            })
    }

    pub(super) fn step(&mut self, time_us: i64, height_m: f64) -> Said {
        match self {
            Self::Cannot => Said::default(),
            Self::Watchfire(detector) => match detector.step(time_us, height_m).change {
                Some(Change::Onset {
                    sign, confidence, ..
                }) => Said {
                    alarm: true,
                    call: true,
                    rises: Some(sign.factor() > 0.0),
                    amplitude_m: None,
                    confidence: Some(confidence),
                },
                Some(Change::Growth { amplitude_m, .. }) => Said {
                    call: true,
                    amplitude_m: Some(amplitude_m),
                    ..Said::default()
                },
                _ => Said::default(),
            },
            Self::Dart {
                dart,
                alarm_us,
                largest_m,
            } => {
                let Some(said) = dart.step(time_us, height_m) else {
                    return Said::default();
                };
                let alarm =
                    said.triggered && alarm_us.is_none_or(|at| time_us - at > EVENT_MODE_US);
                if alarm {
                    *alarm_us = Some(time_us);
                    *largest_m = 0.0;
                }
                let meaningful = alarm_us.is_some_and(|at| time_us - at < MEANINGFUL_US);
                if meaningful && said.deviation_m.abs() > largest_m.abs() {
                    *largest_m = said.deviation_m;
                }
                Said {
                    alarm,
                    call: said.triggered,
                    rises: said.triggered.then_some(said.deviation_m > 0.0),
                    amplitude_m: meaningful.then_some(*largest_m),
                    confidence: None,
                }
            }
        }
    }
}
