//! Energy meters on Modbus RTU: Eastron SDM230 and SDM630, PZEM-004T v3.
//!
//! Eastron: function 4, two registers of a big-endian f32 each, at most 80 registers a request.
//!
//! | Register | SDM230 | SDM630 | Source |
//! |---|---|---|---|
//! | 0x00 (02, 04) | voltage, V | of each phase | S |
//! | 0x06 (08, 0A) | current, A | of each phase | S |
//! | 0x0C (0E, 10) | active power, W | of each phase | S |
//! | 0x12 (14, 16) | apparent power, VA | of each phase | S, SDM630 K |
//! | 0x18 (1A, 1C) | reactive power, var | of each phase | S, SDM630 K |
//! | 0x1E (20, 22) | power factor | of each phase | S, SDM630 K |
//! | 0x34, 0x38, 0x3C | - | total W, VA, var | S, the latter two K |
//! | 0x46 | frequency, Hz | the same | S |
//! | 0x48, 0x4A | import, export, kWh | the same | S, SDM630 K |
//! | 0x156 | total, kWh | - | S |
//!
//! Registers between them read 0 (K); an odd address or count is exception 2 (S, of a meter of the same family); an address of 0x400
//! or above is exception 2, a count of 0 or over 80 exception 3 (K). Function 3 reads address (0x14), baud code (0x1C: 0 2,400 ...
//! 4 38,400) and parity code (0x12: 0 none, 1 even, 2 odd, 3 none and two stop bits) as f32 (S); writing is exception 1 here.
//!
//! PZEM-004T v3: function 4, registers 0 to 9 (S/K): 0.1 V; 1 mA, 0.1 W, 1 Wh of 32 bits, low word first; 0.1 Hz; 0.01 power factor; alarm (always 0).
//! Its general address 0xF8 is answered as 0xF8. Function 3 reads the address (register 2); 0x42 sets the energy to 0.
//!
//! Power is voltage times current times power factor; energy is their integral over virtual time from the start, in steps of
//! one second. A source without value makes the meter answer exception 4 (K).

use super::Source;
use super::modbus::{Device, Exception, registers, span};
use super::source::Distortion;
use crate::fault::Window;

/// One step of the energy's integral, microseconds.
const STEP_US: u64 = 1_000_000;

/// Most registers of one request to an Eastron meter.
const EASTRON_MAX: u16 = 80;

/// Which meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Eastron SDM230, one phase.
    Sdm230,
    /// Eastron SDM630, three phases.
    Sdm630,
    /// Peacefair PZEM-004T version 3, one phase.
    Pzem004t,
}

/// What one phase carries.
#[derive(Clone, Debug)]
pub struct PhaseSources {
    /// Volts between phase and neutral.
    pub voltage: Source,
    /// Amperes.
    pub current: Source,
    /// Power factor, -1 to 1.
    pub power_factor: Source,
}

/// A meter's registers.
pub struct Meter {
    model: Model,
    address: u8,
    baud: u32,
    parity_code: u8,
    phases: Vec<PhaseSources>,
    frequency: Source,
    import_wh: f64,
    export_wh: f64,
    integrated_us: u64,
}

/// Volts, amperes and power factor at an instant.
#[derive(Clone, Copy)]
struct Phase {
    volts: f64,
    amperes: f64,
    factor: f64,
}

impl Phase {
    fn watts(self) -> f64 {
        self.volts * self.amperes * self.factor
    }

    fn volt_amperes(self) -> f64 {
        self.volts * self.amperes
    }

    fn vars(self) -> f64 {
        self.volt_amperes() * (1.0 - self.factor * self.factor).max(0.0).sqrt()
    }
}

impl Meter {
    /// A meter with this address. An SDM630 takes three phases: of fewer the last counts for the missing ones. `parity_code` as
    /// in register 0x12.
    #[must_use]
    pub fn new(
        model: Model,
        address: u8,
        baud: u32,
        parity_code: u8,
        phases: Vec<PhaseSources>,
        frequency: Source,
    ) -> Self {
        Self {
            model,
            address,
            baud,
            parity_code,
            phases,
            frequency,
            import_wh: 0.0,
            export_wh: 0.0,
            integrated_us: 0,
        }
    }

