//! What the hub's journal holds: one entry per step of the core, in the order in which the core took them.
//!
//! ```text
//! offset  size  field
//! 0       1     version, 1
//! 1       8     received: the hub's clock at the step, i64 little-endian, microseconds since the Unix epoch
//! 9       ..    items until the end, each:
//!               1  kind: 1 batch (wire::batch), 2 earthquake (GeoJSON as it came), 3 a model's result was taken (its job's number,
//!                  u64 little-endian: the result itself is computed again, bit for bit)
//!               4  length n, u32 little-endian
//!               n  bytes
//! ```
//! An entry without items is a step in which only time passed. Since time itself is in the journal, playing it back gives the same
//! findings, forecasts and alerts, byte for byte.

/// Version of the layout.
const VERSION: u8 = 1;

/// What a step took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A batch of readings as `wire::batch` encodes it, duplicates removed.
    Batch(Vec<u8>),
    /// An earthquake document.
    Quake(Vec<u8>),
    /// The result of a model run became known: the number of its job.
    Modelled(u64),
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The hub's clock at the step, microseconds since the Unix epoch.
    pub received_us: i64,
    /// What arrived.
    pub items: Vec<Item>,
}

/// Why an entry cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Written by a newer hub.
    #[error("journal entry of version {0}; this hub reads version {VERSION}: use the newer hub")]
    Version(u8),
    /// Ends within a field.
    #[error("journal entry ends within a field")]
    Short,
    /// An item of a kind that this version does not know.
    #[error("journal entry holds an item of unknown kind {0}")]
    Kind(u8),
}

impl Entry {
    /// The entry's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let length = self.items.iter().map(|i| 5 + i.length()).sum::<usize>();
        let mut out = Vec::with_capacity(9 + length);
        out.push(VERSION);
        out.extend_from_slice(&self.received_us.to_le_bytes());
        for item in &self.items {
            out.push(item.kind());
            out.extend_from_slice(&(item.length() as u32).to_le_bytes());
            match item {
                Item::Batch(bytes) | Item::Quake(bytes) => out.extend_from_slice(bytes),
                Item::Modelled(number) => out.extend_from_slice(&number.to_le_bytes()),
            }
        }
        out
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`EntryError`]; the bytes come from our own journal, whose checksums have been checked.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let (&version, rest) = bytes.split_first().ok_or(EntryError::Short)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        let (received, mut rest) = rest.split_first_chunk::<8>().ok_or(EntryError::Short)?;
        let mut items = Vec::new();
        while let Some((&kind, after)) = rest.split_first() {
            let (length, after) = after.split_first_chunk::<4>().ok_or(EntryError::Short)?;
            let length = u32::from_le_bytes(*length) as usize;
            if after.len() < length {
                return Err(EntryError::Short);
            }
            let (body, after) = after.split_at(length);
            items.push(match kind {
                1 => Item::Batch(body.to_vec()),
                2 => Item::Quake(body.to_vec()),
                3 => Item::Modelled(u64::from_le_bytes(
                    body.try_into().map_err(|_| EntryError::Short)?,
                )),
                other => return Err(EntryError::Kind(other)),
            });
            rest = after;
        }
        Ok(Self {
            received_us: i64::from_le_bytes(*received),
            items,
        })
    }
}

impl Item {
    const fn kind(&self) -> u8 {
        match self {
            Self::Batch(_) => 1,
            Self::Quake(_) => 2,
            Self::Modelled(_) => 3,
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Batch(b) | Self::Quake(b) => b.len(),
            Self::Modelled(_) => size_of::<u64>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_every_truncation_is_an_error_or_a_shorter_entry() {
        let entry = Entry {
            received_us: -5,
            items: vec![
                Item::Batch(vec![1, 2, 3]),
                Item::Quake(b"{}".to_vec()),
                Item::Modelled(7),
            ],
        };
        let bytes = entry.encode();
        assert_eq!(Entry::decode(&bytes), Ok(entry));
        // Ends after the header or after an item are entries of their own; the journal's length guards against them.
        let whole = [9, 17, 24];
        for n in 0..bytes.len() {
            assert_eq!(
                Entry::decode(&bytes[..n]).is_ok(),
                whole.contains(&n),
                "{n}"
            );
        }
        assert_eq!(Entry::decode(&[2]), Err(EntryError::Version(2)));
    }
}
