//! Feeds every detector made-up samples and prints how many instructions each sample took.
//!
//! The emulator runs with `-icount shift=0`: every instruction takes one nanosecond of its time. The processor's SysTick runs at
//! 168 MHz of that time, so that a tick is 5.95 instructions; that is the resolution. Input is made outside the counted part.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_semihosting::{debug, hprintln};
use libm::sin;
use signal::{dart, power, stalta, threshold, traffic, tsunami};

/// Ticks of SysTick a second.
const CLOCK_HZ: u64 = 168_000_000;
/// Instructions in 20 us at one instruction a cycle.
const AIM: u64 = 20 * CLOCK_HZ / 1_000_000;
const SECOND_US: i64 = 1_000_000;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    hprintln!("panic: {}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

/// Counts one detector.
struct Count {
    /// What reading the clock twice takes, ticks.
    empty: u64,
}

impl Count {
    fn ticks(step: impl FnOnce()) -> u64 {
        let before = SYST::get_current();
        step();
        let after = SYST::get_current();
        u64::from(before.wrapping_sub(after) & 0x00ff_ffff)
    }

    /// Feeds `samples` samples after `before` uncounted ones, and prints a row.
    fn row(&self, name: &str, before: i64, samples: i64, mut step: impl FnMut(i64) -> u64) {
        let (mut sum, mut worst, mut within) = (0, 0, 0_u64);
        for k in 0..before + samples {
            let ticks = step(k);
            if k < before {
                continue;
            }
            let ticks = ticks.saturating_sub(self.empty);
            let count = ticks * 1_000_000_000 / CLOCK_HZ;
            sum += ticks;
            worst = worst.max(count);
            within += u64::from(count <= AIM);
        }
        let samples = samples as u64;
        let mean = sum * (1_000_000_000 / 1000) / (CLOCK_HZ / 1000) / samples;
        hprintln!(
            "{}\t{}\t{}\t{}\t{}",
            name,
            samples,
            mean,
            worst,
            10_000 * within / samples
        );
    }
}

/// A quiet sea at `t_s`: tide, swell that the sensor averages to some millimetres, and whole millimetres as instruments tell them.
fn sea(t_s: f64) -> f64 {
    let height = 0.7 * sin(t_s * 1.405e-4)
        + 0.2 * sin(t_s * 0.729e-4)
        + 0.002 * sin(t_s * 0.37)
        + 0.003 * sin(t_s * 3e-3);
    5662.0 + libm::rint(height * 1000.0) / 1000.0
}

/// A wave of 0.3 m and 15 minutes from the start on.
fn wave(t_s: f64) -> f64 {
    if t_s < 0.0 {
        0.0
    } else {
        0.3 * sin(t_s * 7e-3) * libm::exp(-t_s / 20_000.0)
    }
}

fn tsunami(count: &Count, name: &str, step_s: i64, jitter_us: i64, waves: bool) {
    let mut detector = tsunami::Detector::new(tsunami::Settings::default());
    // Half a day settles it; six hours are counted, of few samples two days.
    let settled = 43_200 / step_s;
    let counted = (21_600 / step_s).max(2_000.min(172_800 / step_s));
    count.row(name, settled, counted, |k| {
        let time_us = k * step_s * SECOND_US + jitter_us * (k * 7919 % 1013);
        let t_s = time_us as f64 * 1e-6;
        let height_m = sea(t_s) + if waves { wave(t_s - 43_200.0) } else { 0.0 };
        Count::ticks(|| {
            black_box(detector.step(black_box(time_us), black_box(height_m)));
        })
    });
}

fn road(count: &Count, name: &str, step_s: i64) {
    let mut detector = traffic::Detector::new(traffic::Measure::Speed);
    let counted = (86_400 / step_s).min(20_000);
    count.row(name, 2 * 86_400 / step_s.max(20), counted, |k| {
        let value = 70.0 + 20.0 * sin(k as f64 * step_s as f64 * 7.27e-5) + (k * 7919 % 13) as f64;
        Count::ticks(|| {
            black_box(detector.step(black_box(k * step_s * SECOND_US), black_box(value)));
        })
    });
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut peripherals = cortex_m::Peripherals::take().expect("taken once");
    peripherals.SYST.set_clock_source(SystClkSource::Core);
    peripherals.SYST.set_reload(0x00ff_ffff);
    peripherals.SYST.clear_current();
    peripherals.SYST.enable_counter();
    let mut empty = u64::MAX;
    for _ in 0..100 {
        empty = empty.min(Count::ticks(|| ()));
    }
    let count = Count { empty };
    // Two instructions 8,001 times: what the counting itself is worth.
    count.row("a loop of 16,002 instructions", 0, 10, |_| {
        Count::ticks(|| cortex_m::asm::delay(8_000))
    });
    tsunami(&count, "tsunami, 1 s", 1, 0, false);
    tsunami(&count, "tsunami, 1 s, no two steps alike", 1, 100, false);
    tsunami(&count, "tsunami, 1 s, a wave", 1, 0, true);
    tsunami(&count, "tsunami, 15 s", 15, 0, false);
    tsunami(&count, "tsunami, 60 s", 60, 0, false);
    tsunami(&count, "tsunami, 900 s", 900, 0, false);
    road(&count, "traffic, 1 s", 1);
    road(&count, "traffic, 20 s", 20);
    road(&count, "traffic, 300 s", 300);
    let mut meter = power::Meter::new(power::Settings::default()).expect("good settings");
    count.row("power, a value of a meter", 1_200, 12_000, |k| {
        let little = (k * 7919 % 101) as f64 * 0.01;
        let (measure, channel, value) = match k % 10 {
            9 => (power::Measure::Frequency, 0, 50.0 + 0.01 * little),
            n if n < 3 => (power::Measure::Voltage, n as usize + 1, 230.0 + little),
            n if n < 6 => (power::Measure::Current, n as usize - 2, 20.0 + little),
            n => (
                power::Measure::ActivePower,
                n as usize - 5,
                4_500.0 + little,
            ),
        };
        Count::ticks(|| {
            black_box(meter.step(
                black_box(k / 10 * SECOND_US),
                measure,
                channel,
                black_box(value),
            ));
        })
    });
    let mut shaking = stalta::StaLta::new(stalta::Settings::default());
    count.row("stalta, 100 samples/s", 3_000, 20_000, |k| {
        let value = sin(k as f64 * 0.7)
            + if k > 12_000 {
                10.0 * sin(k as f64 * 0.3)
            } else {
                0.0
            };
        Count::ticks(|| {
            black_box(shaking.step(black_box(k * 10_000), black_box(value)));
        })
    });
    let limits = threshold::Limits {
        above: Some(1.0),
        below: Some(-1.0),
        hysteresis: 0.1,
        min_duration_us: 5 * SECOND_US,
        max_rate_per_s: Some(1.0),
    };
    let mut threshold = threshold::Threshold::new(limits).expect("good limits");
    count.row("threshold", 100, 10_000, |k| {
        let value = 1.1 * sin(k as f64 * 0.1);
        Count::ticks(|| {
            black_box(threshold.step(black_box(k * SECOND_US), black_box(value)));
        })
    });
    let mut dart = dart::Dart::<764>::new(15 * SECOND_US, dart::THRESHOLD_M).expect("fits");
    count.row("dart reference, 15 s", 1_000, 2_000, |k| {
        let height_m = sea(k as f64 * 15.0);
        Count::ticks(|| {
            black_box(dart.step(black_box(k * 15 * SECOND_US), black_box(height_m)));
        })
    });
    for (name, bytes) in [
        ("tsunami::Detector", size_of::<tsunami::Detector>()),
        ("traffic::Detector", size_of::<traffic::Detector>()),
        ("traffic::Neighbours", size_of::<traffic::Neighbours>()),
        ("traffic::Combination", size_of::<traffic::Combination>()),
        ("power::Meter", size_of::<power::Meter>()),
        ("stalta::StaLta", size_of::<stalta::StaLta>()),
        ("stalta::Coincidence", size_of::<stalta::Coincidence>()),
        ("threshold::Threshold", size_of::<threshold::Threshold>()),
        ("dart::Dart<764>", size_of::<dart::Dart<764>>()),
    ] {
        hprintln!("{}\t{}", name, bytes);
    }
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}
