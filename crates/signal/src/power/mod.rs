//! What an electricity meter's readings say about the supply and about the meter itself.
//!
//! [`Meter`] takes readings of voltage, current, active power, frequency and energy of up to three phases, each with its time, at any
//! step from a second to a minute, with gaps and in any order of quantities, and returns what began, became sustained or ended:
//!
//! - sag, swell and interruption by the classes of IEEE 1159, with what the meter's step can and cannot resolve ([`Span`], [`Length`]);
//! - frequency beyond its limits, and its rate of change over a sliding window, which one wrong reading does not move;
//! - load beyond a rating for longer than its heat allows;
//! - imbalance of the phases;
//! - a meter that cannot be right ([`Fault`]).
//!
//! Invariants: fixed size (3,688 bytes, which `tests/bytes.rs` holds), bounded work for each reading, at most [`Findings::MOST`] findings by one. A value
//! that is not finite changes nothing. Scaling the nominal voltage with all voltages changes nothing but the extremes. A clock that is
//! set back adds nothing to lengths. A gap is silence, not safety: what holds goes on holding, and the time is possible, not certain.
//!
//! Refuses: waveforms. Transients, harmonics and flicker cannot be seen in readings of a second or longer.

mod class;
mod condition;
mod fault;
mod frequency;
pub mod imbalance;
mod load;
mod settings;
mod voltage;

pub use class::{INSTANTANEOUS_CYCLES, Length, SUSTAINED_US, Span, TEMPORARY_US, Variation};
pub use fault::Fault;
pub use settings::{Settings, SettingsError};

use condition::{Condition, Rules, Told, Verdict, higher};

/// Channels of a meter: 0 for the meter as a whole, or its only phase; 1 to 3 for its phases. Energy registers are numbered
/// likewise, whatever they count.
pub const CHANNELS: usize = 4;

/// What a reading measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Measure {
    /// Root mean square, V.
    Voltage,
    /// Root mean square, negative when it flows back, A.
    Current,
    /// W, negative when it flows back.
    ActivePower,
    /// Hz.
    Frequency,
    /// Counted energy, Wh.
    ActiveEnergy,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum What {
    /// Sag, swell or interruption. Extreme: V.
    Variation(Variation),
    /// Extreme: Hz.
    UnderFrequency,
    /// Extreme: Hz.
    OverFrequency,
    /// Extreme: Hz/s, signed.
    FrequencyRate,
    /// Extreme: the highest load as a multiple of the rating.
    Overload,
    /// Extreme: largest deviation over the mean.
    VoltageImbalance,
    /// Extreme: largest deviation over the mean.
    CurrentImbalance,
    /// The meter.
    Fault(Fault),
}

/// Which news of a condition this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stage {
    /// It has begun.
    Onset,
    /// It has lasted longer than a minute: a sag is an undervoltage now, a swell an overvoltage, an interruption sustained.
    Sustained,
    /// It is over.
    End,
}

/// News of one condition.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Finding {
    /// What was found.
    pub what: What,
    /// Channel: 0 the meter or its only phase, 1 to 3 its phases.
    pub channel: u8,
    /// Begun, sustained or over.
    pub stage: Stage,
    /// Time of the first reading of the condition, microseconds.
    pub since_us: i64,
    /// Time of the reading that decided, microseconds.
    pub time_us: i64,
    /// Worst value so far, in the unit that [`What`] says.
    pub extreme: f64,
    /// How long it lasted, by the readings.
    pub span: Span,
}

/// What one reading gave.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Findings {
    list: [Option<Finding>; Self::MOST],
    len: usize,
}

impl Findings {
    /// Most findings by one reading: a voltage ends an interruption and a sag, begins a swell, ends a stuck value, two impossible
    /// combinations and an imbalance.
    pub const MOST: usize = 7;

    fn push(&mut self, what: What, channel: usize, time_us: i64, told: Option<Told>) {
        let (Some(told), Some(slot)) = (told, self.list.get_mut(self.len)) else {
            return;
        };
        *slot = Some(Finding {
            what,
            channel: channel as u8,
            stage: told.stage,
            since_us: told.since_us,
            time_us,
            extreme: told.extreme,
            span: told.span,
        });
        self.len += 1;
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The findings, endings before beginnings.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter().flatten()
    }
}

/// The last value of a quantity.
type Last = Option<(i64, f64)>;

