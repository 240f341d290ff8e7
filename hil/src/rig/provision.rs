//! What is in a new node's flash: bootloader, application, and who the node is.

use node::{Role, Settings};
use store::{Factory, Identity, factory_image};
use wire::frame::Sensor;

use super::elf::Image;
use super::error::Error;
use super::flash::{Flash, SECTORS};
use crate::script::{BuiltSensor, Model, Wired};

/// Where lasting memory begins: the third sector.
const STORE: usize = 2 * SECTORS[0];
/// Length of the vector table of an STM32F405: 16 words of the core, 82 of the chip.
const VECTORS: usize = (16 + 82) * 4;

/// Who a node is.
#[derive(Clone, Debug)]
pub struct Provision {
    /// Node number, as the edge's configuration has it.
    pub node: u32,
    /// The secret that it shares with the edge.
    pub key: [u8; 32],
    /// Its settings, when it shall not begin with those that its firmware has.
    pub settings: Option<Settings>,
    /// Boot numbers that are used up.
    pub boots_used: u32,
}

/// Settings of a node that has such a sensor: the defaults of what it is for.
#[must_use]
pub const fn settings_for(model: Model) -> Settings {
    let (role, sensor) = match model {
        Model::Digiquartz => (Role::Tsunami, Sensor::Digiquartz),
        Model::Ms5837 => (Role::Tsunami, Sensor::Ms5837),
        Model::Adxl355 => (Role::Tsunami, Sensor::Adxl355),
        Model::Ops243 => (Role::Road, Sensor::Ops243),
        Model::InductiveLoop => (Role::Road, Sensor::Loop),
        Model::Sdm230 => (Role::Energy, Sensor::Sdm230),
        Model::Sdm630 => (Role::Energy, Sensor::Sdm630),
        Model::Pzem004t => (Role::Energy, Sensor::Pzem004t),
    };
    let mut settings = Settings::defaults(role);
    settings.sensor = sensor;
    // An accelerometer measures no sea.
    settings.tsunami_detector &= !matches!(model, Model::Adxl355);
    settings
}

/// Settings of a node to which just this sensor is wired: its speed and address besides.
#[must_use]
pub fn settings_of(sensor: &BuiltSensor) -> Settings {
    let mut settings = settings_for(sensor.model);
    if let Wired::Serial { pace, .. } = &sensor.wired {
        settings.sensor_baud = pace.baud;
    }
    if let Some(address) = sensor.address {
        settings.sensor_address = address;
    }
    settings
}

impl Provision {
    /// The flash of a node that leaves the factory. Without a bootloader, the application's own vector table is put where the processor
    /// looks for one, so that it starts as if a bootloader had jumped to it.
    ///
    /// # Errors
    /// [`Error::Flash`] when something does not fit or the settings are none that a node takes.
    pub fn flash(&self, boot: Option<&Image>, application: &Image) -> Result<Flash, Error> {
        let mut flash = Flash::blank();
        for image in boot.into_iter().chain([application]) {
            for (offset, bytes) in &image.segments {
                flash.place(*offset, bytes)?;
            }
        }
        let (start, flat) = application.flat();
        if boot.is_none() && start > 0 {
            flash.place(0, flat.get(..VECTORS).unwrap_or(&flat))?;
        }
        let settings = self.settings.as_ref().map(|settings| settings.to_bytes(1));
        let factory = Factory {
            identity: Identity {
                node: self.node,
                key: self.key,
            },
            settings: settings.as_ref().map(|bytes| (1, bytes.as_slice())),
            boots_used: self.boots_used,
        };
        let lasting = factory_image(&factory).map_err(|e| Error::Flash(e.to_string()))?;
        flash.place(STORE, &lasting)?;
        Ok(flash)
    }
}
