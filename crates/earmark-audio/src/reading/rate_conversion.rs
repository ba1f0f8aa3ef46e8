//! A stream at another sample rate: decoded blocks through the resampler.

use crate::error::{AudioError, Fault, FilePosition};
use crate::resampling::Resampler;

/// Most samples of output that one block of a resampled stream should have (the resampler's own chunk may be larger).
const RESAMPLED_BLOCK: u64 = 1 << 16;

pub(super) struct RateConversion {
    /// `None` after the end of the input.
    resampler: Option<Resampler>,
    from_hz: u32,
    pub(super) to_hz: u32,
    /// A decoded block at the file's rate, and how much of it has been resampled.
    block: Vec<f32>,
    used: usize,
}

impl RateConversion {
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        Ok(Self {
            resampler: Some(Resampler::new(from_hz, to_hz)?),
            from_hz,
            to_hz,
            block: Vec::new(),
            used: 0,
        })
    }

    /// Appends a block, which may be empty; `false` after the last one. `read` appends a block at the file's rate;
    /// `frames_read` counts those frames.
    pub(super) fn append(
        &mut self,
        out: &mut Vec<f32>,
        frames_read: &mut u64,
        read: impl FnOnce(&mut Vec<f32>) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let Some(mut resampler) = self.resampler.take() else {
            return Ok(false);
        };
        if self.used == self.block.len() {
            self.block.clear();
            self.used = 0;
            let more = read(&mut self.block)?;
            check_size(&self.block, FilePosition::frame(*frames_read, self.from_hz))?;
            *frames_read += self.block.len() as u64;
            if !more {
                resampler.finish(out);
                return Ok(true);
            }
        }
        let wanted = resampler.input_for(RESAMPLED_BLOCK);
        let step = usize::try_from(wanted).unwrap_or(usize::MAX).max(1);
        let end = self.used.saturating_add(step).min(self.block.len());
        resampler.push(&self.block[self.used..end], out);
        self.resampler = Some(resampler);
        self.used = end;
        Ok(true)
    }
}

/// Far above any sound, far below where sums and products of the resampler's transform are infinite (and rubato
/// panics).
const LARGEST_SAMPLE: f32 = 1e30;

/// Refuses finite samples that would not stay finite. `at` is where the block begins.
pub(super) fn check_size(samples: &[f32], at: FilePosition) -> Result<(), Fault> {
    if samples.iter().all(|s| s.abs() <= LARGEST_SAMPLE) {
        return Ok(());
    }
    let reason = "its samples are too large for audio (above 1e30, where 1 is full scale)";
    Err(Fault::corrupt(reason, at))
}
