//! The [`app::board::Board`] that every STM32F4 board is, given its pins.

use crate::flash::Flash;
use crate::pulses::Pulses;
use crate::system::{Cause, Watchdog};
use crate::uart::{Driver, Input, Output, Port, Stream};
use crate::{stack, system};
use app::board::{Board, Edge};
use drivers::soft_i2c::SoftI2c;
use drivers::{Line, Parity};
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::MODE_0;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use stm32f4xx_hal::gpio::{ErasedPin, OpenDrain, Output as Drive, PushPull};
use stm32f4xx_hal::pac::{FLASH, SPI1};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Rcc;
use stm32f4xx_hal::serial::{Config, Instance, Serial};
use stm32f4xx_hal::spi::Spi;
use stm32f4xx_hal::time::Bps;
use wire::frame::{Board as Code, ResetCause};

/// What tells one board from another.
pub trait Model: 'static {
    /// The port of a serial sensor.
    type Sensor: Instance;
    /// The port to the edge.
    type Link: Instance;
    /// Which board it is.
    const CODE: Code;
    /// Size of the flash.
    const FLASH_BYTES: usize;
    /// The queues of the sensor's port.
    fn sensor() -> &'static Port<Self::Sensor>;
    /// The edges of the contact.
    fn pulses() -> &'static Pulses;
    /// The level of the pin that rises when the contact closes.
    fn contact_is_closed() -> bool;
    /// Lets interrupts come, once everything they touch is in place.
    fn unmask();
}

/// A serial port that is not open yet, with its pins: (port, to the sensor, from the sensor).
pub type Closed<U> = (
    U,
    <U as stm32f4xx_hal::serial::CommonPins>::Tx<PushPull>,
    <U as stm32f4xx_hal::serial::CommonPins>::Rx<PushPull>,
);

/// Both directions of an open port.
pub type Both<U> = (Input<U>, Output<U>);

/// A pin of the I2C bus: pulls low or lets go.
pub type BusPin = ErasedPin<Drive<OpenDrain>>;

/// The I2C bus of two pins; the chip's own has waits without a limit in its driver.
pub type Bus = SoftI2c<BusPin, BusPin, Delay>;

/// Waits by counting cycles.
pub struct Delay {
    cycles_per_us: u32,
}

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        // A microsecond more at most.
        cortex_m::asm::delay((ns / 1_000 + 1) * self.cycles_per_us);
    }
}

/// The bus of these two pins, at this clock of the processor.
#[must_use]
pub fn bus(clock: BusPin, data: BusPin, hclk_hz: u32) -> Bus {
    let delay = Delay {
        cycles_per_us: hclk_hz / 1_000_000,
    };
    SoftI2c::new(clock, data, delay)
}

/// The accelerometer with its chip select.
pub type Accelerometer = ExclusiveDevice<Spi<SPI1>, ErasedPin<Drive<PushPull>>, NoDelay>;

/// A board's hardware, until the program takes it piece by piece.
pub struct Hardware<M: Model> {
    /// Clocks, needed to open ports.
    pub rcc: Rcc,
    /// The sensor's serial port.
    pub sensor: Option<Closed<M::Sensor>>,
    /// High while something is said to the sensor, for a transceiver that wants it.
    pub sensor_driver: Option<Driver>,
    /// The line to the edge.
    pub link: Option<Both<M::Link>>,
    /// The bus of a pressure sensor.
    pub i2c: Option<Bus>,
    /// The accelerometer's bus, closed until it is needed, with its chip select.
    pub spi: Option<(SPI1, SpiPins, ErasedPin<Drive<PushPull>>)>,
    /// The flash controller.
    pub flash: Option<FLASH>,
    /// Drives the siren's relay.
    pub siren: ErasedPin<Drive<PushPull>>,
    /// The lamp on the board.
    pub lamp: ErasedPin<Drive<PushPull>>,
    /// The lamp is lit by a low level.
    pub lamp_active_low: bool,
    /// Why the board started.
    pub cause: Cause,
    /// The watchdog, running.
    pub watchdog: Watchdog,
}

