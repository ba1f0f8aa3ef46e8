//! Cuts pieces out of one recording, which is read once and never kept whole.

use super::plan::Cut;
use super::table::ExtractRow;
use super::{CutFormat, ExtractJob, path_of};
use crate::PipelineError;
use crate::error::without_path;
use earmark_audio::{
    AudioError, Damaged, Decoded, Span, SpanReader, encode_flac, encode_wav_16, encode_wav_float,
};
use earmark_core::atomic::{self, WriteError};
use earmark_core::caught_panics::catch_panic;
use earmark_core::human::human_amount;
use std::path::Path;

/// The largest 16-bit sample, plus one.
const FULL_SCALE: f32 = 32_768.0;

/// The highest rate that FLAC can state.
const MOST_HZ_OF_FLAC: u32 = (1 << 20) - 1;

/// What became of a recording.
#[derive(Debug, Default)]
pub(super) struct CutRecording {
    /// Why it, or the rest of it, can't be read.
    pub unreadable: Option<String>,
    /// Cut-outs that are left out, and why.
    pub left_out: Option<String>,
}

/// Cuts `cuts`, sorted by time, out of a recording. `done` takes the row of each, and whether its samples were rounded.
///
/// # Errors
/// When the disk that is written to fails.
pub(super) fn cut_recording(
    job: &ExtractJob,
    recording: &str,
    cuts: &[Cut],
    done: &mut dyn FnMut(ExtractRow, bool),
) -> Result<CutRecording, PipelineError> {
    let path = path_of(job, recording);
    let mut reader = match guarded(&path, || SpanReader::open(&path, Damaged::Salvage)) {
        Ok(reader) => reader,
        Err(reason) => return Ok(unreadable(reason)),
    };
    let mut reasons = Vec::new();
    for cut in cuts {
        let decoded = match guarded(&path, || reader.read(span(cut), None)) {
            Ok(decoded) => decoded,
            Err(reason) => {
                return Ok(CutRecording {
                    left_out: left_out(&reasons),
                    ..unreadable(reason)
                });
            }
        };
        let to = cut.from + decoded.clip.duration_seconds();
        if let Some(loss) = decoded.losses.first() {
            reasons.push(loss.to_string());
        } else if job.format == CutFormat::Flac && decoded.clip.sample_rate_hz > MOST_HZ_OF_FLAC {
            reasons.push("FLAC can't state its sample rate; take --format wav".into());
        // What sounds before the detection alone is not a cut-out of it.
        } else if to <= cut.detection.start || decoded.clip.is_empty() {
            reasons.push(format!("it ends before {:.3} s", cut.detection.start));
        } else {
            let is_rounded = save(job, cut, &decoded)?;
            done(row(cut, to), is_rounded);
        }
    }
    Ok(CutRecording {
        unreadable: None,
        left_out: left_out(&reasons),
    })
}

fn unreadable(reason: String) -> CutRecording {
    CutRecording {
        unreadable: Some(reason),
        left_out: None,
    }
}

/// Does something with a file; a panic is its fault.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, AudioError>) -> Result<T, String> {
    let result = catch_panic(work)?;
    result.map_err(|e| without_path(&e.to_string(), path))
}

/// How many cut-outs are left out, with the first reason.
fn left_out(reasons: &[String]) -> Option<String> {
    let count = human_amount(reasons.len(), "cut-out", "cut-outs");
    Some(format!("{count} left out: {}", reasons.first()?))
}

fn span(cut: &Cut) -> Span {
    let us = |seconds: f64| (seconds * 1e6).round() as u64;
    Span {
        start_us: us(cut.from),
        length_us: us(cut.to) - us(cut.from),
    }
}

fn row(cut: &Cut, to: f64) -> ExtractRow {
    ExtractRow {
        file: cut.name.clone(),
        class: cut.class.clone(),
        score: cut.detection.score,
        recording: cut.recording.clone(),
        detected: (cut.detection.start, cut.detection.end),
        cut: (cut.from, to),
    }
}

/// Writes a cut-out; whether its samples were rounded.
fn save(job: &ExtractJob, cut: &Cut, decoded: &Decoded) -> Result<bool, PipelineError> {
    let (samples, rate_hz) = (&decoded.clip.samples, decoded.clip.sample_rate_hz);
    let exact = exact_16_bits(samples);
    let is_rounded = exact.is_none() && job.format == CutFormat::Flac;
    let bytes = match (job.format, exact) {
        (CutFormat::Wav, Some(exact)) => encode_wav_16(&exact, rate_hz),
        (CutFormat::Wav, None) => encode_wav_float(samples, rate_hz),
        (CutFormat::Flac, Some(exact)) => encode_flac(&exact, rate_hz),
        (CutFormat::Flac, None) => {
            // From float to integer, what is too large becomes the largest.
            let rounded = samples.iter().map(|sample| (sample * FULL_SCALE).round() as i16);
            encode_flac(&rounded.collect::<Vec<i16>>(), rate_hz)
        }
    };
    let path = job.out.join(&cut.name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| WriteError::new(folder, e))?;
    }
    atomic::write(&path, |out| out.write_all(&bytes))?;
    Ok(is_rounded)
}

/// The samples in 16 bits, where that changes none of them.
fn exact_16_bits(samples: &[f32]) -> Option<Vec<i16>> {
    let exact = |sample: &f32| {
        let scaled = sample * FULL_SCALE;
        let rounded = scaled as i16;
        (f32::from(rounded) == scaled).then_some(rounded)
    };
    samples.iter().map(exact).collect()
}
