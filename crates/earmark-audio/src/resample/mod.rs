//! From one sample rate to another, as a stream: exact length, no delay, no aliases.
//!
//! The synchronous FFT resampler of rubato with a Blackman-Harris (squared) windowed sinc as low-pass filter: about
//! 180 dB of stop-band in theory, single precision (about 120 dB) in practice. The filter's length, hence the width of
//! its transition band, is [`MIN_FILTER`] samples of the lower rate or a little more. Rates without a common divisor
//! worth speaking of, which would need an enormous FFT, go through [`sinc`].

mod sinc;

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use self::sinc::Sinc;
use crate::error::{AudioError, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Least length of the low-pass filter, in samples of the lower of the two rates. With 1024 the pass-band reaches
/// to about 98 % of its Nyquist frequency.
const MIN_FILTER: usize = 1024;

/// Longest low-pass filter, in samples of the lower rate, and longest chunk, in samples of the higher, for which the
/// FFT is used. Longer filters ring for longer and gain nothing; longer chunks take memory.
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

/// Refuse a wanted rate that can't be meant.
pub(crate) fn check_rate(sample_rate_hz: u32) -> Result<(), AudioError> {
    match (MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
        true => Ok(()),
        false => Err(AudioError::BadSampleRate { sample_rate_hz }),
    }
}

/// Resample a whole signal: `resampled_len` samples, sample 0 staying at time 0. Before its start and after its end
/// the signal counts as zero.
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

/// A resampler fed piece by piece. How the input is cut into pieces does not change the output.
pub struct Resampler {
    method: Method,
    from_hz: u32,
    to_hz: u32,
    received: u64,
}

enum Method {
    Fft(Box<Chunks>),
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
        let divisor = greatest_common_divisor(from_hz, to_hz);
        let (unit_in, unit_out) = ((from_hz / divisor) as usize, (to_hz / divisor) as usize);
        // Even, so that half a chunk, which is the filter's delay, is a whole number of samples at both rates.
        let units = MIN_FILTER.div_ceil(unit_in.min(unit_out)).next_multiple_of(2);
        let (filter, chunk) = (units * unit_in.min(unit_out), units * unit_in.max(unit_out));
        let method = if filter <= MAX_FILTER && chunk <= MAX_CHUNK {
            Method::Fft(Box::new(Chunks::new(from_hz, to_hz, units * unit_in)?))
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

    /// How much input gives about `output` samples.
    pub(crate) fn input_for(&self, output: u64) -> u64 {
        output * u64::from(self.from_hz) / u64::from(self.to_hz)
    }

    /// Take more input; append the output that is ready.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.received += input.len() as u64;
        match &mut self.method {
            Method::Fft(chunks) => chunks.push(input, out),
            Method::Sinc(sinc) => sinc.push(input, out),
        }
    }

    /// The input is over: append the rest of the output.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let wanted = resampled_len(self.received, self.from_hz, self.to_hz);
        match &mut self.method {
            Method::Fft(chunks) => chunks.finish(wanted, out),
            Method::Sinc(sinc) => sinc.finish(wanted, out),
        }
    }
}

/// rubato's FFT resampler, which takes and gives whole chunks late, made to take anything and be on time.
struct Chunks {
    fft: Fft<f32>,
    /// Input waiting for a whole chunk.
    pending: Vec<f32>,
    chunk_out: Vec<f32>,
    /// Output still to be dropped: the filter's delay.
    delay: usize,
    given: u64,
}

impl Chunks {
    fn new(from_hz: u32, to_hz: u32, chunk: usize) -> Result<Self, AudioError> {
        let (from, to) = (from_hz as usize, to_hz as usize);
        let fft = Fft::new_custom(
            from,
            to,
            chunk,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|_| AudioError::BadSampleRate {
            sample_rate_hz: to_hz,
        })?;
        Ok(Self {
            delay: fft.output_delay(),
            pending: Vec::with_capacity(chunk),
            chunk_out: vec![0.0; fft.output_frames_max()],
            fft,
            given: 0,
        })
    }

    fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
        let chunk = self.fft.input_frames_next();
        while !input.is_empty() {
            if self.pending.is_empty() && input.len() >= chunk {
                let (now, later) = input.split_at(chunk);
                self.process(now, out, u64::MAX);
                input = later;
                continue;
            }
            let (now, later) = input.split_at(input.len().min(chunk - self.pending.len()));
            self.pending.extend_from_slice(now);
            input = later;
            if self.pending.len() == chunk {
                let full = std::mem::take(&mut self.pending);
                self.process(&full, out, u64::MAX);
                self.pending = full;
                self.pending.clear();
            }
        }
    }

    fn finish(&mut self, wanted: u64, out: &mut Vec<f32>) {
        let chunk = self.fft.input_frames_next();
        while self.given < wanted {
            let mut last = std::mem::take(&mut self.pending);
            last.resize(chunk, 0.0);
            self.process(&last, out, wanted);
        }
    }

    fn process(&mut self, input: &[f32], out: &mut Vec<f32>, limit: u64) {
        let frames_out = self.chunk_out.len();
        let (Ok(from), Ok(mut to)) = (
            SequentialSlice::new(input, 1, input.len()),
            SequentialSlice::new_mut(&mut self.chunk_out, 1, frames_out),
        ) else {
            unreachable!("one channel always fits");
        };
        let Ok((_, written)) = self.fft.process_into_buffer(&from, &mut to, None) else {
            unreachable!("both chunks have the sizes the resampler has asked for");
        };
        let dropped = self.delay.min(written);
        self.delay -= dropped;
        let left = usize::try_from(limit - self.given).unwrap_or(usize::MAX);
        let ready = &self.chunk_out[dropped..written];
        let ready = &ready[..ready.len().min(left)];
        out.extend_from_slice(ready);
        self.given += ready.len() as u64;
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
