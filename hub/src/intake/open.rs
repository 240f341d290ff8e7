//! The open intake: readings that anyone may publish with `mosquitto_pub`.
//!
//! Three forms, told apart by content, not by trust:
//! - **plain JSON**: `{"station":"av-errazuriz","quantity":"speed","value":7,"unit":"km/h","time":"2026-01-31T12:00:00Z"}`, or the short
//!   `{"station":"x","speed":7,"occupancy":40}`, or an array of either;
//! - **SensorThings** (OGC 18-088, Observation): `{"result":7,"phenomenonTime":"...","Datastream":{"@iot.id":"av-errazuriz/speed"}}`;
//! - **SenML** (RFC 8428) in JSON or CBOR: `[{"bn":"av-errazuriz/","n":"speed","u":"km/h","v":7}]`.
//!
//! Station and quantity come from the name: everything up to the last `/` or `:` is the station, the rest the quantity. A value in a
//! unit that the quantity can be converted from is converted; any other unit is refused, never guessed. Without a time, the time of
//! arrival holds. Sizes are bounded before anything is parsed.

use serde_json::{Map, Value};
use wire::quantity::Quantity;

/// Largest message that is looked at, bytes.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// Most readings in one message.
pub const MAX_READINGS: usize = 4_096;

/// RFC 8428, 4.5.3: times below 2^28 are relative to now.
const SENML_RELATIVE_BELOW: f64 = 268_435_456.0;

/// One open reading.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenReading {
    /// Station id.
    pub station: String,
    /// What was measured.
    pub quantity: Quantity,
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Value in the quantity's unit.
    pub value: f64,
}

/// Why a message was refused; `reason` is the counter's label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {what}")]
pub struct Refused {
    /// Stable word.
    pub reason: &'static str,
    /// What, where and what to do.
    pub what: String,
}

fn refused<T>(reason: &'static str, what: impl Into<String>) -> Result<T, Refused> {
    Err(Refused {
        reason,
        what: what.into(),
    })
}

/// The time of arrival, different for every reading that has no time of its own: two readings of one burst are two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    next_us: i64,
}

impl Arrival {
    /// Starts at `now_us`, microseconds since the Unix epoch.
    pub const fn new(now_us: i64) -> Self {
        Self { next_us: now_us }
    }

    /// Goes on to `now_us`, never back.
    pub fn advance(&mut self, now_us: i64) {
        self.next_us = self.next_us.max(now_us);
    }

    /// The next time, a microsecond after the last.
    pub fn stamp(&mut self) -> i64 {
        let stamp = self.next_us;
        self.next_us = stamp.saturating_add(1);
        stamp
    }
}

/// Parses plain JSON or SensorThings. `publisher` is the topic's edge part, which names the station when the message does not.
///
/// # Errors
/// [`Refused`] when any reading of the message is not understood; nothing of such a message is taken.
pub fn json(
    payload: &[u8],
    publisher: &str,
    arrival: &mut Arrival,
) -> Result<Vec<OpenReading>, Refused> {
    let value = parse_json(payload)?;
    let items = match value {
        Value::Array(items) => items,
        other => vec![other],
    };
    let mut readings = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Value::Object(item) = item else {
            return refused(
                "json_shape",
                format!(
                    "element {i} is no object; send {{\"station\":..,\"quantity\":..,\"value\":..}}"
                ),
            );
        };
        if item.contains_key("result") {
            readings.push(observation(item, publisher, arrival)?);
        } else {
            plain(item, publisher, arrival, &mut readings)?;
        }
        bounded(&readings)?;
    }
    if readings.is_empty() {
        return refused("json_empty", "the message holds no reading");
    }
    Ok(readings)
}

