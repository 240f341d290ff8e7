//! The value column: three exact forms of the same numbers.
//!
//! Most sensors report decimals with few digits, so the integer behind the decimal point, taken as the
//! difference from the previous reading, is short; meters on Modbus report single-precision numbers;
//! everything else travels as it is. A form is used only if it gives back the same bits.
//!
//! A decimal is `integer / 10^scale`, one correctly rounded division, which is the double nearest to that
//! decimal and therefore the one that parsing its text gives.

use super::bytes::{Reader, Varints, unzigzag};
use super::{BatchError, form};

/// Powers of ten up to 10^12, all exact as doubles.
const POWERS: [f64; 13] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
];

/// Integers up to 2^50 leave room for rounding `value * 10^scale` to the right one.
const MAX_INTEGER: f64 = (1u64 << 50) as f64;

/// The only NaN that the decimal form can carry: the quiet one that Rust and most sensors' drivers give.
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;

/// One value in decimal form.
pub(super) enum Decimal {
    NaN,
    Integer(i64),
}

/// `value` as an integer over `10^scale`, if that gives back the same bits.
#[inline]
pub(super) fn decimal(value: f64, scale: u8) -> Option<Decimal> {
    let power = *POWERS.get(usize::from(scale))?;
    let scaled = value * power;
    if scaled.abs() <= MAX_INTEGER {
        let integer = (scaled + 0.5f64.copysign(scaled)) as i64;
        (from_decimal(integer, power).to_bits() == value.to_bits())
            .then_some(Decimal::Integer(integer))
    } else {
        (value.to_bits() == NAN_BITS).then_some(Decimal::NaN)
    }
}

#[inline]
fn from_decimal(integer: i64, power: f64) -> f64 {
    integer as f64 / power
}

/// Whether single precision gives back the same bits.
pub(super) fn is_single(value: f64) -> bool {
    // NaN is left out: not every machine keeps its payload in the conversion.
    f64::from(value as f32).to_bits() == value.to_bits() && !value.is_nan()
}

/// What the value column could be stored as.
pub(super) struct Choice {
    /// Smallest scale with which every value is an exact decimal, if there is one.
    pub scale: Option<u8>,
    /// Every value is exact in single precision.
    pub single: bool,
}

pub(super) fn choose(values: impl Iterator<Item = f64>) -> Choice {
    let mut choice = Choice {
        scale: Some(0),
        single: true,
    };
    for value in values {
        choice.single = choice.single && is_single(value);
        while let Some(scale) = choice.scale
            && decimal(value, scale).is_none()
        {
            choice.scale = (usize::from(scale) + 1 < POWERS.len()).then_some(scale + 1);
        }
        if choice.scale.is_none() && !choice.single {
            break;
        }
    }
    choice
}

/// Iterator over a batch's values, in the canonical units of their quantities.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    left: usize,
    stored: Stored<'a>,
}

#[derive(Clone, Debug)]
enum Stored<'a> {
    Double(&'a [u8]),
    Single(&'a [u8]),
    Decimal {
        power: f64,
        integer: i64,
        steps: Varints<'a>,
    },
}

impl<'a> Values<'a> {
    /// Takes the column of `count` values.
    pub(super) fn parse(reader: &mut Reader<'a>, count: usize) -> Result<Self, BatchError> {
        let stored = match reader.byte()? {
            form::DOUBLE => Stored::Double(reader.take(count * 8)?),
            form::SINGLE => Stored::Single(reader.take(count * 4)?),
            form::DECIMAL => {
                let scale = reader.byte()?;
                let power = *POWERS
                    .get(usize::from(scale))
                    .ok_or(BatchError::Scale(scale))?;
                Stored::Decimal {
                    power,
                    integer: 0,
                    steps: reader.varints(count)?,
                }
            }
            other => return Err(BatchError::Column(other)),
        };
        Ok(Values {
            left: count,
            stored,
        })
    }

    /// No values.
    pub(super) const NONE: Values<'static> = Values {
        left: 0,
        stored: Stored::Double(&[]),
    };
}

#[inline]
fn next_double(bytes: &mut &[u8]) -> Option<f64> {
    let (value, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(f64::from_le_bytes(*value))
}

#[inline]
fn next_single(bytes: &mut &[u8]) -> Option<f64> {
    let (value, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(f64::from(f32::from_le_bytes(*value)))
}

#[inline]
fn next_decimal(steps: &mut Varints<'_>, integer: &mut i64, power: f64) -> f64 {
    match steps.next() {
        0 => f64::from_bits(NAN_BITS),
        step => {
            *integer = integer.wrapping_add(unzigzag(step - 1));
            from_decimal(*integer, power)
        }
    }
}

impl Iterator for Values<'_> {
    type Item = f64;

    #[inline]
    fn next(&mut self) -> Option<f64> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.stored {
            Stored::Double(bytes) => next_double(bytes),
            Stored::Single(bytes) => next_single(bytes),
            Stored::Decimal {
                power,
                integer,
                steps,
            } => Some(next_decimal(steps, integer, *power)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Values<'_> {}
