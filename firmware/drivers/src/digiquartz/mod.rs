//! Paroscientific Digiquartz intelligent pressure sensors on RS-232 or RS-485: what real tsunameters use.
//!
//! Source: Paroscientific, user manual for Digiquartz intelligent instruments (8819-001), commands P3, P4, Q3, UN, PR, EW. The
//! command strings and the step of the integration time (7.913 ms) are as public programs for these sensors send and compute them.
//!
//! | Sent | Answered | Why |
//! |---|---|---|
//! | `*0100UN` | `*0001UN=2` | which unit is set; also ends a continuous mode that was left running |
//! | `*0100EW*0100UN=2` | `*0001UN=2` | sets it, only if it differs: the parameter lives in an EEPROM that wears |
//! | `*0100PR`, `*0100EW*0100PR=38` | `*0001PR=38` | integration, n x 7.913 ms |
//! | `*0100P3` | `*0001` value | one pressure |
//! | `*0100Q3` | `*0001` value | one temperature, degrees Celsius (as delivered, `TU=0`; not checked) |
//! | `*0100P4` | `*0001` value, again and again | continuous, until any command |
//! | `*0100SN` | `*0001SN=...` | harmless: ends continuous mode |
//!
//! Values carry nothing that tells one from the next. After a measurement without an answer the sensor is asked for its unit before
//! anything is measured again, because it answers in order: a value that comes before its unit is an old one and is dropped.
//!
//! All lines end with CR LF. A value that came before the unit could be confirmed is flagged as suspect, and as a sensor fault when
//! the sensor insists on a unit of its user's own.

mod answer;
mod settings;
mod unit;

pub use settings::{INTEGRATION_MAX, Mode, Settings, integration_for};
pub use unit::Unit;

use core::fmt::Write as _;

use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::fault::{Fault, Faults};
use crate::lines::{Heard, Lines};
use crate::reading::{Emit, Reading, reached};
use crate::serial::{Line, Parity, SerialSensor, Tx, put};
use answer::{Answer, LINE_MAX};
use settings::INTEGRATION_STEP_US;

/// What is allowed for while the sensor has not told its integration, steps: twice this covers the 238 of the manual's examples.
const INTEGRATION_UNKNOWN: u16 = 126;
/// A temperature is integrated four times as long as a pressure (parameter `TR`, as delivered).
const TEMPERATURE_FACTOR: u64 = 4;
/// What the sensor and the line may take on top of the integration.
const SLACK_US: u64 = 700_000;
/// Attempts to learn unit and integration one after the other; afterwards one in [`SETUP_AGAIN`] samples tries once more.
const SETUP_ATTEMPTS: u8 = 3;
const SETUP_AGAIN: u8 = 16;
/// Longest time for which an answer is believed to be still under way. Lines through radio modems hold data back for seconds.
const LATE_US: u64 = 10_000_000;

/// What has been asked and not been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Unit,
    SetUnit,
    Integration,
    SetIntegration,
    Pressure,
    Temperature,
    Stream,
    Stop,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    asked: Asked,
    since_us: u64,
    until_us: u64,
}

/// A Digiquartz.
#[derive(Debug)]
pub struct Digiquartz {
    settings: Settings,
    lines: Lines<LINE_MAX>,
    pending: Option<Pending>,
    /// The unit that the sensor says it uses.
    unit: Option<Unit>,
    /// The integration that the sensor says it uses.
    integration: Option<u16>,
    /// It says that it uses a unit that we do not know.
    unit_is_foreign: bool,
    attempts: u8,
    samples_since_attempt: u8,
    /// A sample became due while settings were being asked for.
    sample_waits: bool,
    samples_to_temperature: u16,
    /// A measurement was not answered: its answer may still come, and could be taken for that to the next. Answers come in the order
    /// of the questions, so nothing is measured before the sensor has told its unit, which is no number.
    doubt: bool,
    /// When the unit was asked for in vain: in doubt, only one such question may be under way, or an old answer would clear it.
    hold_until_us: Option<u64>,
    faults: Faults,
}

