//! One line to Modbus devices: connect, ask, and say by name what went wrong.
//!
//! Invariants: an answer is only taken from the request it belongs to. After any doubt (a timeout, a damaged or foreign
//! answer) the line is closed; when an RTU line opens, whatever is still in the air is read and thrown away first,
//! because RTU answers carry no number that would tell an old one from a new one.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_modbus::client::{Client as _, Context};
use tokio_modbus::slave::{Slave, SlaveContext as _};
use tokio_modbus::{ExceptionCode, Request, Response};
use tokio_serial::SerialStream;

use super::decode::Read;
use crate::config::{Meter, Parity, Transport};

/// A line is quiet after this long without a byte: more than 3.5 characters at 1200 baud (29 ms).
const QUIET: Duration = Duration::from_millis(40);

/// Longest wait for a line to become quiet; a babbling one is used as it is.
const QUIET_MAX: Duration = Duration::from_millis(500);

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The line could not be opened.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The line broke.
    #[error("{0}")]
    Io(io::Error),
    /// The device refused.
    #[error("the device answered with exception {0}")]
    Exception(ExceptionCode),
    /// Another device, request or function answered.
    #[error("{0}")]
    Mismatch(String),
    /// The answer has another length than asked for.
    #[error("{got} registers instead of {asked}")]
    Length {
        /// Registers asked for.
        asked: u16,
        /// Registers received.
        got: usize,
    },
}

impl Failure {
    /// Stable name for counters.
    pub fn name(&self) -> &'static str {
        match self {
            Failure::Timeout(_) => "timeout",
            Failure::Connect(_) => "connect",
            Failure::Io(error) if error.kind() == io::ErrorKind::InvalidData => "damaged",
            Failure::Io(_) => "io",
            Failure::Exception(code) => exception_name(*code),
            Failure::Mismatch(_) => "mismatch",
            Failure::Length { .. } => "length",
        }
    }

    /// Whether the line can still be trusted: the device has answered this very request.
    fn is_answer(&self) -> bool {
        matches!(self, Failure::Exception(_))
    }

    /// Whether the device does not have (some of) the registers.
    pub fn is_refused_address(&self) -> bool {
        matches!(self, Failure::Exception(ExceptionCode::IllegalDataAddress))
    }

    /// Whether asking for other registers of the same device is worth the time.
    pub fn is_about_registers(&self) -> bool {
        self.is_answer()
    }
}

fn exception_name(code: ExceptionCode) -> &'static str {
    match code {
        ExceptionCode::IllegalFunction => "exception_illegal_function",
        ExceptionCode::IllegalDataAddress => "exception_illegal_data_address",
        ExceptionCode::IllegalDataValue => "exception_illegal_data_value",
        ExceptionCode::ServerDeviceFailure => "exception_server_device_failure",
        ExceptionCode::Acknowledge => "exception_acknowledge",
        ExceptionCode::ServerDeviceBusy => "exception_server_device_busy",
        ExceptionCode::MemoryParityError => "exception_memory_parity_error",
        ExceptionCode::GatewayPathUnavailable => "exception_gateway_path_unavailable",
        ExceptionCode::GatewayTargetDevice => "exception_gateway_target_device",
        ExceptionCode::Custom(_) => "exception_custom",
    }
}

/// A line that opens when it is needed.
#[derive(Default)]
pub struct Bus {
    context: Option<Context>,
}

impl Bus {
    /// Carries out one read from `meter`.
    ///
    /// # Errors
    /// [`Failure`]; the next read opens the line anew where that is needed.
    pub async fn read(&mut self, meter: &Meter, read: &Read) -> Result<Vec<u16>, Failure> {
        let result = self.attempt(meter, read).await;
        if result.as_ref().is_err_and(|failure| !failure.is_answer()) {
            self.context = None;
        }
        result
    }

    async fn attempt(&mut self, meter: &Meter, read: &Read) -> Result<Vec<u16>, Failure> {
        let context = match &mut self.context {
            Some(context) => context,
            None => self.context.insert(open(meter).await?),
        };
        context.set_slave(Slave(meter.unit));
        // Not `read_input_registers`: that asserts the answer's length instead of reporting it.
        let request = match read.function {
            3 => Request::ReadHoldingRegisters(read.start, read.count),
            _ => Request::ReadInputRegisters(read.start, read.count),
        };
        let answer = timeout(meter.timeout, context.call(request))
            .await
            .map_err(|_| Failure::Timeout(meter.timeout))?;
        let words = match answer {
            Ok(Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words))) => {
                words
            }
            Ok(Ok(other)) => {
                return Err(Failure::Mismatch(format!(
                    "an answer to something else: {other:?}"
                )));
            }
            Ok(Err(exception)) => return Err(Failure::Exception(exception)),
            Err(tokio_modbus::Error::Transport(error)) => return Err(Failure::Io(error)),
            Err(tokio_modbus::Error::Protocol(error)) => {
                return Err(Failure::Mismatch(error.to_string()));
            }
        };
        if words.len() != usize::from(read.count) {
            return Err(Failure::Length {
                asked: read.count,
                got: words.len(),
            });
        }
        Ok(words)
    }
}

async fn open(meter: &Meter) -> Result<Context, Failure> {
    let slave = Slave(meter.unit);
    match meter.transport {
        Transport::Tcp => Ok(tokio_modbus::client::tcp::attach_slave(
            connect(meter).await?,
            slave,
        )),
        Transport::RtuOverTcp => Ok(rtu(connect(meter).await?, slave).await),
        Transport::Rtu => Ok(rtu(serial(meter)?, slave).await),
    }
}

async fn connect(meter: &Meter) -> Result<TcpStream, Failure> {
    let address = meter.address.clone().unwrap_or_default();
    let stream = timeout(meter.timeout, TcpStream::connect(address))
        .await
        .map_err(|_| Failure::Connect(io::ErrorKind::TimedOut.into()))?
        .map_err(Failure::Connect)?;
    stream.set_nodelay(true).map_err(Failure::Connect)?;
    Ok(stream)
}

fn serial(meter: &Meter) -> Result<SerialStream, Failure> {
    let device = meter
        .device
        .as_ref()
        .map(|device| device.display().to_string())
        .unwrap_or_default();
    let parity = match meter.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = if meter.stop_bits == 2 {
        tokio_serial::StopBits::Two
    } else {
        tokio_serial::StopBits::One
    };
    let builder = tokio_serial::new(device, meter.baud)
        .parity(parity)
        .stop_bits(stop_bits);
    SerialStream::open(&builder).map_err(|error| Failure::Connect(error.into()))
}

async fn rtu<T>(mut line: T, slave: Slave) -> Context
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut waste = [0; 256];
    let started = Instant::now();
    while let Ok(Ok(1..)) = timeout(QUIET, line.read(&mut waste)).await {
        if started.elapsed() > QUIET_MAX {
            break;
        }
    }
    tokio_modbus::client::rtu::attach_slave(line, slave)
}
