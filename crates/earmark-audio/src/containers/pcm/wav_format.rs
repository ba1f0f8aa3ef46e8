//! The format chunk of WAV and Wave64, and what its samples are.

use crate::containers::byte_walker::ByteWalker;
use crate::decoding::{ByteOrder, SampleFormat, SampleKind};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// WAVE_FORMAT_EXTENSIBLE: the true tag is in an identifier of 16 bytes.
const EXTENSIBLE: u16 = 0xfffe;
/// The end of every such identifier that means a plain tag. Before it come two numbers of 16 bits, 0 and 0x0010, and
/// before these the tag in 32 bits.
const PLAIN_SUFFIX: [u8; 8] = [0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
/// The same of ambisonic recordings (B-format), behind 0x0721 and 0x11d3.
const AMBISONIC_SUFFIX: [u8; 8] = [0x86, 0x44, 0xc8, 0xc1, 0xca, 0x00, 0x00, 0x00];

/// The format chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct WavFormat {
    pub(super) order: ByteOrder,
    pub(super) tag: u16,
    pub(super) channels: u16,
    pub(super) sample_rate_hz: u32,
    pub(super) bytes_per_second: u32,
    pub(super) block_align: u16,
    pub(super) bits: u16,
}

impl WavFormat {
    /// Reads the chunk whose body of `size` bytes is at `at`.
    pub(super) fn read(
        walker: &mut ByteWalker<'_>,
        at: u64,
        size: u64,
        order: ByteOrder,
    ) -> Result<Self, Fault> {
        const CUT: &str = "it ends within its fmt chunk";
        if size < 16 {
            let reason = format!("its fmt chunk has {size} bytes instead of 16 or more");
            return Err(Fault::corrupt(reason, at));
        }
        let b = walker.required::<16>(at, CUT)?;
        let u16_at = |i: usize| order.u16([b[i], b[i + 1]]);
        let u32_at = |i: usize| order.u32([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        let mut format = Self {
            order,
            tag: u16_at(0),
            channels: u16_at(2),
            sample_rate_hz: u32_at(4),
            bytes_per_second: u32_at(8),
            block_align: u16_at(12),
            bits: u16_at(14),
        };
        if format.tag == EXTENSIBLE && size >= 40 {
            let [t0, t1, t2, t3, a0, a1, b0, b1, suffix @ ..] = walker.required::<16>(at + 24, CUT)?;
            let middle = (order.u16([a0, a1]), order.u16([b0, b1]));
            let is_tag = matches!(
                (middle, suffix),
                ((0, 0x0010), PLAIN_SUFFIX) | ((0x0721, 0x11d3), AMBISONIC_SUFFIX)
            );
            if let (true, Ok(tag)) = (is_tag, u16::try_from(order.u32([t0, t1, t2, t3]))) {
                format.tag = tag;
            }
        }
        check_shape(format.sample_rate_hz, u64::from(format.channels))?;
        Ok(format)
    }

    /// Whether samples in this format continue those of the other.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shape = |f: &Self| (f.tag, f.channels, f.sample_rate_hz, f.bits, f.block_align);
        shape(self) == shape(other)
    }

    /// Bytes of a frame of uncompressed samples; 0 where they can't be read.
    pub(super) fn frame_bytes(&self) -> u64 {
        let bytes = self.samples().map_or(0, |(samples, _)| samples.bytes());
        bytes as u64 * u64::from(self.channels)
    }

    /// How its uncompressed samples are stored, and what in the chunk contradicts that.
    ///
    /// # Errors
    /// An unsupported kind of samples, or one that the chunk does not describe.
    pub(super) fn samples(&self) -> Result<(SampleFormat, Option<String>), Fault> {
        if !matches!(self.tag, 1 | 3 | 6 | 7) {
            return Err(self.unsupported());
        }
        let (bytes, contradiction) = self.bytes_of_a_sample()?;
        let bits = match self.bits {
            0 => bytes.saturating_mul(8),
            bits => bits,
        };
        let kind = match (self.tag, bytes) {
            (1, 1) => SampleKind::U8,
            (1, 2) => SampleKind::I16,
            (1, 3) => SampleKind::I24,
            // Quirk(arecord): ALSA's S24_LE is 24 bits in the lower three of four bytes, and arecord says so with a
            // block size that does not fit the bits. (WAVE_FORMAT_EXTENSIBLE says 32 bits and means the upper three.)
            (1, 4) if bits == 24 && self.order == ByteOrder::Little => SampleKind::I24Padded,
            (1, 4) => SampleKind::I32,
            (3, 4) if bits == 32 => SampleKind::F32,
            (3, 8) if bits == 64 => SampleKind::F64,
            (6, 1) => SampleKind::ALaw,
            (7, 1) => SampleKind::MuLaw,
            _ => return Err(self.unsupported()),
        };
        let order = self.order;
        Ok((SampleFormat { kind, order }, contradiction))
    }

    /// Bytes of one channel's sample. Odd widths such as 12 or 20 bits are left-justified in whole bytes, by the
    /// definition of the format. The block size says how many they are, unless it contradicts the bits.
    fn bytes_of_a_sample(&self) -> Result<(u16, Option<String>), Fault> {
        let (channels, bits, block_align) = (self.channels, self.bits, self.block_align);
        if matches!(self.tag, 6 | 7) {
            // One byte by definition. Programs write the bits before coding (16), or none.
            let is_odd = bits != 8 || block_align != channels;
            return Ok((1, is_odd.then(|| self.contradiction())));
        }
        let by_bits = bits.div_ceil(8);
        let by_block = if block_align.is_multiple_of(channels) {
            block_align / channels
        } else {
            0
        };
        if by_bits == 0 && by_block == 0 {
            return Err(Fault::Unsupported(self.contradiction()));
        }
        Ok(match by_block {
            // Zero says nothing, and so contradicts nothing.
            0 if block_align == 0 => (by_bits, None),
            _ if by_block == by_bits => (by_bits, None),
            _ if bits == 0 => (by_block, Some(self.contradiction())),
            // 24 bits in four bytes and the like.
            bytes if bytes > by_bits && bytes <= 8 => (bytes, None),
            _ => (by_bits, Some(self.contradiction())),
        })
    }

    fn contradiction(&self) -> String {
        let (channels, bits, block_align) = (self.channels, self.bits, self.block_align);
        format!("its header puts {channels} channels of {bits} bits into {block_align} bytes")
    }

    /// Names a format that is not read.
    pub(super) fn unsupported(&self) -> Fault {
        let (tag, bits) = (self.tag, self.bits);
        let known = match tag {
            0x10 => "OKI ADPCM",
            0x14 | 0x40 | 0x45 | 0x64 => "G.72x ADPCM",
            0x22 => "TrueSpeech",
            0x42 => "G.723.1",
            0x61 => "DK4 ADPCM",
            0x62 => "DK3 ADPCM",
            0x2000 => "Dolby AC-3",
            0xff | 0x1600 | 0x1602 | 0x706d => "AAC",
            0x160..=0x163 => "Windows Media",
            0x270 => "ATRAC3",
            0x674f | 0x6750 | 0x6751 | 0x676f | 0x6770 | 0x6771 => "Ogg Vorbis",
            0xa109 => "Speex",
            0xf1ac => "FLAC",
            0x704f => "Opus",
            _ => {
                let reason =
                    format!("is WAV with samples in an unknown format (format tag {tag:#06x}, {bits} bits)");
                return Fault::Unsupported(reason);
            }
        };
        Fault::Unsupported(format!(
            "is {known} in WAV, which is not supported (format tag {tag:#06x})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(tag: u16, channels: u16, bits: u16, block_align: u16) -> WavFormat {
        WavFormat {
            order: ByteOrder::Little,
            tag,
            channels,
            sample_rate_hz: 8_000,
            bytes_per_second: 0,
            block_align,
            bits,
        }
    }

    #[test]
    fn the_block_size_counts_unless_it_contradicts_the_bits() {
        // Tag, channels, bits, block size; bytes of a sample, whether that is a contradiction.
        for (tag, channels, bits, block_align, bytes, is_odd) in [
            (1, 2, 16, 4, 2, false),
            (1, 1, 24, 4, 4, false),
            (1, 1, 20, 3, 3, false),
            (1, 2, 16, 2, 2, true),
            (1, 2, 16, 0, 2, false),
            (1, 2, 16, 3, 2, true),
            (1, 2, 0, 4, 2, true),
            (7, 1, 16, 2, 1, true),
            (6, 2, 8, 2, 1, false),
        ] {
            let (got, odd) = format(tag, channels, bits, block_align).samples().expect("known");
            assert_eq!(
                (got.bytes(), odd.is_some()),
                (bytes, is_odd),
                "{channels} x {bits} in {block_align}"
            );
        }
        assert!(format(1, 2, 0, 0).samples().is_err());
        assert!(format(1, 1, 64, 8).samples().is_err());
    }

    #[test]
    fn what_is_not_read_has_a_name() {
        assert!(
            format(0xa109, 1, 16, 0)
                .unsupported()
                .to_string()
                .contains("Speex")
        );
        assert!(
            format(0x4321, 1, 16, 0)
                .unsupported()
                .to_string()
                .contains("0x4321")
        );
    }
}
