//! What the virtual meters say, byte for byte, and when.

use hil::sensor::line::Pace;
use hil::sensor::meter::{Meter, Model, PhaseSources};
use hil::sensor::modbus::{self, CRC, Slave, silence_us};
use hil::sensor::source::{Points, Shape};
use hil::sensor::{SerialSensor, Source};

fn phase(volts: f64, amperes: f64, factor: f64) -> PhaseSources {
    PhaseSources {
        voltage: Source::constant(volts),
        current: Source::constant(amperes),
        power_factor: Source::constant(factor),
    }
}

fn slave(model: Model, address: u8, phases: Vec<PhaseSources>) -> Slave<Meter> {
    let settings = modbus::Settings {
        pace: Pace::eight_n_one(9_600),
        turnaround_us: 20_000,
    };
    let frequency = Source::constant(50.02);
    let meter = Meter::new(model, address, 9_600, 0, phases, frequency).with_import(1_500.0);
    Slave::new(meter, settings)
}

/// Sends a request (its CRC is added) at `us` and gives the answer without its CRC, which is checked, and when the first byte came.
fn ask(slave: &mut Slave<Meter>, request: &[u8], us: u64) -> Option<(u64, Vec<u8>)> {
    let mut frame = request.to_vec();
    frame.extend(CRC.checksum(request).to_le_bytes());
    slave.receive(&frame, us);
    let (mut answer, mut first_us) = (Vec::new(), None);
    while let Some(next_us) = slave.next_us() {
        slave.transmit(next_us, &mut answer);
        if !answer.is_empty() {
            first_us.get_or_insert(next_us);
        }
    }
    let crc = answer.split_off(answer.len().checked_sub(2)?);
    assert_eq!(crc, CRC.checksum(&answer).to_le_bytes());
    Some((first_us?, answer))
}

#[test]
fn an_sdm230_answers_as_its_protocol_sheet_has_it() {
    let mut meter = slave(Model::Sdm230, 1, vec![phase(230.2, 2.5, 0.9)]);
    // The bytes of Eastron's protocol sheet: 01 04 00 00 00 02 71 CB asks for the voltage; 230.2 V is 43 66 33 33 (IEEE 754).
    let mut frame = vec![0x01, 0x04, 0x00, 0x00, 0x00, 0x02];
    assert_eq!(CRC.checksum(&frame).to_le_bytes(), [0x71, 0xCB]);
    let (first_us, answer) = ask(&mut meter, &frame, 1_000_000).expect("an answer");
    assert_eq!(answer, [0x01, 0x04, 0x04, 0x43, 0x66, 0x33, 0x33]);
    // 3.5 characters of silence, 20 ms, one character.
    assert_eq!(first_us, 1_000_000 + 3_646 + 20_000 + 1_042);

    let mut value = |register: u16| {
        let [high, low] = register.to_be_bytes();
        let (_, answer) = ask(&mut meter, &[1, 4, high, low, 0, 2], 2_000_000).expect("an answer");
        f32::from_be_bytes(answer[3..7].try_into().expect("four bytes"))
    };
    for (register, expected) in [
        (0x06, 2.5),
        (0x0C, 517.95),
        (0x12, 575.5),
        (0x18, 250.855),
        (0x1E, 0.9),
        (0x46, 50.02),
        (0x48, 1.500_144),
        (0x4A, 0.0),
        (0x156, 1.500_144),
        (0x08, 0.0),
    ] {
        let got = value(register);
        assert!((got - expected).abs() < 0.001, "{register:#x}: {got}");
    }
    // Two values in one request, and the holding registers of address, baud code and parity.
    frame = vec![1, 4, 0, 0x46, 0, 4];
    let (_, answer) = ask(&mut meter, &frame, 3_000_000).expect("an answer");
    assert_eq!(answer.len(), 3 + 8);
    for (register, expected) in [(0x14, 1.0_f32), (0x1C, 2.0), (0x12, 0.0)] {
        let (_, answer) =
            ask(&mut meter, &[1, 3, 0, register, 0, 2], 4_000_000).expect("an answer");
        assert_eq!(answer[3..], expected.to_be_bytes());
    }
}

#[test]
fn a_slave_refuses_and_ignores_as_modbus_says() {
    let mut meter = slave(Model::Sdm230, 1, vec![phase(230.0, 1.0, 1.0)]);
    for (request, exception) in [
        (&[1, 6, 0, 0, 0, 1][..], [1, 0x86, 1]),
        (&[1, 4, 0, 1, 0, 2], [1, 0x84, 2]),
        (&[1, 4, 0, 0, 0, 3], [1, 0x84, 2]),
        (&[1, 4, 4, 0, 0, 2], [1, 0x84, 2]),
        (&[1, 4, 0, 0, 0, 0], [1, 0x84, 3]),
        (&[1, 4, 0, 0, 0, 82], [1, 0x84, 3]),
        (&[1, 4, 0, 0], [1, 0x84, 3]),
        (&[1, 3, 0, 0x16, 0, 2], [1, 0x83, 2]),
    ] {
        let (_, answer) = ask(&mut meter, request, 0).expect("an answer");
        assert_eq!(answer, exception, "{request:?}");
    }
    // Others, broadcasts.
    assert_eq!(ask(&mut meter, &[2, 4, 0, 0, 0, 2], 0), None);
    assert_eq!(ask(&mut meter, &[0, 4, 0, 0, 0, 2], 0), None);
    // A bad CRC; a frame without content; one that is too long.
    meter.receive(&[1, 4, 0, 0, 0, 2, 0x71, 0xCC], 0);
    meter.transmit(1_000_000, &mut Vec::new());
    meter.receive(&[1], 2_000_000);
    meter.transmit(3_000_000, &mut Vec::new());
    assert_eq!(ask(&mut meter, &[1; 300], 4_000_000), None);
    let counts = meter.counts();
    assert_eq!((counts.answered, counts.exceptions), (0, 8));
    assert_eq!((counts.others, counts.bad_frames), (2, 3));
}

