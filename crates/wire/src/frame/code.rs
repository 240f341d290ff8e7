//! Codes that travel as one byte, of which a newer peer may know more.

use serde::{Deserialize, Serialize};

/// An enum that travels as one byte and reads codes it does not know as its `Unknown`, so that a newer
/// firmware's birth is not lost on an older edge.
macro_rules! open_code {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        #[repr(u8)]
        pub enum $name {
            /// Not known, or known only to a newer version.
            #[default]
            Unknown = 0,
            $($(#[$doc])* $variant = $code,)*
        }

        impl $name {
            /// The byte on the wire.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// Reads the byte on the wire; codes that are not assigned become `Unknown`.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }

            /// Stable lower-case name.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Unknown => "unknown",
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.code())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u8::deserialize(deserializer).map(Self::from_code)
            }
        }
    };
}

open_code! {
    /// What a node is built for.
    NodeKind {
        /// A simulated node: replay, exercise, test rig.
        Virtual = 1 "virtual",
        /// Pressure recorder on the sea floor.
        BottomPressure = 2 "bottom_pressure",
        /// Tide gauge on the coast.
        TideGauge = 3 "tide_gauge",
        /// Traffic detector.
        Traffic = 4 "traffic",
        /// Electricity meter or grid monitor.
        Energy = 5 "energy",
        /// Siren with its controller.
        Siren = 6 "siren",
    }
}

open_code! {
    /// Why a node started.
    ResetCause {
        /// Power was applied.
        PowerOn = 1 "power_on",
        /// The reset pin.
        Pin = 2 "pin",
        /// The firmware asked for it, for example after an update or a panic.
        Software = 3 "software",
        /// A watchdog ran out.
        Watchdog = 4 "watchdog",
        /// The supply voltage dipped.
        BrownOut = 5 "brown_out",
        /// Return from a sleep that loses memory.
        LowPower = 6 "low_power",
    }
}

open_code! {
    /// The hardware that a node runs on.
    Board {
        /// STM32F405, 1 MB flash, 192 kB RAM.
        Stm32f405 = 1 "stm32f405",
        /// STM32F407, 1 MiB flash, 128 KiB RAM.
        Stm32f407 = 2 "stm32f407",
        /// A program on a computer: replay, exercise, test rig.
        Host = 3 "host",
    }
}

open_code! {
    /// What is known of the image that runs.
    Image {
        /// It has proved itself and stays.
        Confirmed = 1 "confirmed",
        /// It was just installed and goes again unless it proves itself.
        Trial = 2 "trial",
        /// It is the former image, back because the one on trial failed.
        Returned = 3 "returned",
    }
}

open_code! {
    /// What became of a command.
    CommandOutcome {
        /// Carried out before it expired.
        Done = 1 "done",
        /// Not carried out: it had expired.
        Expired = 2 "expired",
        /// Not carried out: this node knows no such command.
        Unsupported = 3 "unsupported",
        /// Tried, and the hardware refused.
        Failed = 4 "failed",
        /// Carried out, but the node does not know the time, so whether it had expired was not checked.
        DoneUnchecked = 5 "done_unchecked",
    }
}

open_code! {
    /// Where an update of the firmware stands.
    UpdateStep {
        /// The node waits for the bytes from `next_offset`.
        WantsData = 1 "wants_data",
        /// Everything is there, the signature is good: the node restarts into the new image.
        Verified = 2 "verified",
        /// The signature or the digest is wrong.
        RefusedSignature = 3 "refused_signature",
        /// The offered image is older than what the node accepts.
        RefusedDowngrade = 4 "refused_downgrade",
        /// The image does not fit.
        NoRoom = 5 "no_room",
        /// The flash memory failed.
        StorageFault = 6 "storage_fault",
        /// The new image has proved itself and stays.
        Confirmed = 7 "confirmed",
    }
}

open_code! {
    /// The sensor that is connected to a node.
    Sensor {
        /// Paroscientific Digiquartz pressure sensor, serial.
        Digiquartz = 1 "digiquartz",
        /// MS5837 pressure sensor, I2C.
        Ms5837 = 2 "ms5837",
        /// OPS243 radar, serial.
        Ops243 = 3 "ops243",
        /// Inductive loop, contact pulses.
        Loop = 4 "loop",
        /// ADXL355 accelerometer, SPI.
        Adxl355 = 5 "adxl355",
        /// SDM230 energy meter, Modbus RTU.
        Sdm230 = 6 "sdm230",
        /// SDM630 energy meter, Modbus RTU.
        Sdm630 = 7 "sdm630",
        /// PZEM-004T energy meter, Modbus RTU.
        Pzem004t = 8 "pzem004t",
    }
}
