//! Snappy, by which other programs compress pages by default: bytes, and copies of earlier ones.

use super::thrift::{read_varint, take};

/// Bytes that one can stand for at most: three make a copy of 64.
const MOST_PER_BYTE: usize = 22;

/// The `size` bytes that were compressed; `None` where they are not as many or not whole.
pub(super) fn decompress(compressed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut rest = compressed;
    let stated = read_varint(&mut rest)?;
    if stated != size as u64 || size > compressed.len().saturating_mul(MOST_PER_BYTE) {
        return None;
    }
    let mut out = Vec::with_capacity(size);
    while !rest.is_empty() {
        let tag = number(&mut rest, 1)?;
        let (kind, high) = (tag & 3, tag >> 2);
        let (length, back) = match kind {
            // Bytes as they are; a length of more than 60 is in bytes of its own.
            0 => {
                let before_last = if high < 60 {
                    high
                } else {
                    number(&mut rest, high - 59)?
                };
                out.extend(take(&mut rest, before_last.checked_add(1)?)?);
                continue;
            }
            1 => (4 + (high & 7), tag >> 5 << 8 | number(&mut rest, 1)?),
            2 => (1 + high, number(&mut rest, 2)?),
            _ => (1 + high, number(&mut rest, 4)?),
        };
        let from = out.len().checked_sub(back)?;
        // A copy may be longer than its distance: then it repeats what it has appended.
        for place in from..from + length {
            out.push(*out.get(place)?);
        }
    }
    (out.len() == size).then_some(out)
}

/// A number of up to four bytes, the lowest first.
fn number(bytes: &mut &[u8], count: usize) -> Option<usize> {
    let bytes = take(bytes, count)?.iter().rev();
    Some(bytes.fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes, copies of all three kinds, of which the first repeats itself, and bytes with a length of its own.
    const COMPRESSED: &[u8] = b"\x12\x08abc\x05\x03\x0e\x08\x00\x0f\x0c\x00\x00\x00\xf0\x01wx";

    #[test]
    fn bytes_and_copies_are_read() {
        assert_eq!(decompress(COMPRESSED, 18).unwrap(), b"abcabcababcaabcawx");
        assert_eq!(decompress(b"\x00", 0).unwrap(), b"");
        assert!(decompress(COMPRESSED, 17).is_none());
        // A copy from before the beginning, one of what is not there yet, and a size that the bytes can't stand for.
        assert!(decompress(b"\x07\x08abc\x01\x04", 7).is_none());
        assert!(decompress(b"\x07\x08abc\x01\x00", 7).is_none());
        assert!(decompress(b"\xff\xff\xff\x7f\x00a", (1 << 28) - 1).is_none());
    }

    proptest! {
        #[test]
        fn damage_is_no_panic(cut in 0..COMPRESSED.len(), place in 0..COMPRESSED.len(), byte in any::<u8>()) {
            let mut bytes = COMPRESSED.to_vec();
            bytes[place] = byte;
            for bytes in [&bytes[..], &bytes[..cut], &COMPRESSED[..cut]] {
                let whole = decompress(bytes, 18);
                prop_assert!(whole.is_none_or(|whole| whole.len() == 18));
            }
            prop_assert!(decompress(&COMPRESSED[..cut], 18).is_none());
        }
    }
}
