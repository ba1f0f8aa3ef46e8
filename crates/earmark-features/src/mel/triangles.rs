//! The triangles of the mel filters: the weight of every bin in every band.

use super::config::{Mel, MelNorm, Triangles};
use earmark_core::ConfigError;

impl Mel {
    /// The weight of every bin in every band, in double precision: `[bands][fft_samples / 2 + 1]`.
    ///
    /// # Errors
    ///
    /// When the bank does not fit the sample rate.
    pub fn matrix(&self, sample_rate_hz: u32, fft_samples: usize) -> Result<Vec<Vec<f64>>, ConfigError> {
        self.check(sample_rate_hz)?;
        let bins = fft_samples / 2 + 1;
        let bands = self.bands as usize;
        let (low, high) = (self.scale.mel(self.min_hz), self.scale.mel(self.max_hz));
        let corner = |i: usize| low + (high - low) * i as f64 / (bands + 1) as f64;
        let corner_mels: Vec<f64> = (0..bands + 2).map(corner).collect();
        let corner_hz: Vec<f64> = corner_mels.iter().map(|&mel| self.scale.hz(mel)).collect();
        let bin_hz = (0..bins).map(|k| k as f64 * f64::from(sample_rate_hz) / fft_samples as f64);
        let (corners, axis): (&[f64], Vec<f64>) = match self.triangles {
            Triangles::Mel => (&corner_mels, bin_hz.map(|hz| self.scale.mel(hz)).collect()),
            Triangles::Hz => (&corner_hz, bin_hz.collect()),
        };
        let rows = (0..bands).map(|band| {
            let [left, peak, right] = [corners[band], corners[band + 1], corners[band + 2]];
            let height = match self.norm {
                MelNorm::None => 1.0,
                MelNorm::Slaney => 2.0 / (corner_hz[band + 2] - corner_hz[band]),
            };
            let rise = |x: &f64| (x - left) / (peak - left);
            let fall = |x: &f64| (right - x) / (right - peak);
            axis.iter()
                .map(|x| rise(x).min(fall(x)).max(0.0) * height)
                .collect()
        });
        Ok(rows.collect())
    }
}
