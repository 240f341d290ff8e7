//! Serial ports by interrupt, as `embedded-io-async`.
//!
//! Received bytes wait in 512 bytes of memory (44 ms at 115,200 baud); what comes beyond that is lost and counted, as is what the
//! receiver itself could not take. What is sent waits in 1 KiB.

use core::cell::RefCell;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU32, Ordering};
use critical_section::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use stm32f4xx_hal::gpio::{ErasedPin, Output as Drive, PushPull};
use stm32f4xx_hal::hal_02::serial::{Read as _, Write as _};
use stm32f4xx_hal::serial::{Event, Flag, Instance, RxISR as _, Serial, TxISR as _};
use stm32f4xx_hal::{Listen as _, ReadFlags as _, nb};

const RECEIVED: usize = 512;
const TO_SEND: usize = 1_024;

/// The pin that tells a transceiver of a shared line to drive it.
pub type Driver = ErasedPin<Drive<PushPull>>;

struct Hardware<U: Instance> {
    serial: Serial<U>,
    driver: Option<Driver>,
}

/// A serial port; a `static` of the board, whose interrupt calls [`Port::on_interrupt`].
pub struct Port<U: Instance> {
    hardware: Mutex<RefCell<Option<Hardware<U>>>>,
    received: Pipe<CriticalSectionRawMutex, RECEIVED>,
    to_send: Pipe<CriticalSectionRawMutex, TO_SEND>,
    lost: AtomicU32,
}

impl<U: Instance> Default for Port<U> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U: Instance> Port<U> {
    /// A port without hardware yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            hardware: Mutex::new(RefCell::new(None)),
            received: Pipe::new(),
            to_send: Pipe::new(),
            lost: AtomicU32::new(0),
        }
    }

    /// Takes the hardware over. `driver` is high while anything is sent. The board unmasks the interrupt afterwards.
    pub fn start(&'static self, mut serial: Serial<U>, mut driver: Option<Driver>) -> Stream<U> {
        serial.listen(Event::RxNotEmpty);
        if let Some(driver) = &mut driver {
            driver.set_low();
        }
        critical_section::with(|cs| {
            *self.hardware.borrow_ref_mut(cs) = Some(Hardware { serial, driver });
        });
        Stream(self)
    }

    /// Moves bytes between the hardware and the queues.
    pub fn on_interrupt(&self) {
        critical_section::with(|cs| {
            let mut hardware = self.hardware.borrow_ref_mut(cs);
            let Some(Hardware { serial, driver }) = hardware.as_mut() else {
                return;
            };
            loop {
                match serial.read() {
                    Ok(byte) => {
                        if self.received.try_write(&[byte]).is_err() {
                            self.count_lost();
                        }
                    }
                    Err(nb::Error::WouldBlock) => break,
                    // Overrun, noise or framing: the status has been cleared by reading it.
                    Err(nb::Error::Other(_)) => self.count_lost(),
                }
                if !serial.is_rx_not_empty() {
                    break;
                }
            }
            while serial.is_tx_empty() {
                let mut byte = [0];
                if self.to_send.try_read(&mut byte).is_err() {
                    serial.unlisten(Event::TxEmpty);
                    break;
                }
                // What was queued may be noticed before its writer has said so.
                if let Some(driver) = driver.as_mut() {
                    driver.set_high();
                }
                // The register is empty: this cannot block.
                let _ = serial.write(byte[0]);
            }
            if let Some(driver) = driver
                && driver.is_set_high()
                && self.to_send.is_empty()
            {
                // The last stop bit must be out before the line is let go.
                if serial.flags().contains(Flag::TransmissionComplete) {
                    driver.set_low();
                    serial.unlisten(Event::TransmissionComplete);
                } else {
                    serial.listen(Event::TransmissionComplete);
                }
            }
        });
    }

    fn count_lost(&self) {
        let lost = self.lost.load(Ordering::Relaxed);
        self.lost.store(lost.saturating_add(1), Ordering::Relaxed);
    }

    /// Received bytes that were lost so far.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }

    fn hasten(&self) {
        critical_section::with(|cs| {
            if let Some(hardware) = self.hardware.borrow_ref_mut(cs).as_mut() {
                if let Some(driver) = &mut hardware.driver {
                    driver.set_high();
                }
                hardware.serial.listen(Event::TxEmpty);
            }
        });
    }
}

/// Both directions of a started port.
pub struct Stream<U: Instance + 'static>(&'static Port<U>);

/// What is heard on a port.
pub struct Input<U: Instance + 'static>(&'static Port<U>);

/// What is said on a port.
pub struct Output<U: Instance + 'static>(&'static Port<U>);

impl<U: Instance> Stream<U> {
    /// The two directions, for two tasks.
    #[must_use]
    pub fn split(self) -> (Input<U>, Output<U>) {
        (Input(self.0), Output(self.0))
    }
}

impl<U: Instance> embedded_io_async::ErrorType for Input<U> {
    type Error = Infallible;
}

impl<U: Instance> embedded_io_async::ErrorType for Output<U> {
    type Error = Infallible;
}

impl<U: Instance> embedded_io_async::Read for Input<U> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.0.received.read(buffer).await)
    }
}

impl<U: Instance> embedded_io_async::Write for Output<U> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let taken = self.0.to_send.write(bytes).await;
        self.0.hasten();
        Ok(taken)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<U: Instance> embedded_io_async::ErrorType for Stream<U> {
    type Error = Infallible;
}

impl<U: Instance> embedded_io_async::Read for Stream<U> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Input(self.0).read(buffer).await
    }
}

impl<U: Instance> embedded_io_async::Write for Stream<U> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Output(self.0).write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
