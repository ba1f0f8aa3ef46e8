//! A synthetic sound as a WAV file.

use earmark_core::atomic::WriteError;
use std::io;
use std::path::Path;

/// A sample, clipped to [-1, 1], in 16 bits.
pub(super) fn to_16_bits(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16
}

/// Writes 16-bit PCM, mono, clipped to [-1, 1].
pub(super) fn write_wav(path: &Path, samples: &[f32], sample_rate_hz: u32) -> Result<(), WriteError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: sample_rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let write = || {
        let mut writer = hound::WavWriter::create(path, spec)?;
        for sample in samples {
            writer.write_sample(to_16_bits(*sample))?;
        }
        writer.finalize()
    };
    write().map_err(|error| {
        let cause = match error {
            hound::Error::IoError(cause) => cause,
            other => io::Error::other(other),
        };
        WriteError::new(path, cause)
    })
}
