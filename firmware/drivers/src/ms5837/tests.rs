use super::prom::sealed;
use super::*;
use crate::bus::{sample, sample_async};
use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Wait};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction as I2c};
use std::vec::Vec;

const C: Coefficients = [34_982, 36_352, 20_328, 22_354, 26_646, 26_146];
const NO_ACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);

fn set_up(words: [u16; 7]) -> Vec<I2c> {
    let mut transfers = std::vec![I2c::write(0x76, std::vec![0x1E])];
    for (word, command) in words.iter().zip([0xA0, 0xA2, 0xA4, 0xA6, 0xA8, 0xAA, 0xAC]) {
        transfers.push(I2c::write_read(
            0x76,
            std::vec![command],
            word.to_be_bytes().to_vec(),
        ));
    }
    transfers
}

fn conversions(offset: u8, d1: u32, d2: u32) -> Vec<I2c> {
    let mut transfers = Vec::new();
    for (command, value) in [(0x40 + offset, d1), (0x50 + offset, d2)] {
        transfers.push(I2c::write(0x76, std::vec![command]));
        transfers.push(I2c::write_read(
            0x76,
            std::vec![0x00],
            value.to_be_bytes()[1..].to_vec(),
        ));
    }
    transfers
}

fn run(sensor: &mut Ms5837, transfers: &[I2c], waits_us: &[u32]) -> Vec<Reading> {
    let mut bus = Mock::new(transfers);
    let waits: Vec<_> = waits_us.iter().map(|us| Wait::delay_us(*us)).collect();
    let mut delay = CheckedDelay::new(&waits);
    let mut readings = Vec::new();
    sample(sensor, &mut bus, 7, &mut delay, &mut |r| readings.push(r));
    bus.done();
    delay.done();
    readings
}

fn both_missing(readings: &[Reading]) -> bool {
    readings.len() == 2
        && readings.iter().all(|r| {
            r.value.is_nan()
                && r.quality == Quality::MISSING | Quality::SENSOR_FAULT
                && r.mono_us == 7
        })
}

fn example() -> [Reading; 2] {
    [
        // 3999.8 mbar and 19.81 Cel.
        Reading::good(7, Quantity::WaterPressure, 399_980.0),
        Reading::good(7, Quantity::WaterTemperature, 19.81),
    ]
}

#[test]
fn the_data_sheets_example_over_the_bus() {
    let mut sensor = Ms5837::new(Oversampling::X8192);
    let transfers = [
        set_up(sealed(0x1A, C)),
        conversions(0x0A, 4_958_179, 6_815_414),
    ]
    .concat();
    let readings = run(&mut sensor, &transfers, &[10_000, 0, 18_080, 18_080]);
    assert_eq!(readings, example());
    // Once the calibration is known, a sample is two conversions.
    let readings = run(
        &mut sensor,
        &conversions(0x0A, 4_958_179, 6_815_414),
        &[18_080, 18_080],
    );
    assert_eq!(readings, example());
    assert_eq!(sensor.faults.total(), 0);
}

#[test]
fn every_oversampling_has_its_command_and_its_time() {
    for (oversampling, offset, us) in [
        (Oversampling::X256, 0x00, 600),
        (Oversampling::X512, 0x02, 1_170),
        (Oversampling::X1024, 0x04, 2_280),
        (Oversampling::X2048, 0x06, 4_540),
        (Oversampling::X4096, 0x08, 9_040),
        (Oversampling::X8192, 0x0A, 18_080),
    ] {
        let mut sensor = Ms5837::new(oversampling);
        sensor.calibration = Some(C);
        let transfers = conversions(offset, 4_958_179, 6_815_414);
        assert_eq!(run(&mut sensor, &transfers, &[us, us]), example());
    }
}

#[test]
fn an_async_program_waits_without_holding_the_bus() {
    let mut sensor = Ms5837::new(Oversampling::X256);
    sensor.calibration = Some(C);
    let mut bus = Mock::new(&conversions(0x00, 4_958_179, 6_815_414));
    let mut delay = CheckedDelay::new(&[Wait::async_delay_us(600), Wait::async_delay_us(600)]);
    let mut readings = Vec::new();
    embassy_futures::block_on(sample_async(
        &mut sensor,
        &mut bus,
        7,
        &mut delay,
        &mut |r| readings.push(r),
    ));
    bus.done();
    delay.done();
    assert_eq!(readings, example());
}

#[test]
fn a_fault_at_any_transfer_is_a_missing_sample_and_a_new_start() {
    let whole = [
        set_up(sealed(0x1A, C)),
        conversions(0x0A, 4_958_179, 6_815_414),
    ]
    .concat();
    let waits = [10_000, 0, 18_080, 18_080];
    for broken in 0..whole.len() {
        let mut sensor = Ms5837::new(Oversampling::X8192);
        let mut transfers = whole[..=broken].to_vec();
        transfers[broken] = transfers[broken].clone().with_error(NO_ACK);
        let waited = match broken {
            0 => 0,
            1..=7 => 1,
            8 => 2,
            9..=10 => 3,
            _ => 4,
        };
        let readings = run(&mut sensor, &transfers, &waits[..waited]);
        assert!(both_missing(&readings), "transfer {broken}: {readings:?}");
        assert_eq!(sensor.faults.count(Fault::Bus), 1);
        assert_eq!(run(&mut sensor, &whole, &waits), example());
    }
}

#[test]
fn a_damaged_calibration_is_not_used() {
    let mut words = sealed(0x1A, C);
    words[3] ^= 0x0100;
    let mut sensor = Ms5837::new(Oversampling::X8192);
    assert!(both_missing(&run(&mut sensor, &set_up(words), &[10_000])));
    assert_eq!(sensor.faults.last(), Some(Fault::Calibration));
    assert!(both_missing(&run(
        &mut sensor,
        &set_up(sealed(0x15, C)),
        &[10_000]
    )));
    assert_eq!(sensor.faults.last(), Some(Fault::Identity));
}

#[test]
fn a_conversion_that_did_not_end_and_a_floating_line_are_faults() {
    for (value, fault) in [(0, Fault::NotReady), (0xFF_FFFF, Fault::Bus)] {
        let mut sensor = Ms5837::new(Oversampling::X8192);
        sensor.calibration = Some(C);
        let transfers = &conversions(0x0A, value, 0)[..2];
        assert!(both_missing(&run(&mut sensor, transfers, &[18_080])));
        assert_eq!(sensor.faults.last(), Some(fault));
    }
}

#[test]
fn values_outside_the_sensors_range_are_flagged_and_kept() {
    let mut sensor = Ms5837::new(Oversampling::X8192);
    sensor.calibration = Some(C);
    let transfers = conversions(0x0A, 0xFF_FFFE, 6_815_414);
    let readings = run(&mut sensor, &transfers, &[18_080, 18_080]);
    assert!(readings[0].value > 3.0e6);
    assert_eq!(readings[0].quality, Quality::OUT_OF_RANGE);
    assert_eq!(readings[1], example()[1]);
    assert_eq!(sensor.faults.last(), Some(Fault::Value));
}
