//! Faults on whole messages.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// What is done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tamper {
    /// It is lost.
    Lose,
    /// It comes twice.
    Duplicate,
    /// It comes after the next one.
    Reorder,
    /// Two neighbouring bytes change places.
    Swap,
    /// Its end is missing.
    Truncate,
    /// An older one comes again behind it.
    Replay,
    /// Its content is changed and its checksum made good, as by somebody who knows the format and not the key. Only
    /// frames of the link (COBS, CRC-32C); other messages have a bit turned over.
    Forge,
    /// One of these, another each time.
    Any,
}

impl Tamper {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Lose,
        Self::Duplicate,
        Self::Reorder,
        Self::Swap,
        Self::Truncate,
        Self::Replay,
        Self::Forge,
        Self::Any,
    ];

    /// Name in texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lose => "lose",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Swap => "swap",
            Self::Truncate => "truncate",
            Self::Replay => "replay",
            Self::Forge => "forge",
            Self::Any => "any",
        }
    }

    /// One of the others for [`Tamper::Any`].
    pub(super) fn chosen(self, random: &mut Pcg64Mcg) -> Self {
        match self {
            Self::Any => {
                let choices = Self::ALL.len() - 1;
                Self::ALL
                    .get(below(random, choices))
                    .copied()
                    .unwrap_or(Self::Lose)
            }
            chosen => chosen,
        }
    }
}

/// A number below `limit`; 0 where there is none.
pub(super) fn below(random: &mut Pcg64Mcg, limit: usize) -> usize {
    (random.next_u64() % (limit.max(1) as u64)) as usize
}

/// Whether something of this probability happens.
pub(super) fn happens(random: &mut Pcg64Mcg, rate: f64) -> bool {
    // 53 bits, so that 1 is always and 0 is never.
    ((random.next_u64() >> 11) as f64) < rate * (1_u64 << 53) as f64
}

/// Turns one bit over.
pub(super) fn flip(random: &mut Pcg64Mcg, message: &mut [u8]) {
    let at = below(random, message.len());
    let bit = below(random, 8);
    if let Some(byte) = message.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

/// Two neighbouring bytes that differ change places; the delimiter at the end stays.
pub(super) fn swap(random: &mut Pcg64Mcg, message: &mut [u8]) {
    let places: Vec<usize> = message
        .windows(2)
        .take(message.len().saturating_sub(2))
        .enumerate()
        .filter(|(_, pair)| pair.first() != pair.last())
        .map(|(at, _)| at)
        .collect();
    if let Some(&at) = places.get(below(random, places.len())) {
        message.swap(at, at + 1);
    }
}

/// The frame check sequence of the link, `docs/protocol.md`, section Frame.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

/// Bytes of the checksum.
const CRC_BYTES: usize = 4;

/// Changes a byte of a frame and makes its checksum good again; nothing for what is no frame.
pub(super) fn forge(random: &mut Pcg64Mcg, message: &[u8]) -> Option<Vec<u8>> {
    let stuffed = message.strip_suffix(&[0])?;
    let mut frame = cobs::decode_vec(stuffed).ok()?;
    let content = frame.len().checked_sub(CRC_BYTES)?;
    let (bytes, check) = frame.split_at_mut(content);
    if bytes.is_empty() {
        return None;
    }
    // The version stays: a forged frame of no known version would be refused before its tag is looked at.
    let at = 1 + below(random, bytes.len() - 1);
    *bytes.get_mut(at)? ^= 1 << below(random, 8);
    check.copy_from_slice(&CRC.checksum(bytes).to_le_bytes());
    let mut forged = cobs::encode_vec(&frame);
    forged.push(0);
    Some(forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::rand_core::SeedableRng as _;

    #[test]
    fn a_forged_frame_has_a_good_checksum_and_another_content() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let content = b"\x02 a frame with 0\0 in it";
        let mut frame = content.to_vec();
        frame.extend(CRC.checksum(content).to_le_bytes());
        let mut message = cobs::encode_vec(&frame);
        message.push(0);
        for _ in 0..200 {
            let forged = forge(&mut random, &message).expect("it is a frame");
            let (zero, stuffed) = forged.split_last().expect("bytes");
            assert_eq!(*zero, 0);
            let read = cobs::decode_vec(stuffed).expect("COBS");
            let (bytes, check) = read.split_at(read.len() - CRC_BYTES);
            assert_eq!(check, CRC.checksum(bytes).to_le_bytes());
            assert_eq!(bytes.len(), content.len());
            assert_eq!(bytes.first(), content.first());
            let changed = bytes.iter().zip(content).filter(|(a, b)| a != b).count();
            assert_eq!(changed, 1);
        }
        assert_eq!(forge(&mut random, b"no zero at the end"), None);
        assert_eq!(forge(&mut random, b"\0"), None);
    }

    #[test]
    fn chances_are_what_they_say() {
        let mut random = Pcg64Mcg::seed_from_u64(2);
        let mut count = |rate| (0..10_000).filter(|_| happens(&mut random, rate)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 10_000));
        // A quarter of 10,000 scatters by 43.
        assert!((2_300..2_700).contains(&count(0.25)));
    }
}
