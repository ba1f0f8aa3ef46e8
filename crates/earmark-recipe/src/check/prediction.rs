//! `[predict]` and `[validation]`: segments, whole clips or random crops.

use crate::Recipe;
use earmark_core::{Check, ConfigError, Within};

impl Recipe {
    pub(super) fn check_prediction(&self) -> Result<(), ConfigError> {
        let predict = &self.predict;
        let remedy = "choose 1 to 3600 seconds, such as 600";
        let seconds = predict.longest_seconds;
        ConfigError::check_range("predict.longest-seconds", seconds, 1.0..=3600.0, remedy)?;
        if predict.whole && predict.segments.is_some() {
            let remedy = "predict.segments is set as well; keep one of the two";
            return Err(ConfigError::new("predict.whole", true, remedy));
        }
        if predict.out_of_fold_segments.is_some() && predict.random_crops.is_some() {
            let reason = "predict.random-crops scores random crops of a clip, not segments in order";
            let remedy = "keep one of the two";
            return Err(ConfigError::new("predict.out-of-fold-segments", "(set)", remedy).because(reason));
        }
        if let Some(crops) = &predict.random_crops {
            if predict.whole || predict.segments.is_some() {
                let remedy = "predict.segments or predict.whole is set as well; keep one of the three";
                return Err(ConfigError::new("predict.random-crops", "(set)", remedy));
            }
            crops.check().within("predict.random-crops")?;
        }
        for (front_end, key) in [
            (self.predict_front_end(), "predict.segments"),
            (self.validation_front_end(), "validation.segments"),
            (self.out_of_fold_front_end(), "predict.out-of-fold-segments"),
        ] {
            front_end.check().within("front-end").map_err(|mut error| {
                for text in [&mut error.key, &mut error.reason, &mut error.remedy] {
                    *text = text.replace("front-end.segments", key);
                }
                error
            })?;
        }
        self.check_deltas()
    }

    /// Deltas need a minimum of frames, which clips of any length may lack.
    fn check_deltas(&self) -> Result<(), ConfigError> {
        let any_length = self.predict.any_length() || self.validation.random_crops.is_some();
        if !any_length || self.front_end.postprocess.deltas.is_none() {
            return Ok(());
        }
        let (key, value) = match (self.predict.whole, &self.predict.random_crops) {
            (true, _) => ("predict.whole", "true"),
            (false, Some(_)) => ("predict.random-crops", "(set)"),
            (false, None) => ("validation.random-crops", "(set)"),
        };
        let reason = "front-end.postprocess.deltas need more frames than the shortest clips have";
        let remedy = "remove this key, so that clips are cut into padded segments";
        Err(ConfigError::new(key, value, remedy).because(reason))
    }
}
