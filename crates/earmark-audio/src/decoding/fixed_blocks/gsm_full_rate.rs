//! GSM 06.10 full rate (13 kbit/s): frames of 260 bits to 160 samples.
//!
//! Written from the description of the decoder in ETSI EN 300 961 (GSM 06.10), section 5.3, whose 16-bit arithmetic with
//! saturation and rounding is followed to the bit; the names are its own.

/// Bits of a frame.
pub(super) const FRAME_BITS: usize = 260;
/// Samples of a frame.
pub(super) const FRAME_SAMPLES: usize = 160;
/// Samples of one of the four subframes.
const SUBFRAME: usize = 40;
/// Longest lag of the long-term prediction.
const LONGEST_LAG: usize = 120;

/// Bits of the eight log-area ratios.
const RATIO_BITS: [u32; 8] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Table 5.1: what turns a coded ratio back into a ratio: its least value, its offset and the inverse of its scale.
const RATIO_LEAST: [i32; 8] = [-32, -32, -16, -16, -8, -8, -4, -4];
const RATIO_OFFSET: [i32; 8] = [0, 0, 2_048, -2_560, 94, -1_792, -341, -1_144];
const RATIO_SCALE: [i32; 8] = [13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708];
/// Table 5.3b: gains of the long-term prediction.
const LAG_GAIN: [i32; 4] = [3_277, 11_469, 21_299, 32_767];
/// Table 5.6: mantissas of a block's largest sample.
const MANTISSA: [i32; 8] = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
/// De-emphasis.
const DE_EMPHASIS: i32 = 28_180;

/// What is kept from frame to frame.
#[derive(Clone, Debug)]
pub(super) struct GsmDecoder {
    /// Log-area ratios of the frame before.
    ratios: [i32; 8],
    /// The last samples of the excitation.
    excitation: [i32; LONGEST_LAG],
    lag: usize,
    lattice: [i32; 9],
    emphasis: i32,
}

impl GsmDecoder {
    pub(super) fn new() -> Self {
        Self {
            ratios: [0; 8],
            excitation: [0; LONGEST_LAG],
            lag: SUBFRAME,
            lattice: [0; 9],
            emphasis: 0,
        }
    }

    /// Appends the 160 samples of a frame. `take` gives its next bits, of this number, as an unsigned value.
    pub(super) fn frame(&mut self, mut take: impl FnMut(u32) -> i32, out: &mut Vec<i16>) {
        let coded = RATIO_BITS.map(&mut take);
        let ratios = std::array::from_fn(|i| {
            let ratio = ((coded[i] + RATIO_LEAST[i]) << 10) - (RATIO_OFFSET[i] << 1);
            let ratio = product(RATIO_SCALE[i], saturate(ratio));
            saturate(ratio + ratio)
        });
        let mut residual = [0; FRAME_SAMPLES];
        for subframe in residual.as_chunks_mut::<SUBFRAME>().0 {
            self.excite(&mut take, subframe);
        }
        self.synthesise(&ratios, &residual, out);
        self.ratios = ratios;
    }

    /// A subframe's pulses and what the long-term prediction adds to them (5.3.1, 5.3.2).
    fn excite(&mut self, take: &mut impl FnMut(u32) -> i32, subframe: &mut [i32; SUBFRAME]) {
        let (lag, gain, grid, largest) = (take(7) as usize, take(2) as usize, take(2) as usize, take(6));
        let (exponent, mantissa) = exponent_and_mantissa(largest);
        let shift = 6 - exponent;
        // Half of the last place; none where nothing is shifted out.
        let half = if shift > 0 { 1 << (shift - 1) } else { 0 };
        for pulse in 0..13 {
            let value = product(MANTISSA[mantissa], ((take(3) << 1) - 7) << 12);
            subframe[grid + 3 * pulse] = saturate(value + half) >> shift;
        }
        if (SUBFRAME..=LONGEST_LAG).contains(&lag) {
            self.lag = lag;
        }
        let before = self.excitation;
        // The lag is never shorter than a subframe: all of what is repeated comes before it.
        for (sample, past) in subframe.iter_mut().zip(&before[LONGEST_LAG - self.lag..]) {
            *sample = saturate(*sample + product(LAG_GAIN[gain], *past));
        }
        self.excitation.copy_within(SUBFRAME.., 0);
        self.excitation[LONGEST_LAG - SUBFRAME..].copy_from_slice(subframe);
    }

