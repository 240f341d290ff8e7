use super::*;
use std::vec::Vec;

const S: u64 = 1_000_000;

struct Bench {
    radar: Ops243,
    now_us: u64,
    sent: Vec<u8>,
    readings: Vec<Reading>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let mut bench = Self {
            radar: Ops243::new(settings),
            now_us: 0,
            sent: Vec::new(),
            readings: Vec::new(),
        };
        let mut tx = Tx::new();
        bench.radar.start(0, &mut tx);
        bench.sent.extend(&tx);
        bench
    }

    fn hear(&mut self, text: &str) {
        for byte in text.bytes() {
            let mut tx = Tx::new();
            let readings = &mut self.readings;
            self.radar
                .receive(byte, self.now_us, &mut tx, &mut |r| readings.push(r));
            self.sent.extend(&tx);
        }
    }

    /// A vehicle: five reports in 400 ms, and then half a second of nothing.
    fn vehicle(&mut self, kmh: f64, direction: &str) {
        for _ in 0..5 {
            self.hear(&std::format!(
                "{{\"time\":1,\"magnitude\":300,\"speed\":\"{kmh}\",\"direction\":\"{direction}\",\"tick\":2}}\r\n"
            ));
            self.now_us += 100_000;
        }
        self.now_us += 500_000;
    }

    fn due_at(&mut self, now_us: u64) {
        self.now_us = now_us;
        let mut tx = Tx::new();
        let readings = &mut self.readings;
        self.radar.due(now_us, &mut tx, &mut |r| readings.push(r));
        self.sent.extend(&tx);
    }

    fn expire(&mut self) {
        self.now_us = self.radar.deadline_us().unwrap();
        let mut tx = Tx::new();
        let readings = &mut self.readings;
        self.radar
            .wake(self.now_us, &mut tx, &mut |r| readings.push(r));
        self.sent.extend(&tx);
    }

    fn taken(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.sent)
    }
}

const UNITS: &str = "{\"Units\":\"km-per-hr\"}\r\n";

#[test]
fn an_interval_gives_flow_and_mean_speed() {
    let mut bench = Bench::new(Settings::default());
    assert_eq!(bench.taken(), b"OJOMOTUK");
    bench.hear(UNITS);
    bench.vehicle(50.0, "inbound");
    bench.vehicle(60.0, "outbound");
    bench.vehicle(70.0, "inbound");
    bench.due_at(60 * S);
    assert_eq!(bench.taken(), b"U?");
    assert!(bench.readings.is_empty());
    bench.hear(UNITS);
    // Three in a minute.
    assert_eq!(
        bench.readings,
        [
            Reading::good(60 * S, Quantity::Flow, 180.0),
            Reading::good(60 * S, Quantity::Speed, 60.0),
        ]
    );
    assert_eq!(bench.radar.deadline_us(), None);
    // Nobody came: no vehicle has a speed.
    bench.due_at(120 * S);
    bench.hear(UNITS);
    assert_eq!(
        bench.readings[2..],
        [Reading::good(120 * S, Quantity::Flow, 0.0)]
    );
    assert_eq!(bench.radar.faults.total(), 0);
}

#[test]
fn only_the_chosen_way_counts() {
    for (counted, flow, speed) in [
        (Counted::Only(Direction::Inbound), 120.0, 55.0),
        (Counted::Only(Direction::Outbound), 60.0, 90.0),
        (Counted::Both, 180.0, 200.0 / 3.0),
    ] {
        let mut bench = Bench::new(Settings {
            counted,
            ..Settings::default()
        });
        bench.hear(UNITS);
        bench.vehicle(50.0, "inbound");
        bench.vehicle(90.0, "outbound");
        bench.vehicle(60.0, "inbound");
        bench.due_at(60 * S);
        bench.hear(UNITS);
        assert_eq!(bench.readings[0].value, flow);
        assert!((bench.readings[1].value - speed).abs() < 1e-9);
    }
}

#[test]
fn without_a_word_the_sign_tells_the_direction() {
    let mut bench = Bench::new(Settings {
        counted: Counted::Only(Direction::Outbound),
        ..Settings::default()
    });
    bench.hear(UNITS);
    for _ in 0..3 {
        bench.hear("{\"speed\":-40.0}\n{\"speed\":99.0}\n");
        bench.now_us += 100_000;
    }
    bench.due_at(60 * S);
    bench.hear(UNITS);
    assert_eq!(bench.readings[1].value, 40.0);
}