/// Parses SenML, JSON when it starts like JSON and CBOR otherwise.
///
/// # Errors
/// As [`json`].
pub fn senml(
    payload: &[u8],
    publisher: &str,
    arrival: &mut Arrival,
) -> Result<Vec<OpenReading>, Refused> {
    let first = payload.iter().find(|b| !b.is_ascii_whitespace());
    let value = if first == Some(&b'[') {
        parse_json(payload)?
    } else {
        cbor(payload)?
    };
    let Value::Array(records) = value else {
        return refused("senml_shape", "a SenML pack is an array of records");
    };
    // RFC 8428, 4.5.3: one now for the whole pack.
    let now_us = arrival.stamp();
    let (mut name, mut time, mut unit, mut base) = (String::new(), 0.0, None::<String>, 0.0);
    let mut readings = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let Value::Object(record) = record else {
            return refused("senml_shape", format!("record {i} is no object"));
        };
        if let Some(version) = number(record, "bver")
            && version > 10.0
        {
            return refused(
                "senml_version",
                format!("record {i} has bver {version}; 10 is the newest known"),
            );
        }
        if let Some(bn) = text(record, "bn") {
            bn.clone_into(&mut name);
        }
        time = number(record, "bt").unwrap_or(time);
        base = number(record, "bv").unwrap_or(base);
        if let Some(bu) = text(record, "bu") {
            unit = Some(bu.to_owned());
        }
        // A record with base values alone, or with a string, a boolean or a sum, holds no reading for us.
        let Some(value) = number(record, "v") else {
            if ["vs", "vb", "vd", "s"]
                .iter()
                .any(|k| record.contains_key(*k))
            {
                return refused(
                    "senml_value",
                    format!("record {i} has no numeric value `v`"),
                );
            }
            continue;
        };
        let full = format!("{name}{}", text(record, "n").unwrap_or(""));
        let (station, quantity) = split_name(&full, publisher).ok_or_else(|| Refused {
            reason: "senml_name",
            what: format!(
                "record {i}: \"{full}\" names no known quantity; use <station>/<quantity>"
            ),
        })?;
        let unit = text(record, "u").or(unit.as_deref());
        let t = time + number(record, "t").unwrap_or(0.0);
        let time_us = if t < SENML_RELATIVE_BELOW {
            now_us.saturating_add(seconds(t)?)
        } else {
            seconds(t)?
        };
        readings.push(OpenReading {
            station,
            quantity,
            time_us,
            value: convert(base + value, unit, quantity)?,
        });
        bounded(&readings)?;
    }
    if readings.is_empty() {
        return refused("senml_empty", "the pack holds no reading");
    }
    Ok(readings)
}

fn bounded(readings: &[OpenReading]) -> Result<(), Refused> {
    if readings.len() > MAX_READINGS {
        return refused(
            "too_many_readings",
            format!("more than {MAX_READINGS} readings in one message; split it"),
        );
    }
    Ok(())
}

fn parse_json(payload: &[u8]) -> Result<Value, Refused> {
    size(payload)?;
    serde_json::from_slice(payload).or_else(|e| refused("json_syntax", e.to_string()))
}

fn size(payload: &[u8]) -> Result<(), Refused> {
    if payload.len() > MAX_MESSAGE {
        return refused(
            "too_large",
            format!("{} bytes; the limit is {MAX_MESSAGE}", payload.len()),
        );
    }
    Ok(())
}

fn cbor(payload: &[u8]) -> Result<Value, Refused> {
    size(payload)?;
    let value: ciborium::Value = ciborium::de::from_reader_with_recursion_limit(payload, 16)
        .or_else(|e| refused("cbor_syntax", format!("neither SenML JSON nor CBOR: {e}")))?;
    let ciborium::Value::Array(records) = value else {
        return refused("senml_shape", "a SenML pack is an array of records");
    };
    let mut out = Vec::with_capacity(records.len().min(MAX_READINGS));
    for record in records {
        let ciborium::Value::Map(pairs) = record else {
            return refused("senml_shape", "a SenML record is a map");
        };
        let mut map = Map::new();
        for (key, value) in pairs {
            // RFC 8428, table 4: labels of the CBOR form.
            let key = match key {
                ciborium::Value::Integer(i) => match i128::from(i) {
                    -1 => "bver",
                    -2 => "bn",
                    -3 => "bt",
                    -4 => "bu",
                    -5 => "bv",
                    0 => "n",
                    1 => "u",
                    2 => "v",
                    3 => "vs",
                    4 => "vb",
                    5 => "s",
                    6 => "t",
                    8 => "vd",
                    _ => continue,
                }
                .to_owned(),
                ciborium::Value::Text(key) => key,
                _ => continue,
            };
            let value = match value {
                ciborium::Value::Float(f) => Value::from(f),
                // SenML numbers are binary64 anyway.
                ciborium::Value::Integer(i) => Value::from(i128::from(i) as f64),
                ciborium::Value::Text(t) => Value::from(t),
                ciborium::Value::Bool(b) => Value::from(b),
                _ => continue,
            };
            map.insert(key, value);
        }
        out.push(Value::Object(map));
    }
    Ok(Value::Array(out))
}

