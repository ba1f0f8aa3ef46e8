//! The side information of layer III, which says how the sound of a frame is spread and packed: ISO/IEC 11172-3 2.4.1.7.

use super::frame_header::Kind;

/// Samples of a granule.
pub(super) const GRANULE_SAMPLES: u64 = 576;
/// A main data begin is a number of nine bits at most.
const MAX_MAIN_DATA_BEGIN: u64 = 511;

/// What the walk needs of a frame's side information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SideInformation {
    /// How many bytes before this frame's own main data its sound begins: in the bit reservoir of earlier frames.
    pub(super) main_data_begin: u64,
    /// Bits of each granule, over its channels; the second is 0 where there is only one.
    pub(super) granule_bits: [u64; 2],
    /// Whether a granule with sound is a mixed block: long below, short above.
    pub(super) has_mixed_blocks: bool,
}

/// Reads the side information, without the header and the checksum before it; `None` where bytes are missing.
pub(super) fn side_information(bytes: &[u8], kind: Kind) -> Option<SideInformation> {
    let bytes = bytes.get(..kind.side_bytes())?;
    let channels = if kind.is_mono { 1 } else { 2 };
    // MPEG 1: main data begin, private bits, four bits of scale factor selection per channel, two granules. MPEG 2: one granule.
    let (begin_bits, first, granules, channel_bits) = match kind.is_mpeg1() {
        true => (9, if kind.is_mono { 18 } else { 20 }, 2, 59),
        false => (8, if kind.is_mono { 9 } else { 10 }, 1, 63),
    };
    // The length, then big values, gain, and the compression of scale factors in 4 or 9 bits; then the flag of window switching,
    // two bits of block type, the flag of mixed blocks.
    let window_switching = if kind.is_mpeg1() { 33 } else { 38 };
    let mut side = SideInformation {
        main_data_begin: number(bytes, 0, begin_bits),
        ..SideInformation::default()
    };
    for (granule, bits) in side.granule_bits.iter_mut().enumerate().take(granules) {
        for channel in 0..channels {
            let at = first + (granule * channels + channel) * channel_bits;
            let length = number(bytes, at, 12);
            *bits += length;
            // Window switching, short blocks, mixed.
            let is_mixed = number(bytes, at + window_switching, 4) == 0b1101;
            side.has_mixed_blocks |= is_mixed && length > 0;
        }
    }
    Some(side)
}

/// The big-endian number in these bits, which are all there.
fn number(bytes: &[u8], at: usize, bits: usize) -> u64 {
    (at..at + bits).fold(0, |sum, bit| {
        let byte = bytes.get(bit / 8).copied().unwrap_or(0);
        (sum << 1) | u64::from((byte >> (7 - bit % 8)) & 1)
    })
}

/// Counts the granules at the start of a row whose sound is in frames before it, and which a decoder that begins here leaves
/// silent.
#[derive(Debug, Default)]
pub(super) struct ReservoirAtStart {
    /// Bytes of main data since the start.
    available: u64,
    pub(super) silent_granules: u64,
}

impl ReservoirAtStart {
    /// Takes in the next frame, of this many bytes of main data; `false` once no later frame can be affected.
    pub(super) fn add(&mut self, side: &SideInformation, main_data_bytes: u64) -> bool {
        let missing_bits = 8 * side.main_data_begin.saturating_sub(self.available);
        let mut skipped = 0;
        for bits in side.granule_bits {
            if skipped >= missing_bits {
                break;
            }
            // An empty granule is silent in any case.
            self.silent_granules += u64::from(bits > 0);
            skipped += bits;
        }
        self.available += main_data_bytes;
        missing_bits > 0 && self.available < MAX_MAIN_DATA_BEGIN
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame_header::frame_header;
    use super::*;

    /// Side information with these numbers at these bits.
    fn side(length: usize, numbers: &[(usize, usize, u64)]) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for &(at, bits, value) in numbers {
            for bit in 0..bits {
                if value >> (bits - 1 - bit) & 1 == 1 {
                    bytes[(at + bit) / 8] |= 0x80 >> ((at + bit) % 8);
                }
            }
        }
        bytes
    }

    fn kind(header: [u8; 4]) -> Kind {
        Kind::from_bits(frame_header(&header).expect("a header").kind)
    }

    #[test]
    fn numbers_are_read_where_the_standard_has_them() {
        let mono = kind([0xff, 0xfb, 0x90, 0xc0]);
        let bytes = side(17, &[(0, 9, 300), (18, 12, 1000), (18 + 59, 12, 7)]);
        let got = side_information(&bytes, mono).expect("all there");
        assert_eq!((got.main_data_begin, got.granule_bits), (300, [1000, 7]));

        let stereo = kind([0xff, 0xfb, 0x90, 0x00]);
        let bytes = side(32, &[(20, 12, 1), (79, 12, 2), (138, 12, 4), (197, 12, 8)]);
        assert_eq!(
            side_information(&bytes, stereo).expect("all there").granule_bits,
            [3, 12]
        );

        let mpeg2 = kind([0xff, 0xf3, 0x84, 0x00]);
        let bytes = side(17, &[(0, 8, 255), (10, 12, 5), (73, 12, 6)]);
        let got = side_information(&bytes, mpeg2).expect("all there");
        assert_eq!((got.main_data_begin, got.granule_bits), (255, [11, 0]));
        assert_eq!(side_information(&bytes[..16], mpeg2), None);
    }

    #[test]
    fn mixed_blocks_are_short_blocks_with_their_flag_and_with_sound() {
        let mono = kind([0xff, 0xfb, 0x90, 0xc0]);
        let mixed = |length, window_switching, block_type, flag| {
            let at = 18 + 59;
            let numbers = [
                (at, 12, length),
                (at + 33, 1, window_switching),
                (at + 34, 2, block_type),
                (at + 36, 1, flag),
            ];
            side_information(&side(17, &numbers), mono)
                .expect("all there")
                .has_mixed_blocks
        };
        assert!(mixed(100, 1, 2, 1));
        for (length, window_switching, block_type, flag) in
            [(0, 1, 2, 1), (9, 0, 2, 1), (9, 1, 1, 1), (9, 1, 2, 0)]
        {
            assert!(!mixed(length, window_switching, block_type, flag));
        }
        let mpeg2 = kind([0xff, 0xf3, 0x84, 0xc0]);
        let bytes = side(9, &[(9, 12, 50), (9 + 38, 4, 0b1101)]);
        assert!(
            side_information(&bytes, mpeg2)
                .expect("all there")
                .has_mixed_blocks
        );
    }

    #[test]
    fn granules_that_begin_before_the_row_are_silent() {
        let frame = |main_data_begin, granule_bits| SideInformation {
            main_data_begin,
            granule_bits,
            has_mixed_blocks: false,
        };
        let mut start = ReservoirAtStart::default();
        // 100 bytes are missing: the first granule (50 bytes) and the second, which begins within them.
        assert!(start.add(&frame(100, [400, 800]), 300));
        assert_eq!(start.silent_granules, 2);
        // 20 bytes are missing here: only the first granule.
        assert!(start.add(&frame(320, [400, 800]), 100));
        assert_eq!(start.silent_granules, 3);
        assert!(!start.add(&frame(200, [400, 800]), 100));
        assert_eq!(start.silent_granules, 3);
        assert!(!ReservoirAtStart::default().add(&frame(0, [8, 8]), 100));
    }
}
