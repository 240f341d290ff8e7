//! Energy meters over Modbus RTU: Eastron SDM230 and SDM630, Peacefair PZEM-004T version 3.
//!
//! A sample is one round of questions (seven for an SDM230, three for an SDM630, one for a PZEM); each answer becomes readings at
//! once. Between an answer and the next question the line rests for 3.5 characters (Modbus over Serial Line 1.02, 2.5.1.1). A meter
//! that does not answer ends the round, so that a dead one costs one limit and not seven, and that a late answer cannot pass for the
//! answer to another question; a refusal costs only its own values.
//!
//! A round takes about 70 ms for each question at 9600 baud and 0.9 s altogether for an SDM230 at the 2400 baud it is delivered with.

mod map;
mod rtu;

pub use map::Model;

use crate::fault::{Fault, Faults};
use crate::reading::{Emit, Reading, reached};
use crate::serial::{Line, Parity, SerialSensor, Tx, put};
use map::Read;
use rtu::{GENERAL, Question};

/// How long a meter may think before it answers, microseconds.
const THINKING_US: u64 = 500_000;

/// What is configured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Which meter.
    pub model: Model,
    /// Its address, 1 to 247; for a PZEM alone on its line also the general address 0xF8. Others are taken as 1.
    pub address: u8,
    /// How the line is set. Parity differs between units: see the meter's own menu.
    pub line: Line,
    /// Nominal voltage, volts: of three phases the one furthest from it is reported.
    pub nominal_v: f64,
}

impl Settings {
    /// As the meter is delivered: 2400 baud for the SDM230, 9600 for the others, no parity; at 230 V.
    #[must_use]
    pub const fn as_delivered(model: Model) -> Self {
        Self {
            model,
            address: match model {
                Model::Pzem004t => GENERAL,
                _ => 1,
            },
            line: Line {
                baud: match model {
                    Model::Sdm230 => 2_400,
                    _ => 9_600,
                },
                parity: Parity::None,
            },
            nominal_v: 230.0,
        }
    }
}

#[derive(Debug)]
enum State {
    Idle,
    /// The line rests before question `read` of the round.
    Resting {
        read: usize,
        until_us: u64,
    },
    Asked {
        read: usize,
        since_us: u64,
        until_us: u64,
        question: Question,
    },
}

/// A meter.
#[derive(Debug)]
pub struct Meter {
    settings: Settings,
    state: State,
    faults: Faults,
}

impl Meter {
    /// A meter that has not been asked.
    #[must_use]
    pub fn new(mut settings: Settings) -> Self {
        let general = settings.model == Model::Pzem004t && settings.address == GENERAL;
        if !general && !(1..=247).contains(&settings.address) {
            settings.address = 1;
        }
        Self {
            settings,
            state: State::Idle,
            faults: Faults::new(),
        }
    }

    fn reads(&self) -> &'static [Read] {
        self.settings.model.reads()
    }

    fn ask(&mut self, read: usize, now_us: u64, tx: &mut Tx) {
        let Some(wanted) = self.reads().get(read) else {
            self.state = State::Idle;
            return;
        };
        let question = Question::new(self.settings.address, wanted.start, wanted.count);
        put(tx, question.bytes(), &mut self.faults);
        // Twice the question, for an echo, and the answer.
        let characters = 16 + 5 + 2 * u64::from(wanted.count);
        let limit_us = THINKING_US + self.settings.line.time_us(characters);
        self.state = State::Asked {
            read,
            since_us: now_us,
            until_us: now_us.wrapping_add(limit_us),
            question,
        };
    }

    /// The line rests, then comes the next question.
    fn rest(&mut self, read: usize, now_us: u64) {
        self.state = if read < self.reads().len() {
            let rest_us = (self.settings.line.time_us(7) / 2).max(1_750);
            State::Resting {
                read,
                until_us: now_us.wrapping_add(rest_us),
            }
        } else {
            State::Idle
        };
    }

    fn missing(&self, from: usize, to: usize, at_us: u64, emit: Emit<'_>) {
        for read in self.reads().iter().take(to).skip(from) {
            for field in read.fields {
                emit(Reading::missing(at_us, field.quantity));
            }
        }
    }

    fn answered(&mut self, read: usize, at_us: u64, data: &[u8], emit: Emit<'_>) {
        let Some(wanted) = self.reads().get(read) else {
            return;
        };
        for field in wanted.fields {
            match field.take.from(data, self.settings.nominal_v) {
                Some(value) => emit(Reading::good(at_us, field.quantity, value * field.scale)),
                None => {
                    self.faults.note(Fault::Value);
                    emit(Reading::missing(at_us, field.quantity));
                }
            }
        }
    }
}

impl SerialSensor for Meter {
    fn line(&self) -> Line {
        self.settings.line
    }

    fn start(&mut self, _now_us: u64, _tx: &mut Tx) {
        self.state = State::Idle;
    }

    fn due(&mut self, now_us: u64, tx: &mut Tx, _emit: Emit<'_>) {
        if matches!(self.state, State::Idle) {
            self.ask(0, now_us, tx);
        } else {
            self.faults.note(Fault::Busy);
        }
    }

    fn receive(&mut self, byte: u8, now_us: u64, _tx: &mut Tx, emit: Emit<'_>) {
        let State::Asked {
            read,
            since_us,
            question,
            ..
        } = &mut self.state
        else {
            // Late, or nobody's business: an answer is only taken from its own question.
            return;
        };
        let (read, at_us) = (*read, *since_us);
        match question.push(byte) {
            None => {}
            Some(Ok(data)) => {
                self.answered(read, at_us, &data, emit);
                self.rest(read + 1, now_us);
            }
            Some(Err(fault)) => {
                self.faults.note(fault);
                self.missing(read, read + 1, at_us, emit);
                self.rest(read + 1, now_us);
            }
        }
    }

    fn deadline_us(&self) -> Option<u64> {
        match &self.state {
            State::Idle => None,
            State::Resting { until_us, .. } | State::Asked { until_us, .. } => Some(*until_us),
        }
    }

    fn wake(&mut self, now_us: u64, tx: &mut Tx, emit: Emit<'_>) {
        match &self.state {
            State::Resting { read, until_us } if reached(now_us, *until_us) => {
                let read = *read;
                self.ask(read, now_us, tx);
            }
            State::Asked {
                read,
                since_us,
                until_us,
                question,
            } if reached(now_us, *until_us) => {
                let (read, at_us) = (*read, *since_us);
                let fault = question.failure();
                self.faults.note(fault);
                self.missing(read, self.reads().len(), at_us, emit);
                self.state = State::Idle;
            }
            _ => {}
        }
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn line_error(&mut self) {
        self.faults.note(Fault::Line);
        if let State::Asked { question, .. } = &mut self.state {
            question.spoil();
        }
    }
}

#[cfg(test)]
mod tests;