#[test]
fn silence_ends_a_frame_and_nothing_else_does() {
    let mut meter = slave(Model::Sdm230, 1, vec![phase(230.0, 1.0, 1.0)]);
    let frame = [1, 4, 0, 0, 0, 2, 0x71, 0xCB];
    // In portions that are closer than the silence.
    meter.receive(&frame[..3], 0);
    meter.receive(&frame[3..], 3_000);
    meter.transmit(1_000_000, &mut Vec::new());
    assert_eq!(meter.counts().answered, 1);
    // A pause in the middle makes two bad frames of it.
    meter.receive(&frame[..3], 2_000_000);
    meter.receive(&frame[3..], 2_004_000);
    meter.transmit(3_000_000, &mut Vec::new());
    assert_eq!((meter.counts().answered, meter.counts().bad_frames), (1, 2));
    assert_eq!(silence_us(Pace::eight_n_one(9_600)), 3_646);
    assert_eq!(silence_us(Pace::eight_n_one(115_200)), 1_750);
    let eleven = Pace {
        baud: 9_600,
        character_bits: 11,
    };
    assert_eq!(silence_us(eleven), 4_011);
}

#[test]
fn an_sdm630_has_three_phases_and_their_sums() {
    let phases = vec![
        phase(230.0, 1.0, 1.0),
        phase(231.0, 2.0, 0.5),
        phase(232.0, 3.0, 1.0),
    ];
    let mut meter = slave(Model::Sdm630, 7, phases);
    let (_, answer) = ask(&mut meter, &[7, 4, 0, 0, 0, 18], 0).expect("an answer");
    let values: Vec<f32> = answer[3..]
        .chunks_exact(4)
        .map(|four| f32::from_be_bytes(four.try_into().expect("four bytes")))
        .collect();
    assert_eq!(
        values,
        [230.0, 231.0, 232.0, 1.0, 2.0, 3.0, 230.0, 231.0, 696.0]
    );
    let (_, answer) = ask(&mut meter, &[7, 4, 0, 0x34, 0, 2], 0).expect("an answer");
    assert_eq!(answer[3..], 1_157.0_f32.to_be_bytes());
}

#[test]
fn a_pzem_counts_low_words_first() {
    // 100 A at 230 V: 100,000 mA = 0x000186A0, 230,000 tenths of a watt = 0x00038270.
    let mut meter = slave(Model::Pzem004t, 1, vec![phase(230.0, 100.0, 1.0)]);
    let (_, answer) = ask(&mut meter, &[1, 4, 0, 0, 0, 10], 999_999).expect("an answer");
    let expected = [
        1, 4, 20, 0x08, 0xFC, 0x86, 0xA0, 0x00, 0x01, 0x82, 0x70, 0x00, 0x03, 0x05, 0xE2, 0x00,
        0x00, 0x01, 0xF4, 0x00, 0x64, 0x00, 0x00,
    ];
    // By 999,999 us and the silence one step of a second is over: 1,500 Wh + 6.39 Wh.
    assert_eq!(answer, expected);
    // The general address; energy to zero; what it does not have.
    let (_, answer) = ask(&mut meter, &[0xF8, 3, 0, 2, 0, 1], 2_000_000).expect("an answer");
    assert_eq!(answer, [0xF8, 3, 2, 0, 1]);
    let (_, answer) = ask(&mut meter, &[1, 0x42], 3_000_000).expect("an answer");
    assert_eq!(answer, [1, 0x42]);
    let (_, answer) = ask(&mut meter, &[1, 4, 0, 5, 0, 1], 3_100_000).expect("an answer");
    assert_eq!(answer, [1, 4, 2, 0, 0]);
    let (_, answer) = ask(&mut meter, &[1, 4, 0, 9, 0, 2], 4_000_000).expect("an answer");
    assert_eq!(answer, [1, 0x84, 2]);
}

#[test]
fn a_meter_without_values_says_so_and_energy_does_not_depend_on_who_asks() {
    let mut gap = phase(230.0, 1.0, 1.0);
    gap.current = Source::new(Shape::Points(
        Points::recorded(
            &record::Series {
                samples: vec![
                    record::Sample {
                        time_us: 0,
                        value: Some(10.0),
                    },
                    record::Sample {
                        time_us: 3_600_000_000,
                        value: Some(10.0),
                    },
                ],
                skipped: Vec::new(),
            },
            0,
            Default::default(),
        )
        .expect("points"),
    ));
    let energy = |ask_often: bool| {
        let mut meter = slave(Model::Sdm230, 1, vec![gap.clone()]);
        if ask_often {
            for second in (0..3_600).step_by(7) {
                ask(&mut meter, &[1, 4, 0, 0, 0, 2], second * 1_000_000).expect("an answer");
            }
        }
        let (_, answer) =
            ask(&mut meter, &[1, 4, 0, 0x48, 0, 2], 3_599_990_000).expect("an answer");
        f32::from_be_bytes(answer[3..7].try_into().expect("four bytes"))
    };
    assert_eq!(energy(true).to_bits(), energy(false).to_bits());
    // 2.3 kW for an hour.
    assert!((energy(false) - 3.799).abs() < 0.002, "{}", energy(false));
    let mut meter = slave(Model::Sdm230, 1, vec![gap]);
    let (_, answer) = ask(&mut meter, &[1, 4, 0, 6, 0, 2], 4_000_000_000).expect("an answer");
    assert_eq!(answer, [1, 0x84, 4]);
}
