//! CRC-32C (Castagnoli), as in iSCSI (RFC 3720 appendix B.4): of frames, batches, acknowledgements and documents.
//!
//! Purpose: one place that says how bytes are known to be those that were sent. TCP's own checksum is 16 bits of a sum and ends at the
//! broker; what was bent behind it, in a broker's memory, or on a line that hides damage from TCP, arrives as if it were right.
//!
//! A CRC of 32 bits finds every burst of errors of up to 32 bits, and all but one in 2^32 of the longer ones. It finds damage, not malice:
//! whoever bends bytes on purpose computes it anew.

/// Bytes of the checksum.
pub const BYTES: usize = 4;

/// The checksum of `bytes`: reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF.
#[cfg(feature = "fast-checksum")]
pub fn crc32c(bytes: &[u8]) -> u32 {
    ::crc32c::crc32c(bytes)
}

/// The checksum of `bytes`: reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF.
#[cfg(not(feature = "fast-checksum"))]
pub fn crc32c(bytes: &[u8]) -> u32 {
    const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);
    CRC.checksum(bytes)
}

/// What a message of these bytes ends with: its checksum, little-endian.
pub fn seal(bytes: &[u8]) -> [u8; BYTES] {
    crc32c(bytes).to_le_bytes()
}

/// What stands before the checksum that ends `sealed`, if it is the right one.
pub fn unseal(sealed: &[u8]) -> Option<&[u8]> {
    let (bytes, checksum) = sealed.split_last_chunk()?;
    (seal(bytes) == *checksum).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that RFC 3720 and every catalogue of checksums gives.
    #[test]
    fn the_check_value() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[]), 0);
    }

    /// Nodes compute it by a table, edges and hubs with their processor's own instruction.
    #[test]
    fn it_is_the_same_by_a_table() {
        let table = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);
        let bytes: [u8; 5_000] = core::array::from_fn(|index| (index * index + index / 3) as u8);
        for length in (0..100).chain([1_023, 1_024, 1_025, 4_999, 5_000]) {
            assert_eq!(
                crc32c(&bytes[..length]),
                table.checksum(&bytes[..length]),
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        let mut sealed = [1, 2, 3, 0, 0, 0, 0];
        let checksum = seal(&sealed[..3]);
        sealed[3..].copy_from_slice(&checksum);
        assert_eq!(unseal(&sealed), Some(&[1, 2, 3][..]));
        assert_eq!(unseal(&sealed[..6]), None);
        assert_eq!(unseal(&[0, 0, 0]), None);
        for bit in 0..sealed.len() * 8 {
            let mut bent = sealed;
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(&bent), None, "{bit}");
        }
    }
}
