//! The firmware's drivers against the virtual sensors on serial lines: two readings of the same manuals, written apart, must
//! agree.

use drivers::{Fault as DriverFault, Reading, SerialSensor as Driver};
use hil::fault::{Fault, FaultySensor, Framing};
use hil::sensor::digiquartz::{Digiquartz, Settings};
use hil::sensor::line::{Line, Pace};
use hil::sensor::meter::{Meter, Model, PhaseSources};
use hil::sensor::modbus::{self, Slave, silence_us};
use hil::sensor::ops243::Ops243;
use hil::sensor::source::{Between, Points, Shape, Water};
use hil::sensor::traffic::{Phase, Traffic};
use hil::sensor::{SerialSensor, Source};
use wire::quality::Quality;
use wire::quantity::Quantity;

const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;

/// Plays a driver against a sensor, a sample due every `every_us`, up to `until_us`. Bytes take their time both ways.
fn played(
    driver: &mut impl Driver,
    sensor: &mut dyn SerialSensor,
    pace: Pace,
    every_us: u64,
    until_us: u64,
) -> Vec<Reading> {
    let mut readings = Vec::new();
    let mut emit = |reading| readings.push(reading);
    let mut to_sensor = Line::new(pace);
    let mut tx = drivers::Tx::new();
    let mut due_us = every_us;
    driver.start(0, &mut tx);
    to_sensor.send(0, &tx);
    loop {
        let instants = [
            to_sensor.next_us(),
            sensor.next_us(),
            driver.deadline_us(),
            Some(due_us),
        ];
        let us = instants
            .into_iter()
            .flatten()
            .min()
            .expect("a sample is always due");
        if us > until_us {
            return readings;
        }
        let mut bytes = Vec::new();
        to_sensor.take(us, &mut bytes);
        if !bytes.is_empty() {
            sensor.receive(&bytes, us);
            bytes.clear();
        }
        sensor.transmit(us, &mut bytes);
        for byte in bytes {
            tx.clear();
            driver.receive(byte, us, &mut tx, &mut emit);
            to_sensor.send(us, &tx);
        }
        if driver
            .deadline_us()
            .is_some_and(|deadline_us| deadline_us <= us)
        {
            tx.clear();
            driver.wake(us, &mut tx, &mut emit);
            to_sensor.send(us, &tx);
        }
        if due_us <= us {
            due_us += every_us;
            tx.clear();
            driver.due(us, &mut tx, &mut emit);
            to_sensor.send(us, &tx);
        }
    }
}

fn of(readings: &[Reading], quantity: Quantity) -> Vec<Reading> {
    readings
        .iter()
        .filter(|reading| reading.quantity == quantity)
        .copied()
        .collect()
}

fn pace_of(driver: &impl Driver) -> Pace {
    let line = driver.line();
    Pace {
        baud: line.baud,
        character_bits: 10 + u32::from(line.parity != drivers::Parity::None),
    }
}

/// The sea floor under the Maule wave, from three hours after the origin on.
fn maule() -> (Source, Water) {
    let event = record::Event::load(&record::Directory::new("../configs/events/chile-2010"))
        .expect("the event ships with the project");
    let station = &event.stations[0];
    let zero_us = event.origin_us + 180 * 60_000_000;
    let points = Points::recorded(&station.series, zero_us, Between::Linear).expect("points");
    let water = Water::dart(station.depth_m.expect("a depth"));
    (Source::new(Shape::Points(points)).under_water(water), water)
}

fn digiquartz_driver(mode: drivers::digiquartz::Mode) -> drivers::digiquartz::Digiquartz {
    drivers::digiquartz::Digiquartz::new(drivers::digiquartz::Settings {
        unit: drivers::digiquartz::Unit::Kilopascal,
        integration: Some(38),
        temperature_every: 4,
        mode,
        ..Default::default()
    })
}

