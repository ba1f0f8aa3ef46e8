//! A clip in 1,133 numbers: the summary features of mobilenetv2-pca-2018.
//!
//! S. Adapa's system for FSDKaggle2018 puts them, standardised and reduced by PCA, beside the network's own features; they are of
//! use by themselves to simple models and tables. In their order:
//!
//! | features | what |
//! |---|---|
//! | 985 | mean, standard deviation, skewness, greatest and least value over time of 197 rows: mel bands, cosine transform, chroma, spectral contrast, roll-off, centroid, bandwidth, tonal centroids, zero crossings |
//! | 12 | how loudness runs: stretches of sound, attack, relaxation, changes of sign |
//! | 64 | the shape of the mean spectrum |
//! | 72 | the signal itself over one, two and three parts |
//!
//! The features are defined at 44.1 kHz; the system cuts silent ends off first ([`Trimming`](crate::Trimming)). Every clip has all of them, as finite numbers:
//! one without samples has zeros, a silent or very short one what its definition comes to; each file says so.

mod chroma;
mod constant_q;
mod contrast;
mod envelope;
mod harmonic;
mod mean_spectrum;
mod parts;
mod rows;
mod statistics;
mod transform;
mod tuning;

use crate::{
    error::{ConfigError, FeatureError},
    examples::Examples,
    extractor,
    front_end::FrontEnd,
    level::Level,
    stft::{Centre, Framing, Stft, Value},
    window::Window,
};
use earmark_audio::Clip;
use rows::{BLOCKS, Rows};
use statistics::{STATISTICS, statistics};
use transform::{FFT, HOP};

/// The transform that the features are defined by.
pub(crate) fn stft() -> Stft {
    Stft {
        window_seconds: None,
        window_samples: Some(FFT as u32),
        hop_seconds: None,
        hop_samples: Some(HOP as u32),
        fft_samples: Some(FFT as u32),
        window: Window::Hann,
        centre: Centre::Reflect,
        value: Value::Magnitude,
        phase: false,
    }
}

/// Checks that everything beside it is what the features are defined by.
pub(crate) fn check(front_end: &FrontEnd, framing: &Framing) -> Result<(), ConfigError> {
    let refuse = |key: &str, value: String, remedy: &str| {
        let problem = "does not go with front-end.summary, whose features are defined otherwise";
        Err(ConfigError::new(key, value, problem, remedy))
    };
    let rate = front_end.sample_rate_hz;
    if rate != Summariser::SAMPLE_RATE_HZ {
        return refuse(
            "sample-rate-hz",
            rate.to_string(),
            "give 44100; clips of other rates are resampled",
        );
    }
    let defined = Framing {
        window: FFT,
        hop: HOP,
        fft: FFT,
        centre: Centre::Reflect,
    };
    let stft = &front_end.stft;
    let plain = stft.window == Window::Hann && stft.value == Value::Magnitude && !stft.phase;
    if *framing != defined || !plain {
        return refuse(
            "stft",
            format!("{framing:?}"),
            "give { window-samples = 2048, hop-samples = 512, centre = \"reflect\" }",
        );
    }
    if let Some(mel) = &front_end.mel {
        return refuse("mel.bands", mel.bands.to_string(), "leave out front-end.mel");
    }
    if front_end.level != Level::Linear {
        return refuse("level", format!("{:?}", front_end.level), "give \"linear\"");
    }
    if front_end.pre_emphasis.is_some() {
        let remedy = "leave out front-end.pre-emphasis";
        return refuse("pre-emphasis", "(set)".into(), remedy);
    }
    let finish = &front_end.finish;
    if finish.deltas.is_some() || finish.bands.is_some() {
        let remedy = "leave out front-end.finish.deltas and front-end.finish.bands";
        return refuse("finish", "(of frames or bands)".into(), remedy);
    }
    match &front_end.examples {
        Some(Examples {
            length_frames: Some(1),
            hop_frames: Some(1),
            ..
        })
        | None => Ok(()),
        Some(_) => refuse(
            "examples",
            "(other)".into(),
            "give { length-frames = 1, hop-frames = 1 }, as a clip is one frame",
        ),
    }
}

/// The tables of the summary features, computed once and shared by threads.
///
/// ```
/// use earmark_features::{Summariser, summary_names};
/// let summariser = Summariser::new();
/// let tone: Vec<f32> = (0..44_100).map(|i| (i as f32 * 0.0627).sin()).collect(); // 440 Hz
/// let features = summariser.of(&earmark_audio::Clip::new(tone, 44_100))?;
/// let of = |name: &str| features[summary_names().iter().position(|n| n == name).unwrap()];
/// assert_eq!(features.len(), 1_133);
/// assert!((of("centroid-hz-mean") - 440.0).abs() < 50.0);
/// # Ok::<(), earmark_features::FeatureError>(())
/// ```
pub struct Summariser {
    rows: Rows,
}

impl Summariser {
    /// The rate that clips must have.
    pub const SAMPLE_RATE_HZ: u32 = 44_100;
    /// How many features there are.
    pub const COUNT: usize = 1_133;
    /// The longest clip, in seconds: the memory of a summary is about 1.5 MB a second.
    pub const MAX_SECONDS: usize = 600;

