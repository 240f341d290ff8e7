//! Paroscientific Digiquartz: absolute pressure over RS-232, as real tsunameters have it.
//!
//! A command is `*ddss<command>\r\n` with destination `dd` and source `ss`; the answer is `*0001<value>\r\n` from unit 1
//! to the host 0 (S).
//!
//! | Command | Answer | Source |
//! |---|---|---|
//! | `*0100P3` | `*0001<pressure>` after the integration time | S |
//! | `*0100P4` | the same again and again until any command comes | S |
//! | `*0100Q3`, `*0100Q4` | temperature in degrees Celsius, once or again and again, integrated for TR | S, form of the number K |
//! | `*0100PR`, `*0100EW*0100PR=n` | `*0001PR=n`: integration of n times 7.913 ms, 1 to 65,535 | S, range K |
//! | `*0100TR` | `*0001TR=m`: always four times PR here | K |
//! | `*0100UN`, `*0100EW*0100UN=n` | `*0001UN=n`: 1 psi, 2 hPa, 3 bar, 4 kPa, 5 MPa, 6 inHg, 7 mmHg, 8 mH2O | K |
//! | `*0100SN`, `*0100MN`, `*0100VR` | `*0001SN=...` serial number, model, version | S |
//! | `*9900BR=n` | the command itself, at the old baud rate; then n holds | S, echo K |
//! | `*0100EW` | nothing; the next command may write | K |
//!
//! What is known only as general knowledge (K) and fixed here by decision: a write without `EW` changes nothing and answers
//! with the value in force; a write out of range does the same; an unknown command is not answered; any command ends a
//! measurement that is running, also a single one; `*9900` with a command other than `BR` is carried out and answered by the unit; a
//! line without `*` and two unit numbers is noise.
//!
//! The number has as many decimals as the `digits` of the settings leave beside the whole digits of the full scale in
//! the unit in force: with 8 digits and 10,000 psi that is 3 decimals, 0.67 mm of water in psi and 0.1 mm in kPa. Real units of
//! two ages write 14.6190 and 14.6959494 at 15 and 30 psi full scale (S), which is 6 and 9 digits by this rule.
//!
//! The value is the mean of the source over the integration, as a counter of periods gives it.

use super::line::{Line, Pace};
use super::{SerialSensor, Source, earlier};
use crate::fault::Window;

/// Microseconds of integration for one count of PR (S).
pub const INTEGRATION_STEP_US: f64 = 7_913.0;

/// A temperature is integrated this many times as long as a pressure: TR over PR (K).
const TEMPERATURE_FACTOR: u64 = 4;

/// Longest command; longer ones are dropped.
const MAX_COMMAND: usize = 64;

/// Baud rates of the instrument (K).
const BAUDS: [u32; 9] = [
    300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 115_200,
];

/// Engineering units, as `UN` numbers them (K).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Unit {
    /// Pounds per square inch.
    Psi = 1,
    /// Hectopascals.
    HectoPascal = 2,
    /// Bars.
    Bar = 3,
    /// Kilopascals.
    KiloPascal = 4,
    /// Megapascals.
    MegaPascal = 5,
    /// Inches of mercury.
    InchMercury = 6,
    /// Millimetres of mercury.
    MillimetreMercury = 7,
    /// Metres of water.
    MetreWater = 8,
}

impl Unit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Psi,
        Self::HectoPascal,
        Self::Bar,
        Self::KiloPascal,
        Self::MegaPascal,
        Self::InchMercury,
        Self::MillimetreMercury,
        Self::MetreWater,
    ];

    /// Pascals in one of them (NIST SP 811, appendix B; mercury at 0 degrees Celsius, water at 4).
    #[must_use]
    pub const fn pascals(self) -> f64 {
        match self {
            Self::Psi => 6_894.757,
            Self::HectoPascal => 100.0,
            Self::Bar => 100_000.0,
            Self::KiloPascal => 1_000.0,
            Self::MegaPascal => 1_000_000.0,
            Self::InchMercury => 3_386.389,
            Self::MillimetreMercury => 133.322_4,
            Self::MetreWater => 9_806.65,
        }
    }

    /// Name in scripts and faults.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psi => "psi",
            Self::HectoPascal => "hPa",
            Self::Bar => "bar",
            Self::KiloPascal => "kPa",
            Self::MegaPascal => "MPa",
            Self::InchMercury => "inHg",
            Self::MillimetreMercury => "mmHg",
            Self::MetreWater => "mH2O",
        }
    }

    /// The unit of this name, whatever the case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|unit| unit.name().eq_ignore_ascii_case(name))
    }

    fn numbered(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| *unit as u32 == number)
    }
}