impl Digiquartz {
    /// A sensor that has not been spoken to.
    #[must_use]
    pub fn new(mut settings: Settings) -> Self {
        if !(1..=98).contains(&settings.address) {
            settings.address = 1;
        }
        settings.integration = settings
            .integration
            .map(|steps| steps.clamp(1, INTEGRATION_MAX));
        Self {
            settings,
            lines: Lines::new(b'*'),
            pending: None,
            unit: None,
            integration: None,
            unit_is_foreign: false,
            attempts: 0,
            samples_since_attempt: 0,
            sample_waits: false,
            samples_to_temperature: 0,
            doubt: false,
            hold_until_us: None,
            faults: Faults::default(),
        }
    }

    /// The unit that the sensor has confirmed.
    #[must_use]
    pub const fn unit(&self) -> Option<Unit> {
        self.unit
    }

    /// Changes the mode and goes on in it.
    pub fn set_mode(&mut self, mode: Mode, now_us: u64, tx: &mut Tx) {
        self.settings.mode = mode;
        match mode {
            Mode::Continuous => self.proceed(now_us, tx),
            Mode::Single => self.ask(Asked::Stop, now_us, tx),
        }
    }

    /// Integration in steps as far as it is known.
    fn steps(&self) -> Option<u16> {
        self.integration.or(self.settings.integration)
    }

    /// Half the integration: the sensor's value stands for the middle of it.
    fn half_us(&self) -> u64 {
        u64::from(self.steps().unwrap_or(0)) * INTEGRATION_STEP_US / 2
    }

    /// How long an answer may take: the sensor integrates pressure and temperature one after the other.
    fn limit_us(&self, asked: Asked) -> u64 {
        let integration_us =
            u64::from(self.steps().unwrap_or(INTEGRATION_UNKNOWN)) * INTEGRATION_STEP_US;
        match asked {
            Asked::Pressure | Asked::Stream => SLACK_US + 2 * integration_us,
            Asked::Temperature => SLACK_US + 2 * TEMPERATURE_FACTOR * integration_us,
            // A sensor that is busy with a measurement answers when it is done.
            _ => SLACK_US + integration_us,
        }
    }

    fn ask(&mut self, asked: Asked, now_us: u64, tx: &mut Tx) {
        let mut command: heapless::String<48> = heapless::String::new();
        let a = self.settings.address;
        let unit = self.settings.unit.code();
        let steps = self.settings.integration.unwrap_or(INTEGRATION_UNKNOWN);
        let written = match asked {
            Asked::Unit => write!(command, "*{a:02}00UN\r\n"),
            Asked::SetUnit => write!(command, "*{a:02}00EW*{a:02}00UN={unit}\r\n"),
            Asked::Integration => write!(command, "*{a:02}00PR\r\n"),
            Asked::SetIntegration => write!(command, "*{a:02}00EW*{a:02}00PR={steps}\r\n"),
            Asked::Pressure => write!(command, "*{a:02}00P3\r\n"),
            Asked::Temperature => write!(command, "*{a:02}00Q3\r\n"),
            Asked::Stream => write!(command, "*{a:02}00P4\r\n"),
            Asked::Stop => write!(command, "*{a:02}00SN\r\n"),
        };
        // The longest command has 22 characters.
        debug_assert!(written.is_ok());
        put(tx, command.as_bytes(), &mut self.faults);
        self.pending = Some(Pending {
            asked,
            since_us: now_us,
            until_us: now_us.wrapping_add(self.limit_us(asked)),
        });
    }

    /// The next question in the order settings, then measurement.
    fn proceed(&mut self, now_us: u64, tx: &mut Tx) {
        self.pending = None;
        let wants_setup = self.unit.is_none() || self.integration.is_none();
        if wants_setup && self.attempts < SETUP_ATTEMPTS {
            self.attempts += 1;
            let asked = if self.unit.is_none() {
                Asked::Unit
            } else {
                Asked::Integration
            };
            self.ask(asked, now_us, tx);
        } else {
            self.measure(now_us, tx);
        }
    }

    fn measure(&mut self, now_us: u64, tx: &mut Tx) {
        self.pending = None;
        if self.settings.mode == Mode::Continuous {
            self.ask(Asked::Stream, now_us, tx);
        } else if core::mem::take(&mut self.sample_waits) {
            self.ask(Asked::Pressure, now_us, tx);
        }
    }

