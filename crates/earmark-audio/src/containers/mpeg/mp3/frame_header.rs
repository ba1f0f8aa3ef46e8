//! The header of an MPEG audio frame: ISO/IEC 11172-3 2.4.1.3, 13818-3 2.4.2.3, and MPEG 2.5 for the lowest rates.

use super::super::frame_rows::FrameHeader;

const KBIT_MPEG1_LAYER1: [u64; 15] = [
    0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
];
const KBIT_MPEG1_LAYER2: [u64; 15] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const KBIT_MPEG1_LAYER3: [u64; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBIT_MPEG2_LAYER1: [u64; 15] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const KBIT_MPEG2_LAYERS23: [u64; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// What a frame's kind ([`FrameHeader::kind`]) is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// 0: MPEG 2.5, 2: MPEG 2, 3: MPEG 1.
    version: u8,
    /// 1, 2 or 3.
    pub(super) layer: u8,
    rate_index: u8,
    pub(super) is_mono: bool,
}

impl Kind {
    pub(super) fn is_mpeg1(self) -> bool {
        self.version == 3
    }

    /// Bytes of the side information of layer III.
    pub(super) fn side_bytes(self) -> usize {
        match (self.is_mpeg1(), self.is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        }
    }

    pub(super) fn to_bits(self) -> u32 {
        let [version, layer, rate] = [self.version, self.layer, self.rate_index].map(u32::from);
        version << 6 | layer << 4 | rate << 2 | u32::from(self.is_mono)
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        let part = |shift: u32| ((bits >> shift) & 3) as u8;
        Self {
            version: part(6),
            layer: part(4),
            rate_index: part(2),
            is_mono: bits & 1 == 1,
        }
    }

    /// 384 samples in layer I; 1,152 in the others, or half of it in layer III of MPEG 2.
    fn samples(self) -> u64 {
        match (self.layer, self.is_mpeg1()) {
            (1, _) => 384,
            (3, false) => 576,
            _ => 1152,
        }
    }

    fn sample_rate_hz(self) -> u32 {
        let rate = [44_100, 48_000, 32_000, 0][usize::from(self.rate_index & 3)];
        rate / [4, 1, 2, 1][usize::from(self.version & 3)]
    }

    /// A frame of this bit rate, `padding` being 0 or 1. Layer I counts in slots of four bytes.
    fn bytes(self, kbit: u64, padding: u64) -> u64 {
        let rate = u64::from(self.sample_rate_hz().max(1));
        match self.layer {
            1 => (12 * kbit * 1000 / rate + padding) * 4,
            _ => self.samples() / 8 * kbit * 1000 / rate + padding,
        }
    }
}

/// What the four bytes of a header say, and whether a decoder can follow.
enum Parsed {
    Frame(FrameHeader),
    /// A valid header of a frame that is not supported: what it has.
    Unsupported(&'static str),
    NoHeader,
}

fn parse(bytes: &[u8]) -> Parsed {
    let &[b0, b1, b2, b3, ..] = bytes else {
        return Parsed::NoHeader;
    };
    let kind = Kind {
        version: (b1 >> 3) & 3,
        layer: 4 - ((b1 >> 1) & 3),
        rate_index: (b2 >> 2) & 3,
        is_mono: b3 >> 6 == 3,
    };
    if b0 != 0xff || b1 & 0xe0 != 0xe0 || kind.version == 1 || kind.layer == 4 || kind.rate_index == 3 {
        return Parsed::NoHeader;
    }
    let table = match (kind.layer, kind.is_mpeg1()) {
        (1, true) => KBIT_MPEG1_LAYER1,
        (2, true) => KBIT_MPEG1_LAYER2,
        (_, true) => KBIT_MPEG1_LAYER3,
        (1, false) => KBIT_MPEG2_LAYER1,
        (_, false) => KBIT_MPEG2_LAYERS23,
    };
    let Some(&kbit) = table.get(usize::from(b2 >> 4)) else {
        return Parsed::NoHeader;
    };
    if kbit == 0 {
        return Parsed::Unsupported("a free bit rate");
    }
    // Quirk(symphonia): in layer II its reader passes over frames of these rates without a word. MPEG 1 forbids them, MPEG 2
    // does not.
    let is_left_out = match kind.is_mono {
        true => kbit >= 224,
        false => matches!(kbit, 32 | 48 | 56 | 80),
    };
    if kind.layer == 2 && is_left_out {
        return Parsed::Unsupported("a bit rate that layer II has not for this number of channels");
    }
    Parsed::Frame(FrameHeader {
        bytes: kind.bytes(kbit, u64::from((b2 >> 1) & 1)),
        samples: kind.samples(),
        sample_rate_hz: kind.sample_rate_hz(),
        kind: kind.to_bits(),
    })
}

/// The header of a frame that can be decoded.
pub(super) fn frame_header(bytes: &[u8]) -> Option<FrameHeader> {
    match parse(bytes) {
        Parsed::Frame(header) => Some(header),
        Parsed::Unsupported(_) | Parsed::NoHeader => None,
    }
}

/// What makes a valid header that of a frame that can't be decoded.
pub(super) fn unsupported_feature(bytes: &[u8]) -> Option<&'static str> {
    match parse(bytes) {
        Parsed::Unsupported(what) => Some(what),
        Parsed::Frame(_) | Parsed::NoHeader => None,
    }
}

/// Whether a checksum of two bytes follows the header.
pub(super) fn has_checksum(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|b| b & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_layers_and_versions() {
        // Bytes of the header; bytes and samples of the frame, and its rate.
        let cases = [
            ([0xff, 0xfb, 0x90, 0x00], (417, 1152, 44_100)),
            ([0xff, 0xfb, 0x92, 0x00], (418, 1152, 44_100)),
            ([0xff, 0xfb, 0x14, 0xc0], (96, 1152, 48_000)),
            ([0xff, 0xf3, 0x84, 0xc0], (192, 576, 24_000)),
            ([0xff, 0xe3, 0x18, 0xc0], (72, 576, 8_000)),
            ([0xff, 0xfd, 0x84, 0x00], (384, 1152, 48_000)),
            ([0xff, 0xff, 0xc4, 0x00], (384, 384, 48_000)),
            ([0xff, 0xff, 0x12, 0xc0], (36, 384, 44_100)),
        ];
        for (bytes, (length, samples, rate)) in cases {
            let header = frame_header(&bytes).unwrap_or_else(|| panic!("{bytes:02x?}"));
            assert_eq!(
                (header.bytes, header.samples, header.sample_rate_hz),
                (length, samples, rate)
            );
            assert_eq!(Kind::from_bits(header.kind).to_bits(), header.kind);
            assert_eq!(Kind::from_bits(header.kind).is_mono, bytes[3] == 0xc0);
        }
    }

    #[test]
    fn what_is_no_header_and_what_is_not_supported() {
        let none = [
            [0xff, 0xdb, 0x90, 0x00],
            [0xff, 0xeb, 0x90, 0x00],
            [0xff, 0xf9, 0x90, 0x00],
            [0xff, 0xfb, 0xf0, 0x00],
            [0xff, 0xfb, 0x9c, 0x00],
            [0x7f, 0xfb, 0x90, 0x00],
        ];
        for bytes in none {
            assert_eq!(
                (frame_header(&bytes), unsupported_feature(&bytes)),
                (None, None),
                "{bytes:02x?}"
            );
        }
        assert_eq!(frame_header(&[0xff, 0xfb, 0x90]), None, "only three bytes");
        // Free format; layer II at 32 kbit/s in stereo, and the same in mono.
        assert!(unsupported_feature(&[0xff, 0xfb, 0x00, 0x00]).is_some());
        assert!(unsupported_feature(&[0xff, 0xfd, 0x10, 0x00]).is_some());
        assert!(frame_header(&[0xff, 0xfd, 0x10, 0xc0]).is_some());
    }
}
