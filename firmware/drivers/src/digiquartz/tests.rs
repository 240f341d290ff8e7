use super::*;
use std::string::{String, ToString};
use std::vec::Vec;

/// A Digiquartz with what it sent and what it reported.
struct Bench {
    sensor: Digiquartz,
    now_us: u64,
    sent: String,
    readings: Vec<Reading>,
}

const S: u64 = 1_000_000;

impl Bench {
    fn new(settings: Settings) -> Self {
        let mut bench = Self {
            sensor: Digiquartz::new(settings),
            now_us: 10 * S,
            sent: String::new(),
            readings: Vec::new(),
        };
        let mut tx = Tx::new();
        bench.sensor.start(bench.now_us, &mut tx);
        bench.sent(&tx);
        bench
    }

    /// Past the questions about settings.
    fn ready(settings: Settings) -> Self {
        let mut bench = Self::new(settings);
        let unit = settings.unit.code();
        let steps = settings.integration.unwrap_or(38);
        bench.hear(&std::format!("*0001UN={unit}\r\n*0001PR={steps}\r\n"));
        bench.sent.clear();
        bench
    }

    fn sent(&mut self, tx: &Tx) {
        self.sent.push_str(core::str::from_utf8(tx).unwrap());
    }

    fn due(&mut self) {
        let mut tx = Tx::new();
        let readings = &mut self.readings;
        self.sensor
            .due(self.now_us, &mut tx, &mut |r| readings.push(r));
        self.sent(&tx);
    }

    fn hear(&mut self, text: &str) {
        self.hear_bytes(text.as_bytes());
    }

    fn hear_bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let mut tx = Tx::new();
            let readings = &mut self.readings;
            self.sensor
                .receive(byte, self.now_us, &mut tx, &mut |r| readings.push(r));
            self.sent(&tx);
        }
    }

    /// Lets the deadline come, and one microsecond before it nothing.
    fn expire(&mut self) {
        let deadline_us = self.sensor.deadline_us().expect("something is awaited");
        for now_us in [deadline_us - 1, deadline_us] {
            assert!(self.sensor.deadline_us() == Some(deadline_us));
            self.now_us = now_us;
            let mut tx = Tx::new();
            let readings = &mut self.readings;
            self.sensor.wake(now_us, &mut tx, &mut |r| readings.push(r));
            self.sent(&tx);
        }
    }

    fn taken(&mut self) -> String {
        core::mem::take(&mut self.sent)
    }

    fn faults(&self, kind: Fault) -> u32 {
        self.sensor.faults.count(kind)
    }
}

fn is_missing(reading: &Reading, quantity: Quantity) -> bool {
    reading.quantity == quantity
        && reading.value.is_nan()
        && reading.quality == Quality::MISSING | Quality::SENSOR_FAULT
}

#[test]
fn one_question_one_pressure_in_pascals() {
    for (unit, said, pascals) in [
        (Unit::Psi, "14.695949", 101_325.0),
        (Unit::Hectopascal, "1013.25", 101_325.0),
        (Unit::Kilopascal, "45512.345", 45_512_345.0),
        (Unit::MetreOfWater, "4000.25", 39_229_051.6),
    ] {
        let mut bench = Bench::ready(Settings {
            unit,
            ..Settings::default()
        });
        bench.due();
        assert_eq!(bench.taken(), "*0100P3\r\n");
        bench.now_us += 310_000;
        bench.hear(&std::format!("*0001{said}\r\n"));
        let [reading] = bench.readings[..] else {
            panic!("{:?}", bench.readings)
        };
        assert!((reading.value - pascals).abs() < 0.1, "{reading:?}");
        // The middle of 38 steps of 7.913 ms.
        assert_eq!(reading.mono_us, 10 * S + 150_347);
        assert_eq!(
            (reading.quantity, reading.quality),
            (Quantity::WaterPressure, Quality::GOOD)
        );
        assert_eq!(bench.sensor.deadline_us(), None);
        assert_eq!(bench.sensor.faults.total(), 0);
    }
}