/// One channel.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Channel {
    voltage: voltage::Voltage,
    stuck: fault::Stuck,
    load: load::Load,
    register: fault::Register,
    volts: Last,
    amperes: Last,
    watts: Last,
    too_much_power: Condition,
    no_voltage: Condition,
}

impl Channel {
    const IDLE: Self = Self {
        voltage: voltage::Voltage::IDLE,
        stuck: fault::Stuck::IDLE,
        load: load::Load::IDLE,
        register: fault::Register::IDLE,
        volts: None,
        amperes: None,
        watts: None,
        too_much_power: Condition::IDLE,
        no_voltage: Condition::IDLE,
    };
}

/// One meter.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Meter {
    settings: Settings,
    channels: [Channel; CHANNELS],
    frequency: frequency::Frequency,
    dead_frequency: Condition,
    voltages: imbalance::Imbalance,
    currents: imbalance::Imbalance,
}

/// Current that flows for sure, as a share of the rating, or in amperes where there is none.
const FLOWS_PU: f64 = 0.05;
const FLOWS_A: f64 = 0.5;
/// Power may exceed voltage times current by this factor: registers of one poll are read one after another.
const POWER_FACTOR_MOST: f64 = 1.25;
/// Current below this may flow unmeasured, A: above the starting current of class 1 meters (0.4 % of 5 to 10 A; assumed).
const UNMEASURED_A: f64 = 0.05;

