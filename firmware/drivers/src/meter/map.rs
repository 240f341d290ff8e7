//! Which register of which meter holds what.
//!
//! Sources: Eastron, SDM230-Modbus and SDM630-Modbus protocol descriptions (input registers, IEEE 754 single, high word first);
//! Peacefair, PZEM-004T V3.0 user manual, section 2.5 (32-bit values low word first). Only registers that the descriptions name are
//! read: some units refuse a read that touches others.
//!
//! Answers carry no number. An answer that comes after its time is up meets the next round's first question, and must not be taken for
//! its answer: so the first question of each meter asks for a number of registers that no other of its questions asks for.

use wire::quantity::Quantity;

/// A meter that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Eastron SDM230, one phase.
    Sdm230,
    /// Eastron SDM630, three phases.
    Sdm630,
    /// Peacefair PZEM-004T version 3, one phase.
    Pzem004t,
}

/// How a value lies in an answer; the number is the byte at which it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Take {
    /// IEEE 754 single, high word first.
    Single(usize),
    /// Of three singles one after the other, the one furthest from the nominal voltage: a sag of one phase must not vanish in a mean.
    FurthestOf3(usize),
    /// Of three singles, the one with the largest magnitude.
    LargestOf3(usize),
    /// Unsigned word.
    Word(usize),
    /// Unsigned, two words, low word first.
    LowFirst(usize),
}

/// One value of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) quantity: Quantity,
    pub(super) take: Take,
    /// To the canonical unit.
    pub(super) scale: f64,
}

/// One question and the values in its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) start: u16,
    pub(super) count: u16,
    pub(super) fields: &'static [Field],
}

const fn field(quantity: Quantity, take: Take, scale: f64) -> Field {
    Field {
        quantity,
        take,
        scale,
    }
}

macro_rules! singles {
    ($($start:literal => $($quantity:ident at $byte:literal times $scale:literal),+;)+) => {
        &[$(Read {
            start: $start,
            count: [$($byte),+].len() as u16 * 2,
            fields: &[$(field(Quantity::$quantity, Take::Single($byte), $scale)),+],
        }),+]
    };
}

const SDM230: &[Read] = singles! {
    // Kilowatt-hours, imported.
    0x46 => Frequency at 0 times 1.0, ActiveEnergy at 4 times 1000.0;
    0x00 => Voltage at 0 times 1.0;
    0x06 => Current at 0 times 1.0;
    0x0C => ActivePower at 0 times 1.0;
    0x12 => ApparentPower at 0 times 1.0;
    0x18 => ReactivePower at 0 times 1.0;
    0x1E => PowerFactor at 0 times 1.0;
};

const SDM630: &[Read] = &[
    // Voltages and currents of the three phases.
    Read {
        start: 0x00,
        count: 12,
        fields: &[
            field(Quantity::Voltage, Take::FurthestOf3(0), 1.0),
            field(Quantity::Current, Take::LargestOf3(12), 1.0),
        ],
    },
    // Total of the three phases.
    Read {
        start: 0x34,
        count: 2,
        fields: &[field(Quantity::ActivePower, Take::Single(0), 1.0)],
    },
    Read {
        start: 0x46,
        count: 4,
        fields: &[
            field(Quantity::Frequency, Take::Single(0), 1.0),
            // Kilowatt-hours, imported.
            field(Quantity::ActiveEnergy, Take::Single(4), 1_000.0),
        ],
    },
];

const PZEM004T: &[Read] = &[Read {
    start: 0x00,
    count: 10,
    fields: &[
        field(Quantity::Voltage, Take::Word(0), 0.1),
        field(Quantity::Current, Take::LowFirst(2), 0.001),
        field(Quantity::ActivePower, Take::LowFirst(6), 0.1),
        field(Quantity::ActiveEnergy, Take::LowFirst(10), 1.0),
        field(Quantity::Frequency, Take::Word(14), 0.1),
        field(Quantity::PowerFactor, Take::Word(16), 0.01),
        // Then the alarm's word.
    ],
}];

impl Model {
    pub(super) const fn reads(self) -> &'static [Read] {
        match self {
            Model::Sdm230 => SDM230,
            Model::Sdm630 => SDM630,
            Model::Pzem004t => PZEM004T,
        }
    }
}

impl Take {
    /// The number in `data`, not yet scaled; `None` when it lies outside or is not finite.
    pub(super) fn from(self, data: &[u8], nominal_v: f64) -> Option<f64> {
        let single = |at: usize| {
            let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
            let value = f64::from(f32::from_be_bytes(bytes));
            value.is_finite().then_some(value)
        };
        let word = |at: usize| {
            let bytes: [u8; 2] = data.get(at..at + 2)?.try_into().ok()?;
            Some(u16::from_be_bytes(bytes))
        };
        let furthest = |at: usize, from: f64| {
            let mut found = single(at)?;
            for other in [single(at + 4)?, single(at + 8)?] {
                if (other - from).abs() > (found - from).abs() {
                    found = other;
                }
            }
            Some(found)
        };
        match self {
            Take::Single(at) => single(at),
            Take::FurthestOf3(at) => furthest(at, nominal_v),
            Take::LargestOf3(at) => furthest(at, 0.0),
            Take::Word(at) => word(at).map(f64::from),
            Take::LowFirst(at) => Some(f64::from(
                u32::from(word(at + 2)?) << 16 | u32::from(word(at)?),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rtu::WORDS_MAX;
    use super::*;

    #[test]
    fn every_value_lies_in_its_answer() {
        for model in [Model::Sdm230, Model::Sdm630, Model::Pzem004t] {
            for read in model.reads() {
                assert!((1..=WORDS_MAX).contains(&read.count), "{model:?} {read:?}");
                let data = [0; 2 * WORDS_MAX as usize];
                let data = &data[..2 * usize::from(read.count)];
                for field in read.fields {
                    assert_eq!(field.take.from(data, 230.0), Some(0.0), "{field:?}");
                }
            }
        }
    }

    #[test]
    fn no_late_answer_fits_the_first_question_but_its_own() {
        for model in [Model::Sdm230, Model::Sdm630, Model::Pzem004t] {
            let [first, others @ ..] = model.reads() else {
                panic!("{model:?} is asked something")
            };
            assert!(others.iter().all(|read| read.count != first.count));
        }
    }

    #[test]
    fn numbers_are_taken_as_they_lie() {
        let mut data = [0_u8; 12];
        for (phase, volts) in [231.0_f32, 190.0, 236.0].iter().enumerate() {
            data[4 * phase..4 * phase + 4].copy_from_slice(&volts.to_be_bytes());
        }
        assert_eq!(Take::Single(4).from(&data, 0.0), Some(190.0));
        assert_eq!(Take::FurthestOf3(0).from(&data, 230.0), Some(190.0));
        assert_eq!(Take::FurthestOf3(0).from(&data, 200.0), Some(236.0));
        assert_eq!(Take::LargestOf3(0).from(&data, 230.0), Some(236.0));
        assert_eq!(Take::Word(0).from(&[0x08, 0xFD], 0.0), Some(2301.0));
        assert_eq!(
            Take::LowFirst(0).from(&[0x11, 0x70, 0x00, 0x01], 0.0),
            Some(70_000.0)
        );
        assert_eq!(Take::LowFirst(0).from(&[1, 2, 3], 0.0), None);
        assert_eq!(Take::Single(12).from(&data, 0.0), None);
        for bits in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Take::Single(0).from(&bits.to_be_bytes(), 0.0), None);
        }
    }
}
