//! What statistics to compute.

use earmark_features::FrontEnd;
use serde::{Deserialize, Serialize};

/// What statistics to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StatisticsOptions {
    /// Whether to compute mean and spread per frequency bin, which decodes and transforms
    /// every file; otherwise only lengths are measured.
    pub spectra: bool,
    /// Sample rate for the spectra, in hertz.
    pub sample_rate_hz: u32,
    /// Length of the analysis window, in samples.
    pub window_samples: u32,
    /// Distance between windows, in samples.
    pub hop_samples: u32,
    /// Number of spectrograms per class.
    pub pictures_per_class: usize,
    /// Length of a spectrogram from the start of the clip, in seconds.
    pub picture_seconds: f64,
    /// The front end of the spectrograms; the default is the log-mel of the DCASE 2019 baseline.
    pub picture_front_end: FrontEnd,
    /// Number of bars in the length histograms.
    pub histogram_bars: usize,
}

impl Default for StatisticsOptions {
    /// The 800 / 400 samples at 44.1 kHz of the starter kernel.
    fn default() -> Self {
        Self {
            spectra: true,
            sample_rate_hz: 44_100,
            window_samples: 800,
            hop_samples: 400,
            pictures_per_class: 2,
            picture_seconds: 10.0,
            picture_front_end: FrontEnd::default(),
            histogram_bars: 20,
        }
    }
}