#[test]
fn the_driver_reads_the_maule_wave_from_a_digiquartz_to_a_millimetre() {
    let (source, water) = maule();
    // As delivered: psi and the integration of the manual; the driver sets both.
    let mut sensor = Digiquartz::new(Settings::default(), source.clone(), Source::constant(2.25));
    let mut driver = digiquartz_driver(drivers::digiquartz::Mode::Single);
    let pace = pace_of(&driver);
    let readings = played(
        &mut driver,
        &mut sensor,
        pace,
        15 * SECOND_US,
        60 * MINUTE_US,
    );
    let pressures = of(&readings, Quantity::WaterPressure);
    assert_eq!(
        pressures.len(),
        239,
        "the sample of the last instant is still under way"
    );
    let mut highest = f64::MIN;
    for reading in &pressures {
        assert_eq!(reading.quality, Quality::GOOD);
        // The value stands for the instant that the driver gives it.
        let there = source.value(reading.mono_us).expect("a value");
        let off_mm = (reading.value - there) / water.pa_per_metre * 1_000.0;
        assert!(off_mm.abs() < 1.0, "{off_mm} mm at {}", reading.mono_us);
        highest = highest.max((reading.value - water.base_pa) / water.pa_per_metre);
    }
    assert!((highest - 0.235).abs() < 0.002, "{highest}");
    let temperatures = of(&readings, Quantity::WaterTemperature);
    assert_eq!(temperatures.len(), 60);
    assert!(temperatures.iter().all(|reading| reading.value == 2.25));
    assert_eq!(driver.faults().total(), 0, "{:?}", driver.faults());
    assert_eq!(sensor.settings().pr, 38);
    assert_eq!(
        sensor.settings().unit,
        hil::sensor::digiquartz::Unit::KiloPascal
    );
}

#[test]
fn in_continuous_mode_every_value_becomes_a_reading() {
    let (source, water) = maule();
    let mut sensor = Digiquartz::new(Settings::default(), source.clone(), Source::constant(2.0));
    let mut driver = digiquartz_driver(drivers::digiquartz::Mode::Continuous);
    let pace = pace_of(&driver);
    let readings = played(
        &mut driver,
        &mut sensor,
        pace,
        15 * SECOND_US,
        5 * MINUTE_US,
    );
    let pressures = of(&readings, Quantity::WaterPressure);
    // 38 counts are 300.7 ms: 996 in 299.5 s, less what the settings take at first.
    assert!(
        (985..=998).contains(&pressures.len()),
        "{}",
        pressures.len()
    );
    for reading in &pressures {
        let there = source.value(reading.mono_us).expect("a value");
        assert!((reading.value - there).abs() < water.pa_per_metre * 0.001);
    }
    assert_eq!(driver.faults().total(), 0, "{:?}", driver.faults());
}

/// A Digiquartz behind a line with this fault, asked every 15 s for 20 minutes: pressures and the driver's counters.
fn hurt(text: &str, seed: u64) -> (Vec<Reading>, drivers::Faults) {
    let faults: Vec<Fault> = vec![text.parse().expect(text)];
    let sensor = Digiquartz::new(
        Settings::default(),
        Source::constant(4.46e7),
        Source::constant(2.0),
    );
    let mut wired = FaultySensor::new(sensor, "deep", Framing::Byte(b'\n'), &faults, seed);
    let mut driver = digiquartz_driver(drivers::digiquartz::Mode::Single);
    let pace = pace_of(&driver);
    let readings = played(
        &mut driver,
        &mut wired,
        pace,
        15 * SECOND_US,
        20 * MINUTE_US,
    );
    (of(&readings, Quantity::WaterPressure), *driver.faults())
}

#[test]
fn a_digiquartz_that_hurts_is_missing_and_comes_back() {
    for (text, kind) in [
        ("sensor:off@5m+5m", DriverFault::Timeout),
        ("sensor.up:off@5m+5m", DriverFault::Timeout),
        ("sensor.down:off@5m+5m", DriverFault::Timeout),
        ("sensor.up:garbage@5m+5m", DriverFault::Timeout),
        ("sensor:delayed(by=20s)@5m+5m", DriverFault::Timeout),
        ("sensor.up:slow(bps=20)@5m+5m", DriverFault::Timeout),
    ] {
        let (pressures, faults) = hurt(text, 5);
        assert!(faults.count(kind) > 0, "{text}: {faults:?}");
        let (mut good, mut missing) = (0, 0);
        for reading in &pressures {
            if reading.quality.contains(Quality::MISSING) {
                assert!(reading.quality.contains(Quality::SENSOR_FAULT), "{text}");
                missing += 1;
            } else {
                // Whatever is passed on as good was measured, to the last digit.
                assert!((reading.value - 4.46e7).abs() < 0.6, "{text}: {reading:?}");
                good += 1;
            }
        }
        // 79 samples, 20 of them within the fault; a late answer and its doubt cost a few more.
        assert!(
            (50..=62).contains(&good),
            "{text}: {good} good, {missing} missing"
        );
        assert!(missing >= 5, "{text}: {missing} missing");
        let last = pressures.last().expect("readings");
        assert_eq!(last.quality, Quality::GOOD, "{text}: it comes back");
    }
}

