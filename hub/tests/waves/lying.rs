//! One lying sensor among three: each fault of the vocabulary, without a real wave and with one. It must neither raise a confirmed
//! tsunami nor hide one.

use crate::sea::{A, B, C, HOUR, Lie, MINUTE, Sensor, TOHOKU, noise, run, travel_us};

/// When the fault begins, after the origin.
const SINCE: i64 = -HOUR;

fn off(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    (at < SINCE).then_some((at, m))
}

fn stuck(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((at, if at < SINCE { m } else { 5_661.234 }))
}

fn garbage(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((
        at,
        if at < SINCE {
            m
        } else {
            m + 5.0 * noise(at, 7)
        },
    ))
}

/// Wrong by a factor and in sign, over the sensor's usual level.
fn wrong(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((
        at,
        if at < SINCE {
            m
        } else {
            5_660.0 - 8.0 * (m - 5_660.0)
        },
    ))
}

/// Another level from one minute to the next.
fn jump(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((at, if at < SINCE { m } else { m + 1.5 }))
}

/// The same in the minutes in which the wave is under way, when it can be taken for a part of it.
fn jump_in_time(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((at, if at < 10 * MINUTE { m } else { m + 1.5 }))
}

/// The clock runs 2 % slow.
fn slow(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((
        if at < SINCE {
            at
        } else {
            SINCE + (at - SINCE) * 98 / 100
        },
        m,
    ))
}

/// Stamped 40 minutes late, from the fault on.
fn stamped_late(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((if at < SINCE { at } else { at - 40 * MINUTE }, m))
}

/// Speaks for ten minutes and is silent for the next ten.
fn intermittent(at: i64, m: f64, k: i64) -> Option<(i64, f64)> {
    (at < SINCE || k / 10 % 2 == 0).then_some((at, m))
}

fn honest(at: i64, m: f64, _: i64) -> Option<(i64, f64)> {
    Some((at, m))
}

/// Name, the lie, how late its rows come.
const FAULTS: [(&str, Lie, i64); 10] = [
    ("off", off, 0),
    ("stuck", stuck, 0),
    ("garbage", garbage, 0),
    ("wrong", wrong, 0),
    ("jump", jump, 0),
    ("jump in time", jump_in_time, 0),
    ("slow", slow, 0),
    ("delayed rows", honest, 45 * MINUTE),
    ("delayed stamps", stamped_late, 0),
    ("intermittent", intermittent, 0),
];

fn lying(sensor: Sensor, (_, lie, late_us): (&str, Lie, i64)) -> Sensor {
    Sensor {
        late_us,
        ..sensor.lies(lie)
    }
}

#[test]
fn without_a_wave_one_liar_raises_nothing() {
    for fault in FAULTS {
        let sensors = [
            lying(Sensor::quiet(A), fault),
            Sensor::quiet(B),
            Sensor::quiet(C),
        ];
        let told = run(&sensors, 4 * HOUR, "");
        let unexplained = told.said("unexplained").len();
        println!("{}: {unexplained} unexplained", fault.0);
        assert!(
            told.messages().is_empty(),
            "{}: {:?}",
            fault.0,
            told.messages()
        );
        assert!(told.core.events().is_empty(), "{}", fault.0);
        assert!(told.said("confirmed").is_empty(), "{}", fault.0);
    }
}

/// Whichever of three sensors lies, the wave is found when two honest ones have seen it, and no false message follows.
#[test]
fn with_a_wave_one_liar_hides_nothing() {
    let spots = [(A, 0.6), (B, 0.4), (C, 0.4)];
    for fault in FAULTS {
        for liar in 0..spots.len() {
            let sensors: Vec<Sensor> = spots
                .iter()
                .enumerate()
                .map(|(n, (spot, height))| {
                    let sensor = Sensor::sees(*spot, TOHOKU, *height);
                    if n == liar {
                        lying(sensor, fault)
                    } else {
                        sensor
                    }
                })
                .collect();
            let mut honest: Vec<i64> = (0..spots.len())
                .filter(|n| *n != liar)
                .map(|n| travel_us(TOHOKU, spots[n].0))
                .collect();
            honest.sort_unstable();
            let told = run(&sensors, 2 * HOUR, "");
            let messages = told.messages();
            let name = format!("{}, liar {}", fault.0, spots[liar].0.0);
            let first = messages.iter().find(|m| m.1 == "Alert");
            let (at, ..) =
                first.unwrap_or_else(|| panic!("{name}: hidden: {:?}", told.said("unexplained")));
            println!(
                "{name}: after {} min, second honest station at {} min; {} alerts",
                at / MINUTE,
                honest[1] / MINUTE,
                messages.iter().filter(|m| m.1 == "Alert").count()
            );
            assert!(*at < honest[1] + 20 * MINUTE, "{name}: {} min", at / MINUTE);
            assert_eq!(
                told.core.events().len(),
                1,
                "{name}: {:?}",
                told.said("confirmed")
            );
            assert!(messages.iter().all(|m| m.1 != "Cancel"), "{name}");
            // Three agree with one source or two do against one. Half an hour of a clock moves a source by what a wave goes in it; only
            // a fourth station could tell.
            let quake = &told.core.events()[0].solution.quake;
            let km = ocean::sphere::distance_km(TOHOKU.0, TOHOKU.1, quake.lat, quake.lon);
            assert!(
                km < 1_000.0,
                "{name}: {km} km: {:?}",
                told.said("confirmed")
            );
        }
    }
}
