//! Units that a Digiquartz reports pressure in, by the number of its `UN` command.

/// A unit of pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pounds per square inch, `UN=1`, as delivered.
    Psi = 1,
    /// Hectopascals, `UN=2`.
    Hectopascal = 2,
    /// Bar, `UN=3`.
    Bar = 3,
    /// Kilopascals, `UN=4`.
    Kilopascal = 4,
    /// Megapascals, `UN=5`.
    Megapascal = 5,
    /// Inches of mercury at 0 Cel, `UN=6`.
    InchOfMercury = 6,
    /// Millimetres of mercury at 0 Cel, `UN=7`.
    MillimetreOfMercury = 7,
    /// Metres of water, conventional, `UN=8`.
    MetreOfWater = 8,
}

impl Unit {
    /// The unit of that number; `None` for 0, which is defined by its user, and for numbers that do not exist.
    #[must_use]
    pub const fn from_code(code: u16) -> Option<Unit> {
        Some(match code {
            1 => Unit::Psi,
            2 => Unit::Hectopascal,
            3 => Unit::Bar,
            4 => Unit::Kilopascal,
            5 => Unit::Megapascal,
            6 => Unit::InchOfMercury,
            7 => Unit::MillimetreOfMercury,
            8 => Unit::MetreOfWater,
            _ => return None,
        })
    }

    /// Its number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Pascals in one, as NIST Special Publication 811 (2008), appendix B.8, gives them.
    #[must_use]
    pub const fn pascals(self) -> f64 {
        match self {
            Unit::Psi => 6_894.757,
            Unit::Hectopascal => 100.0,
            Unit::Bar => 100_000.0,
            Unit::Kilopascal => 1_000.0,
            Unit::Megapascal => 1_000_000.0,
            Unit::InchOfMercury => 3_386.389,
            Unit::MillimetreOfMercury => 133.322_4,
            Unit::MetreOfWater => 9_806.65,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units_belong_together() {
        for code in 1..=8 {
            assert_eq!(u16::from(Unit::from_code(code).unwrap().code()), code);
        }
        for code in [0, 9, u16::MAX] {
            assert_eq!(Unit::from_code(code), None);
        }
    }

    #[test]
    fn one_atmosphere_is_the_same_in_every_unit() {
        // 101,325 Pa by definition; the other figures from the definitions of the units.
        for (unit, value) in [
            (Unit::Psi, 14.695_949),
            (Unit::Hectopascal, 1_013.25),
            (Unit::Bar, 1.013_25),
            (Unit::Kilopascal, 101.325),
            (Unit::Megapascal, 0.101_325),
            (Unit::InchOfMercury, 29.921_26),
            (Unit::MillimetreOfMercury, 760.0),
            (Unit::MetreOfWater, 10.332_275),
        ] {
            let pascals = value * unit.pascals();
            assert!((pascals - 101_325.0).abs() < 0.2, "{unit:?}: {pascals}");
        }
    }
}