#[test]
fn the_driver_counts_the_vehicles_that_pass_the_radar() {
    let phase = |at_us, flow_per_h, speed_kmh| Phase {
        at_us,
        flow_per_h,
        speed_kmh,
        spread_kmh: 5.0,
    };
    let phases = [phase(0, 300.0, 80.0), phase(30 * MINUTE_US, 0.0, 80.0)];
    let traffic = Traffic::random(3, &phases, 60 * MINUTE_US).expect("traffic");
    let mean = traffic
        .vehicles()
        .iter()
        .map(|v| v.speed_mps * 3.6)
        .sum::<f64>()
        / traffic.vehicles().len() as f64;
    // 25 m of beam: 1.1 s at 80 km/h, so that few vehicles share it.
    let mut radar = Ops243::new(19_200, traffic.clone(), 25.0);
    let mut driver = drivers::ops243::Ops243::new(drivers::ops243::Settings::default());
    let pace = pace_of(&driver);
    let readings = played(&mut driver, &mut radar, pace, MINUTE_US, 61 * MINUTE_US);
    let flows = of(&readings, Quantity::Flow);
    assert_eq!(flows.len(), 60);
    let counted = flows
        .iter()
        .map(|flow| flow.value / 60.0)
        .sum::<f64>()
        .round() as usize;
    let passed = traffic.vehicles().len();
    // Vehicles in the beam together are one passage: a lower bound, but not a bad one at this flow.
    assert!(
        counted <= passed && counted * 10 >= passed * 8,
        "{counted} of {passed}"
    );
    assert!(
        flows[35..]
            .iter()
            .all(|flow| flow.value == 0.0 && flow.quality == Quality::GOOD)
    );
    let speeds = of(&readings, Quantity::Speed);
    let measured = speeds.iter().map(|speed| speed.value).sum::<f64>() / speeds.len() as f64;
    assert!((measured - mean).abs() < 1.0, "{measured} of {mean}");
    assert_eq!(driver.faults().total(), 0, "{:?}", driver.faults());
}

/// A radar that loses its supply every five minutes.
struct Failing {
    radar: Ops243,
    restart_us: u64,
}

impl SerialSensor for Failing {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.radar.receive(bytes, now_us);
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        if now_us >= self.restart_us {
            self.restart(now_us);
            self.restart_us += 5 * MINUTE_US;
        }
        self.radar.transmit(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        Some(
            self.radar
                .next_us()
                .unwrap_or(u64::MAX)
                .min(self.restart_us),
        )
    }

    fn restart(&mut self, now_us: u64) {
        self.radar.restart(now_us);
    }
}

#[test]
fn a_radar_that_restarts_is_told_its_settings_again() {
    let phases = [Phase {
        at_us: 0,
        flow_per_h: 300.0,
        speed_kmh: 80.0,
        spread_kmh: 5.0,
    }];
    let traffic = Traffic::random(3, &phases, 30 * MINUTE_US).expect("traffic");
    let mut radar = Failing {
        radar: Ops243::new(19_200, traffic, 25.0),
        restart_us: 5 * MINUTE_US + SECOND_US,
    };
    let mut driver = drivers::ops243::Ops243::new(drivers::ops243::Settings::default());
    let pace = pace_of(&driver);
    let readings = played(&mut driver, &mut radar, pace, MINUTE_US, 30 * MINUTE_US);
    let speeds = of(&readings, Quantity::Speed);
    assert!(speeds.len() > 25);
    for speed in speeds {
        // 22 m/s taken for km/h would be 22.
        assert!((65.0..95.0).contains(&speed.value), "{speed:?}");
    }
    assert!(driver.faults().count(DriverFault::Damaged) > 0);
}

fn phase(volts: f64, amperes: f64, factor: f64) -> PhaseSources {
    PhaseSources {
        voltage: Source::constant(volts),
        current: Source::constant(amperes),
        power_factor: Source::constant(factor),
    }
}

