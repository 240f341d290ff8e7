//! From raw conversions to pressure and temperature, in integers as the data sheet computes.
//!
//! Source: TE Connectivity, MS5837-30BA data sheet, revision C2 (12/2019), page 11 (first order) and page 12 (second order).
//! Divisions by powers of two round down, which is what gives the data sheet's own example.

/// The six coefficients C1 to C6 of the factory calibration.
pub(super) type Coefficients = [u16; 6];

/// A compensated measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// Pressure, 0.1 mbar = 10 Pa.
    pub(super) pressure: i64,
    /// Temperature, 0.01 Cel.
    pub(super) temperature: i64,
}

/// First order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct First {
    /// Difference from the reference temperature.
    dt: i64,
    /// Temperature, 0.01 Cel.
    temp: i64,
    off: i64,
    sens: i64,
}

fn first(c: &Coefficients, d2: u32) -> First {
    let [c1, c2, c3, c4, c5, c6] = c.map(i64::from);
    let dt = i64::from(d2) - (c5 << 8);
    First {
        dt,
        temp: 2_000 + ((dt * c6) >> 23),
        off: (c2 << 16) + ((c4 * dt) >> 7),
        sens: (c1 << 15) + ((c3 * dt) >> 8),
    }
}

fn pressure(d1: u32, sens: i64, off: i64) -> i64 {
    (((i64::from(d1) * sens) >> 21) - off) >> 13
}

/// Both orders. Any coefficients and any 24-bit conversions: the largest intermediate value has 58 bits (data sheet, page 11).
pub(super) fn compensate(c: &Coefficients, d1: u32, d2: u32) -> Measured {
    let First {
        dt,
        temp,
        off,
        sens,
    } = first(c, d2);
    let from_20 = temp - 2_000;
    let (ti, offi, sensi) = if temp < 2_000 {
        let mut offi = (3 * from_20 * from_20) >> 1;
        let mut sensi = (5 * from_20 * from_20) >> 3;
        if temp < -1_500 {
            let from_minus_15 = temp + 1_500;
            offi += 7 * from_minus_15 * from_minus_15;
            sensi += 4 * from_minus_15 * from_minus_15;
        }
        ((3 * dt * dt) >> 33, offi, sensi)
    } else {
        ((2 * dt * dt) >> 37, (from_20 * from_20) >> 4, 0)
    };
    Measured {
        pressure: pressure(d1, sens - sensi, off - offi),
        temperature: temp - ti,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C1 to C6, D1 and D2 of the example on page 11.
    const C: Coefficients = [34_982, 36_352, 20_328, 22_354, 26_646, 26_146];
    const D1: u32 = 4_958_179;
    const D2: u32 = 6_815_414;

    #[test]
    fn the_data_sheets_example_comes_out() {
        let first = first(&C, D2);
        // The sheet prints OFF as 2381326464, which its own formula does not give; the pressure is the same with either.
        assert_eq!(
            first,
            First {
                dt: -5_962,
                temp: 1_981,
                off: 2_381_323_464,
                sens: 1_145_816_755
            }
        );
        assert_eq!(pressure(D1, first.sens, first.off), 39_998);
        assert_eq!(pressure(D1, first.sens, 2_381_326_464), 39_998);
        // At 19.81 Cel the second order changes neither.
        assert_eq!(
            compensate(&C, D1, D2),
            Measured {
                pressure: 39_998,
                temperature: 1_981
            }
        );
    }

    /// The second order once more, in floating point from the formulas of page 12: an independent reckoning.
    fn in_floating_point(c: &Coefficients, d1: u32, d2: u32) -> (f64, f64) {
        let [c1, c2, c3, c4, c5, c6] = c.map(f64::from);
        let two = |n: i32| 2.0_f64.powi(n);
        let dt = f64::from(d2) - c5 * two(8);
        let temp = 2_000.0 + dt * c6 / two(23);
        let off = c2 * two(16) + c4 * dt / two(7);
        let sens = c1 * two(15) + c3 * dt / two(8);
        let t = temp - 2_000.0;
        let (ti, offi, sensi) = if temp < 2_000.0 {
            let v = temp + 1_500.0;
            let very = f64::from(u8::from(temp < -1_500.0));
            (
                3.0 * dt * dt / two(33),
                3.0 * t * t / 2.0 + very * 7.0 * v * v,
                5.0 * t * t / 8.0 + very * 4.0 * v * v,
            )
        } else {
            (2.0 * dt * dt / two(37), t * t / 16.0, 0.0)
        };
        (
            (f64::from(d1) * (sens - sensi) / two(21) - (off - offi)) / two(13),
            temp - ti,
        )
    }

    #[test]
    fn the_second_order_agrees_with_floating_point_from_40_below_to_85() {
        let mut branches = [0; 3];
        for step in 0..=1_000_u32 {
            let d2 = 4_700_000 + step * 4_300;
            let measured = compensate(&C, D1, d2);
            let (pressure, temperature) = in_floating_point(&C, D1, d2);
            // Each of the few roundings loses less than one unit.
            assert!((measured.pressure as f64 - pressure).abs() < 3.0, "{d2}");
            assert!(
                (measured.temperature as f64 - temperature).abs() < 2.0,
                "{d2}"
            );
            branches[match first(&C, d2).temp {
                ..-1_500 => 0,
                -1_500..2_000 => 1,
                _ => 2,
            }] += 1;
        }
        assert!(branches.iter().all(|n| *n > 50), "{branches:?}");
    }

    #[test]
    fn no_coefficients_and_no_conversions_overflow() {
        let edge = [0, 1, 0x7FFF, 0x8000, u16::MAX];
        let full = (1 << 24) - 1;
        for a in edge {
            for b in edge {
                for c in [[a, b, a, b, a, b], [a, a, b, b, a, a], [b, b, b, a, a, a]] {
                    for d1 in [0, 1, full] {
                        for d2 in [0, 1, full] {
                            let _ = compensate(&c, d1, d2);
                        }
                    }
                }
            }
        }
    }
}
