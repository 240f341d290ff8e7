//! From a script to sensors: puts them together, with the faults in their places.

use super::file::{MeterFile, Parity, SensorFile, us};
use super::{Model, Script};
use crate::fault::bus::FaultyBus;
use crate::fault::{
    Channel, Effect, Fault, FaultySensor, Framing, ValueFault, Window, contact::faulty,
};
use crate::sensor::SerialSensor;
use crate::sensor::adxl355::Adxl355;
use crate::sensor::bus::Time;
use crate::sensor::digiquartz::{self, Digiquartz};
use crate::sensor::inductive_loop::{Bounce, Contact};
use crate::sensor::line::Pace;
use crate::sensor::meter::{self, Meter, PhaseSources};
use crate::sensor::modbus::{self, Slave};
use crate::sensor::ms5837::Ms5837;
use crate::sensor::ops243::{self, Ops243};
use crate::sensor::source::Distortion;
use crate::sensor::traffic::TrafficError;
use std::path::{Path, PathBuf};

/// Why sensors could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A record's event could not be read.
    #[error("sensor {sensor:?}: event in {}: {source}", directory.display())]
    Event {
        /// The sensor.
        sensor: String,
        /// The event's directory.
        directory: PathBuf,
        /// What is wrong with it.
        source: record::Error,
    },
    /// A CSV file could not be read.
    #[error("sensor {sensor:?}: {}: cannot read: {source}", file.display())]
    File {
        /// The sensor.
        sensor: String,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A CSV file could not be understood.
    #[error("sensor {sensor:?}: {}: {source}", file.display())]
    Csv {
        /// The sensor.
        sensor: String,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: record::ReadError,
    },
    /// What was read is no source.
    #[error("sensor {sensor:?}: {why}")]
    Source {
        /// The sensor.
        sensor: String,
        /// Why.
        why: String,
    },
    /// There is no such traffic.
    #[error("sensor {sensor:?}: {source}")]
    Traffic {
        /// The sensor.
        sensor: String,
        /// Why.
        source: TrafficError,
    },
}

/// A sensor of a script, with its faults.
pub struct BuiltSensor {
    /// Its name.
    pub name: String,
    /// The node that it is wired to.
    pub node: String,
    /// What it is.
    pub model: Model,
    /// Its address on its line, where it has one.
    pub address: Option<u8>,
    /// How it is wired.
    pub wired: Wired,
}

/// How a sensor is wired.
pub enum Wired {
    /// On a serial line at this pace.
    Serial {
        /// The pace at the start.
        pace: Pace,
        /// The sensor behind its line.
        sensor: Box<dyn SerialSensor + Send>,
    },
    /// An MS5837 on I2C.
    I2c(Box<FaultyBus<Ms5837>>),
    /// An ADXL355 on SPI.
    Spi(Box<FaultyBus<Adxl355>>),
    /// A contact.
    Contact(Contact),
}

/// What it takes to make one sensor.
pub(super) struct Making<'s> {
    pub script: &'s Script,
    pub name: &'s str,
    pub seed: u64,
    pub directory: &'s Path,
    /// Sources made so far: each has noise of its own.
    pub sources: u64,
}

pub(super) fn sensor(
    script: &Script,
    written: &SensorFile,
    index: u64,
    directory: &Path,
) -> Result<BuiltSensor, BuildError> {
    let mut making = Making {
        script,
        name: &written.name,
        // The golden ratio spreads consecutive seeds, so that scripts with neighbouring seeds share nothing.
        seed: script
            .seed
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(index << 16),
        directory,
        sources: 0,
    };
    let model = written.model().ok_or_else(|| BuildError::Source {
        sensor: written.name.clone(),
        why: "no model".to_owned(),
    })?;
    Ok(BuiltSensor {
        name: written.name.clone(),
        node: written.node.clone(),
        model,
        address: written.address(),
        wired: making.wired(written)?,
    })
}

