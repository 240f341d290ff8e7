//! What a board must offer.

use drivers::Line;
use embedded_hal::i2c::I2c;
use embedded_hal::spi::SpiDevice;
use embedded_io_async::{Read, Write};
use embedded_storage::nor_flash::MultiwriteNorFlash;
use wire::frame::{Board as Code, ResetCause};

/// An edge of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Microseconds on the node's clock.
    pub at_us: u64,
    /// The contact closed.
    pub closed: bool,
}

/// The hardware of a node.
pub trait Board {
    /// The sensor's serial line. Its `read` loses nothing when it is cancelled.
    type Sensor: Read + Write;
    /// What is heard from the edge.
    type LinkIn: Read;
    /// What is said to the edge.
    type LinkOut: Write;
    /// The bus of a pressure sensor.
    type I2c: I2c;
    /// The accelerometer on its bus.
    type Spi: SpiDevice;
    /// All of the chip's flash, from its start.
    type Flash: MultiwriteNorFlash;

    /// Which board it is.
    const CODE: Code;

    /// Opens the sensor's serial line. Called at most once.
    fn open_sensor(&mut self, line: Line) -> Option<Self::Sensor>;
    /// The line to the edge. Called once.
    fn open_link(&mut self) -> Option<(Self::LinkIn, Self::LinkOut)>;
    /// The I2C bus. Called at most once.
    fn open_i2c(&mut self) -> Option<Self::I2c>;
    /// The SPI device. Called at most once.
    fn open_spi(&mut self) -> Option<Self::Spi>;
    /// The flash. Called once.
    fn open_flash(&mut self) -> Option<Self::Flash>;
    /// The next edge of the contact that a loop detector closes.
    fn next_edge() -> impl Future<Output = Edge>;
    /// Whether the contact is closed now, as far as its pin tells.
    fn contact_is_closed(&self) -> bool;
    /// Edges of the contact that found no room since the last call.
    fn take_lost_edges(&mut self) -> u32;
    /// Why the board started.
    fn reset_cause(&self) -> ResetCause;
    /// Sounds the siren or silences it.
    fn set_siren(&mut self, on: bool);
    /// The lamp that shows life.
    fn set_lamp(&mut self, on: bool);
    /// Tells the watchdog that all is well.
    fn feed_watchdog(&mut self);
    /// Bytes of the stack that were never used.
    fn stack_free(&self) -> u32;
    /// Keeps the tasks that stood still in memory that survives a reset, but not a power cut.
    fn remember_stalled(&mut self, tasks: u8);
    /// What [`Board::remember_stalled`] kept before the last reset; forgotten by reading.
    fn stalled_before(&mut self) -> u8;
    /// Supply in millivolts; 0 where it is not measured.
    fn supply_mv(&mut self) -> u16;
    /// Starts the board anew.
    fn restart(&mut self) -> !;
}
