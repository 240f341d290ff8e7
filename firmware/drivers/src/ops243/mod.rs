//! OmniPreSense OPS243-A Doppler radar: speed and flow of a road.
//!
//! Source: OmniPreSense, OPS243-A user manual (UM-003) and API interface (AN-010). Commands are two characters without an end.
//!
//! | Sent | Why |
//! |---|---|
//! | `OJ` | reports as JSON |
//! | `OM` | with magnitude |
//! | `OT` | with time |
//! | `UK` | in km/h |
//! | `U?` | which unit: the answer `{"Units":"km-per-hr"}` also tells that the radar lives, because it is silent while nothing moves |
//!
//! One sample is one interval, from one call of `due` to the next: flow in vehicles per hour and the mean of their speeds
//! (a time mean, as a person at the roadside would take it). What a vehicle is: [`Rules`]. An interval without a vehicle has a flow of
//! zero and no speed. After [`BAD_MAX`] lines in a row that are no JSON (a radar that restarted speaks plain text in m/s), and
//! whenever it is silent, the commands are sent again.

mod passages;
mod report;

pub use passages::Rules;
pub use report::Direction;

use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::fault::{Fault, Faults};
use crate::lines::{Heard, Lines};
use crate::reading::{Emit, Reading, reached};
use crate::serial::{Line, Parity, SerialSensor, Tx, put};
use passages::{Ended, Passages};
use report::{LINE_MAX, Report, Unit};

/// How long the answer to `U?` may take, microseconds; a report may be under way before it.
const ANSWER_US: u64 = 1_000_000;
/// So many lines in a row that are no JSON, and the radar must have restarted.
pub const BAD_MAX: u8 = 3;
/// Commands are sent again no sooner than this after the last time, microseconds.
const RESTART_US: u64 = 2_000_000;
const SETUP: &[u8] = b"OJOMOTUK";
const ASK_UNIT: &[u8] = b"U?";

/// Which vehicles count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Those that move one way.
    Only(Direction),
    /// All. Each way has its own passages: vehicles that meet are two.
    Both,
}

/// What is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which vehicles count.
    pub counted: Counted,
    /// What makes a vehicle out of reports.
    pub rules: Rules,
    /// Bits per second, 8N1; as delivered 19200 on the UART.
    pub baud: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            counted: Counted::Both,
            rules: Rules::default(),
            baud: 19_200,
        }
    }
}

/// An interval that has ended and waits for the radar's sign of life.
#[derive(Clone, Copy, Debug)]
struct Closing {
    at_us: u64,
    length_us: u64,
    ended: Ended,
    until_us: u64,
    /// Something intact came during the interval.
    alive: bool,
}

/// An OPS243-A.
#[derive(Debug)]
pub struct Ops243 {
    settings: Settings,
    lines: Lines<LINE_MAX>,
    inbound: Passages,
    outbound: Passages,
    /// The unit that the radar says it uses.
    unit: Option<Unit>,
    began_us: u64,
    alive: bool,
    closing: Option<Closing>,
    bad: u8,
    set_up_us: u64,
    noise: u32,
    faults: Faults,
}

impl Ops243 {
    /// A radar that has not been spoken to.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self {
            lines: Lines::new(b'{'),
            inbound: Passages::new(settings.rules),
            outbound: Passages::new(settings.rules),
            settings,
            unit: None,
            began_us: 0,
            alive: false,
            closing: None,
            bad: 0,
            set_up_us: 0,
            noise: 0,
            faults: Faults::new(),
        }
    }

    /// Runs of reports that were too short for a vehicle.
    #[must_use]
    pub const fn noise(&self) -> u32 {
        self.noise
    }

    fn set_up(&mut self, now_us: u64, tx: &mut Tx) {
        self.bad = 0;
        self.set_up_us = now_us;
        put(tx, SETUP, &mut self.faults);
    }

    fn motion(
        &mut self,
        now_us: u64,
        speed: f64,
        unit: Option<Unit>,
        direction: Option<Direction>,
    ) {
        let unit = unit.or(self.unit).unwrap_or(Unit::KilometresPerHour);
        // Without a word for it, the sign tells the direction.
        let direction = direction.unwrap_or(if speed < 0.0 {
            Direction::Outbound
        } else {
            Direction::Inbound
        });
        if matches!(self.settings.counted, Counted::Only(only) if only != direction) {
            return;
        }
        let passages = match direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.outbound,
        };
        passages.report(now_us, speed.abs() * unit.kmh());
    }

    fn close(&mut self, closing: Closing, emit: Emit<'_>) {
        let Closing {
            at_us,
            length_us,
            ended,
            ..
        } = closing;
        let flags = if self.unit.is_some() {
            Quality::GOOD
        } else {
            Quality::SUSPECT
        };
        let flow = f64::from(ended.count) * 3.6e9 / length_us as f64;
        emit(Reading::good(at_us, Quantity::Flow, flow));
        if ended.count > 0 {
            let mean_kmh = ended.sum_kmh / f64::from(ended.count);
            emit(Reading::good(at_us, Quantity::Speed, mean_kmh).flagged(flags));
        }
    }
}

