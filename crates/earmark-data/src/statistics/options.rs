//! What statistics to compute.

use earmark_features::FrontEnd;

use crate::settings::settings;

settings! {
    /// What statistics to compute.
    // The window is that of the starter kernel: 800 samples every 400 at 44.1 kHz.
    pub struct StatisticsOptions {
        /// Whether to compute mean and spread per frequency bin, which decodes and transforms
        /// every file; otherwise only lengths are measured.
        pub spectra: bool = true,
        /// Sample rate for the spectra, in hertz.
        pub sample_rate_hz: u32 = 44_100,
        /// Length of the analysis window, in samples.
        pub window_samples: u32 = 800,
        /// Distance between windows, in samples.
        pub hop_samples: u32 = 400,
        /// Number of spectrograms per class.
        pub pictures_per_class: usize = 2,
        /// Length of a spectrogram from the start of the clip, in seconds.
        pub picture_seconds: f64 = 10.0,
        /// The front end of the spectrograms; the default is the log-mel of the DCASE 2019 baseline.
        pub picture_front_end: FrontEnd = FrontEnd::default(),
        /// Number of bars in the length histograms.
        pub histogram_bars: usize = 20,
    }
}
