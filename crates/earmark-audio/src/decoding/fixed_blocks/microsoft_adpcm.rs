//! Microsoft ADPCM, four bits a sample: the blocks of WAV with format tag 2.
//!
//! Written from the description of the format in the multimedia.cx wiki.

/// Weights of the last two samples, in 256ths: the seven sets that every encoder uses.
const WEIGHTS: [(i64, i64); 7] = [
    (256, 0),
    (512, -256),
    (0, 0),
    (192, 64),
    (240, 0),
    (460, -208),
    (392, -232),
];
/// By how much a code changes the step, in 256ths.
const STEP_CHANGE: [i64; 16] = [
    230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230,
];
const SMALLEST_STEP: i64 = 16;
/// No encoder comes near; it keeps hostile blocks from overflowing.
const LARGEST_STEP: i64 = 1 << 30;

/// Bytes of a channel's header in a block.
pub(super) const HEADER_BYTES: usize = 7;

/// One channel within a block.
#[derive(Clone, Copy, Default)]
struct Predictor {
    weights: (i64, i64),
    step: i64,
    last: i16,
    before: i16,
}

impl Predictor {
    fn next(&mut self, code: u8) -> i16 {
        let signed = i64::from(code) - if code & 8 != 0 { 16 } else { 0 };
        let (last, before) = self.weights;
        let expected = (i64::from(self.last) * last + i64::from(self.before) * before) / 256;
        let value = (expected + signed * self.step).clamp(-32_768, 32_767) as i16;
        (self.before, self.last) = (self.last, value);
        self.step = (STEP_CHANGE[usize::from(code)] * self.step / 256).clamp(SMALLEST_STEP, LARGEST_STEP);
        value
    }
}

/// Frames of `bytes` bytes of a block, which may be cut off.
pub(super) fn block_frames(bytes: u64, channels: u64) -> u64 {
    let codes = bytes.checked_sub(HEADER_BYTES as u64 * channels);
    codes.map_or(0, |codes| 2 + codes * 2 / channels)
}

/// Appends the interleaved samples of a block of one or two channels.
///
/// # Errors
/// What its header has wrong.
pub(super) fn block(block: &[u8], channels: usize, out: &mut Vec<i16>) -> Result<(), &'static str> {
    let heads = block.split_at_checked(HEADER_BYTES * channels);
    let (heads, codes) = heads.ok_or("it has no header")?;
    let mut predictors = vec![Predictor::default(); channels];
    let (kinds, numbers) = heads.split_at(channels);
    // All steps, then all last samples, then all samples before them.
    let number = |which: usize, channel: usize| {
        let at = 2 * (which * channels + channel);
        i16::from_le_bytes([numbers[at], numbers[at + 1]])
    };
    for (channel, predictor) in predictors.iter_mut().enumerate() {
        let weights = WEIGHTS.get(usize::from(kinds[channel]));
        *predictor = Predictor {
            weights: *weights.ok_or("the predictor in its header is not one of Microsoft ADPCM")?,
            step: i64::from(number(0, channel)),
            last: number(1, channel),
            before: number(2, channel),
        };
    }
    out.extend(predictors.iter().map(|p| p.before));
    out.extend(predictors.iter().map(|p| p.last));
    let codes = codes.iter().flat_map(|&b| [b >> 4, b & 15]);
    // An odd number of codes for three channels or more would end within a frame.
    let whole = (block.len() - HEADER_BYTES * channels) * 2 / channels * channels;
    out.extend(
        codes
            .take(whole)
            .enumerate()
            .map(|(i, code)| predictors[i % channels].next(code)),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_begins_with_the_two_samples_of_its_header() {
        let mut out = Vec::new();
        // The first set of weights repeats the last sample; step 16.
        block(&[0, 16, 0, 100, 0, 50, 0, 0x1f], 1, &mut out).expect("decodes");
        assert_eq!(out, [50, 100, 116, 100]);
        assert_eq!(block_frames(8, 1), 4);
        assert_eq!(block_frames(1_024, 2), 1_012);
        assert_eq!(block_frames(6, 1), 0);
    }

    #[test]
    fn impossible_headers_are_errors_and_large_steps_do_no_harm() {
        let mut out = Vec::new();
        assert!(block(&[7, 0, 0, 0, 0, 0, 0], 1, &mut out).is_err());
        assert!(block(&[0; 6], 1, &mut out).is_err());
        let mut loud = vec![1, 0xff, 0x7f, 0, 0, 0, 0];
        loud.resize(4_096, 0x88);
        block(&loud, 1, &mut out).expect("decodes");
        assert_eq!(out.last(), Some(&-32_768));
    }
}
