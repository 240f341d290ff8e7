//! A line of the radar: one JSON object.
//!
//! | Line | Meaning |
//! |---|---|
//! | `{"speed":0.58,"direction":"inbound","time":105,"tick":135}` | something moves |
//! | `{"speed":"12.3","direction":"outbound"}` | the same; some firmware writes numbers in quotes |
//! | `{"Units":"km-per-hr"}` | answer to `U?` and to a change of the unit |
//! | `{"Product":"OPS243"}` and others | answers to other commands |

use serde::Deserialize;

use crate::fault::Fault;

/// Longest line that is read; the fullest report with magnitude, time and tick has about 110 characters.
pub(super) const LINE_MAX: usize = 192;

/// Objects and lists in a line at most. The reader calls itself for each, and the node's stack is small.
const NESTING_MAX: usize = 4;

/// Fastest speed that is believed, km/h; the radar's own limit is 560 km/h at its fastest sampling.
const SPEED_MAX_KMH: f64 = 600.0;

/// Which way something moves, seen from the radar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the radar.
    Inbound,
    /// Away from it.
    Outbound,
}

/// A unit of speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    KilometresPerHour,
    MetresPerSecond,
    MilesPerHour,
    FeetPerSecond,
    CentimetresPerSecond,
}

impl Unit {
    /// By the name that the radar gives it: in answers to `U?`, and in reports when `OU` is on.
    fn from_name(name: &str) -> Option<Unit> {
        Some(match name {
            "km-per-hr" | "kmph" => Unit::KilometresPerHour,
            "m-per-sec" | "mps" => Unit::MetresPerSecond,
            "mph" => Unit::MilesPerHour,
            "ft-per-sec" | "fps" => Unit::FeetPerSecond,
            "cm-per-sec" | "cmps" => Unit::CentimetresPerSecond,
            _ => return None,
        })
    }

    /// Kilometres per hour in one; exact by the definitions of mile and foot.
    pub(super) const fn kmh(self) -> f64 {
        match self {
            Unit::KilometresPerHour => 1.0,
            Unit::MetresPerSecond => 3.6,
            Unit::MilesPerHour => 1.609_344,
            Unit::FeetPerSecond => 1.097_28,
            Unit::CentimetresPerSecond => 0.036,
        }
    }
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Report {
    /// Something moves: its speed, in the unit that is set unless the line names one, and its direction if the line has one.
    Motion {
        speed: f64,
        unit: Option<Unit>,
        direction: Option<Direction>,
    },
    /// The unit that is set.
    Units(Unit),
    /// Something else that is JSON.
    Other,
}

#[derive(Deserialize)]
struct Fields<'a, S> {
    #[serde(default = "none")]
    speed: Option<S>,
    #[serde(default)]
    direction: Option<&'a str>,
    #[serde(default)]
    unit: Option<&'a str>,
    #[serde(default, rename = "Units")]
    units: Option<&'a str>,
}

fn none<S>() -> Option<S> {
    None
}

/// Reads one line.
pub(super) fn read(line: &[u8]) -> Result<Report, Fault> {
    if line.iter().filter(|b| matches!(b, b'{' | b'[')).count() > NESTING_MAX {
        return Err(Fault::Damaged);
    }
    if let Ok((fields, _)) = serde_json_core::from_slice::<Fields<'_, f64>>(line) {
        let speed = fields.speed;
        return report(&fields, speed);
    }
    let (fields, _) =
        serde_json_core::from_slice::<Fields<'_, &str>>(line).map_err(|_| Fault::Damaged)?;
    let speed = match fields.speed {
        Some(text) => Some(text.trim().parse().map_err(|_| Fault::Value)?),
        None => None,
    };
    report(&fields, speed)
}

fn report<S>(fields: &Fields<'_, S>, speed: Option<f64>) -> Result<Report, Fault> {
    if let Some(name) = fields.units {
        return Unit::from_name(name).map(Report::Units).ok_or(Fault::Value);
    }
    let Some(speed) = speed else {
        return Ok(Report::Other);
    };
    let unit = match fields.unit {
        Some(name) => Some(Unit::from_name(name).ok_or(Fault::Value)?),
        None => None,
    };
    let direction = match fields.direction {
        Some("inbound") => Some(Direction::Inbound),
        Some("outbound") => Some(Direction::Outbound),
        Some(_) => return Err(Fault::Value),
        None => None,
    };
    if !speed.is_finite() || speed.abs() * unit.map_or(1.0, Unit::kmh) > SPEED_MAX_KMH {
        return Err(Fault::Value);
    }
    Ok(Report::Motion {
        speed,
        unit,
        direction,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn motion(speed: f64, direction: Option<Direction>) -> Result<Report, Fault> {
        Ok(Report::Motion {
            speed,
            unit: None,
            direction,
        })
    }

    #[test]
    fn reads_what_the_radar_says() {
        use Direction::{Inbound, Outbound};
        for (line, expected) in [
            (
                r#"{"speed":0.58,"direction":"inbound","time":105,"tick":135}"#,
                motion(0.58, Some(Inbound)),
            ),
            (
                r#"{"time":105,"tick":135,"magnitude":612,"speed":"48.3","direction":"outbound"}"#,
                motion(48.3, Some(Outbound)),
            ),
            (
                r#" { "speed" : -48.3 , "x":{"a":[1,{}]} } "#,
                motion(-48.3, None),
            ),
            (r#"{"speed":" 12 "}"#, motion(12.0, None)),
            (r#"{"speed":null}"#, Ok(Report::Other)),
            (
                r#"{"unit":"mph","speed":"30.0"}"#,
                Ok(Report::Motion {
                    speed: 30.0,
                    unit: Some(Unit::MilesPerHour),
                    direction: None,
                }),
            ),
            (
                r#"{"Units":"km-per-hr"}"#,
                Ok(Report::Units(Unit::KilometresPerHour)),
            ),
            (
                r#"{"Units":"m-per-sec"}"#,
                Ok(Report::Units(Unit::MetresPerSecond)),
            ),
            (r#"{"Product":"OPS243"}"#, Ok(Report::Other)),
            (r#"{"PowerMode":"Continuous"}"#, Ok(Report::Other)),
            ("{}", Ok(Report::Other)),
        ] {
            assert_eq!(read(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn refuses_what_is_no_report() {
        for (line, fault) in [
            (&b""[..], Fault::Damaged),
            (b"{", Fault::Damaged),
            (b"3.6", Fault::Damaged),
            (b"{\"speed\":}", Fault::Damaged),
            (b"{\"speed\":1", Fault::Damaged),
            (b"{\"speed\":1}x", Fault::Damaged),
            (b"{\"speed\":\xff}", Fault::Damaged),
            (b"{\"speed\":[1,2]}", Fault::Damaged),
            (b"{\"a\":[[[[[[]]]]]]}", Fault::Damaged),
            (b"{\"speed\":\"fast\"}", Fault::Value),
            (b"{\"speed\":\"inf\"}", Fault::Value),
            (b"{\"speed\":\"NaN\"}", Fault::Value),
            (b"{\"speed\":1e300}", Fault::Value),
            (b"{\"speed\":600.1}", Fault::Value),
            (b"{\"speed\":1,\"direction\":\"up\"}", Fault::Value),
            (b"{\"speed\":1,\"unit\":\"knots\"}", Fault::Value),
            (b"{\"Units\":\"knots\"}", Fault::Value),
        ] {
            assert_eq!(read(line), Err(fault), "{:?}", core::str::from_utf8(line));
        }
    }
}