#[test]
fn settings_are_asked_for_and_written_only_where_they_differ() {
    let mut bench = Bench::new(Settings {
        address: 7,
        integration: Some(50),
        ..Settings::default()
    });
    assert_eq!(bench.taken(), "*0700UN\r\n");
    bench.hear("*0007UN=1\r\n");
    assert_eq!(bench.taken(), "*0700EW*0700UN=2\r\n");
    bench.hear("*0007UN=2\r\n");
    assert_eq!(bench.taken(), "*0700PR\r\n");
    bench.hear("*0007PR=238\r\n");
    assert_eq!(bench.taken(), "*0700EW*0700PR=50\r\n");
    bench.hear("*0007PR=50\r\n");
    assert_eq!(bench.taken(), "");
    assert_eq!(bench.sensor.unit(), Some(Unit::Hectopascal));
    bench.due();
    assert_eq!(bench.taken(), "*0700P3\r\n");
    assert_eq!(bench.sensor.faults.total(), 0);

    // A second start finds everything as it should be, and writes nothing.
    let mut tx = Tx::new();
    bench.sensor.start(bench.now_us, &mut tx);
    bench.hear("*0007UN=2\r\n*0007PR=50\r\n");
    assert_eq!(bench.taken(), "*0700PR\r\n");
}

#[test]
fn a_sample_that_falls_due_meanwhile_follows_the_settings() {
    let mut bench = Bench::new(Settings::default());
    bench.due();
    assert_eq!(bench.taken(), "*0100UN\r\n");
    bench.hear("*0001UN=2\r\n");
    bench.taken();
    bench.hear("*0001PR=38\r\n");
    assert_eq!(bench.taken(), "*0100P3\r\n");
}

#[test]
fn a_sensor_that_keeps_its_unit_is_believed() {
    let mut bench = Bench::new(Settings::default());
    bench.hear("*0001UN=1\r\n*0001UN=1\r\n*0001PR=38\r\n");
    assert_eq!(bench.sensor.unit(), Some(Unit::Psi));
    assert_eq!(bench.faults(Fault::Unexpected), 1);
    bench.due();
    bench.hear("*0001100\r\n");
    assert!((bench.readings[0].value - 689_475.7).abs() < 0.1);
    assert_eq!(bench.readings[0].quality, Quality::GOOD);
}

#[test]
fn a_unit_of_somebodys_own_is_a_fault_and_ends_the_asking() {
    let mut bench = Bench::new(Settings::default());
    // However often it says so, it is asked a bounded number of times.
    for _ in 0..50 {
        bench.hear("*0001UN=0\r\n");
    }
    assert_eq!(bench.taken().matches("UN").count(), 6);
    assert_eq!(bench.sensor.unit(), None);
    bench.due();
    bench.hear("*00015.0\r\n");
    assert_eq!(
        bench.readings[0].quality,
        Quality::SUSPECT | Quality::SENSOR_FAULT
    );
}

#[test]
fn without_an_answer_about_the_unit_values_are_suspect() {
    let mut bench = Bench::new(Settings::default());
    for _ in 0..3 {
        bench.expire();
    }
    assert_eq!(bench.taken().matches("*0100UN\r\n").count(), 3);
    assert_eq!(bench.sensor.deadline_us(), None);
    bench.due();
    assert_eq!(bench.taken(), "*0100P3\r\n");
    bench.hear("*00011013.25\r\n");
    assert_eq!(
        (bench.readings[0].value, bench.readings[0].quality),
        (101_325.0, Quality::SUSPECT)
    );
    // Later it is asked once more, and then believed.
    for _ in 0..100 {
        bench.due();
        if bench.taken() == "*0100UN\r\n" {
            bench.hear("*0001UN=2\r\n*0001PR=38\r\n");
            break;
        }
        bench.hear("*00011013.25\r\n");
    }
    bench.hear("*00011013.25\r\n");
    assert_eq!(bench.readings.last().unwrap().quality, Quality::GOOD);
}

