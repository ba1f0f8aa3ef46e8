//! Several packets in one block of Matroska: their lengths ("lacing").

use std::ops::Range;

use super::ebml::number;

/// How the lengths of several packets in a block are stored.
pub(super) const LACING: u8 = 6;
const XIPH: u8 = 2;
pub(super) const FIXED: u8 = 4;

/// Lengths of all packets but the last, and the bytes that they take; for packets of equal length, zeros.
pub(super) fn packet_sizes(content: &[u8], flags: u8) -> Option<(Vec<u64>, usize)> {
    if flags & LACING == 0 {
        return Some((Vec::new(), 0));
    }
    let (&more, mut rest) = content.split_first()?;
    let mut sizes: Vec<u64> = Vec::with_capacity(usize::from(more));
    match flags & LACING {
        FIXED => sizes.resize(usize::from(more), 0),
        XIPH => {
            for _ in 0..more {
                let full = rest.iter().take_while(|byte| **byte == 255).count();
                sizes.push(255 * full as u64 + u64::from(*rest.get(full)?));
                rest = &rest[full + 1..];
            }
        }
        // The first length, then differences with half of their range for negative ones.
        _ => {
            for index in 0..more {
                let (value, length) = number(rest)?;
                rest = &rest[length..];
                let value = value?.cast_signed();
                let size = match sizes.last().filter(|_| index > 0) {
                    Some(before) => before.cast_signed() + value - ((1 << (7 * length - 1)) - 1),
                    None => value,
                };
                sizes.push(u64::try_from(size).ok()?);
            }
        }
    }
    Some((sizes, content.len() - rest.len()))
}

/// These bytes divided among `count` packets of equal length; `None` where that is not possible.
pub(super) fn split_evenly(bytes: &Range<u64>, count: usize) -> Option<Vec<Range<u64>>> {
    let count = count as u64;
    let all = bytes.end - bytes.start;
    let size = all.checked_div(count)?;
    let packet = |index: u64| bytes.start + index * size..bytes.start + (index + 1) * size;
    all.is_multiple_of(count)
        .then(|| (0..count).map(packet).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_packets_are_read() {
        assert_eq!(packet_sizes(&[9, 9], 0), Some((vec![], 0)));
        assert_eq!(packet_sizes(&[2, 3, 255, 1, 7], XIPH), Some((vec![3, 256], 4)));
        // 800, then 500 (a difference of -300, stored as -300 + 8191).
        assert_eq!(
            packet_sizes(&[2, 0x43, 0x20, 0x5e, 0xd3, 7], LACING),
            Some((vec![800, 500], 5))
        );
        assert_eq!(packet_sizes(&[2, 7], FIXED), Some((vec![0, 0], 1)));
        assert_eq!(
            [packet_sizes(&[], XIPH), packet_sizes(&[1, 255], XIPH)],
            [None, None]
        );
        // A difference that makes a length negative.
        assert_eq!(packet_sizes(&[2, 0x81, 0x80], LACING), None);
    }

    #[test]
    fn packets_of_equal_length_share_the_block() {
        let split = split_evenly(&(10..22), 3).expect("twelve bytes in three packets");
        assert_eq!(split, [10..14, 14..18, 18..22]);
        assert!(split_evenly(&(10..23), 3).is_none());
    }
}
