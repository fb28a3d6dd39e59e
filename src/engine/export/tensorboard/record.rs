//! How records lie in a file of `TensorFlow`'s: length, its checksum, the bytes, theirs.

/// CRC-32C of some bytes, turned and shifted, so that checksums of what holds checksums
/// itself stay good.
pub fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Adds a record to `file`.
pub fn frame(record: &[u8], file: &mut Vec<u8>) {
    let len = (record.len() as u64).to_le_bytes();
    file.extend_from_slice(&len);
    file.extend_from_slice(&masked_crc(&len).to_le_bytes());
    file.extend_from_slice(record);
    file.extend_from_slice(&masked_crc(record).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_format() {
        // RFC 3720, B.4: 32 zeros, and 32 ones.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c::crc32c(&[0xff; 32]), 0x62a8_ab43);
        // The first record of a file that TensorFlow wrote: 24 bytes.
        assert_eq!(masked_crc(&24u64.to_le_bytes()).to_le_bytes(), [0xa3, 0x7f, 0x4b, 0x22]);
        let mut file = Vec::new();
        frame(b"abc", &mut file);
        assert_eq!(file.len(), 8 + 4 + 3 + 4);
        assert_eq!((&file[..8], &file[12..15]), (&3u64.to_le_bytes()[..], &b"abc"[..]));
        assert_eq!(file[15..], masked_crc(b"abc").to_le_bytes());
    }
}
