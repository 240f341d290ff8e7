//! The sensor: asked when a sample is due, heard whenever it speaks.

use crate::board::{Board, Edge};
use crate::shared::{Shared, now_us};
use drivers::adxl355::{self, Adxl355};
use drivers::bus::{BusSensor, sample_async};
use drivers::inductive_loop::{self, InductiveLoop};
use drivers::ms5837::{Ms5837, Oversampling};
use drivers::{AnySerial, Reading, SensorKind, SerialSensor, attend};
use embassy_futures::select::{Either, select, select3};
use embassy_time::{Delay, Instant, Timer};
use node::{Schedule, Settings};
use wire::quality::Quality;
use wire::quantity::Quantity;

/// The sensor with its line.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it lies in static memory"
)]
pub(crate) enum Attached<B: Board> {
    Serial(AnySerial, B::Sensor),
    I2c(Ms5837, B::I2c),
    Spi(Adxl355, B::Spi),
    Contact(InductiveLoop),
    /// The board lacks what the sensor needs; what it would have measured.
    Missing(Quantity),
}

impl<B: Board> Attached<B> {
    /// The sensor of the settings, with the board's line to it.
    pub fn open(board: &mut B, settings: &Settings) -> Self {
        let Some(kind) = SensorKind::from_code(settings.sensor.code()) else {
            return Self::Missing(settings.quantity());
        };
        let shortest_us = 1_000 * u64::from(settings.shortest_interval_ms());
        let (address, baud) = (settings.sensor_address, settings.sensor_baud);
        if let Some(sensor) = AnySerial::new(kind, Some(address), Some(baud), shortest_us) {
            return match board.open_sensor(sensor.line()) {
                Some(line) => Self::Serial(sensor, line),
                None => Self::Missing(settings.quantity()),
            };
        }
        let attached = match kind {
            SensorKind::Ms5837 => board
                .open_i2c()
                .map(|bus| Self::I2c(Ms5837::new(Oversampling::default()), bus)),
            SensorKind::Adxl355 => board
                .open_spi()
                .map(|bus| Self::Spi(Adxl355::new(adxl355::Settings::default()), bus)),
            SensorKind::InductiveLoop => Some(Self::Contact(InductiveLoop::new(
                inductive_loop::Settings::default(),
                now_us(),
            ))),
            _ => None,
        };
        attached.unwrap_or(Self::Missing(settings.quantity()))
    }
}

/// Decides when to measure.
struct Clockwork<'a, B: Board> {
    shared: &'a Shared<B>,
    schedule: Schedule,
}

impl<B: Board> Clockwork<'_, B> {
    /// Whether a sample is due now.
    fn is_due(&mut self) -> bool {
        let now_us = now_us();
        let mut node = self.shared.node.borrow_mut();
        let interval_us = node.interval_us(now_us);
        let is_due = self
            .schedule
            .is_due(now_us, node.unix_us(now_us), interval_us);
        node.count_missed(self.schedule.take_missed());
        is_due
    }

    /// Waits until a sample may be due, or there is reason to look again.
    async fn wait(&self) {
        let due = Timer::at(Instant::from_micros(self.schedule.next_due_us()));
        select3(due, self.shared.to_sense.wait(), self.shared.tick()).await;
    }
}

/// Measures for ever.
pub(crate) async fn run<B: Board>(shared: &Shared<B>, attached: Attached<B>) -> ! {
    let mut clockwork = Clockwork {
        shared,
        schedule: Schedule::new(),
    };
    match attached {
        Attached::Serial(sensor, line) => serial(&mut clockwork, sensor, line).await,
        Attached::I2c(sensor, bus) => on_bus(&mut clockwork, sensor, bus).await,
        Attached::Spi(sensor, bus) => on_bus(&mut clockwork, sensor, bus).await,
        Attached::Contact(contact) => pulses(&mut clockwork, contact).await,
        Attached::Missing(quantity) => loop {
            shared.check_in(shared.tasks.sense);
            if clockwork.is_due() {
                // Nobody can be asked, and that is said.
                shared.take(Reading::missing(now_us(), quantity));
            }
            clockwork.wait().await;
        },
    }
}

/// The clock of the tasks, for the drivers.
struct Ticks;

impl attend::Clock for Ticks {
    fn now_us(&self) -> u64 {
        now_us()
    }

    async fn wait_until(&self, at_us: u64) {
        Timer::at(Instant::from_micros(at_us)).await;
    }
}

async fn serial<B: Board>(
    clockwork: &mut Clockwork<'_, B>,
    mut sensor: AnySerial,
    mut line: B::Sensor,
) -> ! {
    let shared = clockwork.shared;
    let mut emit = |reading: Reading| shared.take(reading);
    // What the line does not take the sensor does not answer: it is counted, and shows as a missing sample.
    let _ = attend::start(&mut sensor, &mut line, &Ticks).await;
    loop {
        shared.check_in(shared.tasks.sense);
        if clockwork.is_due() {
            let _ = attend::sample(&mut sensor, &mut line, &Ticks, &mut emit).await;
        }
        // An answer may take longer than this task may be away.
        let until_us = clockwork.schedule.next_due_us().min(shared.next_tick_us());
        let _ = attend::attend(&mut sensor, &mut line, &Ticks, until_us, &mut emit).await;
    }
}

async fn on_bus<B: Board, S: BusSensor<P>, P>(
    clockwork: &mut Clockwork<'_, B>,
    mut sensor: S,
    mut bus: P,
) -> ! {
    let shared = clockwork.shared;
    loop {
        shared.check_in(shared.tasks.sense);
        if clockwork.is_due() {
            let mut emit = |reading: Reading| shared.take(reading);
            sample_async(&mut sensor, &mut bus, now_us(), &mut Delay, &mut emit).await;
        }
        clockwork.wait().await;
    }
}

async fn pulses<B: Board>(clockwork: &mut Clockwork<'_, B>, mut contact: InductiveLoop) -> ! {
    let shared = clockwork.shared;
    // A vehicle may stand on the loop already.
    contact.level(shared.board.borrow().contact_is_closed(), now_us());
    loop {
        shared.check_in(shared.tasks.sense);
        if let Either::First(Edge { at_us, closed }) =
            select(B::next_edge(), clockwork.wait()).await
        {
            contact.level(closed, at_us);
        }
        if clockwork.is_due() {
            let lost = shared.board.borrow_mut().take_lost_edges();
            shared.node.borrow_mut().count_missed(lost);
            let mut emit = |reading: Reading| {
                // What was not seen was not counted.
                shared.take(match lost {
                    0 => reading,
                    _ => reading.flagged(Quality::SUSPECT),
                });
            };
            contact.due(now_us(), &mut emit);
        }
    }
}
