//! The speed of the front end.

use super::timing::{median, noise, repeats};
use earmark_audio::{Clip, decode_bytes};
use earmark_features::Extractor;
use earmark_inference::PipelineError;
use rayon::prelude::*;
use serde::Serialize;
use std::time::Instant;

/// Rate of the synthetic files, whatever the recipe's rate, so that resampling is part of the measurement.
const FILE_RATE_HZ: u32 = 44_100;
/// Length of a synthetic file: short enough for CPU caches, as clips are.
const FILE_SECONDS: f64 = 5.0;
/// Files per thread in a repetition.
const FILES: usize = 8;

/// Seconds of audio per second of computing features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrontEndSpeed {
    /// From WAV files in memory, on all threads.
    pub x_real_time: f64,
    /// The same on one core.
    pub x_real_time_one_core: f64,
    /// From samples at the recipe's rate, on all threads.
    pub x_real_time_without_decoding: f64,
    /// The same on one core.
    pub x_real_time_without_decoding_one_core: f64,
}

/// Measures the front end over files in memory.
pub(super) fn front_end_speed(extractor: &Extractor, repeat: usize) -> Result<FrontEndSpeed, PipelineError> {
    let request =
        |e: &dyn std::fmt::Display| PipelineError::Request(format!("the front end can't be measured: {e}"));
    let file = wav();
    let rate = extractor.front_end().sample_rate_hz;
    let clip = decode_bytes(file.clone(), rate).map_err(|e| request(&e))?.clip;
    let of_clip = |clip: &Clip, scratch: &mut _| -> Result<usize, PipelineError> {
        let base = extractor
            .log_mel_of_clip(clip, scratch)
            .map_err(|e| request(&e))?;
        Ok(extractor.postprocess(&base).map_err(|e| request(&e))?.data.len())
    };
    let of_file = |scratch: &mut _| {
        of_clip(
            &decode_bytes(file.clone(), rate).map_err(|e| request(&e))?.clip,
            scratch,
        )
    };
    let many = FILES.max(FILES * rayon::current_num_threads());

    let one_core = || -> Result<usize, PipelineError> {
        let mut scratch = extractor.scratch();
        (0..FILES).map(|_| of_file(&mut scratch)).sum()
    };
    let all = || {
        (0..many)
            .into_par_iter()
            .map_init(|| extractor.scratch(), |scratch, _| of_file(scratch))
            .sum()
    };
    let bare_one_core = || -> Result<usize, PipelineError> {
        let mut scratch = extractor.scratch();
        (0..FILES).map(|_| of_clip(&clip, &mut scratch)).sum()
    };
    let bare = || {
        (0..many)
            .into_par_iter()
            .map_init(|| extractor.scratch(), |scratch, _| of_clip(&clip, scratch))
            .sum()
    };
    let speed =
        |files: usize, work: &dyn Fn() -> Result<usize, PipelineError>| -> Result<f64, PipelineError> {
            let once = || -> Result<f64, PipelineError> {
                let start = Instant::now();
                std::hint::black_box(work()?);
                Ok(start.elapsed().as_secs_f64())
            };
            let warm = once()?;
            let seconds = (0..repeats(repeat, warm))
                .map(|_| once())
                .collect::<Result<Vec<f64>, _>>()?;
            Ok(files as f64 * FILE_SECONDS / median(seconds))
        };
    Ok(FrontEndSpeed {
        x_real_time: speed(many, &all)?,
        x_real_time_one_core: speed(FILES, &one_core)?,
        x_real_time_without_decoding: speed(many, &bare)?,
        x_real_time_without_decoding_one_core: speed(FILES, &bare_one_core)?,
    })
}

/// A mono WAV file of 16-bit noise (RIFF, PCM).
fn wav() -> Vec<u8> {
    let n = (FILE_SECONDS * f64::from(FILE_RATE_HZ)) as usize;
    let samples = noise(n);
    let bytes = 2 * n as u32;
    let mut file = Vec::with_capacity(44 + 2 * n);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1u16, 1].map(u16::to_le_bytes).concat()); // PCM, one channel
    file.extend([FILE_RATE_HZ, 2 * FILE_RATE_HZ].map(u32::to_le_bytes).concat()); // rate, bytes per second
    file.extend([2u16, 16].map(u16::to_le_bytes).concat()); // bytes per frame, bits per sample
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|s| ((s * 3000.0) as i16).to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synthetic_file_decodes_to_its_length() {
        let decoded = decode_bytes(wav(), FILE_RATE_HZ).unwrap();
        assert_eq!(decoded.clip.samples.len(), 220_500);
        assert!(decoded.notes.is_empty(), "{:?}", decoded.notes);
        let rms = (decoded.clip.samples.iter().map(|s| s * s).sum::<f32>() / 220_500.0).sqrt();
        assert!((rms - 3000.0 / 32768.0).abs() < 1e-3, "{rms}");
    }
}