/// How the instrument is set up when the rig starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Unit number, 1 to 98.
    pub address: u8,
    /// Baud rate, 8N1.
    pub baud: u32,
    /// Integration, counts of 7.913 ms.
    pub pr: u16,
    /// Engineering unit of the answers.
    pub unit: Unit,
    /// Largest pressure, pascals; it fixes the number's form.
    pub full_scale_pa: f64,
    /// Digits of a full-scale number, 4 to 12.
    pub digits: u8,
    /// Serial number that `SN` gives.
    pub serial: u32,
}

impl Default for Settings {
    /// Unit 1 at 9,600 baud, 10,000 psi full scale as on the sea floor, 1.883 s of integration, psi.
    fn default() -> Self {
        Self {
            address: 1,
            baud: 9_600,
            pr: 238,
            unit: Unit::Psi,
            full_scale_pa: 10_000.0 * Unit::Psi.pascals(),
            digits: 8,
            serial: 100_123,
        }
    }
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands carried out.
    pub commands: u64,
    /// Commands to other units.
    pub others: u64,
    /// Commands that the instrument does not know.
    pub unknown: u64,
    /// Lines that are no command, and commands that are too long.
    pub noise: u64,
    /// Writes without `EW` or out of range.
    pub refused_writes: u64,
    /// Values sent.
    pub values: u64,
    /// Measurements without answer because the source had no value.
    pub no_value: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Pressure,
    Temperature,
}

#[derive(Clone, Copy, Debug)]
struct Measurement {
    what: Measured,
    again: bool,
    begin_us: u64,
    end_us: u64,
}

/// A virtual Digiquartz.
pub struct Digiquartz {
    settings: Settings,
    pressure: Source,
    temperature: Source,
    line: Line,
    command: Vec<u8>,
    too_long: bool,
    may_write: bool,
    running: Option<Measurement>,
    wrong_units: Vec<(Window, Unit)>,
    counts: Counts,
}