    /// Energy at the rig's start, watt-hours.
    #[must_use]
    pub const fn with_import(mut self, wh: f64) -> Self {
        self.import_wh = wh;
        self
    }

    /// Distorts a quantity (`voltage`, `current`, `power_factor` of all phases, `frequency`; all four without a name).
    /// Returns whether there is one of this name.
    pub fn distort(&mut self, of: Option<&str>, window: Window, distortion: Distortion) -> bool {
        let wanted = |name: &str| of.is_none_or(|of| of == name);
        for phase in &mut self.phases {
            for (name, source) in [
                ("voltage", &mut phase.voltage),
                ("current", &mut phase.current),
                ("power_factor", &mut phase.power_factor),
            ] {
                if wanted(name) {
                    source.distort(window, distortion);
                }
            }
        }
        if wanted("frequency") {
            self.frequency.distort(window, distortion);
        }
        of.is_none_or(|of| ["voltage", "current", "power_factor", "frequency"].contains(&of))
    }

    /// A phase, from 0, at an instant.
    fn phase(&self, index: usize, us: u64) -> Option<Phase> {
        let last = self.phases.len().checked_sub(1)?;
        let sources = self.phases.get(index.min(last))?;
        Some(Phase {
            volts: sources.voltage.value(us)?,
            amperes: sources.current.value(us)?,
            factor: sources.power_factor.value(us)?,
        })
    }

    const fn phase_count(&self) -> usize {
        match self.model {
            Model::Sdm630 => 3,
            Model::Sdm230 | Model::Pzem004t => 1,
        }
    }

    fn total(&self, us: u64, of: fn(Phase) -> f64) -> Option<f64> {
        (0..self.phase_count())
            .map(|index| self.phase(index, us).map(of))
            .sum()
    }

    /// Adds up energy to `now_us`. The steps do not depend on when the meter is asked.
    fn integrate(&mut self, now_us: u64) {
        while self.integrated_us.saturating_add(STEP_US) <= now_us {
            let watts = self
                .total(self.integrated_us + STEP_US / 2, Phase::watts)
                .unwrap_or(0.0);
            let wh = watts * STEP_US as f64 / 3.6e9;
            if wh >= 0.0 {
                self.import_wh += wh;
            } else {
                self.export_wh -= wh;
            }
            self.integrated_us += STEP_US;
        }
    }

    /// An Eastron input register's f32, by the register's even address.
    fn eastron(&self, register: u16, us: u64) -> Option<f64> {
        let of_phase = |first: u16, of: fn(Phase) -> f64| {
            self.phase(usize::from((register - first) / 2), us).map(of)
        };
        let three = self.model == Model::Sdm630;
        match register {
            0x02..=0x05 | 0x08..=0x0B | 0x0E..=0x11 | 0x14..=0x17 | 0x1A..=0x1D | 0x20..=0x23
                if !three =>
            {
                Some(0.0)
            }
            0x00..=0x05 => of_phase(0x00, |phase| phase.volts),
            0x06..=0x0B => of_phase(0x06, |phase| phase.amperes),
            0x0C..=0x11 => of_phase(0x0C, Phase::watts),
            0x12..=0x17 => of_phase(0x12, Phase::volt_amperes),
            0x18..=0x1D => of_phase(0x18, Phase::vars),
            0x1E..=0x23 => of_phase(0x1E, |phase| phase.factor),
            0x34 if three => self.total(us, Phase::watts),
            0x38 if three => self.total(us, Phase::volt_amperes),
            0x3C if three => self.total(us, Phase::vars),
            0x46 => self.frequency.value(us),
            0x48 => Some(self.import_wh / 1_000.0),
            0x4A => Some(self.export_wh / 1_000.0),
            0x156 if !three => Some((self.import_wh + self.export_wh) / 1_000.0),
            _ => Some(0.0),
        }
    }