#[test]
fn a_silent_sensor_gives_a_missing_reading_for_every_sample() {
    let mut bench = Bench::ready(Settings {
        integration: Some(38),
        ..Settings::default()
    });
    bench.due();
    bench.expire();
    // 0.7 s and twice the integration.
    assert_eq!(bench.now_us, 11_301_388);
    assert_eq!(bench.taken(), "*0100P3\r\n");
    // It may be another sensor by now, and is asked for its unit, once in ten seconds.
    for sample in 1..=20 {
        bench.now_us = (11 + sample) * S;
        bench.due();
        if bench.sensor.deadline_us().is_some() {
            assert_eq!(bench.taken(), "*0100UN\r\n");
            assert!(matches!(sample, 1 | 11));
            bench.expire();
        }
        assert_eq!(bench.readings.len() as u64, sample + 1);
        let last = bench.readings.last().unwrap();
        assert!(is_missing(last, Quantity::WaterPressure));
        assert_eq!(last.mono_us, (11 + sample) * S);
    }
    assert_eq!(bench.faults(Fault::Timeout), 3);
    // It is back, as delivered.
    bench.now_us = 32 * S;
    bench.due();
    bench.hear("*0001UN=1\r\n*0001UN=2\r\n*0001PR=238\r\n*0001PR=38\r\n*00011013.25\r\n");
    let last = bench.readings.last().unwrap();
    assert_eq!((last.value, last.quality), (101_325.0, Quality::GOOD));
}

#[test]
fn noise_before_within_and_after_an_answer() {
    let mut bench = Bench::ready(Settings::default());
    for (sample, (noise, faults)) in [
        (&b"\x00\xff\x13*00011013.25\r\n"[..], 1),
        (b"\r\n\r\n*00011013.25\r\n", 0),
        (b"*0001101*00011013.25\r\n", 1),
        (b"garbage\r\n*00011013.25\r\n", 1),
        (b"*00021000.00\r\n*00011013.25\r\n", 1),
        (b"*0001xx13.25\r\n*00011013.25\r\n", 1),
        (b"*0100P3\r\n*00011013.25\r\n", 0),
        (b"*0001UN=2\r\n*00011013.25\r\n", 1),
    ]
    .iter()
    .enumerate()
    {
        let before = bench.sensor.faults.total();
        bench.due();
        bench.hear_bytes(noise);
        assert_eq!(bench.readings.len(), sample + 1, "{noise:?}");
        assert_eq!(bench.readings[sample].value, 101_325.0, "{noise:?}");
        assert_eq!(bench.sensor.faults.total() - before, *faults, "{noise:?}");
    }
}

#[test]
fn a_megabyte_without_an_end_is_bounded_and_over_with_the_next_star() {
    let mut bench = Bench::ready(Settings::default());
    bench.due();
    for _ in 0..1_000_000 {
        bench.hear_bytes(b"7");
    }
    assert_eq!(bench.faults(Fault::Damaged), 1);
    bench.hear("*00011013.25\r\n");
    assert_eq!(bench.readings.len(), 1);
}

#[test]
fn a_port_error_spoils_the_line_under_way() {
    let mut bench = Bench::ready(Settings::default());
    bench.due();
    bench.hear("*000110");
    bench.sensor.line_error();
    bench.hear("3.25\r\n");
    assert!(bench.readings.is_empty(), "no value out of half a line");
    assert_eq!(bench.faults(Fault::Line), 1);
    bench.expire();
    assert!(is_missing(&bench.readings[0], Quantity::WaterPressure));
}

