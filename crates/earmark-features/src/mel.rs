//! Mel bands: triangles that sum bins of a spectrum.

use crate::{
    error::ConfigError,
    lanes::{LANES, Lanes},
    whole,
};
use serde::{Deserialize, Serialize};

/// A bank of triangular filters.
///
/// Three libraries, three settings:
///
/// | bank | `scale` | `triangles` | `norm` |
/// |---|---|---|---|
/// | TensorFlow `linear_to_mel_weight_matrix`, Kaldi | `htk` | `mel` | `none` |
/// | librosa `filters.mel` | `slaney` | `hz` | `slaney` |
/// | librosa `filters.mel(htk=True)` | `htk` | `hz` | `slaney` |
///
/// TensorFlow and Kaldi write the HTK scale as `1127 ln(1 + f / 700)`, librosa as `2595 log10(1 + f / 700)`: they differ by a
/// factor, which triangles do not see. TensorFlow clears the DC bin and Kaldi leaves out the highest one; both weigh nothing
/// anyway, as `min-hz` is not below zero and `max-hz` not above half the sample rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mel {
    /// How many bands.
    #[serde(deserialize_with = "whole::whole")]
    pub bands: u32,
    /// Lower end of the lowest band in hertz.
    pub min_hz: f64,
    /// Upper end of the highest band in hertz, at most half the sample rate.
    pub max_hz: f64,
    /// How pitch grows with frequency.
    #[serde(default)]
    pub scale: MelScale,
    /// Along which axis the sides of a triangle are straight.
    #[serde(default)]
    pub triangles: Triangles,
    /// How tall a triangle is.
    #[serde(default)]
    pub norm: MelNorm,
}

impl Default for Mel {
    /// The DCASE 2019 baseline's: 96 HTK bands from 20 Hz to 20 kHz, as TensorFlow draws them.
    fn default() -> Self {
        Self {
            bands: 96,
            min_hz: 20.0,
            max_hz: 20_000.0,
            scale: MelScale::Htk,
            triangles: Triangles::Mel,
            norm: MelNorm::None,
        }
    }
}

/// How pitch grows with frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MelScale {
    /// `2595 log10(1 + f / 700)` (O'Shaughnessy 1987; HTK, TensorFlow, Kaldi).
    #[default]
    Htk,
    /// Straight up to 1 kHz, 15 mels, then logarithmic, 27 mels to each factor of 6.4 (Slaney's Auditory Toolbox, 1998).
    Slaney,
}

/// Along which axis the sides of a triangle are straight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Triangles {
    /// Along the mel axis (TensorFlow, Kaldi).
    #[default]
    Mel,
    /// Along the frequency axis (librosa).
    Hz,
}

/// How tall a triangle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MelNorm {
    /// Every triangle peaks at 1.
    #[default]
    None,
    /// Every triangle covers the same area: it peaks at 2 over its width in hertz.
    Slaney,
}

const SLANEY_HZ_PER_MEL: f64 = 200.0 / 3.0;
const SLANEY_BEND_HZ: f64 = 1000.0;
const SLANEY_BEND_MEL: f64 = SLANEY_BEND_HZ / SLANEY_HZ_PER_MEL;

impl MelScale {
    /// Frequency to pitch.
    fn mel(self, hz: f64) -> f64 {
        match self {
            MelScale::Htk => 2595.0 * (hz / 700.0).ln_1p() / std::f64::consts::LN_10,
            MelScale::Slaney if hz < SLANEY_BEND_HZ => hz / SLANEY_HZ_PER_MEL,
            MelScale::Slaney => SLANEY_BEND_MEL + 27.0 * (hz / SLANEY_BEND_HZ).ln() / 6.4_f64.ln(),
        }
    }

    /// Pitch to frequency.
    fn hz(self, mel: f64) -> f64 {
        match self {
            MelScale::Htk => 700.0 * (mel * std::f64::consts::LN_10 / 2595.0).exp_m1(),
            MelScale::Slaney if mel < SLANEY_BEND_MEL => mel * SLANEY_HZ_PER_MEL,
            MelScale::Slaney => SLANEY_BEND_HZ * ((mel - SLANEY_BEND_MEL) * 6.4_f64.ln() / 27.0).exp(),
        }
    }
}

impl Mel {
    /// Checks all keys.
    pub(crate) fn check(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let half = f64::from(sample_rate_hz) / 2.0;
        if !(1..=4096).contains(&self.bands) {
            return Err(ConfigError::new(
                "mel.bands",
                self.bands,
                "is outside 1 to 4096",
                "usual are 40 to 128",
            ));
        }
        if !(self.min_hz >= 0.0 && self.min_hz < half) {
            return Err(ConfigError::new(
                "mel.min-hz",
                self.min_hz,
                format!("is outside 0 to {half}"),
                "give a frequency in hertz, for example 20",
            ));
        }
        if !(self.max_hz > self.min_hz && self.max_hz <= half) {
            return Err(ConfigError::new(
                "mel.max-hz",
                self.max_hz,
                format!(
                    "must lie above min-hz = {} and not above half the sample rate, {half}",
                    self.min_hz
                ),
                format!("give at most {half}"),
            ));
        }
        Ok(())
    }

