//! The firmware's drivers against the virtual sensors on I2C, SPI and a contact.

use drivers::{Fault as DriverFault, Reading};
use hil::fault::Fault;
use hil::fault::bus::FaultyBus;
use hil::fault::contact::faulty;
use hil::sensor::Source;
use hil::sensor::adxl355::Adxl355;
use hil::sensor::bus::Time;
use hil::sensor::inductive_loop::{Bounce, Contact};
use hil::sensor::ms5837::Ms5837;
use hil::sensor::source::{Between, Points, Shape};
use hil::sensor::traffic::{Phase, Traffic};
use wire::quality::Quality;
use wire::quantity::Quantity;

const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;

fn of(readings: &[Reading], quantity: Quantity) -> Vec<Reading> {
    let wanted = |reading: &&Reading| reading.quantity == quantity;
    readings.iter().filter(wanted).copied().collect()
}

fn sampled<B>(
    driver: &mut impl drivers::BusSensor<B>,
    bus: &mut B,
    time: &Time,
    us: u64,
) -> Vec<Reading> {
    let mut readings = Vec::new();
    time.set_us(us);
    let mut delay = time.clone();
    drivers::bus::sample(driver, bus, us, &mut delay, &mut |reading| {
        readings.push(reading)
    });
    readings
}

#[test]
fn the_driver_reads_an_ms5837_to_its_last_digit() {
    for (pa, celsius) in [
        (101_325.0, 21.5),
        (130_000.0, 4.0),
        (2_500_000.0, -1.5),
        (900_000.0, 30.0),
    ] {
        let time = Time::default();
        let sensor = Ms5837::new(
            time.clone(),
            Source::constant(pa),
            Source::constant(celsius),
        );
        let mut bus = FaultyBus::new(sensor, time.clone(), "level", &[], 1);
        let mut driver = drivers::ms5837::Ms5837::new(drivers::ms5837::Oversampling::X8192);
        for round in 1..5 {
            let readings = sampled(&mut driver, &mut bus, &time, round * SECOND_US);
            assert_eq!(readings.len(), 2, "{:?}", driver_faults(&driver, &bus));
            // One digit is 10 Pa and 0.01 degrees; roundings of two kinds may differ by one.
            assert!((readings[0].value - pa).abs() <= 10.1, "{readings:?}");
            assert!(
                (readings[1].value - celsius).abs() <= 0.0101,
                "{readings:?}"
            );
        }
    }
}

fn driver_faults<B, D: drivers::BusSensor<B>>(driver: &D, _bus: &B) -> drivers::Faults {
    *driver.faults()
}

#[test]
fn an_ms5837_with_a_loose_wire_is_missing_and_comes_back() {
    let time = Time::default();
    let ramp = Points::new(
        vec![(0, Some(150_000.0)), (600_000_000, Some(160_000.0))],
        Between::Linear,
    );
    let source = Source::new(Shape::Points(ramp.expect("points")));
    let sensor = Ms5837::new(time.clone(), source, Source::constant(12.0));
    let faults = ["sensor:intermittent(on=2s,off=2s)@60s+120s"
        .parse()
        .expect("a fault")];
    let mut bus = FaultyBus::new(sensor, time.clone(), "level", &faults, 1);
    let mut driver = drivers::ms5837::Ms5837::new(drivers::ms5837::Oversampling::X8192);
    let (mut missing, mut inside) = (0, 0);
    for second in 1..300 {
        let readings = sampled(&mut driver, &mut bus, &time, second * SECOND_US);
        let [pressure, _] = readings.as_slice() else {
            panic!("two readings: {readings:?}");
        };
        let is_missing = pressure.quality.contains(Quality::MISSING);
        let within = (60..180).contains(&second);
        assert!(within || !is_missing, "{second}");
        missing += usize::from(is_missing);
        inside += usize::from(within);
        if !is_missing {
            let there = 150_000.0 + 10_000.0 * second as f64 / 600.0;
            assert!(
                (pressure.value - there).abs() < 12.0,
                "{second}: {}",
                pressure.value
            );
        }
    }
    assert!(
        missing * 10 > inside * 3 && missing * 10 < inside * 7,
        "{missing} of {inside}"
    );
    assert!(driver_faults(&driver, &bus).count(DriverFault::Bus) > 0);
}