    fn parameter(&mut self, name: [u8; 2], value: Option<u16>, now_us: u64, tx: &mut Tx) {
        let Some(pending) = self.pending else {
            self.faults.note(Fault::Unexpected);
            return;
        };
        match (pending.asked, &name, value) {
            (Asked::Unit | Asked::SetUnit, b"UN", Some(code)) => {
                let told = Unit::from_code(code);
                if told != Some(self.settings.unit) && pending.asked == Asked::Unit {
                    return self.ask(Asked::SetUnit, now_us, tx);
                }
                // A sensor that keeps another unit is believed; a unit of its user's own is not.
                if told != Some(self.settings.unit) {
                    self.faults.note(Fault::Unexpected);
                }
                self.doubt = false;
                self.unit = told;
                self.unit_is_foreign = told.is_none();
                if told.is_some() {
                    self.attempts = 0;
                }
                self.proceed(now_us, tx);
            }
            (Asked::Integration | Asked::SetIntegration, b"PR", Some(steps)) => {
                let wanted = self.settings.integration.unwrap_or(steps);
                if steps != wanted && pending.asked == Asked::Integration {
                    return self.ask(Asked::SetIntegration, now_us, tx);
                }
                if steps != wanted {
                    self.faults.note(Fault::Unexpected);
                }
                // A sensor that integrates longer than is allowed for will time out, and that is counted.
                self.integration = Some(steps.clamp(1, INTEGRATION_MAX));
                self.attempts = 0;
                self.proceed(now_us, tx);
            }
            (Asked::Stop, ..) => self.measure(now_us, tx),
            _ => self.faults.note(Fault::Unexpected),
        }
    }

    fn value(&mut self, value: f64, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        match self.pending {
            Some(Pending {
                asked: Asked::Pressure,
                since_us,
                ..
            }) => {
                // The middle of the integration, which begins with the command.
                self.pressure(value, since_us.wrapping_add(self.half_us()), emit);
                self.pending = None;
                if self.temperature_is_due() {
                    self.ask(Asked::Temperature, now_us, tx);
                }
            }
            Some(Pending {
                asked: Asked::Temperature,
                since_us,
                ..
            }) => {
                let at_us = since_us.wrapping_add(TEMPERATURE_FACTOR * self.half_us());
                emit(Reading::good(at_us, Quantity::WaterTemperature, value));
                self.pending = None;
            }
            Some(Pending {
                asked: Asked::Stream,
                ..
            }) => {
                self.pressure(value, now_us.wrapping_sub(self.half_us()), emit);
                let until_us = now_us.wrapping_add(self.limit_us(Asked::Stream));
                if let Some(pending) = &mut self.pending {
                    pending.since_us = now_us;
                    pending.until_us = until_us;
                }
            }
            // A late answer, or the rest of a continuous mode.
            _ => self.faults.note(Fault::Unexpected),
        }
    }

    fn pressure(&mut self, value: f64, at_us: u64, emit: Emit<'_>) {
        let unit = self.unit.unwrap_or(self.settings.unit);
        let reading = Reading::good(at_us, Quantity::WaterPressure, value * unit.pascals());
        emit(match self.unit {
            Some(_) => reading,
            None if self.unit_is_foreign => {
                reading.flagged(Quality::SUSPECT | Quality::SENSOR_FAULT)
            }
            None => reading.flagged(Quality::SUSPECT),
        });
    }

    fn temperature_is_due(&mut self) -> bool {
        // A sensor that cannot be asked for its unit cannot clear a doubt either, and one value looks like the other.
        if self.settings.temperature_every == 0 || self.unit.is_none() {
            return false;
        }
        let due = self.samples_to_temperature == 0;
        self.samples_to_temperature = if due {
            self.settings.temperature_every - 1
        } else {
            self.samples_to_temperature - 1
        };
        due
    }

    /// No answer to a question about a measurement. The sensor may also be another one now, or have restarted.
    fn unanswered(&mut self) {
        if self.unit.take().is_some() {
            self.doubt = true;
            self.integration = None;
            self.attempts = 0;
        }
    }
}