fn plain(
    item: &Map<String, Value>,
    publisher: &str,
    arrival: &mut Arrival,
    out: &mut Vec<OpenReading>,
) -> Result<(), Refused> {
    let station = text(item, "station").unwrap_or(publisher);
    let station = station_id(station)?;
    let time_us = match item.get("time").or_else(|| item.get("timestamp")) {
        Some(value) => time(value)?,
        None => arrival.stamp(),
    };
    let unit = text(item, "unit");
    if let Some(name) = text(item, "quantity") {
        let Some(quantity) = Quantity::from_name(name) else {
            return refused(
                "json_quantity",
                format!("unknown quantity \"{name}\"; known: {}", known()),
            );
        };
        let Some(value) = number(item, "value") else {
            return refused("json_value", "\"value\" is missing or no number");
        };
        out.push(OpenReading {
            station,
            quantity,
            time_us,
            value: convert(value, unit, quantity)?,
        });
        return Ok(());
    }
    let before = out.len();
    for (key, value) in item {
        let (Some(quantity), Some(value)) = (Quantity::from_name(key), value.as_f64()) else {
            continue;
        };
        out.push(OpenReading {
            station: station.clone(),
            quantity,
            time_us,
            value: convert(value, unit, quantity)?,
        });
    }
    if out.len() == before {
        return refused(
            "json_quantity",
            format!("no quantity in the message; known: {}", known()),
        );
    }
    Ok(())
}

fn observation(
    item: &Map<String, Value>,
    publisher: &str,
    arrival: &mut Arrival,
) -> Result<OpenReading, Refused> {
    let Some(value) = number(item, "result") else {
        return refused("json_value", "\"result\" is no number");
    };
    let stream = item.get("Datastream").and_then(Value::as_object);
    let name = stream
        .and_then(|s| s.get("@iot.id").or_else(|| s.get("name")))
        .and_then(Value::as_str)
        .unwrap_or(publisher);
    let Some((station, quantity)) = split_name(name, publisher) else {
        return refused(
            "json_quantity",
            format!("Datastream \"{name}\" names no known quantity; use <station>/<quantity>"),
        );
    };
    let unit = stream
        .and_then(|s| s.get("unitOfMeasurement"))
        .and_then(|u| u.get("symbol"))
        .and_then(Value::as_str);
    let time_us = match item
        .get("phenomenonTime")
        .or_else(|| item.get("resultTime"))
    {
        Some(Value::Null) | None => arrival.stamp(),
        Some(value) => time(value)?,
    };
    Ok(OpenReading {
        station: station_id(&station)?,
        quantity,
        time_us,
        value: convert(value, unit, quantity)?,
    })
}

fn known() -> String {
    Quantity::ALL
        .iter()
        .map(|q| q.name())
        .collect::<Vec<_>>()
        .join(", ")
}

fn station_id(station: &str) -> Result<String, Refused> {
    if wire::topic::is_id(station) {
        Ok(station.to_owned())
    } else {
        refused(
            "station_id",
            format!(
                "\"{}\" is no station id: 1 to 48 letters, digits, `.`, `_` or `-`",
                station.escape_debug().take(80).collect::<String>()
            ),
        )
    }
}