    /// Computes the tables.
    pub fn new() -> Self {
        Self {
            rows: Rows::new(Self::SAMPLE_RATE_HZ),
        }
    }

    /// The features of a clip, in the order of [`summary_names`].
    ///
    /// # Errors
    ///
    /// When the clip has another rate than 44.1 kHz, a sample is no number or far too loud, or it is longer than ten minutes.
    pub fn of(&self, clip: &Clip) -> Result<Vec<f32>, FeatureError> {
        if clip.sample_rate_hz != Self::SAMPLE_RATE_HZ {
            return Err(FeatureError::SampleRate {
                clip_hz: clip.sample_rate_hz,
                front_end_hz: Self::SAMPLE_RATE_HZ,
            });
        }
        self.of_samples(&clip.samples)
    }

    /// As [`of`](Self::of), for samples at 44.1 kHz.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn of_samples(&self, samples: &[f32]) -> Result<Vec<f32>, FeatureError> {
        if let Some((index, value)) = extractor::first_bad(samples) {
            return Err(FeatureError::Sample { index, value });
        }
        let seconds = samples.len() / Self::SAMPLE_RATE_HZ as usize;
        if seconds > Self::MAX_SECONDS {
            return Err(FeatureError::TooLong {
                seconds,
                max_seconds: Self::MAX_SECONDS,
            });
        }
        let mut features = Vec::with_capacity(Self::COUNT);
        let rows = self.rows.of(samples);
        let mut rows = &rows[..];
        for block in &BLOCKS {
            let (own, rest) = rows.split_at(block.rows);
            let own: Vec<[f64; 5]> = own.iter().map(|row| statistics(row)).collect();
            features.extend((0..STATISTICS.len()).flat_map(|s| own.iter().map(move |of| of[s])));
            rows = rest;
        }
        features.extend(envelope::envelope(samples));
        features.extend(mean_spectrum::mean_spectrum(samples));
        features.extend(parts::parts(samples));
        debug_assert_eq!(features.len(), Self::COUNT);
        Ok(features.into_iter().map(|x| x as f32).collect())
    }
}

impl Default for Summariser {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Summariser {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Summariser").finish_non_exhaustive()
    }
}

/// The names of the 1,133 features, such as `mel-003-mean`, in their order.
pub fn summary_names() -> Vec<String> {
    let mut names = Vec::with_capacity(Summariser::COUNT);
    for block in &BLOCKS {
        for statistic in STATISTICS {
            names.extend((0..block.rows).map(|row| {
                let number = match block.rows {
                    1 => String::new(),
                    2..=10 => format!("-{row}"),
                    11..=100 => format!("-{row:02}"),
                    _ => format!("-{row:03}"),
                };
                format!("{}{number}{}-{statistic}", block.name, block.unit)
            }));
        }
    }
    names.extend(envelope::names());
    names.extend(mean_spectrum::names());
    names.extend(parts::names());
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_feature_has_a_name_of_its_own() {
        let names = summary_names();
        assert_eq!(names.len(), Summariser::COUNT);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), Summariser::COUNT);
        for (index, name) in [
            (3, "mel-003-mean"),
            (128, "mel-000-std"),
            (900, "contrast-0-db-mean"),
            (979, "tonnetz-5-min"),
            (984, "zero-crossings-min"),
            (985, "sound-runs-05-length-log-mean"),
            (997, "spectrum-centroid-bin"),
            (1060, "spectrum-level-960"),
            (1132, "difference-part-3-of-3-max"),
        ] {
            assert_eq!(names[index], name);
        }
    }

    #[test]
    fn every_clip_has_all_of_them() {
        let summariser = Summariser::new();
        let tick = |n: usize| {
            (0..n)
                .map(|i| if i == n / 2 { 0.9 } else { 0.0 })
                .collect::<Vec<f32>>()
        };
        for samples in [
            vec![],
            vec![0.0; 3],
            vec![0.0; 50_000],
            vec![0.7],
            vec![0.1, -0.1],
            tick(700),
            tick(30_000),
            vec![1e6; 3_000],
        ] {
            let features = summariser.of_samples(&samples).unwrap();
            assert_eq!(features.len(), Summariser::COUNT);
            assert!(
                features.iter().all(|x| x.is_finite()),
                "{} samples",
                samples.len()
            );
        }
        // Of nothing all are 0, but for two counts of bins: a spectrum without a peak reaches any share of it everywhere.
        let names = summary_names();
        for (name, x) in names.iter().zip(summariser.of_samples(&[]).unwrap()) {
            let counts = name.starts_with("spectrum-low-bins-above-");
            assert_eq!(x, if counts { 50.0 } else { 0.0 }, "{name}");
        }
        let message = summariser.of_samples(&[0.0, f32::NAN]).unwrap_err().to_string();
        assert!(message.starts_with("sample 1 is NaN"), "{message}");
        let message = summariser
            .of(&Clip::new(vec![0.0], 8_000))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("the clip has 8000 Hz and the front end wants 44100 Hz"),
            "{message}"
        );
    }
}
