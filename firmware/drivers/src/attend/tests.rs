//! `embedded-hal-mock` has no async serial port (version 0.11 mocks the blocking one of `embedded-hal-nb` only), so the line here is a
//! script of bytes at times, and the clock runs as fast as the script lets it.

use super::*;
use crate::digiquartz::{Digiquartz, Settings};
use crate::fault::Fault;
use crate::meter::{self, Meter, Model};
use crate::reading::Reading;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::Poll;
use std::collections::VecDeque;
use std::vec::Vec;

/// What the line does.
#[derive(Clone, Debug)]
enum Event {
    Bytes(Vec<u8>),
    Error,
    End,
}

/// Line and clock in one: time passes only when everybody waits.
#[derive(Default)]
struct World {
    now_us: Cell<u64>,
    events: RefCell<VecDeque<(u64, Event)>>,
    written: RefCell<Vec<(u64, u8)>>,
    refuses_writes: Cell<bool>,
}

impl World {
    fn with(events: &[(u64, Event)]) -> Self {
        let world = Self::default();
        world.events.borrow_mut().extend(events.iter().cloned());
        world
    }

    fn written(&self) -> Vec<u8> {
        self.written
            .borrow()
            .iter()
            .map(|(_, byte)| *byte)
            .collect()
    }
}

#[derive(Debug, PartialEq)]
struct Broken;

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("broken")
    }
}

impl core::error::Error for Broken {}

impl embedded_io_async::Error for Broken {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::Other
    }
}

struct Port<'a>(&'a World);

impl embedded_io_async::ErrorType for Port<'_> {
    type Error = Broken;
}

impl Read for Port<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        poll_fn(|context| {
            let mut events = self.0.events.borrow_mut();
            let Some((_, event)) = events
                .front_mut()
                .filter(|(at_us, _)| *at_us <= self.0.now_us.get())
            else {
                context.waker().wake_by_ref();
                return Poll::Pending;
            };
            match event {
                Event::Bytes(bytes) => {
                    let length = bytes.len().min(buffer.len());
                    buffer[..length].copy_from_slice(&bytes[..length]);
                    bytes.drain(..length);
                    if bytes.is_empty() {
                        events.pop_front();
                    }
                    Poll::Ready(Ok(length))
                }
                Event::Error => {
                    events.pop_front();
                    Poll::Ready(Err(Broken))
                }
                Event::End => Poll::Ready(Ok(0)),
            }
        })
        .await
    }
}

impl Write for Port<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        if self.0.refuses_writes.get() {
            return Err(Broken);
        }
        // A slow port takes a few at a time.
        let taken = &bytes[..bytes.len().min(3)];
        let now_us = self.0.now_us.get();
        self.0
            .written
            .borrow_mut()
            .extend(taken.iter().map(|byte| (now_us, *byte)));
        Ok(taken.len())
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        Ok(())
    }
}

impl Clock for World {
    fn now_us(&self) -> u64 {
        self.now_us.get()
    }