impl SerialSensor for Digiquartz {
    fn line(&self) -> Line {
        Line {
            baud: self.settings.baud,
            parity: Parity::None,
        }
    }

    fn start(&mut self, now_us: u64, tx: &mut Tx) {
        self.lines.clear();
        self.unit = None;
        self.unit_is_foreign = false;
        self.integration = None;
        self.attempts = 0;
        self.sample_waits = false;
        self.doubt = false;
        self.hold_until_us = None;
        self.proceed(now_us, tx);
    }

    fn due(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        if self.doubt && self.pending.is_none() {
            match self.hold_until_us {
                Some(until_us) if !reached(now_us, until_us) => {
                    emit(Reading::missing(now_us, Quantity::WaterPressure));
                    return;
                }
                _ => self.attempts = 0,
            }
        }
        if self.settings.mode == Mode::Continuous {
            if self.pending.is_none() {
                self.proceed(now_us, tx);
            }
            return;
        }
        if self.unit.is_none() || self.integration.is_none() {
            self.samples_since_attempt = self.samples_since_attempt.saturating_add(1);
            if self.samples_since_attempt >= SETUP_AGAIN && self.attempts >= SETUP_ATTEMPTS {
                self.samples_since_attempt = 0;
                self.attempts = SETUP_ATTEMPTS - 1;
            }
        }
        match self.pending.map(|pending| pending.asked) {
            Some(Asked::Pressure | Asked::Temperature | Asked::Stream) => {
                self.faults.note(Fault::Busy);
                emit(Reading::missing(now_us, Quantity::WaterPressure));
            }
            Some(_) if self.sample_waits => {
                self.faults.note(Fault::Busy);
                emit(Reading::missing(now_us, Quantity::WaterPressure));
            }
            Some(_) => self.sample_waits = true,
            None => {
                self.sample_waits = true;
                self.proceed(now_us, tx);
            }
        }
    }

    fn receive(&mut self, byte: u8, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        let answer = match self.lines.push(byte) {
            Heard::Nothing => return,
            Heard::Damaged => Err(Fault::Damaged),
            Heard::Line(line) => answer::read(line, self.settings.address),
        };
        match answer {
            Ok(Answer::Value(value)) => self.value(value, now_us, tx, emit),
            Ok(Answer::Parameter(name, value)) => self.parameter(name, value, now_us, tx),
            Ok(Answer::Echo) => {}
            Err(fault) => self.faults.note(fault),
        }
    }

    fn deadline_us(&self) -> Option<u64> {
        self.pending.map(|pending| pending.until_us)
    }

    fn wake(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        let Some(pending) = self.pending else { return };
        if !reached(now_us, pending.until_us) {
            return;
        }
        self.faults.note(Fault::Timeout);
        self.pending = None;
        match pending.asked {
            Asked::Pressure => {
                emit(Reading::missing(pending.since_us, Quantity::WaterPressure));
                self.unanswered();
            }
            Asked::Temperature => {
                emit(Reading::missing(
                    pending.since_us,
                    Quantity::WaterTemperature,
                ));
                self.unanswered();
            }
            Asked::Stream => {
                emit(Reading::missing(now_us, Quantity::WaterPressure));
                self.unanswered();
                self.proceed(now_us, tx);
            }
            Asked::Unit | Asked::SetUnit | Asked::Integration | Asked::SetIntegration => {
                let continuous = self.settings.mode == Mode::Continuous;
                if matches!(pending.asked, Asked::Unit | Asked::SetUnit) {
                    self.hold_until_us = Some(pending.since_us.wrapping_add(LATE_US));
                }
                if self.doubt {
                    if core::mem::take(&mut self.sample_waits) || continuous {
                        emit(Reading::missing(pending.since_us, Quantity::WaterPressure));
                    }
                } else if self.sample_waits || continuous {
                    // The measurement does not wait for the settings any longer.
                    self.measure(now_us, tx);
                } else {
                    self.proceed(now_us, tx);
                }
            }
            Asked::Stop => self.measure(now_us, tx),
        }
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn line_error(&mut self) {
        self.faults.note(Fault::Line);
        self.lines.spoil();
    }
}

#[cfg(test)]
mod tests;
