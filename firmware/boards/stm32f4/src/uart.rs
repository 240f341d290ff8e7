//! Serial ports by interrupts.
use core::cell::RefCell;
use critical_section::Mutex;
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, pipe::Pipe};
use stm32f4xx_hal::hal_02::serial::{Read as _, Write as _};
use stm32f4xx_hal::{
    nb,
    serial::{Instance, Rx, RxISR, RxListen, Tx, TxISR, TxListen},
};

pub struct Port<U: Instance> {
    halves: Mutex<RefCell<Option<(Tx<U>, Rx<U>)>>>,
    rx: Pipe<CriticalSectionRawMutex, 512>,
    tx: Pipe<CriticalSectionRawMutex, 1024>,
}

impl<U: Instance> Port<U> {
    pub const fn new() -> Self {
        Self {
            halves: Mutex::new(RefCell::new(None)),
            rx: Pipe::new(),
            tx: Pipe::new(),
        }
    }
    pub fn start(&self, tx: Tx<U>, mut rx: Rx<U>) {
        rx.listen();
        critical_section::with(|cs| *self.halves.borrow_ref_mut(cs) = Some((tx, rx)));
    }
    pub fn on_interrupt(&self) {
        critical_section::with(|cs| {
            let mut halves = self.halves.borrow_ref_mut(cs);
            let Some((tx, rx)) = halves.as_mut() else {
                return;
            };
            while rx.is_rx_not_empty() {
                if let Ok(byte) = rx.read() {
                    let _ = self.rx.try_write(&[byte]);
                }
            }
            while tx.is_tx_empty() {
                let mut b = [0];
                match self.tx.try_read(&mut b) {
                    Ok(_) => {
                        let _ = nb::block!(tx.write(b[0]));
                    }
                    Err(_) => {
                        tx.unlisten();
                        break;
                    }
                }
            }
        });
    }
    pub async fn read(&self, buf: &mut [u8]) -> usize {
        self.rx.read(buf).await
    }
    pub async fn write(&self, mut data: &[u8]) {
        while !data.is_empty() {
            let n = self.tx.write(data).await;
            data = &data[n..];
            critical_section::with(|cs| {
                if let Some((tx, _)) = self.halves.borrow_ref_mut(cs).as_mut() {
                    tx.listen()
                }
            });
        }
    }
}
