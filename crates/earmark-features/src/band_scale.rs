//! A shift and a scale for each band.

use crate::error::ConfigError;
use serde::{Deserialize, Serialize};

/// `(x - subtract[band]) / divide[band]` of the levels (angles are left as they are), for example with the mean curve of a data set, which
/// gives soft high bands as much weight as loud low ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BandScale {
    /// What is subtracted first, a number a band.
    pub subtract: Vec<f64>,
    /// What is divided by then, a number a band; left out, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divide: Option<Vec<f64>>,
}

impl BandScale {
    /// Checks lengths and values.
    pub(crate) fn check(&self, bands: usize) -> Result<(), ConfigError> {
        let length = |key: &str, values: &[f64]| {
            if values.len() == bands {
                return Ok(());
            }
            Err(ConfigError::new(
                key,
                format!("({} numbers)", values.len()),
                format!("has not one for each of the {bands} bands of this front end"),
                "make it anew with `earmark data stats DIR --recipe RECIPE --normalise FILE`",
            ))
        };
        length("finish.bands.subtract", &self.subtract)?;
        if let Some(x) = self.subtract.iter().find(|x| !x.is_finite()) {
            return Err(ConfigError::new(
                "finish.bands.subtract",
                x,
                "is no number to compute with",
                "give finite numbers",
            ));
        }
        let divide = self.divide.as_deref().unwrap_or_default();
        if self.divide.is_some() {
            length("finish.bands.divide", divide)?;
        }
        if let Some(x) = divide.iter().find(|x| !(x.is_finite() && x.abs() >= 1e-30)) {
            return Err(ConfigError::new(
                "finish.bands.divide",
                x,
                "cannot be divided by",
                "give numbers other than 0",
            ));
        }
        Ok(())
    }

    /// Changes levels, `[bands, frames]`.
    pub(crate) fn apply(&self, levels: &mut [f32], frames: usize) {
        for (band, row) in levels.chunks_exact_mut(frames.max(1)).enumerate() {
            let subtract = self.subtract[band] as f32;
            let factor = self
                .divide
                .as_ref()
                .map_or(1.0, |divide| (1.0 / divide[band]) as f32);
            row.iter_mut().for_each(|x| *x = (*x - subtract) * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Extractor, Features, FrontEnd};

    fn front_end(subtract: Vec<f64>, divide: Option<Vec<f64>>) -> FrontEnd {
        let mut front_end = FrontEnd::default();
        front_end.mel = front_end.mel.map(|mel| crate::Mel { bands: 3, ..mel });
        front_end.finish.bands = Some(BandScale { subtract, divide });
        front_end
    }

    #[test]
    fn each_band_has_its_own() {
        let extractor = Extractor::new(&front_end(vec![1.0, 2.0, 3.0], Some(vec![1.0, 0.5, 2.0]))).unwrap();
        let base = Features::new(1, 3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 7.0]).unwrap();
        assert_eq!(
            extractor.finish(&base).unwrap().data,
            [0.0, 1.0, 2.0, 4.0, 1.0, 2.0]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message =
            |subtract: Vec<f64>, divide| front_end(subtract, divide).check().unwrap_err().to_string();
        assert!(message(vec![0.0; 2], None).starts_with(
            "front-end.finish.bands.subtract = (2 numbers): has not one for each of the 3 bands"
        ));
        assert!(
            message(vec![0.0; 3], Some(vec![1.0])).starts_with("front-end.finish.bands.divide = (1 numbers)")
        );
        assert!(
            message(vec![0.0; 3], Some(vec![1.0, 0.0, 1.0])).starts_with("front-end.finish.bands.divide = 0")
        );
        assert!(message(vec![0.0, f64::NAN, 0.0], None).starts_with("front-end.finish.bands.subtract = NaN"));
    }
}
