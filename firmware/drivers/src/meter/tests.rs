use super::*;
use rmodbus::{ErrorKind, ModbusProto, VectorTrait};
use std::string::String;
use std::vec::Vec;
use wire::quality::Quality;
use wire::quantity::Quantity;

/// The other end, from its registers: a meter as its protocol description has it, independent of the driver's maps.
struct Device {
    unit: u8,
    registers: Vec<(u16, u16)>,
}

impl Device {
    fn singles(unit: u8, values: &[(u16, f32)]) -> Self {
        let mut registers = Vec::new();
        for (address, value) in values {
            let bits = value.to_bits();
            registers.push((*address, (bits >> 16) as u16));
            registers.push((*address + 1, bits as u16));
        }
        Self { unit, registers }
    }

    /// Answers a question, or refuses addresses that it does not have.
    fn answer(&self, question: &[u8]) -> Vec<u8> {
        let [unit, 4, s1, s2, c1, c2, ..] = *question else {
            panic!("{question:?}")
        };
        assert_eq!(question.len(), 8);
        assert_eq!(framed(&question[..6]), question, "a good sum");
        assert!(unit == self.unit || unit == 0xF8);
        let (start, count) = (u16::from_be_bytes([s1, s2]), u16::from_be_bytes([c1, c2]));
        let mut frame = std::vec![unit, 4, 2 * count as u8];
        for address in start..start + count {
            match self.registers.iter().find(|(a, _)| *a == address) {
                Some((_, word)) => frame.extend(word.to_be_bytes()),
                None => return framed(&[unit, 0x84, 2]),
            }
        }
        framed(&frame)
    }
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xA001 } else { 0 };
        }
    }
    let mut frame = bytes.to_vec();
    frame.extend(crc.to_le_bytes());
    frame
}

struct Bench {
    meter: Meter,
    now_us: u64,
    sent: Vec<Vec<u8>>,
    readings: Vec<Reading>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        Self {
            meter: Meter::new(settings),
            now_us: 1_000_000,
            sent: Vec::new(),
            readings: Vec::new(),
        }
    }

    fn due(&mut self) {
        let mut tx = Tx::new();
        let readings = &mut self.readings;
        self.meter
            .due(self.now_us, &mut tx, &mut |r| readings.push(r));
        self.keep(&tx);
    }

    fn keep(&mut self, tx: &Tx) {
        if !tx.is_empty() {
            self.sent.push(tx.to_vec());
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let mut tx = Tx::new();
            let readings = &mut self.readings;
            self.meter
                .receive(byte, self.now_us, &mut tx, &mut |r| readings.push(r));
            assert!(tx.is_empty(), "the line rests between answer and question");
        }
    }

    fn wake(&mut self) {
        if let Some(deadline_us) = self.meter.deadline_us() {
            self.now_us = deadline_us;
            let mut tx = Tx::new();
            let readings = &mut self.readings;
            self.meter
                .wake(deadline_us, &mut tx, &mut |r| readings.push(r));
            self.keep(&tx);
        }
    }

    /// One whole round with a device at the other end.
    fn round(&mut self, device: &Device) {
        self.due();
        for _ in 0..20 {
            if let Some(question) = self.sent.pop() {
                self.now_us += 30_000;
                self.hear(&device.answer(&question));
            }
            self.wake();
        }
        assert_eq!(self.meter.deadline_us(), None);
    }

    fn values(&self) -> Vec<(Quantity, f64)> {
        self.readings
            .iter()
            .map(|r| (r.quantity, (r.value * 1e6).round() / 1e6))
            .collect()
    }
}

#[test]
fn an_sdm230_gives_its_eight_quantities() {
    let device = Device::singles(
        9,
        &[
            (0x00, 231.5),
            (0x06, 4.25),
            (0x0C, -512.0),
            (0x12, 984.0),
            (0x18, 840.5),
            (0x1E, -0.5),
            (0x46, 49.75),
            (0x48, 1_234.5),
        ],
    );
    let mut bench = Bench::new(Settings {
        address: 9,
        ..Settings::as_delivered(Model::Sdm230)
    });
    bench.round(&device);
    assert_eq!(
        bench.values(),
        [
            (Quantity::Frequency, 49.75),
            (Quantity::ActiveEnergy, 1_234_500.0),
            (Quantity::Voltage, 231.5),
            (Quantity::Current, 4.25),
            (Quantity::ActivePower, -512.0),
            (Quantity::ApparentPower, 984.0),
            (Quantity::ReactivePower, 840.5),
            (Quantity::PowerFactor, -0.5),
        ]
    );
    assert!(bench.readings.iter().all(|r| r.quality == Quality::GOOD));
    assert_eq!(bench.meter.faults.total(), 0);
}