/// A line that holds answers back for two seconds: no old value may pass for a new one, nor a pressure for a temperature.
#[test]
fn a_late_answer_is_never_taken_for_another() {
    let mut bench = Bench::ready(Settings {
        temperature_every: 1,
        ..Settings::default()
    });
    bench.due();
    bench.expire();
    bench.taken();
    bench.due();
    assert_eq!(bench.taken(), "*0100UN\r\n");
    // The late answer comes before that to the new question.
    bench.hear("*00011013.25\r\n");
    assert_eq!(bench.readings.len(), 1);
    assert_eq!(bench.faults(Fault::Unexpected), 1);
    bench.hear("*0001UN=2\r\n*0001PR=38\r\n");
    bench.hear("*00011013.26\r\n*00012.125\r\n");
    let values: Vec<_> = bench.readings[1..]
        .iter()
        .map(|r| (r.quantity, r.value, r.quality))
        .collect();
    assert_eq!(
        values,
        [
            (Quantity::WaterPressure, 101_326.0, Quality::GOOD),
            (Quantity::WaterTemperature, 2.125, Quality::GOOD),
        ]
    );
    // A late temperature is as dangerous.
    bench.due();
    bench.hear("*00011013.27\r\n");
    bench.expire();
    bench.due();
    bench.hear("*00012.125\r\n");
    assert!(
        bench
            .readings
            .iter()
            .all(|r| r.quantity != Quantity::WaterPressure || r.value.is_nan() || r.value > 1e5)
    );
}

/// The worst case of the above: answers that are always late by the same time, whatever it is.
#[test]
fn on_a_line_that_delays_everything_no_value_is_older_than_its_limit() {
    for delay_us in (0..9_000_000).step_by(50_000) {
        let mut bench = Bench::ready(Settings {
            integration: Some(63),
            ..Settings::default()
        });
        let mut answers: std::collections::VecDeque<(u64, String)> = Default::default();
        let mut next_us = bench.now_us;
        let end_us = bench.now_us + 60 * S;
        while bench.now_us < end_us {
            let answer_us = answers.front().map(|(at_us, _)| *at_us);
            let deadline_us = bench.sensor.deadline_us();
            let now_us = [Some(next_us), answer_us, deadline_us]
                .into_iter()
                .flatten()
                .min()
                .unwrap();
            bench.now_us = now_us;
            if answer_us == Some(now_us) {
                let (_, answer) = answers.pop_front().unwrap();
                bench.hear(&answer);
            } else if next_us == now_us {
                next_us += S;
                bench.due();
            } else {
                let mut tx = Tx::new();
                let readings = &mut bench.readings;
                bench
                    .sensor
                    .wake(now_us, &mut tx, &mut |r| readings.push(r));
                bench.sent(&tx);
            }
            for command in bench.taken().split_terminator("\r\n") {
                let answer = match &command[5..] {
                    "UN" => "UN=2".into(),
                    "PR" => "PR=63".into(),
                    // The value is the time of the question.
                    "P3" => std::format!("{}", now_us / 1_000),
                    other => panic!("{other}"),
                };
                answers.push_back((now_us + delay_us, std::format!("*0001{answer}\r\n")));
            }
        }
        let limit_ms = 1_700;
        for reading in &bench.readings {
            let asked_ms = reading.value / 100.0;
            let stamped_ms = reading.mono_us as f64 / 1_000.0;
            assert!(
                reading.value.is_nan() || (stamped_ms - asked_ms).abs() < f64::from(limit_ms),
                "delay {delay_us}: {reading:?}"
            );
        }
        assert!(!bench.readings.is_empty());
        if delay_us < 1_000_000 {
            assert!(bench.readings.iter().filter(|r| !r.value.is_nan()).count() > 25);
        }
    }
}

#[test]
fn temperature_comes_with_every_nth_sample() {
    let mut bench = Bench::ready(Settings {
        temperature_every: 3,
        ..Settings::default()
    });
    for _ in 0..7 {
        bench.due();
        bench.hear("*00011013.25\r\n");
        if bench.sensor.deadline_us().is_some() {
            bench.hear("*00012.125\r\n");
        }
    }
    let temperatures = bench
        .readings
        .iter()
        .filter(|r| r.quantity == Quantity::WaterTemperature)
        .count();
    assert_eq!((temperatures, bench.readings.len()), (3, 10));
    // A silent temperature is missing, and the pressure stands.
    bench.due();
    bench.hear("*00011013.25\r\n");
    bench.due();
    bench.hear("*00011013.25\r\n");
    bench.due();
    bench.hear("*00011013.25\r\n");
    bench.expire();
    assert!(is_missing(
        bench.readings.last().unwrap(),
        Quantity::WaterTemperature
    ));
}

