//! The records, byte by byte; numbers are little-endian.
//!
//! | Record | Keys | Bytes |
//! |---|---|---|
//! | counters | 1, 2 | boot u32, security u32, revision of the settings u32, serial of the identity u16, unreadable words u16 |
//! | identity | 3, 4 | serial u16, node u32, key 32 |
//! | settings | 5, 6 | revision u32, 0 to 256 bytes that mean something to the node only |
//!
//! Each is kept twice, under two keys, and the newer of the two is true: one that cannot be read any more is not missed.
//! The counters name the identity and settings that they were written with, so that an older one that comes to light, because both
//! copies of the newer are damaged, is known for what it is.

use core::fmt;

/// Most bytes of settings.
pub const MAX_SETTINGS: usize = 256;

/// Longest record, bytes, its key not counted.
pub(crate) const MAX_RECORD: usize = 4 + MAX_SETTINGS;

/// The keys of a record's two copies.
pub(crate) type Keys = [u8; 2];
pub(crate) const COUNTERS: Keys = [1, 2];
pub(crate) const IDENTITY: Keys = [3, 4];
pub(crate) const SETTINGS: Keys = [5, 6];

/// Who a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The node's number within its deployment.
    pub node: u32,
    /// The secret that the node shares with its edge. It belongs to this node alone, and is drawn anew at every enrolment: with
    /// the boot number it makes the keys of frames, which must never be used twice.
    pub key: [u8; 32],
}

/// Shows the number, never the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.node)
    }
}

/// What only ever rises, and what was known of the flash when it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Counters {
    pub boot: u32,
    pub security: u32,
    pub settings: u32,
    /// An identity with a lower serial number is out of date, or lost its boot numbers.
    pub identity: u16,
    /// Words of the page in use that no record accounts for.
    pub unreadable: u16,
}

impl Counters {
    pub const BYTES: usize = 16;

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [boot, security, settings, last] = *bytes.as_chunks::<4>().0 else {
            return None;
        };
        let last = u32::from_le_bytes(last);
        (bytes.len() == Self::BYTES).then_some(Self {
            boot: u32::from_le_bytes(boot),
            security: u32::from_le_bytes(security),
            settings: u32::from_le_bytes(settings),
            identity: last as u16,
            unreadable: (last >> 16) as u16,
        })
    }

    pub fn write(&self) -> [u8; Self::BYTES] {
        let last = u32::from(self.unreadable) << 16 | u32::from(self.identity);
        let numbers = [self.boot, self.security, self.settings, last];
        let mut bytes = [0; Self::BYTES];
        for (word, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *word = number.to_le_bytes();
        }
        bytes
    }

    /// The higher of each; the newer one's knowledge of the flash.
    pub fn join(&self, other: &Self) -> Self {
        let newer = if other.boot > self.boot { other } else { self };
        Self {
            boot: self.boot.max(other.boot),
            security: self.security.max(other.security),
            settings: self.settings.max(other.settings),
            identity: self.identity.max(other.identity),
            unreadable: newer.unreadable,
        }
    }
}

impl Identity {
    pub(crate) const BYTES: usize = 38;

    /// Serial number and identity.
    pub(crate) fn read(bytes: &[u8]) -> Option<(u16, Self)> {
        let (&serial, rest) = bytes.split_first_chunk::<2>()?;
        let (&node, key) = rest.split_first_chunk::<4>()?;
        let identity = Self {
            node: u32::from_le_bytes(node),
            key: key.try_into().ok()?,
        };
        Some((u16::from_le_bytes(serial), identity))
    }

    pub(crate) fn write(&self, serial: u16) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..2].copy_from_slice(&serial.to_le_bytes());
        bytes[2..6].copy_from_slice(&self.node.to_le_bytes());
        bytes[6..].copy_from_slice(&self.key);
        bytes
    }
}
