//! Interleaved channels: mixed down to mono, and checked for samples that can't be.

use crate::clip::ClipNote;
use crate::error::{Fault, FilePosition};

/// The mean of each frame's channels, appended to `out`.
pub(crate) fn mix_down(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    let scale = 1.0 / channels as f32;
    let pairs = interleaved.as_chunks::<2>().0;
    let mean = |frame: &[f32]| frame.iter().sum::<f32>() * scale;
    match channels {
        1 => out.extend_from_slice(interleaved),
        2 => out.extend(pairs.iter().map(|[l, r]| (l + r) * scale)),
        _ => out.extend(interleaved.chunks_exact(channels).map(mean)),
    }
}

/// Frames that are measured at a time, and from one such stretch to the next: one frame in eight shows enough.
const MEASURED: usize = 32;
const STEP: usize = 256;

/// Mean square below which channels are silent: -100 dB of full scale.
const SILENT: f64 = 1e-10;

/// Mixes channels down, and notices channels that cancel each other out.
#[derive(Default)]
pub(crate) struct DownMix {
    /// Sums over the measured frames: the mean of the channels' squares, and the square of the channels' mean.
    of_channels: f64,
    of_mean: f64,
    frames: u64,
    most_channels: u32,
}

impl DownMix {
    /// As [`mix_down`].
    pub(crate) fn mix(&mut self, interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
        let begin = out.len();
        mix_down(interleaved, channels, out);
        if channels > 1 {
            self.measure(interleaved, channels, &out[begin..]);
        }
    }

    fn measure(&mut self, interleaved: &[f32], channels: usize, mean: &[f32]) {
        self.most_channels = self
            .most_channels
            .max(u32::try_from(channels).unwrap_or(u32::MAX));
        for start in (0..mean.len()).step_by(STEP) {
            let end = (start + MEASURED).min(mean.len());
            self.of_channels += energy(&interleaved[start * channels..end * channels]) / channels as f64;
            self.of_mean += energy(&mean[start..end]);
            self.frames += (end - start) as u64;
        }
    }

    /// Whether the mean has less than 1 % of the energy of two channels. Of more channels, less than unrelated ones
    /// would leave, in the same proportion.
    fn cancels(&self) -> bool {
        let is_silent = self.of_channels <= SILENT * self.frames as f64;
        !is_silent && self.of_mean * f64::from(self.most_channels) < 0.02 * self.of_channels
    }

    /// The note on channels that cancel each other out, where they do.
    pub(crate) fn note(&self) -> Option<ClipNote> {
        self.cancels().then_some(ClipNote::Cancels)
    }
}

/// The sum of squares, eight at a time.
fn energy(samples: &[f32]) -> f64 {
    let (chunks, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x * x;
        }
    }
    let rest: f32 = rest.iter().map(|x| x * x).sum();
    f64::from(sums.iter().sum::<f32>() + rest)
}

/// The largest magnitude; infinite or NaN where any sample is. As integers, magnitudes order like the numbers, with
/// infinity and NaN above all: one maximum finds them, without a branch per sample.
pub(super) fn peak(samples: &[f32]) -> f32 {
    // As signed numbers: every processor compares several of those at once.
    let most = samples.iter().fold(0, |most: i32, x| {
        most.max((x.to_bits() & 0x7fff_ffff).cast_signed())
    });
    f32::from_bits(most.cast_unsigned())
}

/// Whether all samples are numbers, and none is larger than this.
pub(super) fn are_within(samples: &[f32], limit: f32) -> bool {
    // No sample is larger than all bits together, which are found several times as fast as the peak. They are below 2
    // where all samples are below 1, and may be anything where one is not.
    let bits = samples.iter().fold(0, |bits, x| bits | x.to_bits());
    f32::from_bits(bits & 0x7fff_ffff) <= limit || peak(samples) <= limit
}

/// The largest sample that further arithmetic keeps finite, far above any sound.
pub(super) const LARGEST: f32 = 1e30;

/// Refuses the first sample that is NaN or larger than [`LARGEST`]. `first_frame` is the frame of `samples[0]`.
pub(super) fn check_finite(
    samples: &[f32],
    channels: usize,
    first_frame: u64,
    sample_rate_hz: u32,
) -> Result<(), Fault> {
    if are_within(samples, LARGEST) {
        return Ok(());
    }
    let Some(index) = samples.iter().position(|x| x.is_nan() || x.abs() > LARGEST) else {
        return Ok(());
    };
    let at = FilePosition::frame(first_frame + (index / channels) as u64, sample_rate_hz);
    Err(Fault::NonFinite(samples[index], at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stereo frames of a sawtooth on the left, and what `right` makes of it on the right.
    fn cancels(right: impl Fn(f32) -> f32) -> bool {
        let left = (0..5_000).map(|n| (n % 100) as f32 / 100.0 - 0.5);
        let interleaved: Vec<f32> = left.flat_map(|x| [x, right(x)]).collect();
        let (mut mix, mut out) = (DownMix::default(), Vec::new());
        for block in interleaved.chunks(600) {
            mix.mix(block, 2, &mut out);
        }
        assert_eq!(out.len(), 5_000);
        mix.cancels()
    }

    #[test]
    fn opposite_channels_are_noticed() {
        assert!(cancels(|x| -x));
        assert!(cancels(|x| -0.85 * x));
        assert!(!cancels(|x| x));
        assert!(!cancels(|_| 0.0));
        assert!(!cancels(|x| -0.5 * x));
        assert!(!DownMix::default().cancels());
    }

    #[test]
    fn silence_and_many_channels_are_not() {
        let (mut mix, mut out) = (DownMix::default(), Vec::new());
        mix.mix(&[1e-6, -1e-6].repeat(1_000), 2, &mut out);
        assert!(!mix.cancels());
        // 200 channels of which one sounds: their mean is 200 times smaller, and cancels nothing.
        let mut frame = vec![0.0; 200];
        frame[7] = 0.5;
        let mut mix = DownMix::default();
        mix.mix(&frame.repeat(300), 200, &mut out);
        assert!(!mix.cancels());
    }

    #[test]
    fn the_peak_shows_what_is_no_number() {
        assert_eq!(peak(&[]), 0.0);
        assert_eq!(peak(&[0.25, -3.0, 1.0]), 3.0);
        assert!(peak(&[1e30, f32::NEG_INFINITY]).is_infinite());
        assert!(peak(&[f32::INFINITY, f32::NAN, 0.0]).is_nan());
        assert!(peak(&[-f32::NAN]).is_nan());
    }

    #[test]
    fn samples_are_within_their_peak_and_no_less() {
        let below = |x: f32| f32::from_bits(x.to_bits() - 1);
        for samples in [
            vec![0.3, -0.7],
            vec![1.0, 2.5],
            vec![-3.0, 1e29],
            vec![f32::MIN_POSITIVE; 9],
        ] {
            let peak = peak(&samples);
            assert!(are_within(&samples, peak), "{samples:?}");
            assert!(!are_within(&samples, below(peak)), "{samples:?}");
        }
        assert!(are_within(&[], 0.0));
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!are_within(&[0.1, odd, 0.2], f32::MAX), "{odd}");
        }
    }
}