    async fn wait_until(&self, at_us: u64) {
        poll_fn(|context| {
            let now_us = self.now_us.get();
            if now_us >= at_us {
                return Poll::Ready(());
            }
            let next_us = match self.events.borrow().front() {
                Some((event_us, Event::Bytes(_) | Event::Error)) if *event_us > now_us => {
                    (*event_us).min(at_us)
                }
                _ => at_us,
            };
            self.now_us.set(next_us);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

const S: u64 = 1_000_000;

fn bytes(text: &str) -> Event {
    Event::Bytes(text.as_bytes().to_vec())
}

/// `samples` samples, one a second, after the start.
fn run<T: SerialSensor>(
    sensor: &mut T,
    world: &World,
    samples: u64,
) -> (Vec<Reading>, Vec<LineError<Broken>>) {
    let mut readings = Vec::new();
    let mut errors = Vec::new();
    let mut line = Port(world);
    embassy_futures::block_on(async {
        errors.extend(start(sensor, &mut line, world).await.err());
        for second in 1..=samples {
            loop {
                let emit = &mut |r| readings.push(r);
                match attend(sensor, &mut line, world, second * S, emit).await {
                    Ok(()) => break,
                    Err(error) => errors.push(error),
                }
            }
            let emit = &mut |r| readings.push(r);
            errors.extend(sample(sensor, &mut line, world, emit).await.err());
        }
        let emit = &mut |r| readings.push(r);
        errors.extend(
            attend(sensor, &mut line, world, (samples + 1) * S, emit)
                .await
                .err(),
        );
    });
    assert_eq!(world.now_us(), (samples + 1) * S, "time is kept");
    (readings, errors)
}

#[test]
fn a_digiquartz_is_asked_once_a_second() {
    let world = World::with(&[
        (20_000, bytes("*0001UN=2\r\n")),
        (40_000, bytes("*0001PR=38\r\n")),
        (1_350_000, bytes("*0001101")),
        (1_360_000, bytes("3.25\r\n")),
        (2_350_000, bytes("*00011013.50\r\n")),
    ]);
    let mut sensor = Digiquartz::new(Settings::default());
    let (readings, errors) = run(&mut sensor, &world, 3);
    assert_eq!(
        world.written(),
        b"*0100UN\r\n*0100PR\r\n*0100P3\r\n*0100P3\r\n*0100P3\r\n"
    );
    let values: Vec<_> = readings.iter().map(|r| r.value).collect();
    assert_eq!(values, [101_325.0, 101_350.0]);
    assert!(errors.is_empty());
}

#[test]
fn deadlines_are_kept_while_the_line_is_silent() {
    let world = World::default();
    let mut sensor = Digiquartz::new(Settings {
        integration: Some(10),
        ..Settings::default()
    });
    let (readings, _) = run(&mut sensor, &world, 5);
    assert!(readings.len() >= 3, "{readings:?}");
    assert!(readings.iter().all(|r| r.value.is_nan()));
    assert!(sensor.faults().count(Fault::Timeout) >= 5);
}

#[test]
fn questions_of_a_meter_are_apart_by_3_and_a_half_characters() {
    // 50 Hz and 2 kWh, then nothing.
    let answer = std::vec![
        0x01, 0x04, 0x08, 0x42, 0x48, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x7C, 0x20
    ];
    let mut world = World::with(&[(1_030_000, Event::Bytes(answer.clone()))]);
    let mut sensor = Meter::new(meter::Settings {
        line: crate::Line {
            baud: 9_600,
            parity: crate::Parity::None,
        },
        ..meter::Settings::as_delivered(Model::Sdm230)
    });
    let (readings, _) = run(&mut sensor, &world, 1);
    assert_eq!(readings[0].value, 50.0, "{readings:?}");
    let times: Vec<u64> = world
        .written
        .get_mut()
        .chunks(8)
        .map(|question| question[0].0)
        .collect();
    assert_eq!(times, [1_000_000, 1_034_010]);
}

#[test]
fn a_port_error_is_counted_and_survived() {
    let world = World::with(&[
        (20_000, bytes("*0001UN=2\r\n*0001PR=38\r\n")),
        (1_100_000, bytes("*00011")),
        (1_110_000, Event::Error),
        (1_120_000, bytes("013.25\r\n")),
        (2_350_000, bytes("*00011013.50\r\n")),
    ]);
    let mut sensor = Digiquartz::new(Settings {
        integration: Some(10),
        ..Settings::default()
    });
    let (readings, errors) = run(&mut sensor, &world, 2);
    assert_eq!(errors, [LineError(Broken)]);
    assert_eq!(sensor.faults().count(Fault::Line), 1);
    assert!(
        readings
            .iter()
            .all(|r| r.value.is_nan() || r.value == 101_350.0)
    );
}

#[test]
fn an_ended_line_rests_and_a_dead_transmitter_is_an_error() {
    let world = World::with(&[(0, Event::End)]);
    let mut sensor = Digiquartz::new(Settings::default());
    let (readings, errors) = run(&mut sensor, &world, 4);
    assert!(!readings.is_empty() && errors.is_empty());

    let world = World::default();
    world.refuses_writes.set(true);
    let mut sensor = Digiquartz::new(Settings::default());
    let (_, errors) = run(&mut sensor, &world, 0);
    assert_eq!(errors, [LineError(Broken)]);
}
