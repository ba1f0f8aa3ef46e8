//! The header of a FLAC frame (RFC 9639, section 9.1).

use symphonia::core::checksum::Crc8Ccitt;
use symphonia::core::io::Monitor;

/// The longest header: four bytes, a number of up to seven, sizes of two each, and a checksum.
pub(super) const MAX_HEADER_BYTES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Bytes of the header.
    pub(super) len: usize,
    /// Frames (samples per channel) in it.
    pub(super) frames: u32,
    /// `None`: as the STREAMINFO block says.
    pub(super) sample_rate_hz: Option<u32>,
    pub(super) channels: u8,
    /// `None`: as the STREAMINFO block says.
    pub(super) bits: Option<u8>,
    pub(super) number: Number,
}

/// The place of a frame in its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// How many frames of the same size come before, where all have one size.
    Block(u64),
    /// How many samples per channel come before.
    Sample(u64),
}

impl FrameHeader {
    /// The header that these bytes begin with, if they are one and its checksum is right.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, second, sizes, shape, ..] = bytes else {
            return None;
        };
        if sync != 0xff || second & 0xfe != 0xf8 || shape & 1 != 0 {
            return None;
        }
        let channels = match shape >> 4 {
            independent @ 0..=7 => independent + 1,
            // Two channels as a sum and a difference.
            8..=10 => 2,
            _ => return None,
        };
        let bits = match (shape >> 1) & 7 {
            0 => None,
            3 => return None,
            code => Some([0, 8, 12, 0, 16, 20, 24, 32][usize::from(code)]),
        };
        let (number, mut at) = number(bytes)?;
        let frames = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => u32::from(take::<1>(bytes, &mut at)?[0]) + 1,
            7 => u32::from(u16::from_be_bytes(take(bytes, &mut at)?)) + 1,
            code => 256 << (code - 8),
        };
        let sample_rate_hz = match sizes & 15 {
            0 => None,
            12 => Some(u32::from(take::<1>(bytes, &mut at)?[0]) * 1_000),
            13 => Some(u32::from(u16::from_be_bytes(take(bytes, &mut at)?))),
            14 => Some(u32::from(u16::from_be_bytes(take(bytes, &mut at)?)) * 10),
            15 => return None,
            code => Some(RATES[usize::from(code)]),
        };
        let mut crc = Crc8Ccitt::new(0);
        crc.process_buf_bytes(&bytes[..at]);
        let is_right = take::<1>(bytes, &mut at)? == [crc.crc()];
        (is_right && frames <= 0xffff && sample_rate_hz != Some(0)).then_some(Self {
            len: at,
            frames,
            sample_rate_hz,
            channels,
            bits,
            number: if second & 1 == 0 {
                Number::Block(number)
            } else {
                Number::Sample(number)
            },
        })
    }

    /// The longest that a frame of this header may be in bytes: twice its samples as they are. Encoders store samples as they
    /// are where compressing them doesn't help.
    pub(super) fn longest(&self, bits: u8) -> usize {
        let sample_bits = usize::from(self.bits.unwrap_or(bits)) + 1;
        let samples = self.frames as usize * usize::from(self.channels);
        2 * (samples * sample_bits).div_ceil(8) + 64 * usize::from(self.channels) + 64
    }
}

/// Sample rates by their code; those of other codes are stored.
const RATES: [u32; 12] = [
    0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

/// The number from the fifth byte on, in the way of UTF-8 with up to 36 bits, and where it ends.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.get(4)?;
    let count = match first.leading_ones() {
        0 => return Some((u64::from(first), 5)),
        count @ 2..=7 => count as usize,
        _ => return None,
    };
    let mut value = u64::from(first) & (0x7f >> count);
    for &b in bytes.get(5..4 + count)? {
        if b >> 6 != 2 {
            return None;
        }
        value = (value << 6) | u64::from(b & 0x3f);
    }
    Some((value, 4 + count))
}

/// The next `N` bytes.
fn take<const N: usize>(bytes: &[u8], at: &mut usize) -> Option<[u8; N]> {
    let taken = bytes.get(*at..*at + N)?.try_into().ok()?;
    *at += N;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_crc(bytes: &[u8]) -> Vec<u8> {
        let mut crc = Crc8Ccitt::new(0);
        crc.process_buf_bytes(bytes);
        [bytes, &[crc.crc()]].concat()
    }

    #[test]
    fn headers_of_every_kind_of_size() {
        // Blocks of 4,096 at 44.1 kHz, mid and side, 16 bits, block 3.
        let header = FrameHeader::parse(&with_crc(&[0xff, 0xf8, 0xc9, 0xa8, 3])).unwrap();
        assert_eq!((header.len, header.frames, header.channels), (6, 4_096, 2));
        assert_eq!((header.sample_rate_hz, header.bits), (Some(44_100), Some(16)));
        assert_eq!(header.number, Number::Block(3));

        // 1,000 frames and 96,010 Hz in bytes of their own, sample 70,000 in three bytes more, six channels.
        let bytes = [
            0xff, 0xf9, 0x7e, 0x5c, 0xf0, 0x91, 0x85, 0xb0, 0x03, 0xe7, 0x25, 0x81,
        ];
        let header = FrameHeader::parse(&with_crc(&bytes)).unwrap();
        assert_eq!((header.len, header.frames, header.channels), (13, 1_000, 6));
        assert_eq!((header.sample_rate_hz, header.bits), (Some(96_010), Some(24)));
        assert_eq!(header.number, Number::Sample(70_000));
        assert!(header.longest(24) > 2 * 1_000 * 6 * 3);
    }

    #[test]
    fn what_is_no_header() {
        let right = with_crc(&[0xff, 0xf8, 0xc9, 0xa8, 3]);
        assert!(FrameHeader::parse(&right).is_some());
        for len in 0..right.len() {
            assert_eq!(FrameHeader::parse(&right[..len]), None, "{len} bytes");
        }
        for at in 0..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 4;
            assert_eq!(FrameHeader::parse(&wrong), None, "byte {at} changed");
        }
        // Reserved: block size 0, rate 15, channels 11, depth 3, the last bit.
        let reserved = [
            [0x09, 0xa8],
            [0xcf, 0xa8],
            [0xc9, 0xb8],
            [0xc9, 0xa6],
            [0xc9, 0xa9],
        ];
        for [sizes, shape] in reserved {
            assert_eq!(
                FrameHeader::parse(&with_crc(&[0xff, 0xf8, sizes, shape, 3])),
                None
            );
        }
    }
}