    fn eastron_read(&self, first: u16, count: u16, us: u64) -> Result<Vec<u16>, Exception> {
        if count == 0 || count > EASTRON_MAX {
            return Err(Exception::IllegalDataValue);
        }
        if first % 2 == 1 || count % 2 == 1 || first >= 0x400 {
            return Err(Exception::IllegalDataAddress);
        }
        let mut words = Vec::with_capacity(usize::from(count));
        for register in (first..first + count).step_by(2) {
            let value = self
                .eastron(register, us)
                .ok_or(Exception::ServerDeviceFailure)?;
            words.extend(f32_words(value));
        }
        Ok(words)
    }

    fn eastron_holding(&self, first: u16, count: u16) -> Result<Vec<u16>, Exception> {
        if count != 2 {
            return Err(Exception::IllegalDataValue);
        }
        let bauds = [2_400, 4_800, 9_600, 19_200, 38_400];
        let value = match first {
            0x12 => f64::from(self.parity_code),
            0x14 => f64::from(self.address),
            0x1C => bauds
                .iter()
                .position(|baud| *baud == self.baud)
                .unwrap_or(2) as f64,
            _ => return Err(Exception::IllegalDataAddress),
        };
        Ok(f32_words(value).into())
    }

    fn pzem_read(&self, first: u16, count: u16, us: u64) -> Result<Vec<u16>, Exception> {
        if count == 0 {
            return Err(Exception::IllegalDataValue);
        }
        let end = first.checked_add(count).filter(|end| *end <= 10);
        let end = end.ok_or(Exception::IllegalDataAddress)?;
        let phase = self.phase(0, us).ok_or(Exception::ServerDeviceFailure)?;
        let hertz = self
            .frequency
            .value(us)
            .ok_or(Exception::ServerDeviceFailure)?;
        let word = |value: f64| (value.round() as u64 & 0xFFFF) as u16;
        let words = |value: f64| {
            let whole = value.round() as u64;
            [(whole & 0xFFFF) as u16, ((whole >> 16) & 0xFFFF) as u16]
        };
        let [ma_low, ma_high] = words(phase.amperes * 1_000.0);
        let [w_low, w_high] = words(phase.watts() * 10.0);
        let [wh_low, wh_high] = words(self.import_wh.floor());
        let all = [
            word(phase.volts * 10.0),
            ma_low,
            ma_high,
            w_low,
            w_high,
            wh_low,
            wh_high,
            word(hertz * 10.0),
            word(phase.factor * 100.0),
            0,
        ];
        Ok(all
            .get(usize::from(first)..usize::from(end))
            .unwrap_or_default()
            .to_vec())
    }

    fn pzem(&mut self, function: u8, data: &[u8], us: u64) -> Result<Vec<u8>, Exception> {
        match function {
            0x04 => {
                let (first, count) = span(data)?;
                self.pzem_read(first, count, us)
                    .map(|words| registers(&words))
            }
            0x03 => match span(data)? {
                (2, 1) => Ok(registers(&[u16::from(self.address)])),
                _ => Err(Exception::IllegalDataAddress),
            },
            0x42 if data.is_empty() => {
                self.import_wh = 0.0;
                Ok(Vec::new())
            }
            _ => Err(Exception::IllegalFunction),
        }
    }
}

impl Device for Meter {
    fn is_me(&self, address: u8) -> bool {
        address == self.address || (self.model == Model::Pzem004t && address == 0xF8)
    }

    fn request(&mut self, function: u8, data: &[u8], now_us: u64) -> Result<Vec<u8>, Exception> {
        self.integrate(now_us);
        if self.model == Model::Pzem004t {
            return self.pzem(function, data, now_us);
        }
        let words = match function {
            0x04 => {
                let (first, count) = span(data)?;
                self.eastron_read(first, count, now_us)?
            }
            0x03 => {
                let (first, count) = span(data)?;
                self.eastron_holding(first, count)?
            }
            _ => return Err(Exception::IllegalFunction),
        };
        Ok(registers(&words))
    }
}

/// A big-endian f32 as two registers.
fn f32_words(value: f64) -> [u16; 2] {
    let bits = (value as f32).to_bits();
    [(bits >> 16) as u16, (bits & 0xFFFF) as u16]
}