    /// The weight of every bin in every band, in double precision: `[bands][fft_samples / 2 + 1]`. An error where the bank does
    /// not fit the rate.
    pub fn matrix(&self, sample_rate_hz: u32, fft_samples: usize) -> Result<Vec<Vec<f64>>, ConfigError> {
        self.check(sample_rate_hz)?;
        let bins = fft_samples / 2 + 1;
        let bands = self.bands as usize;
        let (low, high) = (self.scale.mel(self.min_hz), self.scale.mel(self.max_hz));
        let corner_mels: Vec<f64> = (0..bands + 2)
            .map(|i| low + (high - low) * i as f64 / (bands + 1) as f64)
            .collect();
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
            axis.iter()
                .map(|x| {
                    ((x - left) / (peak - left))
                        .min((right - x) / (right - peak))
                        .max(0.0)
                        * height
                })
                .collect()
        });
        Ok(rows.collect())
    }
}

/// A mel matrix that keeps only the bins under each triangle.
pub(crate) struct Bank {
    weights: Vec<f32>,
    bands: Vec<Band>,
}

struct Band {
    /// First bin.
    bin: usize,
    /// Where its weights end in `weights`; they start where those of the band before end.
    end: usize,
}

impl Bank {
    pub fn new(matrix: &[Vec<f64>]) -> Self {
        let mut bank = Self {
            weights: Vec::new(),
            bands: Vec::new(),
        };
        for row in matrix {
            let bin = row.iter().position(|w| *w > 0.0).unwrap_or(0);
            let end = row.iter().rposition(|w| *w > 0.0).map_or(0, |last| last + 1);
            bank.weights.extend(row[bin..end].iter().map(|w| *w as f32));
            bank.bands.push(Band {
                bin,
                end: bank.weights.len(),
            });
        }
        bank
    }

    /// Bands that no bin falls into, counted from 0.
    pub fn empty_bands(&self) -> Vec<usize> {
        let starts = std::iter::once(0).chain(self.bands.iter().map(|band| band.end));
        let bands = starts.zip(&self.bands).enumerate();
        bands
            .filter(|(_, (start, band))| *start == band.end)
            .map(|(i, _)| i)
            .collect()
    }

    /// Sums the bins of eight frames under each triangle, from low to high, and hands `(band, sums)` on.
    #[inline(always)]
    pub fn apply(&self, bins: &[Lanes], mut out: impl FnMut(usize, &Lanes)) {
        let mut start = 0;
        for (i, band) in self.bands.iter().enumerate() {
            let weights = &self.weights[start..band.end];
            start = band.end;
            let mut sums = [0.0; LANES];
            for (x, w) in bins[band.bin..][..weights.len()].iter().zip(weights) {
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum += x * w;
                }
            }
            out(i, &sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_turn_back() {
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 20.0, 440.0, 999.0, 1000.0, 1001.0, 7_000.0, 22_050.0] {
                assert!(
                    (scale.hz(scale.mel(hz)) - hz).abs() < 1e-9 * hz.max(1.0),
                    "{scale:?} at {hz}"
                );
            }
        }
        // 1,000 Hz are 1,000 HTK mels (to the formula's own precision) and 15 Slaney mels.
        assert!((MelScale::Htk.mel(1000.0) - 999.985_537).abs() < 1e-5);
        assert!((MelScale::Slaney.mel(1000.0) - 15.0).abs() < 1e-12);
    }

    #[test]
    fn sparse_is_dense() {
        let mel = Mel {
            bands: 40,
            ..Mel::default()
        };
        let dense = mel.matrix(44_100, 2048).unwrap();
        let bank = Bank::new(&dense);
        let bins: Vec<Lanes> = (0..1025)
            .map(|k| std::array::from_fn(|frame| ((k * (37 + frame)) % 101) as f32 / 50.0))
            .collect();
        bank.apply(&bins, |band, sums| {
            for (frame, sum) in sums.iter().enumerate() {
                let exact: f64 = dense[band]
                    .iter()
                    .zip(&bins)
                    .map(|(w, x)| w * f64::from(x[frame]))
                    .sum();
                assert!(
                    (f64::from(*sum) - exact).abs() < 1e-5 * exact.max(1.0),
                    "band {band}: {sum} is not {exact}"
                );
            }
        });
    }

    #[test]
    fn empty_bands_are_named() {
        let mel = Mel {
            bands: 128,
            max_hz: 8_000.0,
            ..Mel::default()
        };
        let bank = Bank::new(&mel.matrix(16_000, 512).unwrap());
        assert_eq!(bank.empty_bands(), [3]);
        let mut sums = Vec::new();
        bank.apply(&[[1.0; LANES]; 257], |_, group| sums.push(group[0]));
        assert_eq!((sums.len(), sums[3]), (128, 0.0));
        assert!(sums.iter().enumerate().all(|(band, sum)| band == 3 || *sum > 0.0));
    }
}