impl Digiquartz {
    /// An instrument that measures `pressure` in pascals and `temperature` in degrees Celsius.
    #[must_use]
    pub fn new(settings: Settings, pressure: Source, temperature: Source) -> Self {
        let line = Line::new(Pace::eight_n_one(settings.baud));
        Self {
            settings,
            pressure,
            temperature,
            line,
            command: Vec::new(),
            too_long: false,
            may_write: false,
            running: None,
            wrong_units: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The counters.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The pressure, to distort it.
    pub const fn pressure_mut(&mut self) -> &mut Source {
        &mut self.pressure
    }

    /// Within the window the numbers are in another unit than `UN` says.
    pub fn mistake_unit(&mut self, window: Window, unit: Unit) {
        self.wrong_units.push((window, unit));
    }

    /// Length of a measurement, microseconds.
    #[must_use]
    pub fn integration_us(&self) -> u64 {
        (f64::from(self.settings.pr) * INTEGRATION_STEP_US).round() as u64
    }

    fn line_end(&mut self, now_us: u64) {
        let command = std::mem::take(&mut self.command);
        if std::mem::take(&mut self.too_long) {
            self.counts.noise += 1;
            return;
        }
        // Noise before the star does not spoil the command; `*0100EW*0100PR=n` is two.
        let mut parts = command.split(|&byte| byte == b'*');
        let before = parts.next().unwrap_or_default();
        let mut heard = false;
        for part in parts {
            heard = true;
            self.addressed(part, now_us);
        }
        if !heard && !before.is_empty() {
            self.counts.noise += 1;
        }
    }

    fn addressed(&mut self, part: &[u8], now_us: u64) {
        let text = std::str::from_utf8(part).unwrap_or_default();
        let number = |range| -> Option<u8> {
            let digits: &str = text.get(range)?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        let (Some(to), Some(_from), Some(command)) = (number(0..2), number(2..4), text.get(4..))
        else {
            self.counts.noise += 1;
            return;
        };
        if to != self.settings.address && to != 99 {
            self.counts.others += 1;
            return;
        }
        self.running = None;
        let may_write = std::mem::take(&mut self.may_write);
        let (name, value) = match command.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (command, None),
        };
        self.counts.commands += 1;
        match (name, value) {
            ("P3", None) => self.measure(Measured::Pressure, false, now_us),
            ("P4", None) => self.measure(Measured::Pressure, true, now_us),
            ("Q3", None) => self.measure(Measured::Temperature, false, now_us),
            ("Q4", None) => self.measure(Measured::Temperature, true, now_us),
            ("EW", None) => self.may_write = true,
            ("BR", Some(value)) if to == 99 => self.change_baud(value, now_us),
            ("PR", value) => {
                let new = value.map(|text| text.parse().ok().filter(|pr| *pr > 0));
                if let Some(pr) = self.write(new, may_write) {
                    self.settings.pr = pr;
                }
                self.answer(&format!("PR={}", self.settings.pr), now_us);
            }
            ("UN", value) => {
                let new = value.map(|text| text.parse().ok().and_then(Unit::numbered));
                if let Some(unit) = self.write(new, may_write) {
                    self.settings.unit = unit;
                }
                self.answer(&format!("UN={}", self.settings.unit as u8), now_us);
            }
            ("TR", None) => {
                let tr = u64::from(self.settings.pr) * TEMPERATURE_FACTOR;
                self.answer(&format!("TR={tr}"), now_us);
            }
            ("SN", None) => self.answer(&format!("SN={}", self.settings.serial), now_us),
            ("MN", None) => self.answer("MN=410K-101", now_us),
            ("VR", None) => self.answer("VR=R5.10", now_us),
            _ => {
                self.counts.commands -= 1;
                self.counts.unknown += 1;
            }
        }
    }

    /// What a write changes: nothing without `EW`, and nothing for a value that is not possible.
    fn write<T>(&mut self, new: Option<Option<T>>, may_write: bool) -> Option<T> {
        let asked = new.is_some();
        let accepted = new.flatten().filter(|_| may_write);
        if asked && accepted.is_none() {
            self.counts.refused_writes += 1;
        }
        accepted
    }

    fn change_baud(&mut self, value: &str, now_us: u64) {
        match value.parse().ok().filter(|baud| BAUDS.contains(baud)) {
            Some(baud) => {
                self.line
                    .send(now_us, format!("*9900BR={baud}\r\n").as_bytes());
                self.line.set_pace(Pace::eight_n_one(baud));
                self.settings.baud = baud;
            }
            None => self.counts.refused_writes += 1,
        }
    }

    fn measure(&mut self, what: Measured, again: bool, begin_us: u64) {
        let length_us = match what {
            Measured::Pressure => self.integration_us(),
            Measured::Temperature => TEMPERATURE_FACTOR * self.integration_us(),
        };
        self.running = Some(Measurement {
            what,
            again,
            begin_us,
            end_us: begin_us.saturating_add(length_us),
        });
    }

    fn answer(&mut self, text: &str, now_us: u64) {
        let answer = format!("*00{:02}{text}\r\n", self.settings.address);
        self.line.send(now_us, answer.as_bytes());
    }

    /// Ends the measurement that runs and, if it was asked for again and again, begins the next.
    fn finish(&mut self, done: Measurement) {
        let source = match done.what {
            Measured::Pressure => &self.pressure,
            Measured::Temperature => &self.temperature,
        };
        let mut next_us = done.end_us;
        match source.mean(done.begin_us, done.end_us - done.begin_us) {
            Some(value) => {
                let text = match done.what {
                    Measured::Pressure => self.pressure_text(value, done.end_us),
                    Measured::Temperature => format!("{value:.3}"),
                };
                self.counts.values += 1;
                self.answer(&text, done.end_us);
                // At a slow baud rate the line sets the pace.
                let sent_us = self.line.free_us();
                next_us = next_us.max(sent_us.saturating_sub(self.integration_us()));
            }
            None => self.counts.no_value += 1,
        }
        self.running = None;
        if done.again {
            self.measure(done.what, true, next_us);
        }
    }

    fn pressure_text(&self, pa: f64, us: u64) -> String {
        let unit = self
            .wrong_units
            .iter()
            .rev()
            .find(|(window, _)| window.contains(us))
            .map_or(self.settings.unit, |(_, unit)| *unit);
        let full_scale = self.settings.full_scale_pa / unit.pascals();
        let whole = full_scale.max(1.0).log10().floor() as usize + 1;
        let decimals = usize::from(self.settings.digits).saturating_sub(whole);
        format!("{:.decimals$}", pa / unit.pascals())
    }
}

impl SerialSensor for Digiquartz {
    fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.advance(now_us);
        for &byte in bytes {
            match byte {
                b'\r' | b'\n' => self.line_end(now_us),
                _ if self.command.len() >= MAX_COMMAND => self.too_long = true,
                _ => self.command.push(byte),
            }
        }
    }

    fn transmit(&mut self, now_us: u64, out: &mut Vec<u8>) {
        self.advance(now_us);
        self.line.take(now_us, out);
    }

    fn next_us(&self) -> Option<u64> {
        earlier(
            self.line.next_us(),
            self.running.map(|running| running.end_us),
        )
    }

    /// What was written holds: it is in the instrument's EEPROM.
    fn restart(&mut self, _now_us: u64) {
        self.command.clear();
        self.too_long = false;
        self.may_write = false;
        self.running = None;
        self.line.clear();
    }
}

impl Digiquartz {
    fn advance(&mut self, now_us: u64) {
        while let Some(done) = self.running.filter(|running| running.end_us <= now_us) {
            self.finish(done);
        }
    }
}