impl SerialSensor for Ops243 {
    fn line(&self) -> Line {
        Line {
            baud: self.settings.baud,
            parity: Parity::None,
        }
    }

    fn start(&mut self, now_us: u64, tx: &mut Tx) {
        self.lines.clear();
        self.inbound = Passages::new(self.settings.rules);
        self.outbound = Passages::new(self.settings.rules);
        self.unit = None;
        self.began_us = now_us;
        self.alive = false;
        self.closing = None;
        self.set_up(now_us, tx);
    }

    fn due(&mut self, now_us: u64, tx: &mut Tx, _emit: Emit<'_>) {
        let length_us = now_us.wrapping_sub(self.began_us);
        if self.closing.is_some() || length_us == 0 || length_us.cast_signed() < 0 {
            self.faults.note(Fault::Busy);
            return;
        }
        let (inbound, outbound) = (self.inbound.take(now_us), self.outbound.take(now_us));
        let ended = Ended {
            count: inbound.count.saturating_add(outbound.count),
            sum_kmh: inbound.sum_kmh + outbound.sum_kmh,
            noise: inbound.noise.saturating_add(outbound.noise),
        };
        self.noise = self.noise.saturating_add(ended.noise);
        self.closing = Some(Closing {
            at_us: now_us,
            length_us,
            ended,
            until_us: now_us.wrapping_add(ANSWER_US),
            alive: core::mem::take(&mut self.alive),
        });
        self.began_us = now_us;
        put(tx, ASK_UNIT, &mut self.faults);
    }

    fn receive(&mut self, byte: u8, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        let report = match self.lines.push(byte) {
            Heard::Nothing => return,
            Heard::Damaged => Err(Fault::Damaged),
            Heard::Line(line) => report::read(line),
        };
        match report {
            Ok(report) => {
                self.bad = 0;
                self.alive = true;
                match report {
                    Report::Motion {
                        speed,
                        unit,
                        direction,
                    } => self.motion(now_us, speed, unit, direction),
                    Report::Units(unit) => {
                        self.unit = Some(unit);
                        if let Some(closing) = self.closing.take() {
                            self.close(closing, emit);
                        }
                    }
                    Report::Other => {}
                }
            }
            Err(fault) => {
                self.faults.note(fault);
                self.bad = self.bad.saturating_add(1);
                if self.bad >= BAD_MAX && reached(now_us, self.set_up_us.wrapping_add(RESTART_US)) {
                    self.unit = None;
                    self.set_up(now_us, tx);
                }
            }
        }
    }

    fn deadline_us(&self) -> Option<u64> {
        self.closing.map(|closing| closing.until_us)
    }

    fn wake(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        let Some(closing) = self.closing else { return };
        if !reached(now_us, closing.until_us) {
            return;
        }
        self.closing = None;
        self.faults.note(Fault::Timeout);
        if closing.alive || self.alive {
            // It reports and only does not answer: what it counted stands.
            self.close(closing, emit);
        } else {
            emit(Reading::missing(closing.at_us, Quantity::Flow));
            emit(Reading::missing(closing.at_us, Quantity::Speed));
            self.unit = None;
            self.set_up(now_us, tx);
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