#[test]
fn another_unit_is_converted() {
    for (units, kmh) in [("m-per-sec", 36.0), ("mph", 16.093_44)] {
        let mut bench = Bench::new(Settings::default());
        let units = std::format!("{{\"Units\":\"{units}\"}}\r\n");
        bench.hear(&units);
        bench.vehicle(10.0, "inbound");
        bench.due_at(60 * S);
        bench.hear(&units);
        assert!((bench.readings[1].value - kmh).abs() < 1e-9);
    }
}

#[test]
fn a_dead_radar_is_a_fault_and_not_an_empty_road() {
    let mut bench = Bench::new(Settings::default());
    bench.taken();
    bench.due_at(60 * S);
    bench.expire();
    assert_eq!(bench.now_us, 61 * S);
    let quantities: Vec<_> = bench
        .readings
        .iter()
        .map(|r| (r.quantity, r.value.is_nan(), r.quality))
        .collect();
    let missing = Quality::MISSING | Quality::SENSOR_FAULT;
    assert_eq!(
        quantities,
        [
            (Quantity::Flow, true, missing),
            (Quantity::Speed, true, missing)
        ]
    );
    assert_eq!(bench.taken(), b"U?OJOMOTUK");
    assert_eq!(bench.radar.faults.count(Fault::Timeout), 1);
}

#[test]
fn one_that_reports_and_does_not_answer_still_counts() {
    let mut bench = Bench::new(Settings::default());
    bench.vehicle(50.0, "inbound");
    bench.due_at(60 * S);
    bench.expire();
    // Its unit is not known for certain.
    assert_eq!(
        bench.readings,
        [
            Reading::good(60 * S, Quantity::Flow, 60.0),
            Reading::good(60 * S, Quantity::Speed, 50.0).flagged(Quality::SUSPECT),
        ]
    );
}

#[test]
fn a_radar_that_restarted_is_set_up_again() {
    let mut bench = Bench::new(Settings::default());
    bench.hear(UNITS);
    bench.taken();
    bench.now_us = 10 * S;
    bench.hear("3.6\r\n4.0\r\n");
    assert_eq!(bench.taken(), b"");
    bench.hear("4.1\r\n");
    assert_eq!(bench.taken(), b"OJOMOTUK");
    // Not more often than every two seconds, whatever comes.
    for _ in 0..100 {
        bench.hear("4.1\r\n");
    }
    assert_eq!(bench.taken(), b"");
    assert_eq!(bench.radar.faults.count(Fault::Damaged), 103);
    bench.now_us += 2 * S;
    bench.hear("4.1\r\n");
    assert_eq!(bench.taken(), b"OJOMOTUK");
}

#[test]
fn noise_costs_only_its_own_lines() {
    let mut bench = Bench::new(Settings::default());
    bench.hear(UNITS);
    for line in [
        "{\"speed\":50,\"direction\":\"inbound\"}\r\n",
        "\u{0}\u{7f}{\"speed\":50,\"direction\":\"inbound\"}\r\n",
        "{\"speed\":5{\"speed\":50,\"direction\":\"inbound\"}\r\n",
        "{\"speed\":99999,\"direction\":\"inbound\"}\r\n",
        "{\"speed\":\"abc\"}\r\n{\"speed\":50,\"direction\":\"inbound\"}\r\n",
    ] {
        bench.hear(line);
        bench.now_us += 100_000;
    }
    bench.radar.line_error();
    bench.due_at(60 * S);
    bench.hear(UNITS);
    // The port error swallowed the first answer's line; the next one counts.
    bench.hear(UNITS);
    assert_eq!(bench.readings[0].value, 60.0);
    assert_eq!(bench.readings[1].value, 50.0);
    assert_eq!(bench.radar.faults.count(Fault::Damaged), 2);
    assert_eq!(bench.radar.faults.count(Fault::Value), 2);
    assert_eq!(bench.radar.faults.count(Fault::Line), 1);
}

#[test]
fn intervals_of_no_length_and_too_fast_ones_are_counted() {
    let mut bench = Bench::new(Settings::default());
    bench.due_at(0);
    assert_eq!(bench.radar.faults.count(Fault::Busy), 1);
    bench.due_at(S);
    bench.due_at(S + 1);
    assert_eq!(bench.radar.faults.count(Fault::Busy), 2);
    bench.hear(UNITS);
    assert_eq!(bench.readings.len(), 1);
}

#[test]
fn lone_reports_are_noise() {
    let mut bench = Bench::new(Settings::default());
    for _ in 0..4 {
        bench.hear("{\"speed\":3,\"direction\":\"inbound\"}\r\n");
        bench.now_us += 2 * S;
    }
    bench.due_at(60 * S);
    bench.hear(UNITS);
    assert_eq!(bench.readings, [Reading::good(60 * S, Quantity::Flow, 0.0)]);
    assert_eq!(bench.radar.noise(), 4);
}
