//! Settings of mel bands.

use super::scale::MelScale;
use crate::positive_integer;
use earmark_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A bank of triangular filters that sum the bins of a spectrum.
///
/// Settings of three libraries:
///
/// | bank | `scale` | `triangles` | `norm` |
/// |---|---|---|---|
/// | TensorFlow `linear_to_mel_weight_matrix`, Kaldi | `htk` | `mel` | `none` |
/// | librosa `filters.mel` | `slaney` | `hz` | `slaney` |
/// | librosa `filters.mel(htk=True)` | `htk` | `hz` | `slaney` |
///
/// TensorFlow and Kaldi write the HTK scale as `1127 ln(1 + f / 700)`, librosa as `2595 log10(1 + f / 700)`: the
/// constant factor between them does not change the triangles. TensorFlow clears the DC bin and Kaldi leaves out the
/// highest one; both have weight 0 anyway, because `min-hz` is not below zero and `max-hz` not above half the sample
/// rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mel {
    /// Number of bands.
    #[serde(deserialize_with = "positive_integer::required")]
    pub bands: u32,
    /// Lower end of the lowest band in hertz.
    pub min_hz: f64,
    /// Upper end of the highest band in hertz, at most half the sample rate.
    pub max_hz: f64,
    /// Mel scale: `htk` or `slaney`. Default: `htk`.
    #[serde(default)]
    pub scale: MelScale,
    /// Axis along which the sides of a triangle are straight: `mel` or `hz`. Default: `mel`.
    #[serde(default)]
    pub triangles: Triangles,
    /// Height of the triangles: `none` (peak 1) or `slaney` (equal area). Default: `none`.
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

/// The axis along which the sides of a triangle are straight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Triangles {
    /// Along the mel axis (TensorFlow, Kaldi).
    #[default]
    Mel,
    /// Along the frequency axis (librosa).
    Hz,
}

/// The height of the triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MelNorm {
    /// Every triangle peaks at 1.
    #[default]
    None,
    /// Every triangle covers the same area: it peaks at 2 over its width in hertz.
    Slaney,
}

impl Mel {
    /// Checks all keys against the sample rate.
    pub(crate) fn check(&self, sample_rate_hz: u32) -> Result<(), ConfigError> {
        let half = f64::from(sample_rate_hz) / 2.0;
        let (low, high) = (self.min_hz, self.max_hz);
        let remedy = "must be 1 to 4096; usual are 40 to 128";
        ConfigError::check_range("bands", self.bands, 1..=4096, remedy)?;
        let remedy = format!("must be 0 or more and below {half}, for example 20");
        ConfigError::check_range("min-hz", low, 0.0..half, &remedy)?;
        let remedy = format!("must be above min-hz = {low} and at most half the sample rate, {half}");
        ConfigError::unless(high > low && high <= half, "max-hz", high, remedy)
    }
}
