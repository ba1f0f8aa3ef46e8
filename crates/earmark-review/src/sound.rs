//! What an item sounds like: a cut-out with what is around it, and its spectrogram.

use crate::error::ReviewError;
use crate::items::ReviewItem;
use earmark_audio::{Damaged, ReadOptions, Span, encode_wav_16, fourier, read_range_with};
use earmark_core::caught_panics::catch_panic;
use realfft::RealToComplex;
use std::path::Path;
use std::sync::Arc;

/// Longer sounds are cut: a page can't show them, and memory is bounded.
pub const LONGEST_CUT_SECONDS: f64 = 120.0;

/// The largest 16-bit sample, plus one.
const FULL_SCALE: f32 = 32_768.0;

/// Decibels below the loudest bin down to which levels are shown.
const RANGE_DB: f32 = 80.0;

/// Lengths of the Fourier transform.
const SHORTEST_FFT: usize = 128;
const LONGEST_FFT: usize = 8192;

/// Most columns and rows of a spectrogram.
const LARGEST_SIZE: usize = 2048;

/// The sound of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct CutOut {
    /// Mono.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// Where it begins in its recording, in seconds.
    pub start_seconds: f64,
    /// Whether the sound continues, but is longer than what a page shows.
    pub is_cut: bool,
}

/// Size of a spectrogram, and its part of the frequencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectrogramSize {
    /// Number of columns, in time.
    pub columns: usize,
    /// Number of rows, in frequency.
    pub rows: usize,
    /// Lowest frequency.
    pub low_hz: f64,
    /// Highest frequency; `None` for half the sample rate.
    pub high_hz: Option<f64>,
}

/// The sound of an item with up to `context_seconds` before and after it.
///
/// # Errors
/// A recording that can't be read, and one that ends before the item.
pub fn cut_out(item: &ReviewItem, context_seconds: f64) -> Result<CutOut, ReviewError> {
    cut_recording(
        (item.key.file.as_str(), item.path.as_path()),
        item.span,
        context_seconds,
    )
}

/// A part of a recording, given by the name that is shown and by its path, with up to `context_seconds` before and
/// after it.
///
/// # Errors
/// As [`cut_out`].
pub fn cut_recording(
    (file, path): (&str, &Path),
    span: Option<Span>,
    context_seconds: f64,
) -> Result<CutOut, ReviewError> {
    let context = context_seconds.clamp(0.0, LONGEST_CUT_SECONDS);
    let (start, end) = match span {
        None => (0.0, f64::INFINITY),
        Some(span) => {
            let (start, length) = (span.start_seconds(), span.length_seconds());
            ((start - context).max(0.0), start + length + context)
        }
    };
    let wanted = (end - start).min(LONGEST_CUT_SECONDS);
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: Damaged::Salvage,
    };
    let fault = |problem: String| ReviewError::Sound {
        file: file.to_owned(),
        problem,
    };
    // Where a page is, there is no place for paths of this machine.
    let shown = path.display().to_string();
    let unnamed = |message: String| {
        let message = message.replace(&shown, "");
        message.trim_start_matches([':', ' ']).to_owned()
    };
    // A little more than wanted says whether the sound continues.
    let read = catch_panic(|| read_range_with(path, &options, start, wanted + 0.01));
    let decoded = read.map_err(fault)?.map_err(|e| fault(unnamed(e.to_string())))?;
    let mut samples = decoded.clip.samples;
    let rate = decoded.clip.sample_rate_hz;
    if samples.is_empty() {
        return Err(fault(format!(
            "has no sound at {start:.3} s; check the recording"
        )));
    }
    let most = (wanted * f64::from(rate)).round() as usize;
    let is_cut = samples.len() > most && wanted < end - start;
    samples.truncate(most);
    Ok(CutOut {
        samples,
        sample_rate_hz: rate,
        start_seconds: start,
        is_cut,
    })
}

impl CutOut {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate_hz.max(1))
    }

    /// The sound as a WAV file of 16 bits.
    pub fn wav(&self) -> Vec<u8> {
        // From float to integer, what is too large becomes the largest.
        let samples = self
            .samples
            .iter()
            .map(|sample| (sample * FULL_SCALE).round() as i16);
        encode_wav_16(&samples.collect::<Vec<i16>>(), self.sample_rate_hz)
    }
}

