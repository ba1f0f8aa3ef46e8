//! Decodes one recording and measures it: length, amplitude, clipped samples, and a hash of the sound.

use std::path::Path;

use earmark_audio::{AudioError, AudioInfo, AudioStream};

use crate::scan::decode_all;

/// What a recording contains, decoded to its end.
pub(super) struct Measured {
    pub info: AudioInfo,
    pub seconds: f64,
    /// Number of samples after the down-mix.
    pub samples: u64,
    /// Half of the highest minus the lowest sample: 0 for a constant offset.
    pub amplitude: f32,
    /// Samples in runs of at least [`RUN`] at full scale.
    pub clipped: u64,
    /// BLAKE3 of rate and samples.
    pub content: blake3::Hash,
}

/// The smallest absolute value that counts as full scale: the largest 16-bit sample is 0.99997, and decoders of
/// lossy formats round.
const FULL_SCALE: f32 = 0.999;

/// A single sample at full scale is a loud recording; a run of them is a flat top.
const RUN: u64 = 3;

pub(super) fn measure(path: &Path) -> Result<Measured, AudioError> {
    let stream = AudioStream::open_native(path)?;
    let mut hash = blake3::Hasher::new();
    hash.update(&stream.sample_rate_hz().to_le_bytes());
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    let (mut samples, mut clipped, mut run) = (0, 0, 0);
    let mut bytes = Vec::new();
    let (info, seconds) = decode_all(stream, |block| {
        bytes.clear();
        for &x in block {
            bytes.extend_from_slice(&x.to_le_bytes());
            low = low.min(x);
            high = high.max(x);
            if x.abs() >= FULL_SCALE {
                run += 1;
            } else {
                clipped += if run >= RUN { run } else { 0 };
                run = 0;
            }
        }
        samples += block.len() as u64;
        hash.update(&bytes);
    })?;
    clipped += if run >= RUN { run } else { 0 };
    let amplitude = if samples == 0 { 0.0 } else { (high - low) / 2.0 };
    Ok(Measured {
        info,
        seconds,
        samples,
        amplitude,
        clipped,
        content: hash.finalize(),
    })
}
