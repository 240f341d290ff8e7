//! A sensor's serial line: any bytes, at any times, and answers of a meter that are right in everything but their content.
#![no_main]

use drivers::{AnySerial, Reading, SensorKind, SerialSensor, Tx};
use libfuzzer_sys::fuzz_target;
use wire::quality::Quality;

const KINDS: [SensorKind; 5] = [
    SensorKind::Digiquartz,
    SensorKind::Ops243,
    SensorKind::Sdm230,
    SensorKind::Sdm630,
    SensorKind::Pzem004t,
];

const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_MODBUS);

/// A value that is not there says so, and one that is there is a number.
fn check(reading: Reading) {
    let missing = Quality::MISSING | Quality::SENSOR_FAULT;
    if reading.value.is_nan() {
        assert_eq!(reading.quality, missing);
    } else {
        assert!(reading.value.is_finite() && !reading.quality.intersects(Quality::MISSING));
    }
}

fuzz_target!(|data: &[u8]| {
    let [kind, address, steps @ ..] = data else {
        return;
    };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let Some(mut sensor) = AnySerial::new(kind, Some(*address), None, 1_000_000) else {
        return;
    };
    let mut now_us = u64::MAX - 5_000_000;
    let mut question = Vec::new();
    let mut faults = 0;
    let mut steps = steps.iter().copied();
    while let Some(step) = steps.next() {
        // Most steps are bytes; a few values, which no sensor's text has, are something else.
        let mut heard = Vec::new();
        let mut tx = Tx::new();
        match step {
            0xE0 => sensor.start(now_us, &mut tx),
            0xE1 => sensor.due(now_us, &mut tx, &mut check),
            0xE2 => sensor.line_error(),
            0xE3 => now_us = now_us.wrapping_add(100_000 * u64::from(steps.next().unwrap_or(0))),
            0xE4 => {
                if let Some(deadline_us) = sensor.deadline_us() {
                    now_us = deadline_us;
                }
                sensor.wake(now_us, &mut tx, &mut check);
            }
            0xE5 => {
                if let [unit, 4, _, _, _, count, _, _] = question[..] {
                    let mut frame = vec![unit, 4, 2 * count];
                    frame.extend((0..2 * count).map(|_| steps.next().unwrap_or(0)));
                    frame.extend(CRC.checksum(&frame).to_le_bytes());
                    heard = frame;
                }
            }
            byte => heard.push(byte),
        }
        if !tx.is_empty() {
            question = tx.to_vec();
        }
        for byte in heard {
            let mut tx = Tx::new();
            let mut readings = 0;
            sensor.receive(byte, now_us, &mut tx, &mut |reading| {
                readings += 1;
                check(reading);
            });
            assert!(readings <= 8, "one byte completes one answer");
            if !tx.is_empty() {
                question = tx.to_vec();
            }
        }
        let total = sensor.faults().total();
        assert!(total >= faults, "faults are never forgotten");
        faults = total;
    }
});
