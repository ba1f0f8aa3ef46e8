//! Codecs whose blocks all have the same number of bytes: ADPCM and GSM 06.10.

use super::gsm_full_rate::{FRAME_BITS, FRAME_SAMPLES, GsmDecoder};
use super::{ima_adpcm, microsoft_adpcm};

/// Bytes of two GSM frames in WAV (520 bits), and of one frame elsewhere (four bits of mark before it).
const GSM_PAIR_BYTES: usize = 65;
const GSM_FRAME_BYTES: usize = 33;

/// How samples are packed into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockCodec {
    /// IMA ADPCM in blocks of this many bytes, as in WAV.
    Ima { block_bytes: u16 },
    /// Microsoft ADPCM in blocks of this many bytes.
    Microsoft { block_bytes: u16 },
    /// IMA ADPCM of Apple: a packet of 34 bytes for each channel.
    ImaApple,
    /// GSM 06.10 in WAV: two frames in 65 bytes.
    GsmPair,
    /// GSM 06.10 elsewhere: a frame in 33 bytes.
    Gsm,
}

impl BlockCodec {
    pub(crate) fn name(self) -> &'static str {
        match self {
            BlockCodec::Ima { .. } | BlockCodec::Microsoft { .. } | BlockCodec::ImaApple => "ADPCM",
            BlockCodec::GsmPair | BlockCodec::Gsm => "GSM 06.10",
        }
    }

    /// Bytes of a block of all channels.
    pub(crate) fn block_bytes(self, channels: u16) -> usize {
        match self {
            BlockCodec::Ima { block_bytes } | BlockCodec::Microsoft { block_bytes } => {
                usize::from(block_bytes)
            }
            BlockCodec::ImaApple => ima_adpcm::APPLE_PACKET_BYTES * usize::from(channels),
            BlockCodec::GsmPair => GSM_PAIR_BYTES,
            BlockCodec::Gsm => GSM_FRAME_BYTES,
        }
    }

    /// Frames in this many bytes of blocks, of which the last may be short.
    pub(crate) fn frames_in(self, bytes: u64, channels: u16) -> u64 {
        let block = self.block_bytes(channels) as u64;
        let whole = (bytes / block).saturating_mul(self.frames_of(block, channels));
        whole.saturating_add(self.frames_of(bytes % block, channels))
    }

    /// Frames of one block of this many bytes. Short blocks of Apple's and of GSM give nothing.
    fn frames_of(self, bytes: u64, channels: u16) -> u64 {
        let whole = bytes == self.block_bytes(channels) as u64;
        match self {
            BlockCodec::Ima { .. } => ima_adpcm::wav_block_frames(bytes, u64::from(channels)),
            BlockCodec::Microsoft { .. } => microsoft_adpcm::block_frames(bytes, u64::from(channels)),
            BlockCodec::ImaApple if whole => ima_adpcm::APPLE_PACKET_FRAMES as u64,
            BlockCodec::GsmPair if whole => 2 * FRAME_SAMPLES as u64,
            BlockCodec::Gsm if whole => FRAME_SAMPLES as u64,
            _ => 0,
        }
    }

    /// Whether a block can be decoded without those before it.
    pub(super) fn stands_alone(self) -> bool {
        !matches!(self, BlockCodec::GsmPair | BlockCodec::Gsm)
    }
}

/// Decodes blocks one after the other.
pub(super) struct BlockDecoder {
    codec: BlockCodec,
    channels: usize,
    gsm: GsmDecoder,
}

impl BlockDecoder {
    pub(super) fn new(codec: BlockCodec, channels: u16) -> Self {
        Self {
            codec,
            channels: usize::from(channels),
            gsm: GsmDecoder::new(),
        }
    }

    /// Appends the interleaved samples of a whole block.
    ///
    /// # Errors
    /// What its header has wrong; nothing is appended then.
    pub(super) fn decode(&mut self, block: &[u8], out: &mut Vec<i16>) -> Result<(), &'static str> {
        let start = out.len();
        let decoded = match self.codec {
            BlockCodec::Ima { .. } => ima_adpcm::wav_block(block, self.channels, out),
            BlockCodec::Microsoft { .. } => microsoft_adpcm::block(block, self.channels, out),
            BlockCodec::ImaApple => ima_adpcm::apple_packets(block, self.channels, out),
            BlockCodec::GsmPair => {
                // The lowest bit of a byte comes first.
                let mut bits = Bits::new(block, false);
                for _ in 0..block.len() * 8 / FRAME_BITS {
                    self.gsm.frame(|count| bits.take(count), out);
                }
                Ok(())
            }
            BlockCodec::Gsm => {
                let mut bits = Bits::new(block, true);
                match bits.take(4) {
                    0xd => {
                        self.gsm.frame(|count| bits.take(count), out);
                        Ok(())
                    }
                    _ => Err("it does not begin with the mark of a GSM frame"),
                }
            }
        };
        if decoded.is_err() {
            out.truncate(start);
        }
        decoded
    }
}

/// Reads bits in order.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    highest_first: bool,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8], highest_first: bool) -> Self {
        Self {
            bytes,
            at: 0,
            highest_first,
        }
    }

    /// The next bits as a number, zeros behind the end.
    fn take(&mut self, count: u32) -> i32 {
        let mut value = 0;
        for i in 0..count {
            let byte = self.bytes.get(self.at / 8).copied().unwrap_or(0);
            let place = self.at % 8;
            self.at += 1;
            if self.highest_first {
                value = (value << 1) | i32::from((byte >> (7 - place)) & 1);
            } else {
                value |= i32::from((byte >> place) & 1) << i;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_both_orders() {
        let mut high = Bits::new(&[0b1101_0000, 0b1000_0000], true);
        assert_eq!([high.take(4), high.take(5), high.take(9)], [0b1101, 1, 0]);
        let mut low = Bits::new(&[0b1101_0010, 1], false);
        assert_eq!([low.take(4), low.take(5)], [0b0010, 0b11101]);
    }

    #[test]
    fn frames_count_whole_and_short_blocks() {
        let ima = BlockCodec::Ima { block_bytes: 256 };
        assert_eq!(ima.frames_in(512, 1), 2 * 505);
        assert_eq!(ima.frames_in(512 + 6, 1), 2 * 505 + 5);
        assert_eq!(BlockCodec::ImaApple.frames_in(34 * 2 * 3 + 40, 2), 3 * 64);
        assert_eq!(BlockCodec::GsmPair.frames_in(130, 1), 640);
        assert_eq!(BlockCodec::Gsm.frames_in(32, 1), 0);
        assert_eq!(ima.frames_in(u64::MAX, 1), u64::MAX);
    }

    #[test]
    fn a_frame_without_its_mark_is_an_error() {
        let mut decoder = BlockDecoder::new(BlockCodec::Gsm, 1);
        let mut out = Vec::new();
        assert!(decoder.decode(&[0; 33], &mut out).is_err());
        assert!(out.is_empty());
        let mut block = [0; 33];
        block[0] = 0xd0;
        decoder.decode(&block, &mut out).expect("decodes");
        assert_eq!(out.len(), 160);
    }
}
