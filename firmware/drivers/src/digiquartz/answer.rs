//! What a Digiquartz says: `*` destination source text, addresses in two digits.
//!
//! | Line | Meaning |
//! |---|---|
//! | `*000114.69592` | unit 01 tells the host (00) a value |
//! | `*0001UN=2` | unit 01 tells the host that its parameter `UN` is 2 |
//! | `*0100P3` | the host's own command, come back over an echoing line |

use crate::fault::Fault;

/// Longest line that is read. The longest answer that the manual shows has 21 characters.
pub(super) const LINE_MAX: usize = 48;

/// The host's address.
const HOST: u8 = 0;

/// An intact line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// A measurement in the unit that the sensor is set to.
    Value(f64),
    /// A parameter and its value; `None` when that is no whole number below 65,536.
    Parameter([u8; 2], Option<u16>),
    /// Our own command, echoed.
    Echo,
}

/// Reads one line for the sensor at `address`.
pub(super) fn read(line: &[u8], address: u8) -> Result<Answer, Fault> {
    let [b'*', d1, d2, s1, s2, text @ ..] = line else {
        return Err(Fault::Damaged);
    };
    let destination = two_digits(*d1, *d2).ok_or(Fault::Damaged)?;
    let source = two_digits(*s1, *s2).ok_or(Fault::Damaged)?;
    if destination == address && source == HOST {
        return Ok(Answer::Echo);
    }
    if destination != HOST || source != address {
        return Err(Fault::Foreign);
    }
    let text = core::str::from_utf8(text)
        .map_err(|_| Fault::Damaged)?
        .trim();
    if let [first, second, b'=', ..] = text.as_bytes() {
        if !(first.is_ascii_uppercase() && second.is_ascii_alphanumeric()) {
            return Err(Fault::Damaged);
        }
        return Ok(Answer::Parameter(
            [*first, *second],
            text[3..].trim().parse().ok(),
        ));
    }
    // A sensor can be set to name its unit behind the value.
    let number = text.split([' ', ',']).next().unwrap_or_default();
    // The characters are checked first: `parse` also knows infinities.
    if number.is_empty()
        || !number
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.'))
    {
        return Err(Fault::Damaged);
    }
    number
        .parse()
        .map(Answer::Value)
        .map_err(|_| Fault::Damaged)
}

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_sensor_says() {
        for (line, answer) in [
            ("*000114.69592", Ok(Answer::Value(14.695_92))),
            ("*0001-0.0012", Ok(Answer::Value(-0.001_2))),
            ("*0001 1013.25 hPa", Ok(Answer::Value(1_013.25))),
            ("*00011013.25,hPa", Ok(Answer::Value(1_013.25))),
            ("*0001UN=2", Ok(Answer::Parameter(*b"UN", Some(2)))),
            ("*0001PR=238", Ok(Answer::Parameter(*b"PR", Some(238)))),
            ("*0001PR=-1", Ok(Answer::Parameter(*b"PR", None))),
            ("*0001SN=ABC", Ok(Answer::Parameter(*b"SN", None))),
            ("*0001P1=", Ok(Answer::Parameter(*b"P1", None))),
            ("*0100P3", Ok(Answer::Echo)),
            ("*000214.7", Err(Fault::Foreign)),
            ("*010114.7", Err(Fault::Foreign)),
            ("*9900P3", Err(Fault::Foreign)),
        ] {
            assert_eq!(read(line.as_bytes(), 1), answer, "{line}");
        }
    }

    #[test]
    fn refuses_what_is_no_answer() {
        for line in [
            &b""[..],
            b"*",
            b"*000",
            b"*0001",
            b"14.7",
            b"x000114.7",
            b"*0a0114.7",
            b"*0001inf",
            b"*0001NaN",
            b"*00011e999",
            b"*000114.7.1",
            b"*0001--1",
            b"*0001-",
            b"*0001.",
            b"*0001un=2",
            b"*0001\xff\xfe",
            b"*00011\x004.7",
            b"*0001==2",
        ] {
            assert_eq!(read(line, 1), Err(Fault::Damaged), "{line:?}");
        }
    }

    #[test]
    fn a_number_of_any_length_is_finite() {
        let mut line = std::vec![b'*', b'0', b'0', b'0', b'1'];
        line.resize(LINE_MAX, b'9');
        assert!(matches!(read(&line, 1), Ok(Answer::Value(value)) if value.is_finite()));
    }
}