#[test]
fn the_driver_reads_each_meter() {
    use drivers::meter::Model as Read;
    for (model, read, phases, watts) in [
        (
            Model::Sdm230,
            Read::Sdm230,
            vec![phase(231.5, 4.0, 0.5)],
            463.0,
        ),
        (
            Model::Sdm630,
            Read::Sdm630,
            vec![
                phase(230.0, 1.0, 1.0),
                phase(231.5, 4.0, 0.5),
                phase(229.0, 3.0, 1.0),
            ],
            1_380.0,
        ),
        (
            Model::Pzem004t,
            Read::Pzem004t,
            vec![phase(231.5, 4.0, 0.5)],
            463.0,
        ),
    ] {
        for parity in [drivers::Parity::None, drivers::Parity::Even] {
            let mut settings = drivers::meter::Settings::as_delivered(read);
            settings.line.parity = parity;
            let mut driver = drivers::meter::Meter::new(settings);
            let pace = pace_of(&driver);
            let meter = Meter::new(
                model,
                1,
                pace.baud,
                0,
                phases.clone(),
                Source::constant(49.9),
            )
            .with_import(12_000.0);
            let mut slave = Slave::new(
                meter,
                modbus::Settings {
                    pace,
                    turnaround_us: 30_000,
                },
            );
            let readings = played(&mut driver, &mut slave, pace, 5 * SECOND_US, MINUTE_US - 1);
            let value = |quantity| {
                let all = of(&readings, quantity);
                assert_eq!(all.len(), 11, "{model:?} {quantity:?}");
                assert!(all.iter().all(|reading| reading.quality == Quality::GOOD));
                all[0].value
            };
            for (quantity, expected, step) in [
                (Quantity::Voltage, 231.5, 0.05),
                (Quantity::Current, 4.0, 0.0005),
                (Quantity::ActivePower, watts, 0.05),
                (Quantity::Frequency, 49.9, 0.05),
                // 5 s of it; a PZEM counts whole watt-hours.
                (
                    Quantity::ActiveEnergy,
                    12_000.0 + watts * 5.0 / 3_600.0,
                    1.0,
                ),
            ] {
                let got = value(quantity);
                assert!(
                    (got - expected).abs() <= step + 1e-3,
                    "{model:?} {quantity:?}: {got}"
                );
            }
            assert_eq!(
                driver.faults().total(),
                0,
                "{model:?} {:?}",
                driver.faults()
            );
            assert_eq!(slave.counts().exceptions + slave.counts().bad_frames, 0);
        }
    }
}

#[test]
fn a_meter_whose_bits_turn_over_is_refused_and_never_believed() {
    let settings = drivers::meter::Settings::as_delivered(drivers::meter::Model::Pzem004t);
    let mut driver = drivers::meter::Meter::new(settings);
    let pace = pace_of(&driver);
    let meter = Meter::new(
        Model::Pzem004t,
        1,
        9_600,
        0,
        vec![phase(231.5, 4.0, 0.5)],
        Source::constant(50.0),
    );
    let slave = Slave::new(
        meter,
        modbus::Settings {
            pace,
            turnaround_us: 30_000,
        },
    );
    let faults = ["sensor:garbage(rate=0.03)@0s+50m".parse().expect("a fault")];
    let framing = Framing::Silence(silence_us(pace));
    let mut wired = FaultySensor::new(slave, "pump", framing, &faults, 8);
    let readings = played(&mut driver, &mut wired, pace, 5 * SECOND_US, 60 * MINUTE_US);
    let volts = of(&readings, Quantity::Voltage);
    let missing = volts
        .iter()
        .filter(|v| v.quality.contains(Quality::MISSING))
        .count();
    // 33 bytes of a round are intact with 0.97^33 = 37 %; 600 of 719 rounds are within the fault.
    assert!(
        (300..460).contains(&missing),
        "{missing} of {}",
        volts.len()
    );
    assert!(
        volts
            .iter()
            .all(|v| v.quality.contains(Quality::MISSING) || v.value == 231.5)
    );
    assert!(
        volts
            .iter()
            .rev()
            .take(100)
            .all(|v| v.quality == Quality::GOOD)
    );
    assert!(wired.sensor().counts().bad_frames > 0);
    assert!(driver.faults().total() > 0);
}