#[test]
fn samples_that_come_too_fast_are_counted() {
    let mut bench = Bench::ready(Settings::default());
    bench.due();
    bench.due();
    bench.due();
    assert_eq!(bench.taken(), "*0100P3\r\n");
    assert_eq!(bench.faults(Fault::Busy), 2);
}

#[test]
fn continuous_values_flow_until_they_are_stopped() {
    let mut bench = Bench::new(Settings {
        mode: Mode::Continuous,
        ..Settings::default()
    });
    bench.hear("*0001UN=2\r\n*0001PR=38\r\n");
    assert!(bench.taken().ends_with("*0100P4\r\n"));
    for n in 0..5 {
        bench.now_us += 301_000;
        bench.due();
        bench.hear(&std::format!("*0001{}\r\n", 1_000 + n));
    }
    assert_eq!(bench.readings.len(), 5);
    assert_eq!(bench.readings[4].value, 100_400.0);
    assert_eq!(bench.readings[4].mono_us, bench.now_us - 150_347);
    assert_eq!(bench.taken(), "");

    // Silence: one missing reading, and the mode is asked for again.
    bench.expire();
    assert!(is_missing(&bench.readings[5], Quantity::WaterPressure));
    assert_eq!(bench.taken(), "*0100UN\r\n");
    bench.hear("*0001UN=2\r\n*0001PR=38\r\n");
    assert_eq!(bench.taken(), "*0100PR\r\n*0100P4\r\n");

    // Leaving: a command that changes nothing, and what still comes is no reading.
    let mut tx = Tx::new();
    bench.sensor.set_mode(Mode::Single, bench.now_us, &mut tx);
    assert_eq!(tx.as_slice(), b"*0100SN\r\n");
    bench.hear("*00011005\r\n*0001SN=100123\r\n");
    assert_eq!(bench.readings.len(), 6);
    assert_eq!(bench.sensor.deadline_us(), None);
    bench.due();
    assert_eq!(bench.taken(), "*0100P3\r\n");

    // And back.
    bench.hear("*00011006\r\n");
    let mut tx = Tx::new();
    bench
        .sensor
        .set_mode(Mode::Continuous, bench.now_us, &mut tx);
    assert_eq!(tx.as_slice(), b"*0100P4\r\n");
}

#[test]
fn a_continuous_mode_left_running_gives_no_reading_before_the_unit_is_known() {
    let mut bench = Bench::new(Settings::default());
    bench.hear("13.25\r\n*000114.69\r\n*000114.70\r\n*0001UN=1\r\n");
    assert!(bench.readings.is_empty());
    assert!(bench.taken().ends_with("*0100EW*0100UN=2\r\n"));
}

#[test]
fn a_clock_that_wraps_changes_nothing() {
    let mut bench = Bench::ready(Settings::default());
    bench.now_us = u64::MAX - 100_000;
    bench.due();
    let deadline_us = bench.sensor.deadline_us().unwrap();
    assert!(deadline_us < bench.now_us, "it wraps");
    let mut tx = Tx::new();
    bench
        .sensor
        .wake(bench.now_us, &mut tx, &mut |_| panic!("too early"));
    bench.hear("*00011013.25\r\n");
    assert_eq!(bench.readings[0].mono_us, 50_346);
}

#[test]
fn settings_out_of_range_are_brought_into_it() {
    for (address, integration, expected) in [
        (0, Some(0), "*0100UN\r\n"),
        (99, Some(u16::MAX), "*0100UN\r\n"),
        (98, None, "*9800UN\r\n"),
    ] {
        let mut bench = Bench::new(Settings {
            address,
            integration,
            ..Settings::default()
        });
        assert_eq!(bench.taken(), expected.to_string());
        assert!(
            bench
                .sensor
                .settings
                .integration
                .is_none_or(|n| (1..=INTEGRATION_MAX).contains(&n))
        );
    }
    assert_eq!(integration_for(0), 1);
    assert_eq!(integration_for(1_000_000), 63);
    assert_eq!(integration_for(u64::MAX), INTEGRATION_MAX);
}
