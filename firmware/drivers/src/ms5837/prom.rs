//! The factory calibration in the sensor's memory.
//!
//! Source: TE Connectivity, MS5837-30BA data sheet, page 9 (memory map) and application note AN520 (CRC-4).
//!
//! | Word | Bits | Meaning |
//! |---|---|---|
//! | 0 | 15-12 | CRC-4 over all words, this field taken as 0 |
//! | 0 | 11-5 | product |
//! | 1-6 | 15-0 | C1 to C6 |

use super::compensation::Coefficients;
use crate::fault::Fault;

/// Words that are read.
pub(super) const WORDS: usize = 7;

/// Product code of the 2 bar sensor, MS5837-02BA21, whose formulas differ.
const PRODUCT_02BA: u16 = 0x15;

/// The remainder of AN520: over eight words, most significant byte first.
fn crc4(words: &[u16; 8]) -> u16 {
    let mut remainder = 0_u16;
    for word in words {
        for byte in word.to_be_bytes() {
            remainder ^= u16::from(byte);
            for _ in 0..8 {
                remainder = if remainder & 0x8000 == 0 {
                    remainder << 1
                } else {
                    (remainder << 1) ^ 0x3000
                };
            }
        }
    }
    remainder >> 12
}

/// The coefficients, if the memory is intact and belongs to a sensor that is understood.
pub(super) fn read(words: &[u16; WORDS]) -> Result<Coefficients, Fault> {
    let [w0, c1, c2, c3, c4, c5, c6] = *words;
    let coefficients = [c1, c2, c3, c4, c5, c6];
    // A line that is stuck reads as zeros, which have a good checksum, or as ones.
    if coefficients.iter().any(|c| matches!(c, 0 | 0xFFFF)) {
        return Err(Fault::Calibration);
    }
    if crc4(&[w0 & 0x0FFF, c1, c2, c3, c4, c5, c6, 0]) != w0 >> 12 {
        return Err(Fault::Calibration);
    }
    if (w0 >> 5) & 0x7F == PRODUCT_02BA {
        return Err(Fault::Identity);
    }
    Ok(coefficients)
}

/// A memory with these coefficients and a good checksum, for tests.
#[cfg(test)]
pub(super) fn sealed(product: u16, c: Coefficients) -> [u16; WORDS] {
    let w0 = product << 5;
    let sum = crc4(&[w0, c[0], c[1], c[2], c[3], c[4], c[5], 0]);
    [w0 | sum << 12, c[0], c[1], c[2], c[3], c[4], c[5]]
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Coefficients = [34_982, 36_352, 20_328, 22_354, 26_646, 26_146];

    #[test]
    fn the_application_notes_example_comes_out() {
        // AN520: this memory, with its checksum 0xB in the last word's low bits, which count as 0.
        assert_eq!(
            crc4(&[
                0x3132, 0x3334, 0x3536, 0x3738, 0x3940, 0x4142, 0x4344, 0x4500
            ]),
            0xB
        );
    }

    #[test]
    fn one_bent_bit_anywhere_is_found() {
        let words = sealed(0x1A, C);
        assert_eq!(read(&words), Ok(C));
        for bit in 0..WORDS * 16 {
            let mut bent = words;
            bent[bit / 16] ^= 1 << (bit % 16);
            assert_eq!(read(&bent), Err(Fault::Calibration), "bit {bit}");
        }
    }

    #[test]
    fn stuck_lines_and_other_sensors_are_told_apart() {
        assert_eq!(read(&[0; WORDS]), Err(Fault::Calibration));
        assert_eq!(read(&[0xFFFF; WORDS]), Err(Fault::Calibration));
        assert_eq!(read(&sealed(PRODUCT_02BA, C)), Err(Fault::Identity));
        // Older sensors of 30 bar carry no product code.
        assert_eq!(read(&sealed(0, C)), Ok(C));
    }
}
