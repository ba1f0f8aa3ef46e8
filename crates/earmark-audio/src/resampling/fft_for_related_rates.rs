//! The resampler for rates with a sizeable common divisor, such as 44,100 and 32,000 Hz: an FFT.

use rubato::WindowFunction::BlackmanHarris2;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::error::AudioError;

/// rubato's FFT resampler takes and gives whole chunks, with a delay; this one takes any length, without delay.
pub(super) struct FftChunks {
    fft: Fft<f32>,
    /// Input waiting for a whole chunk.
    pending: Vec<f32>,
    chunk_out: Vec<f32>,
    /// Output still to be dropped: the filter's delay.
    delay: usize,
    given: u64,
}

impl FftChunks {
    pub(super) fn new(from_hz: u32, to_hz: u32, chunk: usize) -> Result<Self, AudioError> {
        let (from, to, window) = (from_hz as usize, to_hz as usize, BlackmanHarris2);
        let fft = Fft::new_custom(from, to, chunk, 1, 1, window, FixedSync::Both);
        let fft = fft.map_err(|_| AudioError::BadSampleRate {
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

    pub(super) fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
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

    pub(super) fn finish(&mut self, wanted: u64, out: &mut Vec<f32>) {
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
            unreachable!("both chunks have the sizes that the resampler wants");
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
