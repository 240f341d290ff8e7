//! The sensor on the node's line, chosen by its settings.

use crate::digiquartz::{self, Digiquartz};
use crate::fault::Faults;
use crate::meter::{self, Meter, Model};
use crate::ops243::{self, Ops243};
use crate::reading::Emit;
use crate::serial::{Line, SerialSensor, Tx};

/// Which sensor a node has: the value of its setting `sensor`. Codes are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SensorKind {
    /// Paroscientific Digiquartz.
    Digiquartz = 1,
    /// MS5837-30BA.
    Ms5837 = 2,
    /// OPS243-A.
    Ops243 = 3,
    /// Inductive loop.
    InductiveLoop = 4,
    /// ADXL355.
    Adxl355 = 5,
    /// Eastron SDM230.
    Sdm230 = 6,
    /// Eastron SDM630.
    Sdm630 = 7,
    /// PZEM-004T version 3.
    Pzem004t = 8,
}

impl SensorKind {
    /// The kind of that code; `None` when there is none.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Digiquartz,
            2 => Self::Ms5837,
            3 => Self::Ops243,
            4 => Self::InductiveLoop,
            5 => Self::Adxl355,
            6 => Self::Sdm230,
            7 => Self::Sdm630,
            8 => Self::Pzem004t,
            _ => return None,
        })
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Any sensor on a serial line.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a node has one, and no heap to put it on"
)]
pub enum AnySerial {
    /// A Digiquartz.
    Digiquartz(Digiquartz),
    /// A radar.
    Ops243(Ops243),
    /// A meter.
    Meter(Meter),
}

impl AnySerial {
    /// A sensor of that kind for one sample each `interval_us`, with its own address and speed where `None`; `None` for kinds that are
    /// not on a serial line. A Digiquartz is set to integrate for half of the interval.
    #[must_use]
    pub fn new(
        kind: SensorKind,
        address: Option<u8>,
        baud: Option<u32>,
        interval_us: u64,
    ) -> Option<Self> {
        let meter = |model| {
            let mut settings = meter::Settings::as_delivered(model);
            settings.address = address.unwrap_or(settings.address);
            settings.line.baud = baud.unwrap_or(settings.line.baud);
            Some(Self::Meter(Meter::new(settings)))
        };
        match kind {
            SensorKind::Digiquartz => {
                let delivered = digiquartz::Settings::default();
                Some(Self::Digiquartz(Digiquartz::new(digiquartz::Settings {
                    address: address.unwrap_or(delivered.address),
                    baud: baud.unwrap_or(delivered.baud),
                    integration: Some(digiquartz::integration_for(interval_us)),
                    ..delivered
                })))
            }
            SensorKind::Ops243 => {
                let delivered = ops243::Settings::default();
                Some(Self::Ops243(Ops243::new(ops243::Settings {
                    baud: baud.unwrap_or(delivered.baud),
                    ..delivered
                })))
            }
            SensorKind::Sdm230 => meter(Model::Sdm230),
            SensorKind::Sdm630 => meter(Model::Sdm630),
            SensorKind::Pzem004t => meter(Model::Pzem004t),
            SensorKind::Ms5837 | SensorKind::InductiveLoop | SensorKind::Adxl355 => None,
        }
    }
}

/// Calls the same method of whichever sensor it is.
macro_rules! each {
    ($self:expr, $sensor:ident => $call:expr) => {
        match $self {
            AnySerial::Digiquartz($sensor) => $call,
            AnySerial::Ops243($sensor) => $call,
            AnySerial::Meter($sensor) => $call,
        }
    };
}

impl SerialSensor for AnySerial {
    fn line(&self) -> Line {
        each!(self, sensor => sensor.line())
    }

    fn start(&mut self, now_us: u64, tx: &mut Tx) {
        each!(self, sensor => sensor.start(now_us, tx));
    }

    fn due(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        each!(self, sensor => sensor.due(now_us, tx, emit));
    }

    fn receive(&mut self, byte: u8, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        each!(self, sensor => sensor.receive(byte, now_us, tx, emit));
    }

    fn deadline_us(&self) -> Option<u64> {
        each!(self, sensor => sensor.deadline_us())
    }

    fn wake(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        each!(self, sensor => sensor.wake(now_us, tx, emit));
    }

    fn faults(&self) -> &Faults {
        each!(self, sensor => sensor.faults())
    }

    fn line_error(&mut self) {
        each!(self, sensor => sensor.line_error());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_kinds_belong_together() {
        for code in 0..=u8::MAX {
            match SensorKind::from_code(code) {
                Some(kind) => assert_eq!(kind.code(), code),
                None => assert!(code == 0 || code > 8),
            }
        }
    }

    #[test]
    fn settings_reach_the_line() {
        for (kind, delivered) in [
            (SensorKind::Digiquartz, 9_600),
            (SensorKind::Ops243, 19_200),
            (SensorKind::Sdm230, 2_400),
            (SensorKind::Sdm630, 9_600),
            (SensorKind::Pzem004t, 9_600),
        ] {
            let of = |baud| {
                AnySerial::new(kind, None, baud, 1_000_000)
                    .unwrap()
                    .line()
                    .baud
            };
            assert_eq!(
                (of(None), of(Some(38_400))),
                (delivered, 38_400),
                "{kind:?}"
            );
        }
        for kind in [
            SensorKind::Ms5837,
            SensorKind::InductiveLoop,
            SensorKind::Adxl355,
        ] {
            assert!(AnySerial::new(kind, None, None, 1_000_000).is_none());
        }
    }
}
