//! The speed of the front end.

use super::time_and_peak_memory::{median, noise, repeats, spread};
use earmark_audio::{Clip, decode_bytes};
use earmark_features::{Extractor, ExtractorScratch};
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
    /// How much the repetitions differ, in the worst of these: the distance of their quartiles over their median.
    pub spread: f64,
}

/// Features of a clip; returns how many numbers they are.
type Work<'a> = dyn Fn(&mut ExtractorScratch) -> Result<usize, PipelineError> + Sync + 'a;

/// Measures the front end over files in memory.
pub(super) fn front_end_speed(extractor: &Extractor, repeat: usize) -> Result<FrontEndSpeed, PipelineError> {
    let request =
        |e: &dyn std::fmt::Display| PipelineError::Request(format!("the front end can't be measured: {e}"));
    let file = wav();
    let rate = extractor.front_end().sample_rate_hz;
    let decoded = || -> Result<Clip, PipelineError> {
        Ok(decode_bytes(file.clone(), rate).map_err(|e| request(&e))?.clip)
    };
    let of_clip = |clip: &Clip, scratch: &mut ExtractorScratch| -> Result<usize, PipelineError> {
        let base = extractor.log_mel_of_clip(clip, scratch);
        let features = extractor.postprocess(&base.map_err(|e| request(&e))?);
        Ok(features.map_err(|e| request(&e))?.data.len())
    };
    let clip = decoded()?;
    let bare = |scratch: &mut ExtractorScratch| of_clip(&clip, scratch);
    let with_decoding = |scratch: &mut ExtractorScratch| of_clip(&decoded()?, scratch);

    let many = FILES.max(FILES * rayon::current_num_threads());
    let pass = |work: &Work, on_all_threads: bool| -> Result<usize, PipelineError> {
        if on_all_threads {
            let files = (0..many).into_par_iter();
            let numbers = files.map_init(|| extractor.scratch(), |scratch, _| work(scratch));
            return numbers.sum();
        }
        let mut scratch = extractor.scratch();
        (0..FILES).map(|_| work(&mut scratch)).sum()
    };
    let mut worst = 0.0_f64;
    let mut speed = |work: &Work, on_all_threads: bool| -> Result<f64, PipelineError> {
        let once = || -> Result<f64, PipelineError> {
            let start = Instant::now();
            std::hint::black_box(pass(work, on_all_threads)?);
            Ok(start.elapsed().as_secs_f64())
        };
        let warm = once()?;
        let seconds: Result<Vec<f64>, _> = (0..repeats(repeat, warm)).map(|_| once()).collect();
        let seconds = seconds?;
        worst = worst.max(spread(&seconds));
        let files = if on_all_threads { many } else { FILES };
        Ok(files as f64 * FILE_SECONDS / median(seconds))
    };
    Ok(FrontEndSpeed {
        x_real_time: speed(&with_decoding, true)?,
        x_real_time_one_core: speed(&with_decoding, false)?,
        x_real_time_without_decoding: speed(&bare, true)?,
        x_real_time_without_decoding_one_core: speed(&bare, false)?,
        spread: worst,
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