/// Levels of a sound, row after row, the highest frequency first: 255 is the loudest, 0 is 80 dB below it.
///
/// # Errors
/// A size without pixels or beyond 2048, and a band that is not part of the frequencies.
pub fn spectrogram(cut: &CutOut, size: &SpectrogramSize) -> Result<Vec<u8>, ReviewError> {
    let nyquist = f64::from(cut.sample_rate_hz) / 2.0;
    let (low, high) = (size.low_hz, size.high_hz.unwrap_or(nyquist).min(nyquist));
    let sizes = 1..=LARGEST_SIZE;
    if !sizes.contains(&size.columns) || !sizes.contains(&size.rows) {
        return Err(ReviewError::Request(format!(
            "columns={}, rows={}: give 1 to {LARGEST_SIZE} of both",
            size.columns, size.rows
        )));
    }
    if !(low >= 0.0 && low < high) {
        return Err(ReviewError::Request(format!(
            "low={low}, high={high}: give a band from 0 to {nyquist} Hz, the lower end first"
        )));
    }
    let length = fft_length(cut, size.rows, high - low);
    let bin_hz = f64::from(cut.sample_rate_hz) / length as f64;
    let bins = bands(size.rows, low, high, bin_hz, length / 2);
    let mut levels = vec![f32::NEG_INFINITY; size.columns * size.rows];
    let mut powers = Powers::new(length);
    let step = cut.samples.len() as f64 / size.columns as f64;
    for column in 0..size.columns {
        let middle = ((column as f64 + 0.5) * step) as usize;
        let found = powers.around(&cut.samples, middle);
        for (row, (first, last)) in bins.iter().enumerate() {
            let power = found[*first..=*last].iter().copied().fold(0.0, f32::max);
            levels[row * size.columns + column] = 10.0 * power.max(f32::MIN_POSITIVE).log10();
        }
    }
    let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // What is quieter than the rounding of 16 bits is silence, not a picture of noise.
    let loudest = loudest.max(-60.0);
    let byte = |level: &f32| {
        (255.0 * (1.0 + (level - loudest) / RANGE_DB))
            .clamp(0.0, 255.0)
            .round() as u8
    };
    Ok(levels.iter().map(byte).collect())
}

/// A transform as fine as the rows need, and not longer than a quarter of the sound.
fn fft_length(cut: &CutOut, rows: usize, band_hz: f64) -> usize {
    let wanted = rows as f64 * f64::from(cut.sample_rate_hz) / band_hz;
    let longest = (cut.samples.len() / 4).clamp(SHORTEST_FFT, LONGEST_FFT);
    (wanted as usize)
        .clamp(SHORTEST_FFT, longest)
        .next_power_of_two()
        .min(LONGEST_FFT)
}

/// The first and last bin of each row, the highest frequency first.
fn bands(rows: usize, low: f64, high: f64, bin_hz: f64, last_bin: usize) -> Vec<(usize, usize)> {
    let edge = |row: usize| high - (high - low) * row as f64 / rows as f64;
    let bin = |hz: f64| ((hz / bin_hz).round() as usize).min(last_bin);
    (0..rows)
        .map(|row| {
            let (top, bottom) = (bin(edge(row)), bin(edge(row + 1)));
            // A row has its lower edge, and what is up to the next one.
            (bottom, top.saturating_sub(1).max(bottom))
        })
        .collect()
}

/// Power spectra of one length, with a Hann window; a sine of full scale has the power 1.
struct Powers {
    plan: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    found: Vec<f32>,
}

impl Powers {
    fn new(length: usize) -> Self {
        let angle = |k: usize| std::f32::consts::TAU * k as f32 / length as f32;
        let window: Vec<f32> = (0..length).map(|k| 0.5 - 0.5 * angle(k).cos()).collect();
        let half = window.iter().sum::<f32>() / 2.0;
        Self {
            plan: fourier::plan_real(length),
            window: window.into_iter().map(|value| value / half).collect(),
            found: Vec::new(),
        }
    }

