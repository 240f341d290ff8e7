//! A serial sensor on an async line: bytes, deadlines and answers until a given instant.
//!
//! ```text
//! start(&mut sensor, &mut line, &clock)
//! loop {
//!     sample(&mut sensor, &mut line, &clock, emit)          // a sample is due
//!     attend(&mut sensor, &mut line, &clock, next_us, emit) // until the next one is
//! }
//! ```

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

use crate::reading::{Emit, reached};
use crate::serial::{SerialSensor, Tx};

/// The node's monotonic clock.
pub trait Clock {
    /// Now, microseconds.
    fn now_us(&self) -> u64;

    /// Returns at `at_us`, or at once when that has passed.
    fn wait_until(&self, at_us: u64) -> impl Future<Output = ()>;
}

/// The line failed. The sensor has counted it: go on with [`attend`], and open the line anew when it keeps failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineError<E>(
    /// The port's own error.
    pub E,
);

/// Bytes taken from the port at once.
const CHUNK: usize = 32;

/// The line has been opened.
///
/// # Errors
/// The line failed.
pub async fn start<S: SerialSensor, L: Read + Write, C: Clock>(
    sensor: &mut S,
    line: &mut L,
    clock: &C,
) -> Result<(), LineError<L::Error>> {
    let mut tx = Tx::new();
    sensor.start(clock.now_us(), &mut tx);
    send(sensor, line, &tx).await
}

/// A sample is due.
///
/// # Errors
/// The line failed.
pub async fn sample<S: SerialSensor, L: Read + Write, C: Clock>(
    sensor: &mut S,
    line: &mut L,
    clock: &C,
    emit: Emit<'_>,
) -> Result<(), LineError<L::Error>> {
    let mut tx = Tx::new();
    sensor.due(clock.now_us(), &mut tx, emit);
    send(sensor, line, &tx).await
}

/// Serves the sensor until `until_us`. The line's `read` must lose nothing when it is cancelled, as that of a buffered port does.
///
/// # Errors
/// The line failed. One that has ended is silent.
pub async fn attend<S: SerialSensor, L: Read + Write, C: Clock>(
    sensor: &mut S,
    line: &mut L,
    clock: &C,
    until_us: u64,
    emit: Emit<'_>,
) -> Result<(), LineError<L::Error>> {
    let mut chunk = [0; CHUNK];
    loop {
        let now_us = clock.now_us();
        if let Some(deadline_us) = sensor.deadline_us()
            && reached(now_us, deadline_us)
        {
            let mut tx = Tx::new();
            sensor.wake(now_us, &mut tx, emit);
            send(sensor, line, &tx).await?;
        }
        if reached(now_us, until_us) {
            return Ok(());
        }
        let wake_us = match sensor.deadline_us() {
            Some(deadline_us) if !reached(deadline_us, until_us) => deadline_us,
            _ => until_us,
        };
        match select(line.read(&mut chunk), clock.wait_until(wake_us)).await {
            Either::Second(()) => {}
            // The line has ended: nothing more will come, and asking again at once would never rest.
            Either::First(Ok(0)) => clock.wait_until(wake_us).await,
            Either::First(Ok(length)) => {
                let now_us = clock.now_us();
                for &byte in &chunk[..length.min(CHUNK)] {
                    let mut tx = Tx::new();
                    sensor.receive(byte, now_us, &mut tx, emit);
                    send(sensor, line, &tx).await?;
                }
            }
            Either::First(Err(error)) => {
                sensor.line_error();
                return Err(LineError(error));
            }
        }
    }
}

async fn send<S: SerialSensor, L: Write>(
    sensor: &mut S,
    line: &mut L,
    tx: &Tx,
) -> Result<(), LineError<L::Error>> {
    if tx.is_empty() {
        return Ok(());
    }
    let sent = match line.write_all(tx).await {
        Ok(()) => line.flush().await,
        Err(error) => Err(error),
    };
    sent.map_err(|error| {
        sensor.line_error();
        LineError(error)
    })
}

#[cfg(test)]
mod tests;
