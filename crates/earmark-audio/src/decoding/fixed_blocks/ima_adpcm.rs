//! IMA ADPCM, four bits a sample: the blocks of WAV and the packets of Apple (`ima4`).
//!
//! Written from "Recommended practices for enhancing digital audio compatibility in multimedia systems" (IMA, 1992) and
//! the description of both block formats in the multimedia.cx wiki.

/// The step size grows by a tenth from index to index.
#[rustfmt::skip]
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
/// What a code's size adds to the index of the next step.
const INDEX_CHANGE: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];
const LAST_INDEX: i32 = 88;

/// Bytes of an Apple packet of one channel, and its frames.
pub(super) const APPLE_PACKET_BYTES: usize = 34;
pub(super) const APPLE_PACKET_FRAMES: usize = 64;

/// One channel within a block.
#[derive(Clone, Copy)]
struct Predictor {
    value: i32,
    index: i32,
}

impl Predictor {
    /// The next sample, as decoders of WAV compute it: the step times an odd number of eighths.
    fn next(&mut self, code: u8) -> i16 {
        let size = i32::from(code & 7);
        self.advance(code, ((2 * size + 1) * self.step()) >> 3)
    }

    /// The next sample, as Apple's decoder computes it: parts of the step are rounded down one by one.
    fn next_of_apple(&mut self, code: u8) -> i16 {
        let step = self.step();
        let part = |bit: u8, shift: u32| if code & bit != 0 { step >> shift } else { 0 };
        self.advance(code, (step >> 3) + part(1, 2) + part(2, 1) + part(4, 0))
    }

    fn step(self) -> i32 {
        STEPS[self.index.clamp(0, LAST_INDEX) as usize]
    }

    fn advance(&mut self, code: u8, change: i32) -> i16 {
        let change = if code & 8 != 0 { -change } else { change };
        self.value = (self.value + change).clamp(-32_768, 32_767);
        self.index = (self.index + INDEX_CHANGE[usize::from(code & 7)]).clamp(0, LAST_INDEX);
        self.value as i16
    }
}

/// Frames of `bytes` bytes of a WAV block, which may be cut off.
pub(super) fn wav_block_frames(bytes: u64, channels: u64) -> u64 {
    match bytes.checked_sub(4 * channels) {
        None => 0,
        Some(codes) if channels == 1 => 1 + codes * 2,
        // Eight samples of each channel in turn.
        Some(codes) => 1 + codes / (4 * channels) * 8,
    }
}

/// Appends the interleaved samples of a WAV block.
///
/// # Errors
/// What its header has wrong.
pub(super) fn wav_block(block: &[u8], channels: usize, out: &mut Vec<i16>) -> Result<(), &'static str> {
    let (heads, codes) = block.split_at_checked(4 * channels).ok_or("it has no header")?;
    let mut predictors = Vec::with_capacity(channels);
    for &[low, high, index, _] in heads.as_chunks::<4>().0 {
        if i32::from(index) > LAST_INDEX {
            return Err("the step in its header is not one of IMA ADPCM");
        }
        let first = i16::from_le_bytes([low, high]);
        out.push(first);
        predictors.push(Predictor {
            value: i32::from(first),
            index: i32::from(index),
        });
    }
    if let [predictor] = predictors.as_mut_slice() {
        out.extend(
            codes
                .iter()
                .flat_map(|&b| [b & 15, b >> 4])
                .map(|code| predictor.next(code)),
        );
        return Ok(());
    }
    for group in codes.chunks_exact(4 * channels) {
        let start = out.len();
        out.resize(start + 8 * channels, 0);
        for (channel, (bytes, predictor)) in group.as_chunks::<4>().0.iter().zip(&mut predictors).enumerate()
        {
            for (frame, code) in bytes.iter().flat_map(|&b| [b & 15, b >> 4]).enumerate() {
                out[start + frame * channels + channel] = predictor.next(code);
            }
        }
    }
    Ok(())
}

/// Appends the interleaved samples of one Apple packet per channel.
///
/// Each packet is decoded from its own header, as libsndfile does; QuickTime keeps the lower seven bits of the last
/// packet's end where they fit, which changes samples by less than 1/256 of full scale.
///
/// # Errors
/// What its header has wrong.
pub(super) fn apple_packets(block: &[u8], channels: usize, out: &mut Vec<i16>) -> Result<(), &'static str> {
    let start = out.len();
    out.resize(start + APPLE_PACKET_FRAMES * channels, 0);
    let packets = block.as_chunks::<APPLE_PACKET_BYTES>().0.iter().take(channels);
    for (channel, packet) in packets.enumerate() {
        let [high, low, codes @ ..] = packet;
        // Nine bits of a sample, then seven of an index.
        let mut predictor = Predictor {
            value: i32::from(i16::from_be_bytes([*high, low & 0x80])),
            index: i32::from(low & 0x7f),
        };
        if predictor.index > LAST_INDEX {
            out.truncate(start);
            return Err("the step in its header is not one of IMA ADPCM");
        }
        for (frame, code) in codes.iter().flat_map(|&b| [b & 15, b >> 4]).enumerate() {
            out[start + frame * channels + channel] = predictor.next_of_apple(code);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_whole_and_short_blocks() {
        assert_eq!(wav_block_frames(1_024, 1), 2_041);
        assert_eq!(wav_block_frames(1_024, 2), 1_017);
        assert_eq!(wav_block_frames(5, 1), 3);
        assert_eq!(wav_block_frames(15, 2), 1);
        assert_eq!(wav_block_frames(3, 1), 0);
    }

    #[test]
    fn a_block_begins_with_its_header_sample() {
        let mut out = Vec::new();
        wav_block(&[0x10, 0x27, 0, 0, 0x08], 1, &mut out).expect("decodes");
        // 7 / 8 rounded down changes nothing, in either direction.
        assert_eq!(out, [10_000, 10_000, 10_000]);
        out.clear();
        wav_block(&[1, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0], 2, &mut out).expect("decodes");
        assert_eq!(out.len(), 2 * 9);
        // 15 eighths of 7.
        assert_eq!(out[..4], [1, 2, 14, 2]);
        assert!(wav_block(&[0, 0, 89, 0, 0], 1, &mut out).is_err());
        assert!(wav_block(&[0, 0], 1, &mut out).is_err());
    }

    #[test]
    fn apple_packets_of_two_channels_are_interleaved() {
        let mut block = vec![0; 2 * APPLE_PACKET_BYTES];
        block[0] = 0x10;
        block[APPLE_PACKET_BYTES + 2] = 0x0f;
        let mut out = Vec::new();
        apple_packets(&block, 2, &mut out).expect("decodes");
        assert_eq!(out.len(), 2 * APPLE_PACKET_FRAMES);
        // 7, 3, 1 and 0: the parts of the step 7, each rounded down.
        assert_eq!(out[..4], [4_096, -11, 4_096, -9]);
        block[1] = 89;
        assert!(apple_packets(&block, 2, &mut out).is_err());
        assert_eq!(out.len(), 2 * APPLE_PACKET_FRAMES);
    }
}
