//! Whatever a serial line brings, at whatever times: no panic, bounded output, readings that can be believed or are flagged.

use drivers::{AnySerial, Reading, SensorKind, SerialSensor, Tx};
use proptest::prelude::*;
use wire::quality::Quality;

const KINDS: [SensorKind; 5] = [
    SensorKind::Digiquartz,
    SensorKind::Ops243,
    SensorKind::Sdm230,
    SensorKind::Sdm630,
    SensorKind::Pzem004t,
];

#[derive(Clone, Debug)]
enum Step {
    Hear(Vec<u8>),
    Wait(u64),
    Due,
    Error,
    Start,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let likely = prop_oneof![
        Just("*0001UN=2\r\n"),
        Just("*0001PR=38\r\n"),
        Just("*0001UN=0\r\n"),
        Just("*00011013.25\r\n"),
        Just("{\"Units\":\"km-per-hr\"}\r\n"),
        Just("{\"speed\":\"50.1\",\"direction\":\"inbound\"}\r\n"),
        Just("{\"speed\":50.1,\"direction\":\"outbound\"}\r\n"),
        Just("{[[[[[[{\"speed\":"),
    ]
    .prop_map(|text| text.as_bytes().to_vec());
    let step = prop_oneof![
        4 => likely.prop_map(Step::Hear),
        2 => proptest::collection::vec(any::<u8>(), 0..300).prop_map(Step::Hear),
        3 => (0_u64..3_000_000).prop_map(Step::Wait),
        1 => any::<u64>().prop_map(Step::Wait),
        3 => Just(Step::Due),
        1 => Just(Step::Error),
        1 => Just(Step::Start),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    #[test]
    fn any_sensor_survives_any_line(kind in 0..KINDS.len(), address: Option<u8>, steps in steps()) {
        let mut sensor = AnySerial::new(KINDS[kind], address, None, 1_000_000).unwrap();
        let mut now_us = 0_u64;
        let mut readings: Vec<Reading> = Vec::new();
        for step in steps {
            let mut calls = 1;
            match step {
                Step::Hear(bytes) => {
                    calls = bytes.len();
                    for byte in bytes {
                        let mut tx = Tx::new();
                        sensor.receive(byte, now_us, &mut tx, &mut |r| readings.push(r));
                        prop_assert!(tx.len() <= 32, "one question at a time");
                    }
                }
                Step::Wait(us) => {
                    now_us = now_us.wrapping_add(us);
                    let mut tx = Tx::new();
                    sensor.wake(now_us, &mut tx, &mut |r| readings.push(r));
                    prop_assert!(tx.len() <= 32, "one question at a time");
                }
                Step::Due => {
                    let mut tx = Tx::new();
                    sensor.due(now_us, &mut tx, &mut |r| readings.push(r));
                    prop_assert!(tx.len() <= 32, "one question at a time");
                }
                Step::Error => sensor.line_error(),
                Step::Start => {
                    let mut tx = Tx::new();
                    sensor.start(now_us, &mut tx);
                    prop_assert!(tx.len() <= 32, "one question at a time");
                }
            }
            // A round of an SDM230 has eight values.
            prop_assert!(readings.len() <= 8 * calls.max(1));
            for reading in readings.drain(..) {
                if reading.quality.contains(Quality::MISSING) {
                    prop_assert!(reading.value.is_nan());
                    prop_assert!(reading.quality.contains(Quality::SENSOR_FAULT));
                } else {
                    prop_assert!(reading.value.is_finite(), "{reading:?}");
                }
            }
        }
    }
}