impl Making<'_> {
    fn wired(&mut self, written: &SensorFile) -> Result<Wired, BuildError> {
        if let Some(own) = &written.digiquartz {
            let base = digiquartz::Settings::default();
            let settings = digiquartz::Settings {
                address: own.address.unwrap_or(base.address),
                baud: own.baud.unwrap_or(base.baud),
                pr: own.pr.unwrap_or(base.pr),
                unit: own
                    .unit
                    .as_deref()
                    .and_then(digiquartz::Unit::named)
                    .unwrap_or(base.unit),
                full_scale_pa: own.full_scale_pa.unwrap_or(base.full_scale_pa),
                digits: own.digits.unwrap_or(base.digits),
                serial: base.serial,
            };
            let pace = Pace::eight_n_one(settings.baud);
            let pressure = self.source(&own.pressure)?;
            // The deep sea is near 2 degrees.
            let temperature = self.source_or(own.temperature.as_ref(), 2.0)?;
            let mut sensor = Digiquartz::new(settings, pressure, temperature);
            for (window, fault) in self.value_faults() {
                sensor.pressure_mut().distort(window, distortion(fault));
                if let Some(unit) = unit_of(fault).and_then(digiquartz::Unit::named) {
                    sensor.mistake_unit(window, unit);
                }
            }
            return Ok(self.serial(sensor, pace, Framing::Byte(b'\n')));
        }
        if let Some(own) = &written.ops243 {
            // The radar's UART leaves the factory at 19,200 baud (K).
            let baud = own.baud.unwrap_or(19_200);
            let traffic = self.traffic(&own.traffic)?;
            let mut sensor = Ops243::new(baud, traffic, own.beam_m.unwrap_or(30.0));
            for (window, fault) in self.value_faults() {
                sensor.distort(window, distortion(fault));
                if let Some(unit) = unit_of(fault).and_then(ops243::Unit::named) {
                    sensor.mistake_unit(window, unit);
                }
            }
            return Ok(self.serial(sensor, Pace::eight_n_one(baud), Framing::Byte(b'\n')));
        }
        if let Some(own) = &written.inductive_loop {
            let traffic = self.traffic(&own.traffic)?;
            let bounce = Bounce {
                pairs: own.bounce_pairs.unwrap_or(3),
                within_us: own.bounce_within.map_or(3_000, us),
                seed: self.seed,
            };
            let contact = Contact::of_loop(&traffic, own.length_m.unwrap_or(2.0), bounce);
            let (faults, until_us) = (&self.script.faults, self.script.length_us);
            return Ok(Wired::Contact(faulty(
                &contact, self.name, faults, self.seed, until_us,
            )));
        }
        if let Some(own) = &written.ms5837 {
            let time = Time::default();
            let pressure = self.source(&own.pressure)?;
            let temperature = self.source_or(own.temperature.as_ref(), 15.0)?;
            let mut sensor = Ms5837::new(time.clone(), pressure, temperature);
            for (window, fault) in self.value_faults() {
                sensor.pressure_mut().distort(window, distortion(fault));
            }
            return Ok(Wired::I2c(Box::new(self.bus(sensor, time))));
        }
        if let Some(own) = &written.adxl355 {
            let time = Time::default();
            let axes = [
                self.source_or(own.x.as_ref(), 0.0)?,
                self.source_or(own.y.as_ref(), 0.0)?,
                self.source_or(own.z.as_ref(), crate::sensor::adxl355::G)?,
            ];
            let temperature = self.source_or(own.temperature.as_ref(), 25.0)?;
            let mut sensor = Adxl355::new(time.clone(), axes, temperature);
            for (window, fault) in self.value_faults() {
                for (name, axis) in ["x", "y", "z"].iter().zip(sensor.axes_mut()) {
                    if quantity_of(fault).is_none_or(|of| of == *name) {
                        axis.distort(window, distortion(fault));
                    }
                }
            }
            return Ok(Wired::Spi(Box::new(self.bus(sensor, time))));
        }
        let meters = [
            (&written.sdm230, meter::Model::Sdm230, 2_400),
            (&written.sdm630, meter::Model::Sdm630, 9_600),
            (&written.pzem004t, meter::Model::Pzem004t, 9_600),
        ];
        for (own, model, baud) in meters {
            if let Some(own) = own {
                return self.meter(own, model, baud);
            }
        }
        Err(BuildError::Source {
            sensor: self.name.to_owned(),
            why: "no model".to_owned(),
        })
    }

    fn meter(
        &mut self,
        own: &MeterFile,
        model: meter::Model,
        usual_baud: u32,
    ) -> Result<Wired, BuildError> {
        let baud = own.baud.unwrap_or(usual_baud);
        let parity = own.parity.unwrap_or(Parity::None);
        let stop_bits = own.stop_bits.unwrap_or(1);
        let pace = Pace {
            baud,
            character_bits: 9 + u32::from(parity != Parity::None) + u32::from(stop_bits),
        };
        let code = match (parity, stop_bits) {
            (Parity::None, 1) => 0,
            (Parity::Even, _) => 1,
            (Parity::Odd, _) => 2,
            (Parity::None, _) => 3,
        };
        let mut phases = Vec::with_capacity(own.phase.len());
        for phase in &own.phase {
            phases.push(PhaseSources {
                voltage: self.source(&phase.voltage)?,
                current: self.source(&phase.current)?,
                power_factor: self.source_or(phase.power_factor.as_ref(), 1.0)?,
            });
        }
        let frequency = self.source(&own.frequency)?;
        let address = own.address.unwrap_or(1);
        let mut meter = Meter::new(model, address, baud, code, phases, frequency)
            .with_import(own.import_wh.unwrap_or(0.0));
        for (window, fault) in self.value_faults() {
            // Without a name a stuck meter is stuck altogether, and a wrong one is wrong about the voltage.
            let of = match fault {
                ValueFault::Stuck => None,
                ValueFault::Wrong { of, .. } => Some(of.as_deref().unwrap_or("voltage")),
            };
            meter.distort(of, window, distortion(fault));
        }
        let settings = modbus::Settings {
            pace,
            turnaround_us: own.turnaround.map_or(20_000, us),
        };
        let framing = Framing::Silence(modbus::silence_us(pace));
        Ok(self.serial(Slave::new(meter, settings), pace, framing))
    }

    fn serial(
        &self,
        sensor: impl SerialSensor + Send + 'static,
        pace: Pace,
        framing: Framing,
    ) -> Wired {
        let faults = &self.script.faults;
        Wired::Serial {
            pace,
            sensor: Box::new(FaultySensor::new(
                sensor, self.name, framing, faults, self.seed,
            )),
        }
    }

    fn bus<B>(&self, sensor: B, time: Time) -> FaultyBus<B> {
        FaultyBus::new(sensor, time, self.name, &self.script.faults, self.seed)
    }

    /// The faults on what the sensor measures.
    fn value_faults(&self) -> impl Iterator<Item = (Window, &ValueFault)> {
        let on_me = |fault: &&Fault| fault.channel == Channel::Sensor && fault.is_on(self.name);
        let faults = self.script.faults.iter().filter(on_me);
        faults.filter_map(|fault| match &fault.effect {
            Effect::Value(value) => Some((fault.window, value)),
            _ => None,
        })
    }
}

fn distortion(fault: &ValueFault) -> Distortion {
    match fault {
        ValueFault::Stuck => Distortion::Stuck,
        ValueFault::Wrong { scale, offset, .. } => Distortion::Linear {
            scale: *scale,
            offset: *offset,
        },
    }
}

fn unit_of(fault: &ValueFault) -> Option<&str> {
    match fault {
        ValueFault::Wrong { unit, .. } => unit.as_deref(),
        ValueFault::Stuck => None,
    }
}

fn quantity_of(fault: &ValueFault) -> Option<&str> {
    match fault {
        ValueFault::Wrong { of, .. } => of.as_deref(),
        ValueFault::Stuck => None,
    }
}