impl<M: Model> Board for Hardware<M> {
    type Sensor = Stream<M::Sensor>;
    type LinkIn = Input<M::Link>;
    type LinkOut = Output<M::Link>;
    type I2c = Bus;
    type Spi = Accelerometer;
    type Flash = Flash;

    const CODE: Code = M::CODE;

    fn open_sensor(&mut self, line: Line) -> Option<Self::Sensor> {
        let (port, tx, rx) = self.sensor.take()?;
        let config = Config::default().baudrate(Bps(line.baud));
        let config = match line.parity {
            Parity::None => config.parity_none(),
            // The ninth bit is the parity.
            Parity::Even => config.wordlength_9().parity_even(),
            Parity::Odd => config.wordlength_9().parity_odd(),
        };
        let serial = Serial::new(port, (tx, rx), config, &mut self.rcc).ok()?;
        let line = M::sensor().start(serial, self.sensor_driver.take());
        M::unmask();
        Some(line)
    }

    fn open_link(&mut self) -> Option<(Self::LinkIn, Self::LinkOut)> {
        M::unmask();
        self.link.take()
    }

    fn open_i2c(&mut self) -> Option<Self::I2c> {
        self.i2c.take()
    }

    fn open_spi(&mut self) -> Option<Self::Spi> {
        let (port, (clock, miso, mosi), select) = self.spi.take()?;
        let pins = (Some(clock), Some(miso), Some(mosi));
        // 1 MHz, mode 0 (ADXL355 datasheet, "SPI protocol").
        let bus = Spi::new(port, pins, MODE_0, 1.MHz(), &mut self.rcc);
        ExclusiveDevice::new_no_delay(bus, select).ok()
    }

    fn open_flash(&mut self) -> Option<Self::Flash> {
        Some(Flash::new(self.flash.take()?, M::FLASH_BYTES))
    }

    async fn next_edge() -> Edge {
        M::pulses().next().await
    }

    fn contact_is_closed(&self) -> bool {
        M::contact_is_closed()
    }

    fn take_lost_edges(&mut self) -> u32 {
        M::pulses().take_lost()
    }

    fn reset_cause(&self) -> ResetCause {
        match self.cause {
            Cause::PowerOn => ResetCause::PowerOn,
            Cause::BrownOut => ResetCause::BrownOut,
            Cause::Watchdog => ResetCause::Watchdog,
            Cause::Software => ResetCause::Software,
            Cause::LowPower => ResetCause::LowPower,
            Cause::Pin => ResetCause::Pin,
            Cause::Unknown => ResetCause::Unknown,
        }
    }

    fn set_siren(&mut self, on: bool) {
        if on {
            self.siren.set_high();
        } else {
            self.siren.set_low();
        }
    }

    fn set_lamp(&mut self, on: bool) {
        if on == self.lamp_active_low {
            self.lamp.set_low();
        } else {
            self.lamp.set_high();
        }
    }

    fn feed_watchdog(&mut self) {
        self.watchdog.feed();
    }

    fn stack_free(&self) -> u32 {
        stack::never_used_bytes()
    }

    fn remember_stalled(&mut self, tasks: u8) {
        system::remember(tasks);
    }

    fn stalled_before(&mut self) -> u8 {
        system::recall()
    }

    fn supply_mv(&mut self) -> u16 {
        // No board of ours has its supply on a pin.
        0
    }

    fn restart(&mut self) -> ! {
        system::restart()
    }
}

/// The SPI pins of the accelerometer: clock, in, out.
pub type SpiPins = (
    <SPI1 as stm32f4xx_hal::gpio::alt::SpiCommon>::Sck,
    <SPI1 as stm32f4xx_hal::gpio::alt::SpiCommon>::Miso,
    <SPI1 as stm32f4xx_hal::gpio::alt::SpiCommon>::Mosi,
);
