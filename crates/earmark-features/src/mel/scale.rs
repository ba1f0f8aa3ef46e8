//! Mel scales: frequency to pitch and back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How pitch grows with frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MelScale {
    /// `2595 log10(1 + f / 700)` (O'Shaughnessy 1987; HTK, TensorFlow, Kaldi).
    #[default]
    Htk,
    /// Linear up to 1 kHz (15 mels), then logarithmic with 27 mels per factor of 6.4 (Slaney's Auditory Toolbox, 1998).
    Slaney,
}

const SLANEY_HZ_PER_MEL: f64 = 200.0 / 3.0;
const SLANEY_BEND_HZ: f64 = 1000.0;
const SLANEY_BEND_MEL: f64 = SLANEY_BEND_HZ / SLANEY_HZ_PER_MEL;

impl MelScale {
    /// Frequency to pitch.
    pub(super) fn mel(self, hz: f64) -> f64 {
        match self {
            MelScale::Htk => 2595.0 * (hz / 700.0).ln_1p() / std::f64::consts::LN_10,
            MelScale::Slaney if hz < SLANEY_BEND_HZ => hz / SLANEY_HZ_PER_MEL,
            MelScale::Slaney => SLANEY_BEND_MEL + 27.0 * (hz / SLANEY_BEND_HZ).ln() / 6.4_f64.ln(),
        }
    }

    /// Pitch to frequency.
    pub(super) fn hz(self, mel: f64) -> f64 {
        match self {
            MelScale::Htk => 700.0 * (mel * std::f64::consts::LN_10 / 2595.0).exp_m1(),
            MelScale::Slaney if mel < SLANEY_BEND_MEL => mel * SLANEY_HZ_PER_MEL,
            MelScale::Slaney => SLANEY_BEND_HZ * ((mel - SLANEY_BEND_MEL) * 6.4_f64.ln() / 27.0).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_inverted() {
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 20.0, 440.0, 999.0, 1000.0, 1001.0, 7_000.0, 22_050.0] {
                assert!(
                    (scale.hz(scale.mel(hz)) - hz).abs() < 1e-9 * hz.max(1.0),
                    "{scale:?} at {hz}"
                );
            }
        }
        // 1,000 Hz are 1,000 HTK mels (to the precision of the formula) and 15 Slaney mels.
        assert!((MelScale::Htk.mel(1000.0) - 999.985_537).abs() < 1e-5);
        assert!((MelScale::Slaney.mel(1000.0) - 15.0).abs() < 1e-12);
    }
}