/// `<station>/<quantity>` or `<urn>:<station>:<quantity>`; a bare quantity belongs to the publisher.
fn split_name(name: &str, publisher: &str) -> Option<(String, Quantity)> {
    let cut = name.rfind(['/', ':']);
    let (station, quantity) = match cut {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => (publisher, name),
    };
    let quantity = Quantity::from_name(quantity)?;
    let station = station.rsplit(['/', ':']).next().unwrap_or(station);
    let station = if station.is_empty() {
        publisher
    } else {
        station
    };
    wire::topic::is_id(station).then(|| (station.to_owned(), quantity))
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

fn number(map: &Map<String, Value>, key: &str) -> Option<f64> {
    map.get(key).and_then(Value::as_f64)
}

fn seconds(t: f64) -> Result<i64, Refused> {
    // Year 2200 in seconds: beyond it, somebody sent milliseconds under the name of seconds.
    const FAR: f64 = 7.26e9;
    if t.is_finite() && t.abs() < FAR {
        Ok((t * 1e6).round() as i64)
    } else {
        refused(
            "time",
            format!("{t} s is no plausible time; SenML times are seconds since 1970"),
        )
    }
}

/// RFC 3339 text, or seconds or milliseconds since 1970.
fn time(value: &Value) -> Result<i64, Refused> {
    match value {
        Value::String(s) => {
            // A SensorThings interval `a/b` counts at its start.
            let start = s.split('/').next().unwrap_or(s);
            match start.parse::<jiff::Timestamp>() {
                Ok(t) => Ok(t.as_microsecond()),
                Err(_) => refused(
                    "time",
                    format!(
                        "\"{}\" is no RFC 3339 time such as 2026-01-31T12:00:00Z",
                        s.escape_debug().take(60).collect::<String>()
                    ),
                ),
            }
        }
        Value::Number(n) => {
            let t = n.as_f64().unwrap_or(f64::NAN);
            // 1e11 s is the year 5138, 1e11 ms is 1973: numbers above it are milliseconds.
            seconds(if t.abs() >= 1e11 { t / 1e3 } else { t })
        }
        _ => refused("time", "the time is neither text nor number"),
    }
}

/// Converts to the quantity's unit. Factors by definition of the SI prefixes and RFC 8798's secondary units.
fn convert(value: f64, unit: Option<&str>, quantity: Quantity) -> Result<f64, Refused> {
    let Some(unit) = unit else { return Ok(value) };
    let own = quantity.unit();
    if unit == own {
        return Ok(value);
    }
    let converted = match (own, unit) {
        ("m", "cm") => value * 1e-2,
        ("m", "mm") => value * 1e-3,
        ("Pa", "hPa") | ("Pa", "mbar") => value * 1e2,
        ("Pa", "kPa") => value * 1e3,
        ("Pa", "bar") => value * 1e5,
        ("Pa", "dbar") => value * 1e4,
        ("Cel", "K") => value - 273.15,
        ("km/h", "m/s") => value * 3.6,
        ("km/h", "mph") => value * 1.609_344,
        ("%", "/") => value * 1e2,
        ("1/h", "1/min") => value * 60.0,
        ("s", "min") => value * 60.0,
        ("s", "ms") => value * 1e-3,
        ("V", "mV") | ("A", "mA") => value * 1e-3,
        ("V", "kV") | ("A", "kA") => value * 1e3,
        ("W", "kW") | ("var", "kvar") | ("VA", "kVA") | ("Wh", "kWh") => value * 1e3,
        ("W", "MW") => value * 1e6,
        ("Hz", "mHz") => value * 1e-3,
        ("1", "/") | ("1", "") => value,
        _ => {
            return refused(
                "unit",
                format!(
                    "{} cannot be in \"{}\"; send {own}",
                    quantity.name(),
                    unit.escape_debug().take(20).collect::<String>()
                ),
            );
        }
    };
    Ok(converted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000_000;

    #[test]
    fn plain_json_in_its_three_shapes() {
        let one = json(br#"{"station":"s1","quantity":"speed","value":2,"unit":"m/s","time":"2010-02-27T06:34:14Z"}"#, "p", &mut Arrival::new(NOW)).expect("valid");
        assert_eq!(
            one,
            [OpenReading {
                station: "s1".into(),
                quantity: Quantity::Speed,
                time_us: 1_267_252_454_000_000,
                value: 7.2
            }]
        );
        let short = json(
            br#"{"voltage":229.5,"current":3}"#,
            "meter",
            &mut Arrival::new(NOW),
        )
        .expect("valid");
        assert_eq!(short.len(), 2);
        assert!(
            short
                .iter()
                .all(|r| r.station == "meter" && r.time_us == NOW)
        );
        let many = json(br#"[{"station":"a","voltage":1,"time":1267252454},{"station":"b","voltage":2,"time":1267252454000}]"#, "p", &mut Arrival::new(NOW)).expect("valid");
        assert_eq!(many[0].time_us, many[1].time_us);
    }

    #[test]
    fn sensorthings_observation() {
        let r = json(
            br#"{"result":49.8,"phenomenonTime":"2010-02-27T06:34:14Z/2010-02-27T06:35:14Z","Datastream":{"@iot.id":"grid-1/frequency"}}"#,
            "p",
            &mut Arrival::new(NOW),
        )
        .expect("valid");
        assert_eq!(
            (r[0].station.as_str(), r[0].quantity, r[0].value),
            ("grid-1", Quantity::Frequency, 49.8)
        );
    }

    #[test]
    fn senml_base_values_and_relative_time() {
        let pack = br#"[{"bn":"urn:dev:ow:buoy-7:","bt":-5,"bu":"cm","n":"sea_level","v":12},{"n":"sea_level","t":2,"u":"m","v":0.2}]"#;
        let r = senml(pack, "p", &mut Arrival::new(NOW)).expect("valid");
        assert_eq!(
            r[0],
            OpenReading {
                station: "buoy-7".into(),
                quantity: Quantity::SeaLevel,
                time_us: NOW - 5_000_000,
                value: 0.12
            }
        );
        assert_eq!((r[1].time_us, r[1].value), (NOW - 3_000_000, 0.2));
    }

    #[test]
    fn senml_cbor_is_the_same() {
        let record = ciborium::Value::Map(vec![
            (ciborium::Value::from(-2), ciborium::Value::from("m1/")),
            (ciborium::Value::from(0), ciborium::Value::from("voltage")),
            (ciborium::Value::from(2), ciborium::Value::from(231)),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&ciborium::Value::Array(vec![record]), &mut bytes).expect("encodes");
        let r = senml(&bytes, "p", &mut Arrival::new(NOW)).expect("valid");
        assert_eq!(
            (r[0].station.as_str(), r[0].quantity, r[0].value),
            ("m1", Quantity::Voltage, 231.0)
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_a_reason() {
        let cases: [(&[u8], &str); 9] = [
            (b"{", "json_syntax"),
            (b"[1]", "json_shape"),
            (b"[]", "json_empty"),
            (br#"{"station":"a b","voltage":1}"#, "station_id"),
            (
                br#"{"station":"a","quantity":"volts","value":1}"#,
                "json_quantity",
            ),
            (
                br#"{"station":"a","quantity":"voltage","value":"1"}"#,
                "json_value",
            ),
            (
                br#"{"station":"a","quantity":"voltage","value":1,"unit":"A"}"#,
                "unit",
            ),
            (br#"{"station":"a","voltage":1,"time":"yesterday"}"#, "time"),
            (br#"{"station":"a","voltage":1,"time":1e40}"#, "time"),
        ];
        for (payload, reason) in cases {
            assert_eq!(
                json(payload, "p", &mut Arrival::new(NOW))
                    .expect_err("refused")
                    .reason,
                reason,
                "{}",
                String::from_utf8_lossy(payload)
            );
        }
        assert_eq!(
            json(&vec![b' '; MAX_MESSAGE + 1], "p", &mut Arrival::new(NOW))
                .expect_err("refused")
                .reason,
            "too_large"
        );
        assert_eq!(
            senml(b"\x9f\x9f\x9f", "p", &mut Arrival::new(NOW))
                .expect_err("refused")
                .reason,
            "cbor_syntax"
        );
        let deep = "[".repeat(100_000);
        assert_eq!(
            json(deep.as_bytes(), "p", &mut Arrival::new(NOW))
                .expect_err("refused")
                .reason,
            "json_syntax"
        );
    }
}
