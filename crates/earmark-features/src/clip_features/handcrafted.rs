//! The handcrafted features of a clip, put together from their parts, and their names.

use super::frame_rows::{BLOCKS, FrameRows};
use super::statistics::{STATISTICS, statistics};
use super::stft::{FFT, HOP};
use super::{loudness_envelope, mean_spectrum, waveform_parts};
use crate::{
    error::FeatureError,
    sample_check::check_samples,
    stft::{Centre, Stft},
};
use earmark_audio::Clip;

/// Computes the handcrafted features of clips. Its tables are computed once and shared by threads.
///
/// ```
/// use earmark_features::{HandcraftedFeatures, handcrafted_names};
/// let handcrafted = HandcraftedFeatures::new();
/// let tone: Vec<f32> = (0..44_100).map(|i| (i as f32 * 0.0627).sin()).collect(); // 440 Hz
/// let features = handcrafted.of(&earmark_audio::Clip::new(tone, 44_100))?;
/// let of = |name: &str| features[handcrafted_names().iter().position(|n| n == name).unwrap()];
/// assert_eq!(features.len(), 1_133);
/// assert!((of("centroid-hz-mean") - 440.0).abs() < 50.0);
/// # Ok::<(), earmark_features::FeatureError>(())
/// ```
pub struct HandcraftedFeatures {
    rows: FrameRows,
}

impl HandcraftedFeatures {
    /// The sample rate that clips must have.
    pub const SAMPLE_RATE_HZ: u32 = 44_100;
    /// Number of features.
    pub const COUNT: usize = 1_133;
    /// The longest clip in seconds: working memory is about 1.5 MB per second.
    pub const MAX_SECONDS: usize = 600;

    /// Computes the tables.
    pub fn new() -> Self {
        Self {
            rows: FrameRows::new(Self::SAMPLE_RATE_HZ),
        }
    }

    /// The transform that the features are defined by, as settings.
    pub(crate) fn stft() -> Stft {
        Stft {
            centre: Centre::Reflect,
            ..Stft::in_samples(Some(FFT as u32), Some(HOP as u32), Some(FFT as u32))
        }
    }

    /// The features of a clip, in the order of [`handcrafted_names`].
    ///
    /// # Errors
    ///
    /// When the clip's rate is not 44.1 kHz, a sample is not a number or far too large, or it is longer than ten
    /// minutes.
    pub fn of(&self, clip: &Clip) -> Result<Vec<f32>, FeatureError> {
        if clip.sample_rate_hz != Self::SAMPLE_RATE_HZ {
            return Err(FeatureError::SampleRate {
                clip_hz: clip.sample_rate_hz,
                front_end_hz: Self::SAMPLE_RATE_HZ,
            });
        }
        self.of_samples(&clip.samples)
    }

    /// Like [`of`](Self::of), for samples at 44.1 kHz.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_samples(&self, samples: &[f32]) -> Result<Vec<f32>, FeatureError> {
        check_samples(pulp::Arch::new(), samples)?;
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
        for (_, count, _) in BLOCKS {
            let (own, rest) = rows.split_at(count);
            let own: Vec<[f64; 5]> = own.iter().map(|row| statistics(row)).collect();
            features.extend((0..STATISTICS.len()).flat_map(|s| own.iter().map(move |of| of[s])));
            rows = rest;
        }
        features.extend(loudness_envelope::envelope(samples));
        features.extend(mean_spectrum::mean_spectrum(samples));
        features.extend(waveform_parts::parts(samples));
        debug_assert_eq!(features.len(), Self::COUNT);
        Ok(features.into_iter().map(|x| x as f32).collect())
    }
}

impl Default for HandcraftedFeatures {
    fn default() -> Self {
        Self::new()
    }
}

/// The names of the 1,133 features, such as `mel-003-mean`, in their order.
pub fn handcrafted_names() -> Vec<String> {
    let mut names = Vec::with_capacity(HandcraftedFeatures::COUNT);
    for (block, rows, unit) in BLOCKS {
        for statistic in STATISTICS {
            names.extend((0..rows).map(|row| {
                let number = match rows {
                    1 => String::new(),
                    2..=10 => format!("-{row}"),
                    11..=100 => format!("-{row:02}"),
                    _ => format!("-{row:03}"),
                };
                format!("{block}{number}{unit}-{statistic}")
            }));
        }
    }
    names.extend(loudness_envelope::names());
    names.extend(mean_spectrum::names());
    names.extend(waveform_parts::names());
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let names = handcrafted_names();
        assert_eq!(names.len(), HandcraftedFeatures::COUNT);
        assert_eq!(
            names.iter().collect::<BTreeSet<_>>().len(),
            HandcraftedFeatures::COUNT
        );
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
    fn every_clip_has_all_features() {
        let handcrafted = HandcraftedFeatures::new();
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
            let features = handcrafted.of_samples(&samples).unwrap();
            assert_eq!(features.len(), HandcraftedFeatures::COUNT);
            assert!(
                features.iter().all(|x| x.is_finite()),
                "{} samples",
                samples.len()
            );
        }
        // Without samples all are 0 except two counts of bins: a spectrum without a peak reaches any share of it
        // everywhere.
        let names = handcrafted_names();
        for (name, x) in names.iter().zip(handcrafted.of_samples(&[]).unwrap()) {
            let counts = name.starts_with("spectrum-low-bins-above-");
            assert_eq!(x, if counts { 50.0 } else { 0.0 }, "{name}");
        }
        let message = handcrafted.of_samples(&[0.0, f32::NAN]).unwrap_err().to_string();
        assert!(message.starts_with("sample 1 is NaN"), "{message}");
        let message = handcrafted
            .of(&Clip::new(vec![0.0], 8_000))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("the clip has 8000 Hz and the front end needs 44100 Hz"),
            "{message}"
        );
    }
}