    /// The powers of all bins around a sample; there is silence before and after the sound.
    fn around(&mut self, samples: &[f32], middle: usize) -> &[f32] {
        let half = self.window.len() / 2;
        let mut frame = self.plan.make_input_vec();
        let mut bins = self.plan.make_output_vec();
        for (k, (value, weight)) in frame.iter_mut().zip(&self.window).enumerate() {
            let at = (middle + k).checked_sub(half);
            *value = at
                .and_then(|at| samples.get(at))
                .map_or(0.0, |sample| sample * weight);
        }
        // Both have the lengths of the plan.
        let done = self.plan.process(&mut frame, &mut bins);
        debug_assert!(done.is_ok());
        self.found.clear();
        self.found.extend(bins.iter().map(|bin| bin.norm_sqr()));
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::{EventKey, ReviewKey};
    use earmark_audio::{Span, decode_bytes_native};
    use std::path::Path;

    const RATE: u32 = 8000;

    fn sine(hz: f32, seconds: usize) -> Vec<f32> {
        let angle = |k: usize| std::f32::consts::TAU * hz * k as f32 / RATE as f32;
        (0..seconds * RATE as usize)
            .map(|k| 0.5 * angle(k).sin())
            .collect()
    }

    fn recording(folder: &Path, samples: &[f32]) -> ReviewItem {
        let path = folder.join("a.wav");
        let whole: Vec<i16> = samples.iter().map(|s| (s * FULL_SCALE).round() as i16).collect();
        std::fs::write(&path, encode_wav_16(&whole, RATE)).unwrap();
        ReviewItem {
            key: ReviewKey {
                file: "x/a.wav".into(),
                subset: None,
                event: Some(EventKey {
                    class: "Dog".into(),
                    start_us: 1_000_000,
                    end_us: 1_500_000,
                }),
            },
            path,
            span: Some(Span {
                start_us: 1_000_000,
                length_us: 500_000,
            }),
            labels: vec![0],
            scores: vec![(0, 0.5)],
            quality: None,
        }
    }

    #[test]
    fn events_have_context_as_far_as_there_is_any() {
        let dir = tempfile::tempdir().unwrap();
        let samples = sine(440.0, 2);
        let item = recording(dir.path(), &samples);
        let part = |context| {
            let cut = cut_out(&item, context).unwrap();
            (cut.start_seconds, cut.samples.len(), cut.is_cut)
        };
        assert_eq!(part(0.0), (1.0, 4000, false));
        assert_eq!(part(0.25), (0.75, 8000, false));
        assert_eq!(part(30.0), (0.0, 16_000, false));
        assert_eq!(part(1e9), (0.0, 16_000, false));
        let cut = cut_out(&item, 0.0).unwrap();
        let close = |(x, y): (&f32, &f32)| (x - y).abs() < 1e-4;
        assert!(cut.samples.iter().zip(&samples[8000..]).all(close));
        let decoded = decode_bytes_native(cut.wav()).unwrap();
        assert_eq!(
            (decoded.clip.samples, decoded.clip.sample_rate_hz),
            (cut.samples, RATE)
        );
    }

    #[test]
    fn long_clips_are_cut_and_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let whole = |seconds| {
            let item = recording(dir.path(), &sine(440.0, seconds));
            let cut = cut_out(&ReviewItem { span: None, ..item }, 1.0).unwrap();
            (cut.seconds(), cut.is_cut)
        };
        assert_eq!(whole(120), (120.0, false));
        assert_eq!(whole(121), (120.0, true));
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let mut item = recording(dir.path(), &sine(440.0, 1));
        let message = cut_out(&item, 0.0).unwrap_err().to_string();
        assert_eq!(message, "x/a.wav: has no sound at 1.000 s; check the recording");
        item.path = dir.path().join("nowhere.wav");
        let message = cut_out(&item, 0.0).unwrap_err().to_string();
        assert!(message.starts_with("x/a.wav: "), "{message}");
        assert!(!message.contains(&*dir.path().to_string_lossy()), "{message}");
    }

    #[test]
    fn a_sine_is_a_line_at_its_frequency() {
        let mut samples = sine(1000.0, 1);
        samples.extend(vec![0.0; RATE as usize]);
        let cut = CutOut {
            samples,
            sample_rate_hz: RATE,
            start_seconds: 0.0,
            is_cut: false,
        };
        let size = SpectrogramSize {
            columns: 20,
            rows: 40,
            low_hz: 0.0,
            high_hz: None,
        };
        let levels = spectrogram(&cut, &size).unwrap();
        assert_eq!(levels.len(), 800);
        let loudest =
            |column: usize, levels: &[u8]| (0..40).max_by_key(|row| levels[row * 20 + column]).unwrap();
        // 100 Hz per row, the lowest at the bottom.
        for column in 1..9 {
            assert!((29..=30).contains(&loudest(column, &levels)), "{column}");
        }
        assert_eq!(levels[29 * 20 + 15].max(levels[30 * 20 + 15]), 0, "silence");
        // A band: 25 Hz per row.
        let band = SpectrogramSize {
            low_hz: 500.0,
            high_hz: Some(1500.0),
            ..size
        };
        let levels = spectrogram(&cut, &band).unwrap();
        assert!((18..=21).contains(&loudest(5, &levels)));
        let wrong = |size: SpectrogramSize| spectrogram(&cut, &size).unwrap_err().to_string();
        assert!(wrong(SpectrogramSize { columns: 0, ..size }).contains("give 1 to 2048"));
        assert!(
            wrong(SpectrogramSize {
                low_hz: 4000.0,
                ..size
            })
            .contains("from 0 to 4000 Hz")
        );
        assert!(
            wrong(SpectrogramSize {
                low_hz: f64::NAN,
                ..size
            })
            .contains("from 0 to 4000 Hz")
        );
    }

    #[test]
    fn silence_is_black_and_short_sounds_have_a_picture() {
        for count in [1, 10, 1000] {
            let cut = CutOut {
                samples: vec![0.0; count],
                sample_rate_hz: RATE,
                start_seconds: 0.0,
                is_cut: false,
            };
            let size = SpectrogramSize {
                columns: 30,
                rows: 300,
                low_hz: 0.0,
                high_hz: Some(96_000.0),
            };
            assert!(spectrogram(&cut, &size).unwrap().iter().all(|level| *level == 0));
        }
    }
}
