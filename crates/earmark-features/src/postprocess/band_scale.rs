//! A shift and a scale for each band.

use super::global_scale::{GlobalScale, check_terms};
use earmark_core::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `(x - subtract[band]) / divide[band]` of the log-mel (angles stay as they are), for example with the mean spectrum
/// of a data set, which gives soft high bands as much weight as loud low ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BandScale {
    /// Subtracted first, one number per band.
    pub subtract: Vec<f64>,
    /// Divisors, one number per band; left out, 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divide: Option<Vec<f64>>,
}

impl BandScale {
    /// Checks lengths and values.
    pub(super) fn check(&self, bands: usize) -> Result<(), ConfigError> {
        let length = |key: &str, values: &[f64]| {
            let remedy = "create it again with `earmark data stats DIR --recipe RECIPE --normalise FILE`";
            let count = format!("({} numbers)", values.len());
            let reason = format!("needs one for each of the {bands} bands of this front end");
            ConfigError::unless(values.len() == bands, key, count, remedy)
                .map_err(|error| error.because(reason))
        };
        length("subtract", &self.subtract)?;
        if let Some(divide) = &self.divide {
            length("divide", divide)?;
        }
        check_terms(&self.subtract, self.divide.as_deref().unwrap_or_default())
    }

    /// Applies it in place to `[bands, frames]`.
    pub(super) fn apply(&self, log_mel: &mut [f32], frames: usize) {
        for (band, row) in log_mel.chunks_exact_mut(frames.max(1)).enumerate() {
            let divide = self.divide.as_ref().map_or(1.0, |divide| divide[band]);
            let subtract = self.subtract[band];
            GlobalScale { subtract, divide }.apply(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Extractor, Features, FrontEnd};
    use earmark_core::Check;

    fn front_end(subtract: Vec<f64>, divide: Option<Vec<f64>>) -> FrontEnd {
        let mut front_end = FrontEnd::default();
        front_end.mel = front_end.mel.map(|mel| crate::Mel { bands: 3, ..mel });
        front_end.postprocess.bands = Some(BandScale { subtract, divide });
        front_end
    }

    #[test]
    fn each_band_has_its_own() {
        let extractor = Extractor::new(&front_end(vec![1.0, 2.0, 3.0], Some(vec![1.0, 0.5, 2.0]))).unwrap();
        let log_mel = Features::new(1, 3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 7.0]).unwrap();
        assert_eq!(
            extractor.postprocess(&log_mel).unwrap().data,
            [0.0, 1.0, 2.0, 4.0, 1.0, 2.0]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message =
            |subtract: Vec<f64>, divide| front_end(subtract, divide).check().unwrap_err().to_string();
        assert!(
            message(vec![0.0; 2], None)
                .starts_with("postprocess.bands.subtract = (2 numbers): needs one for each of the 3 bands")
        );
        assert!(message(vec![0.0; 3], Some(vec![1.0])).starts_with("postprocess.bands.divide = (1 numbers)"));
        assert!(message(vec![0.0; 3], Some(vec![1.0, 0.0, 1.0])).starts_with("postprocess.bands.divide = 0"));
        assert!(message(vec![0.0, f64::NAN, 0.0], None).starts_with("postprocess.bands.subtract = NaN"));
    }
}
