//! From registers to numbers, and from a map to as few reads as the device allows.

use serde::Deserialize;

use super::map::Register;

/// Most registers in one read: Eastron meters answer at most 30 two-register parameters.
const MAX_WORDS: u16 = 60;

/// How a value is stored. Words are big-endian bytes, as Modbus says; 32-bit values come high word first unless named
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// IEEE 754 single.
    F32,
    /// IEEE 754 single, low word first.
    F32LowFirst,
    /// Unsigned word.
    U16,
    /// Two's complement word.
    I16,
    /// Unsigned, two words.
    U32,
    /// Unsigned, two words, low word first.
    U32LowFirst,
    /// Two's complement, two words.
    I32,
}

impl Kind {
    /// Registers that it takes.
    pub const fn words(self) -> u16 {
        match self {
            Kind::U16 | Kind::I16 => 1,
            Kind::F32 | Kind::F32LowFirst | Kind::U32 | Kind::U32LowFirst | Kind::I32 => 2,
        }
    }

    /// The stored number; `None` when there are too few words. May be NaN.
    pub fn decode(self, words: &[u16]) -> Option<f64> {
        let pair = || match words {
            [high, low, ..] => Some(u32::from(*high) << 16 | u32::from(*low)),
            _ => None,
        };
        let swapped = || pair().map(|value| value.rotate_left(16));
        Some(match self {
            Kind::F32 => f64::from(f32::from_bits(pair()?)),
            Kind::F32LowFirst => f64::from(f32::from_bits(swapped()?)),
            Kind::U16 => f64::from(*words.first()?),
            Kind::I16 => f64::from(*words.first()? as i16),
            Kind::U32 => f64::from(pair()?),
            Kind::U32LowFirst => f64::from(swapped()?),
            Kind::I32 => f64::from(pair()? as i32),
        })
    }
}

/// One request and what to take from its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// 3 or 4.
    pub function: u8,
    /// First register.
    pub start: u16,
    /// Number of registers.
    pub count: u16,
    /// The values in it.
    pub values: Vec<Register>,
}

impl Read {
    /// The value of `register` in an answer to this read, scaled; `None` when the answer is too short.
    pub fn value(&self, register: &Register, answer: &[u16]) -> Option<f64> {
        let at = usize::from(register.register.checked_sub(self.start)?);
        register
            .kind
            .decode(answer.get(at..)?)
            .map(|value| value * register.scale)
    }
}

/// Joins registers that follow each other without a hole: devices refuse reads that touch unused addresses.
pub fn plan(registers: &[Register]) -> Vec<Read> {
    let mut sorted = registers.to_vec();
    sorted.sort_by_key(|register| (register.function, register.register));
    let mut reads: Vec<Read> = Vec::new();
    for register in sorted {
        let end = u32::from(register.register) + u32::from(register.kind.words());
        if let Some(last) = reads.last_mut() {
            let last_end = u32::from(last.start) + u32::from(last.count);
            let joined = end.max(last_end) - u32::from(last.start);
            let touches = u32::from(register.register) <= last_end;
            if last.function == register.function && touches && joined <= u32::from(MAX_WORDS) {
                last.count = joined as u16;
                last.values.push(register);
                continue;
            }
        }
        reads.push(Read {
            function: register.function,
            start: register.register,
            count: register.kind.words(),
            values: vec![register],
        });
    }
    reads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::map::Map;

    #[test]
    fn decodes_every_kind() {
        let bits = 230.5f32.to_bits();
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        assert_eq!(Kind::F32.decode(&[high, low]), Some(230.5));
        assert_eq!(Kind::F32LowFirst.decode(&[low, high]), Some(230.5));
        assert_eq!(Kind::U16.decode(&[0xffff]), Some(65_535.0));
        assert_eq!(Kind::I16.decode(&[0xffff]), Some(-1.0));
        assert_eq!(Kind::U32.decode(&[1, 2]), Some(65_538.0));
        assert_eq!(Kind::U32LowFirst.decode(&[2, 1]), Some(65_538.0));
        assert_eq!(Kind::I32.decode(&[0xffff, 0xfffe]), Some(-2.0));
        assert!(Kind::F32.decode(&[0x7fc0, 0]).unwrap().is_nan());
        assert_eq!(Kind::F32.decode(&[1]), None);
        assert_eq!(Kind::U16.decode(&[]), None);
    }

    #[test]
    fn reads_the_sdm630_in_few_requests_without_touching_holes() {
        let map = Map::named("sdm630").unwrap();
        let reads = plan(&map.register);
        assert_eq!(
            (reads[0].start, reads[0].count, reads[0].function),
            (0, 18, 4)
        );
        assert_eq!(
            reads.iter().map(|read| read.values.len()).sum::<usize>(),
            map.register.len()
        );
        for read in &reads {
            let covered: u16 = read
                .values
                .iter()
                .map(|register| register.kind.words())
                .sum();
            assert_eq!(covered, read.count, "no hole in {read:?}");
        }
    }

    #[test]
    fn a_pzem_answer_is_scaled() {
        // 230.1 V, 1.234 A, 284.0 W, 70,000 Wh, 50.0 Hz, 0.98; 32-bit values low word first.
        let answer = [2301, 1234, 0, 2840, 0, 4464, 1, 500, 98, 0];
        let map = Map::named("pzem004t").unwrap();
        let reads = plan(&map.register);
        assert_eq!(reads.len(), 1);
        let value = |name: &str| {
            let register = map
                .register
                .iter()
                .find(|register| register.quantity.name() == name)
                .unwrap();
            reads[0].value(register, &answer).unwrap()
        };
        for (name, expected) in [
            ("voltage", 230.1),
            ("current", 1.234),
            ("active_power", 284.0),
            ("active_energy", 70_000.0),
            ("frequency", 50.0),
            ("power_factor", 0.98),
        ] {
            assert!(
                (value(name) - expected).abs() < 1e-9,
                "{name}: {}",
                value(name)
            );
        }
    }
}