    /// The short-term synthesis filter and the de-emphasis (5.3.3 to 5.3.7).
    fn synthesise(&mut self, ratios: &[i32; 8], residual: &[i32; FRAME_SAMPLES], out: &mut Vec<i16>) {
        let mut reflections = [0; 8];
        for (k, &sample) in residual.iter().enumerate() {
            // The ratios glide from the last frame's to this one's in three steps.
            if matches!(k, 0 | 13 | 27 | 40) {
                reflections = std::array::from_fn(|i| reflection(glide(k, self.ratios[i], ratios[i])));
            }
            let mut value = sample;
            for i in (0..8).rev() {
                value = saturate(value - product(reflections[i], self.lattice[i]));
                self.lattice[i + 1] = saturate(self.lattice[i] + product(reflections[i], value));
            }
            self.lattice[0] = value;
            self.emphasis = saturate(value + product(self.emphasis, DE_EMPHASIS));
            // 13 bits are significant.
            out.push((saturate(self.emphasis * 2) & !7) as i16);
        }
    }
}

/// The coded size of a subframe's largest pulse as exponent (-4 to 6) and index of a mantissa (section 5.3.1).
fn exponent_and_mantissa(coded: i32) -> (i32, usize) {
    let mut exponent = if coded > 15 { (coded >> 3) - 1 } else { 0 };
    let mut mantissa = coded - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = (mantissa << 1) | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize)
}

/// What a log-area ratio is at sample `k`, between the last frame's and this one's (section 5.3.3).
fn glide(k: usize, last: i32, now: i32) -> i32 {
    match k {
        0..13 => saturate(saturate((last >> 2) + (now >> 2)) + (last >> 1)),
        13..27 => saturate((last >> 1) + (now >> 1)),
        27..40 => saturate(saturate((last >> 2) + (now >> 2)) + (now >> 1)),
        _ => now,
    }
}

/// A log-area ratio to a reflection coefficient (section 5.3.3).
fn reflection(ratio: i32) -> i32 {
    let size = ratio.abs().min(32_767);
    let size = match size {
        ..11_059 => size << 1,
        11_059..20_070 => size + 11_059,
        _ => saturate((size >> 2) + 26_112),
    };
    if ratio < 0 { -size } else { size }
}

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// The rounded product of two 16-bit fractions.
fn product(a: i32, b: i32) -> i32 {
    saturate((a * b + 16_384) >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_the_smallest_values_is_160_samples_and_changes_what_follows() {
        let mut decoder = GsmDecoder::new();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        decoder.frame(|bits| (1 << bits) - 1, &mut first);
        decoder.frame(|bits| (1 << bits) - 1, &mut second);
        assert_eq!((first.len(), second.len()), (FRAME_SAMPLES, FRAME_SAMPLES));
        assert_ne!(first, second);
        assert!(first.iter().all(|x| x & 7 == 0));
    }

    #[test]
    fn all_bits_of_a_frame_are_asked_for() {
        let mut bits = 0;
        let count = |n: u32| {
            bits += n as usize;
            0
        };
        GsmDecoder::new().frame(count, &mut Vec::new());
        assert_eq!(bits, FRAME_BITS);
    }

    #[test]
    fn exponents_and_mantissas_of_the_standard() {
        assert_eq!(exponent_and_mantissa(0), (-4, 7));
        assert_eq!(exponent_and_mantissa(1), (-3, 7));
        assert_eq!(exponent_and_mantissa(15), (0, 7));
        assert_eq!(exponent_and_mantissa(16), (1, 0));
        assert_eq!(exponent_and_mantissa(63), (6, 7));
    }
}
