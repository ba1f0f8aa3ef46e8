//! How much one decibel is in the features.

use earmark_features::{AmplitudeScale, BinValue, FrontEnd};

/// What the values of a log spectrogram mean, and so how much one decibel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelUnit {
    /// Natural logarithm of a magnitude (dcase2019-baseline).
    LnMagnitude,
    /// Natural logarithm of a power.
    LnPower,
    /// Decibels (librosa's `power_to_db`).
    Decibel,
}

impl LevelUnit {
    /// What the features of `front_end` mean; `None` where they are not logarithmic.
    pub fn of(front_end: &FrontEnd) -> Option<Self> {
        match (&front_end.amplitude, front_end.stft.value) {
            (AmplitudeScale::Log { .. }, BinValue::Magnitude) => Some(Self::LnMagnitude),
            (AmplitudeScale::Log { .. }, BinValue::Power) => Some(Self::LnPower),
            (AmplitudeScale::Db { .. }, _) => Some(Self::Decibel),
            (AmplitudeScale::Linear | AmplitudeScale::Pcen(_), _) => None,
        }
    }

    /// How much a value grows per decibel.
    pub fn per_db(self) -> f64 {
        match self {
            Self::LnMagnitude => std::f64::consts::LN_10 / 20.0,
            Self::LnPower => std::f64::consts::LN_10 / 10.0,
            Self::Decibel => 1.0,
        }
    }
}
