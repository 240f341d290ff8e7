//! What `watchfire export` writes, read back.

use std::collections::BTreeMap;

/// One reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Station id.
    pub station: String,
    /// Quantity name.
    pub quantity: String,
    /// Event time, microseconds since the Unix epoch.
    pub time_us: i64,
    /// Value; NaN when missing.
    pub value: f64,
    /// Names of the quality flags, joined by `+`.
    pub quality: String,
    /// Node number.
    pub node: u32,
    /// Boot number.
    pub boot: u32,
    /// Sequence number.
    pub seq: u64,
}

/// What makes a reading one and the same: station, node, boot, sequence number.
pub type Identity = (String, u32, u32, u64);

impl Row {
    /// Who it is.
    pub fn identity(&self) -> Identity {
        (self.station.clone(), self.node, self.boot, self.seq)
    }
}

const HEADER: &str = "station,quantity,time,value,unit,quality,node,boot,seq,received";

/// Reads an export.
///
/// # Panics
/// When a line is not as documented.
pub fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER));
    lines
        .map(|line| row(line).unwrap_or_else(|| panic!("a line of the export: {line:?}")))
        .collect()
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').collect();
    let &[
        station,
        quantity,
        time,
        value,
        _unit,
        quality,
        node,
        boot,
        seq,
        _received,
    ] = fields.as_slice()
    else {
        return None;
    };
    Some(Row {
        station: station.to_owned(),
        quantity: quantity.to_owned(),
        time_us: clock::parse_utc(time).ok()?,
        value: value.parse().ok()?,
        quality: quality.to_owned(),
        node: node.parse().ok()?,
        boot: boot.parse().ok()?,
        seq: seq.parse().ok()?,
    })
}

/// The rows by identity.
///
/// # Panics
/// When one is there twice.
pub fn each_once(rows: &[Row]) -> BTreeMap<Identity, &Row> {
    let mut known = BTreeMap::new();
    for row in rows {
        let earlier = known.insert(row.identity(), row);
        assert!(
            earlier.is_none(),
            "journaled twice: {row:?} and {earlier:?}"
        );
    }
    known
}
