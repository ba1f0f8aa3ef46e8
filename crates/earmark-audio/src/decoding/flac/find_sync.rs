//! Finds where a FLAC frame may begin: the two bytes of its synchronisation code.

/// The first place from `from` on where a frame's header may begin.
pub(super) fn find_sync(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 1 < bytes.len() {
        // Most groups of eight bytes have none of the value 0xff.
        if let Some(eight) = bytes[at..].first_chunk::<8>()
            && !has_ff(u64::from_ne_bytes(*eight))
        {
            at += 8;
            continue;
        }
        if bytes[at] == 0xff && bytes[at + 1] & 0xfe == 0xf8 {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether one of the eight bytes has the value 0xff: a zero byte of the inverse borrows from its highest bit.
fn has_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let inverse = !word;
    inverse.wrapping_sub(ONES) & !inverse & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_sync_is_found_wherever_it_is() {
        for len in 0..40 {
            for at in 0..len {
                let mut bytes = vec![0xf8; len];
                bytes[at] = 0xff;
                let expected = (at + 1 < len).then_some(at);
                assert_eq!(find_sync(&bytes, 0), expected, "{at} of {len}");
                assert_eq!(find_sync(&bytes, at), expected);
                assert_eq!(find_sync(&bytes, at + 1), None);
            }
        }
        assert_eq!(find_sync(&[0xff, 0xff, 0xf9, 0], 0), Some(1));
        assert_eq!(find_sync(&[0xff; 30], 0), None);
        assert!(!has_ff(0xfe80_7f01_0000_fefe) && has_ff(0xff) && has_ff(0xff << 56));
    }
}