#[test]
fn the_driver_reads_an_adxl355_in_every_range() {
    use drivers::adxl355::{Axis, DataRate, Range};
    for range in [Range::G2, Range::G4, Range::G8] {
        let time = Time::default();
        let axes = [0.5, -1.25, 9.806_65].map(Source::constant);
        let sensor = Adxl355::new(time.clone(), axes, Source::constant(25.0));
        let mut bus = FaultyBus::new(sensor, time.clone(), "mole", &[], 1);
        let mut driver = drivers::adxl355::Adxl355::new(drivers::adxl355::Settings {
            range,
            rate: DataRate::Hz125,
            axis: Axis::Y,
        });
        for round in 1..5 {
            let readings = sampled(&mut driver, &mut bus, &time, round * SECOND_US);
            assert_eq!(readings.len(), 1, "{:?}", driver_faults(&driver, &bus));
            // Half a step of 15.6 ug at most.
            assert!((readings[0].value + 1.25).abs() < 8e-5, "{readings:?}");
            assert_eq!(readings[0].quality, Quality::GOOD);
        }
        time.set_us(10 * SECOND_US);
        let xyz = driver.read_xyz(&mut bus).expect("fresh data");
        for (got, expected) in xyz.into_iter().zip([0.5, -1.25, 9.806_65]) {
            assert!((got - expected).abs() < 8e-5, "{xyz:?}");
        }
        // Asked again at once, there is nothing new.
        assert_eq!(driver.read_xyz(&mut bus), Err(DriverFault::NotReady));
    }
}

#[test]
fn an_adxl355_that_is_off_or_babbles_is_not_believed_to_be_one() {
    for text in ["sensor:off@0s+10s", "sensor:garbage@0s+10s"] {
        let time = Time::default();
        let axes = [0.0, 0.0, 9.806_65].map(Source::constant);
        let sensor = Adxl355::new(time.clone(), axes, Source::constant(25.0));
        let faults = [text.parse().expect(text)];
        let mut bus = FaultyBus::new(sensor, time.clone(), "mole", &faults, 1);
        let mut driver = drivers::adxl355::Adxl355::new(drivers::adxl355::Settings::default());
        let readings = sampled(&mut driver, &mut bus, &time, SECOND_US);
        assert!(
            readings[0].quality.contains(Quality::MISSING),
            "{text}: {readings:?}"
        );
        let readings = sampled(&mut driver, &mut bus, &time, 20 * SECOND_US);
        assert_eq!(readings[0].quality, Quality::GOOD, "{text}: it comes back");
        assert!((readings[0].value - 9.806_65).abs() < 4e-5);
    }
}

/// Flow and occupancy of each minute that a driver makes of a contact.
fn watched(
    contact: &mut Contact,
    minutes: u64,
) -> (Vec<Reading>, drivers::inductive_loop::InductiveLoop) {
    let settings = drivers::inductive_loop::Settings::default();
    let mut driver = drivers::inductive_loop::InductiveLoop::new(settings, 0);
    let mut readings = Vec::new();
    for minute in 1..=minutes {
        while let Some(edge) = contact.take_due(minute * MINUTE_US) {
            driver.level(edge.closed, edge.time_us);
        }
        driver.due(minute * MINUTE_US, &mut |reading| readings.push(reading));
    }
    (readings, driver)
}

#[test]
fn the_driver_counts_the_vehicles_over_a_bouncing_loop() {
    let phases = [Phase {
        at_us: 0,
        flow_per_h: 1_200.0,
        speed_kmh: 70.0,
        spread_kmh: 8.0,
    }];
    let traffic = Traffic::random(5, &phases, 30 * MINUTE_US).expect("traffic");
    let bounce = Bounce {
        pairs: 4,
        within_us: 3_000,
        seed: 2,
    };
    let contact = Contact::of_loop(&traffic, 2.0, bounce);
    let (readings, driver) = watched(&mut contact.clone(), 31);
    let counted: f64 = of(&readings, Quantity::Flow)
        .iter()
        .map(|flow| flow.value / 60.0)
        .sum();
    assert_eq!(counted.round() as usize, traffic.vehicles().len());
    let covered_us: f64 = traffic
        .vehicles()
        .iter()
        .map(|v| (v.length_m + 2.0) / v.speed_mps * 1e6)
        .sum();
    let occupancy: f64 = of(&readings, Quantity::Occupancy)
        .iter()
        .map(|share| share.value)
        .sum::<f64>()
        / 31.0;
    let expected = covered_us / (31.0 * MINUTE_US as f64) * 100.0;
    // Every edge may be off by the 3 ms in which it bounces.
    let slack = traffic.vehicles().len() as f64 * 6_000.0 / (31.0 * MINUTE_US as f64) * 100.0;
    assert!(
        (occupancy - expected).abs() < slack,
        "{occupancy} of {expected}"
    );
    assert!(driver.bounces() > 1_000);

    // Stuck closed from a vehicle on: no values until it opens, and a fault.
    let first = traffic.vehicles()[60];
    let stuck: Fault = format!("sensor:stuck@{}us+20m", first.at_us + 50_000)
        .parse()
        .expect("a fault");
    let mut contact = faulty(&contact, "loop", &[stuck], 1, 31 * MINUTE_US);
    let (readings, driver) = watched(&mut contact, 31);
    assert_eq!(driver.faults().count(DriverFault::Stuck), 1);
    assert!(
        readings
            .iter()
            .any(|reading| reading.quality.contains(Quality::MISSING))
    );
    assert_eq!(readings.last().expect("readings").quality, Quality::GOOD);
}