#[test]
fn an_sdm630_gives_the_worst_phase_and_the_totals() {
    let mut values = std::vec![(0x34, 7_000.0), (0x46, 50.0), (0x48, 10.0),];
    for (phase, (volts, amperes)) in [(231.0, 10.0), (195.0, 12.5), (229.0, 9.0)]
        .iter()
        .enumerate()
    {
        values.push((2 * phase as u16, *volts));
        values.push((6 + 2 * phase as u16, *amperes));
    }
    let device = Device::singles(1, &values);
    let mut bench = Bench::new(Settings::as_delivered(Model::Sdm630));
    bench.round(&device);
    assert_eq!(
        bench.values(),
        [
            (Quantity::Voltage, 195.0),
            (Quantity::Current, 12.5),
            (Quantity::ActivePower, 7_000.0),
            (Quantity::Frequency, 50.0),
            (Quantity::ActiveEnergy, 10_000.0),
        ]
    );
}

#[test]
fn a_pzem_gives_scaled_words_by_the_general_address() {
    // 230.1 V, 1.234 A, 284.0 W, 70,000 Wh, 50.0 Hz, 0.98, no alarm; low words first.
    let words = [2301, 1234, 0, 2840, 0, 4464, 1, 500, 98, 0];
    let device = Device {
        unit: 0xF8,
        registers: (0..).zip(words).collect(),
    };
    let mut bench = Bench::new(Settings::as_delivered(Model::Pzem004t));
    bench.round(&device);
    assert_eq!(
        bench.values(),
        [
            (Quantity::Voltage, 230.1),
            (Quantity::Current, 1.234),
            (Quantity::ActivePower, 284.0),
            (Quantity::ActiveEnergy, 70_000.0),
            (Quantity::Frequency, 50.0),
            (Quantity::PowerFactor, 0.98),
        ]
    );
}

#[test]
fn a_dead_meter_costs_one_limit_and_all_its_readings() {
    let mut bench = Bench::new(Settings::as_delivered(Model::Sdm230));
    let began_us = bench.now_us;
    bench.due();
    bench.wake();
    assert_eq!(bench.meter.deadline_us(), None);
    // 500 ms and 29 characters of 11 bits at 2400 baud.
    assert_eq!(bench.now_us - began_us, 500_000 + 132_916);
    assert_eq!(bench.readings.len(), 8);
    for reading in &bench.readings {
        assert!(reading.value.is_nan());
        assert_eq!(reading.quality, Quality::MISSING | Quality::SENSOR_FAULT);
    }
    assert_eq!(bench.meter.faults.last(), Some(Fault::Timeout));
    assert_eq!(bench.sent.len(), 1, "one question");
    // The next sample asks again.
    bench.due();
    assert_eq!(bench.sent.len(), 2);
}

/// A meter that takes a second: its answer about power must never be reported as a voltage.
#[test]
fn a_late_answer_is_never_taken_for_another_quantity() {
    let device = Device::singles(
        1,
        &[
            (0x00, 231.5),
            (0x06, 4.25),
            (0x0C, 900.0),
            (0x46, 50.0),
            (0x48, 1.0),
        ],
    );
    let mut bench = Bench::new(Settings::as_delivered(Model::Sdm230));
    bench.due();
    // Frequency and energy, voltage, current; the answer about power is late.
    for _ in 0..3 {
        let question = bench.sent.pop().unwrap();
        bench.hear(&device.answer(&question));
        bench.wake();
    }
    let late = device.answer(&bench.sent.pop().unwrap());
    bench.wake();
    bench.readings.clear();
    bench.due();
    bench.hear(&late);
    assert!(bench.readings.is_empty());
    let question = bench.sent.pop().unwrap();
    bench.hear(&device.answer(&question));
    assert_eq!(
        bench.values(),
        [
            (Quantity::Frequency, 50.0),
            (Quantity::ActiveEnergy, 1_000.0)
        ]
    );
}

#[test]
fn a_refused_register_costs_only_its_own_values() {
    // Everything but the total power.
    let device = Device::singles(
        1,
        &[
            (0x00, 231.0),
            (0x02, 231.0),
            (0x04, 231.0),
            (0x06, 1.0),
            (0x08, 1.0),
            (0x0A, 1.0),
            (0x46, 50.0),
            (0x48, 10.0),
        ],
    );
    let mut bench = Bench::new(Settings::as_delivered(Model::Sdm630));
    bench.round(&device);
    assert_eq!(bench.meter.faults.last(), Some(Fault::Refused(2)));
    let missing: Vec<_> = bench
        .readings
        .iter()
        .filter(|r| r.value.is_nan())
        .map(|r| r.quantity)
        .collect();
    assert_eq!(missing, [Quantity::ActivePower]);
    assert_eq!(bench.readings.len(), 5);
}

