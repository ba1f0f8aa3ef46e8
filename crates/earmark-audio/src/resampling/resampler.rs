//! From one sample rate to another, as a stream: exact length, no delay, no aliases; the length of the filter, and which method is used.
//!
//! The synchronous FFT resampler of rubato with a Blackman-Harris (squared) windowed sinc as low-pass filter: about
//! 180 dB of stop-band in theory, single precision (about 120 dB) in practice. The filter's length, hence the width of
//! its transition band, is [`MIN_FILTER`] samples of the lower rate or a little more. Rates without a sizeable common
//! divisor, which would need an enormous FFT, go through [`Sinc`].

use super::fft_for_related_rates::FftChunks;
use super::sinc_for_unrelated_rates::Sinc;
use crate::error::AudioError;
use crate::limit_checks::check_rate;

/// Minimum length of the low-pass filter, in samples of the lower rate. With 1024 the pass-band reaches about 98 % of that
/// rate's Nyquist frequency.
const MIN_FILTER: usize = 1024;

/// Longest low-pass filter, in samples of the lower rate, and longest chunk, in samples of the higher, for which the FFT is
/// used. Longer filters ring longer and gain nothing; longer chunks take memory.
const MAX_FILTER: usize = 4_096;
const MAX_CHUNK: usize = 1 << 18;

/// Number of samples that `frames` become: round(frames x to / from), halves up.
///
/// ```
/// assert_eq!(earmark_audio::resampled_len(8_000, 8_000, 44_100), 44_100);
/// assert_eq!(earmark_audio::resampled_len(3, 2_000, 1_000), 2);
/// ```
pub fn resampled_len(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let (from, to) = (u128::from(from_hz.max(1)), u128::from(to_hz));
    let rounded = (2 * u128::from(frames) * to + from) / (2 * from);
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

/// Resamples a whole signal to `resampled_len` samples; sample 0 stays at time 0. Before its start and after its end the
/// signal counts as zero.
///
/// # Errors
/// [`AudioError::BadSampleRate`] for rates outside 1,000 to 1,536,000 Hz.
pub fn resample(samples: &[f32], from_hz: u32, to_hz: u32) -> Result<Vec<f32>, AudioError> {
    check_rate(from_hz)?;
    if from_hz == to_hz {
        return Ok(samples.to_vec());
    }
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let mut out = Vec::with_capacity(samples.len() * to_hz as usize / from_hz as usize + 1);
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    Ok(out)
}

/// A resampler fed piece by piece. The size of the pieces does not change the output.
pub struct Resampler {
    method: Method,
    from_hz: u32,
    to_hz: u32,
    received: u64,
}

enum Method {
    Fft(Box<FftChunks>),
    Sinc(Sinc),
}

impl Resampler {
    /// A resampler between two rates in hertz.
    ///
    /// # Errors
    /// [`AudioError::BadSampleRate`] for rates outside 1,000 to 1,536,000 Hz.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        check_rate(from_hz)?;
        check_rate(to_hz)?;
        let divisor = gcd(from_hz, to_hz);
        let (unit_in, unit_out) = ((from_hz / divisor) as usize, (to_hz / divisor) as usize);
        // Even, so that half a chunk, which is the filter's delay, is a whole number of samples at both rates.
        let units = MIN_FILTER.div_ceil(unit_in.min(unit_out)).next_multiple_of(2);
        let (filter, chunk) = (units * unit_in.min(unit_out), units * unit_in.max(unit_out));
        let method = if filter <= MAX_FILTER && chunk <= MAX_CHUNK {
            Method::Fft(Box::new(FftChunks::new(from_hz, to_hz, units * unit_in)?))
        } else {
            Method::Sinc(Sinc::new(from_hz, to_hz))
        };
        Ok(Self {
            method,
            from_hz,
            to_hz,
            received: 0,
        })
    }

    /// Number of input samples that give about `output` samples.
    pub(crate) fn input_for(&self, output: u64) -> u64 {
        output * u64::from(self.from_hz) / u64::from(self.to_hz)
    }

    /// Takes more input; appends the output that is ready.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.received += input.len() as u64;
        match &mut self.method {
            Method::Fft(chunks) => chunks.push(input, out),
            Method::Sinc(sinc) => sinc.push(input, out),
        }
    }

    /// Ends the input: appends the rest of the output.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let wanted = resampled_len(self.received, self.from_hz, self.to_hz);
        match &mut self.method {
            Method::Fft(chunks) => chunks.finish(wanted, out),
            Method::Sinc(sinc) => sinc.finish(wanted, out),
        }
    }
}

/// The greatest common divisor.
fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