impl Meter {
    /// A meter that has not read anything.
    ///
    /// # Errors
    /// Settings that cannot be meant.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            settings,
            channels: [Channel::IDLE; CHANNELS],
            frequency: frequency::Frequency::IDLE,
            dead_frequency: Condition::IDLE,
            voltages: imbalance::Imbalance::IDLE,
            currents: imbalance::Imbalance::IDLE,
        })
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Since when the supply is interrupted: the earliest channel that reads no voltage and no current either. Holds through
    /// silence: a meter's last word counts.
    #[must_use]
    pub fn interrupted_since_us(&self) -> Option<i64> {
        self.channels
            .iter()
            .filter(|c| c.voltage.is_interrupted() && !c.no_voltage.is_active())
            .filter_map(|c| c.voltage.interrupted_since_us())
            .min()
    }

    /// Takes a reading; a value that is not finite, or a channel that does not exist, changes nothing.
    pub fn step(&mut self, time_us: i64, measure: Measure, channel: usize, value: f64) -> Findings {
        let mut findings = Findings::default();
        if !value.is_finite() || channel >= CHANNELS {
            return findings;
        }
        match measure {
            Measure::Voltage => self.voltage(time_us, channel, value, &mut findings),
            Measure::Current => self.current(time_us, channel, value, &mut findings),
            Measure::ActivePower => {
                self.channels[channel].watts = Some((time_us, value));
                if channel == 0
                    && let Some(rated) = self.settings.rated_w
                    && self.settings.rated_a.is_none()
                {
                    self.load(time_us, 0, value / rated, &mut findings);
                }
                self.combine(time_us, channel, &mut findings);
            }
            Measure::Frequency => self.hertz(time_us, value, &mut findings),
            Measure::ActiveEnergy => {
                if !self.settings.energy_may_fall {
                    let told = self.channels[channel]
                        .register
                        .step(time_us, value, &self.settings);
                    let what = What::Fault(Fault::EnergyBackwards);
                    findings.push(what, channel, time_us, told);
                }
            }
        }
        findings
    }

    fn voltage(&mut self, time_us: i64, at: usize, volts: f64, findings: &mut Findings) {
        let settings = self.settings;
        let channel = &mut self.channels[at];
        channel.volts = Some((time_us, volts));
        for (variation, told) in channel
            .voltage
            .step(time_us, volts, &settings)
            .into_iter()
            .flatten()
        {
            findings.push(What::Variation(variation), at, time_us, Some(told));
        }
        // No voltage may rest at its zero.
        if volts.abs() >= settings.interruption_pu * settings.nominal_v {
            let told = channel.stuck.step(time_us, volts, &settings);
            findings.push(What::Fault(Fault::Stuck), at, time_us, told);
        }
        if let (Some(limit), Some(phase)) = (settings.voltage_imbalance, at.checked_sub(1)) {
            // A phase that is low is told as that.
            let floor = if self.channels.iter().any(|c| c.voltage.is_low()) {
                f64::MAX
            } else {
                settings.interruption_pu * settings.nominal_v
            };
            let told = self
                .voltages
                .step(time_us, phase, volts, limit, floor, &settings);
            findings.push(What::VoltageImbalance, 0, time_us, told);
        }
        self.combine(time_us, at, findings);
    }

    fn current(&mut self, time_us: i64, at: usize, amperes: f64, findings: &mut Findings) {
        let settings = self.settings;
        self.channels[at].amperes = Some((time_us, amperes));
        if let Some(rated) = settings.rated_a {
            self.load(time_us, at, amperes / rated, findings);
        }
        if let (Some(limit), Some(phase)) = (settings.current_imbalance, at.checked_sub(1)) {
            // Between small currents imbalance means nothing: a phase may rest, the mean may not.
            let mean = self.channels[1..]
                .iter()
                .filter_map(|c| c.amperes)
                .map(|(_, a)| a.abs() / 3.0)
                .sum::<f64>();
            let floor = if mean < settings.rated_a.map_or(FLOWS_A, |r| r * FLOWS_PU * 2.0) {
                f64::MAX
            } else {
                0.0
            };
            let told = self
                .currents
                .step(time_us, phase, amperes, limit, floor, &settings);
            findings.push(What::CurrentImbalance, 0, time_us, told);
        }
        self.combine(time_us, at, findings);
    }

    fn load(&mut self, time_us: i64, at: usize, load: f64, findings: &mut Findings) {
        let told = self.channels[at].load.step(time_us, load, &self.settings);
        findings.push(What::Overload, at, time_us, told);
    }

    fn hertz(&mut self, time_us: i64, hz: f64, findings: &mut Findings) {
        let settings = self.settings;
        let measured = self.channels.iter().filter(|c| c.volts.is_some());
        let (mut any, mut dead) = (false, true);
        for channel in measured {
            any = true;
            dead &= channel.voltage.is_interrupted();
        }
        let is_live = frequency::Frequency::is_plausible(hz, &settings);
        let verdict = if any && dead && is_live {
            Verdict::Beyond
        } else {
            Verdict::Inside
        };
        let rules = faulty(&settings);
        let told = self
            .dead_frequency
            .step(time_us, verdict, hz, higher, rules);
        let what = What::Fault(Fault::FrequencyWithoutVoltage);
        findings.push(what, 0, time_us, told);
        if any && dead {
            return;
        }
        let [low, high, rate] = self.frequency.step(time_us, hz, &settings);
        findings.push(What::UnderFrequency, 0, time_us, low);
        findings.push(What::OverFrequency, 0, time_us, high);
        findings.push(What::FrequencyRate, 0, time_us, rate);
    }

    /// Compares a channel's voltage, current and power where they are of one moment.
    fn combine(&mut self, time_us: i64, at: usize, findings: &mut Findings) {
        let settings = self.settings;
        let channel = &mut self.channels[at];
        let now = |last: Last| {
            last.filter(|(t, _)| {
                time_us.saturating_sub(*t).saturating_abs() <= settings.together_us
            })
            .map(|(_, value)| value.abs())
        };
        let (Some(volts), Some(amperes)) = (now(channel.volts), now(channel.amperes)) else {
            return;
        };
        let flows = settings.rated_a.map_or(FLOWS_A, |r| r * FLOWS_PU);
        let dead = volts < settings.interruption_pu * settings.nominal_v;
        let verdict = if dead && amperes > flows {
            Verdict::Beyond
        } else {
            Verdict::Inside
        };
        let rules = faulty(&settings);
        let told = channel
            .no_voltage
            .step(time_us, verdict, amperes, higher, rules);
        let what = What::Fault(Fault::CurrentWithoutVoltage);
        findings.push(what, at, time_us, told);
        let Some(watts) = now(channel.watts) else {
            return;
        };
        let most = POWER_FACTOR_MOST * volts * amperes + UNMEASURED_A * settings.nominal_v;
        let verdict = if watts > most {
            Verdict::Beyond
        } else {
            Verdict::Inside
        };
        let told = channel
            .too_much_power
            .step(time_us, verdict, watts, higher, rules);
        let what = What::Fault(Fault::PowerWithoutCurrent);
        findings.push(what, at, time_us, told);
    }
}

fn lasting(settings: &Settings) -> Rules {
    Rules {
        least_us: settings.imbalance_least_us,
        sustained_us: i64::MAX,
        gap_us: settings.gap_us,
    }
}

fn faulty(settings: &Settings) -> Rules {
    Rules {
        least_us: settings.fault_least_us,
        sustained_us: i64::MAX,
        gap_us: settings.gap_us,
    }
}