#[test]
fn wrong_answers_have_their_own_counters() {
    let settings = Settings::as_delivered(Model::Pzem004t);
    for (answer, fault) in [
        (framed(&[0xF8, 4, 2, 0, 1]), Fault::Unexpected),
        (framed(&[0xF8, 3, 4, 0, 1, 0, 1]), Fault::Unexpected),
        (framed(&[0, 4, 2, 0, 1]), Fault::Foreign),
        (std::vec![0xF8, 4, 20, 0, 0], Fault::Damaged),
        (std::vec![0; 300], Fault::Damaged),
        (framed(&[0xF8, 0x84, 4]), Fault::Refused(4)),
    ] {
        let mut bench = Bench::new(settings);
        bench.due();
        // An echo first, as on a two-wire line.
        let question = bench.sent[0].clone();
        bench.hear(&question);
        bench.hear(&answer);
        bench.wake();
        assert_eq!(bench.meter.faults.last(), Some(fault), "{answer:?}");
        assert_eq!(bench.meter.faults.total(), 1);
        assert_eq!(bench.readings.len(), 6);
        assert!(bench.readings.iter().all(|r| r.value.is_nan()));
    }
}

#[test]
fn a_value_that_is_no_number_is_missing() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut bench = Bench::new(Settings::as_delivered(Model::Sdm230));
        bench.due();
        let device = Device::singles(1, &[(0x46, bad), (0x48, 1.0)]);
        let question = bench.sent[0].clone();
        bench.hear(&device.answer(&question));
        assert!(bench.readings[0].value.is_nan());
        assert_eq!(bench.meter.faults.last(), Some(Fault::Value));
    }
}

#[test]
fn the_line_rests_between_answer_and_question() {
    for (baud, rest_us) in [(2_400, 16_041), (9_600, 4_010), (115_200, 1_750)] {
        let mut bench = Bench::new(Settings {
            line: Line {
                baud,
                parity: Parity::Even,
            },
            ..Settings::as_delivered(Model::Sdm230)
        });
        bench.due();
        let question = bench.sent[0].clone();
        bench.hear(&Device::singles(1, &[(0x46, 50.0), (0x48, 1.0)]).answer(&question));
        assert_eq!(bench.meter.deadline_us(), Some(bench.now_us + rest_us));
    }
}

#[test]
fn bytes_nobody_asked_for_and_a_spoilt_answer_bring_nothing() {
    let mut bench = Bench::new(Settings::as_delivered(Model::Sdm230));
    let answer = framed(&[1, 4, 8, 0x42, 0x48, 0, 0, 0x40, 0, 0, 0]);
    bench.hear(&answer);
    assert!(bench.readings.is_empty());
    bench.due();
    bench.due();
    assert_eq!(bench.meter.faults.last(), Some(Fault::Busy));
    bench.hear(&answer[..6]);
    bench.meter.line_error();
    bench.hear(&answer[6..]);
    assert!(bench.readings.is_empty());
    assert_eq!(bench.meter.faults.last(), Some(Fault::Line));
}

#[test]
fn addresses_out_of_range_become_1() {
    for (model, address, asked) in [
        (Model::Sdm230, 0, 1),
        (Model::Sdm230, 247, 247),
        (Model::Sdm630, 0xF8, 1),
        (Model::Pzem004t, 0xF8, 0xF8),
        (Model::Pzem004t, 255, 1),
    ] {
        let mut bench = Bench::new(Settings {
            address,
            ..Settings::as_delivered(model)
        });
        bench.due();
        assert_eq!(bench.sent[0][0], asked, "{model:?}");
    }
}

/// The crate that makes the questions takes what `heapless` gives it; a silent change of that would end in timeouts.
#[test]
fn the_crate_behind_the_questions_refuses_what_does_not_fit() {
    let mut small: heapless::Vec<u8, 7> = heapless::Vec::new();
    let made = rmodbus::client::ModbusRequest::new(1, ModbusProto::Rtu)
        .generate_get_inputs(0, 2, &mut small);
    assert!(matches!(made, Err(ErrorKind::OOB)));
    assert!(VectorTrait::len(&small) <= 7);
    let _: String = std::format!("{made:?}");
}
