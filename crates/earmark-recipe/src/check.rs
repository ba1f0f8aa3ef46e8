//! Values that can't work together or at all.

use super::{FORMAT, Recipe};
use earmark_core::{Check, ConfigError, Within};
use earmark_engine::{Begin, CheckpointConfig, KeepCheckpoints, ValidationSplit};
use earmark_models::NetworkInput;

/// A refusal: key, value, remedy. The key is empty where the remedy is another crate's whole message.
type Refusal = (String, String, String);

/// Key, value and remedy of an error.
pub(super) fn as_refusal(error: ConfigError) -> Refusal {
    let remedy = error.message();
    (error.key, error.value, remedy)
}

impl Recipe {
    /// Refuses values that can't work: (key, value, remedy).
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.format > FORMAT {
            let remedy = format!("this program knows formats up to {FORMAT}; update earmark");
            return Err(("format".into(), self.format.to_string(), remedy));
        }
        let whole = |e: &dyn std::fmt::Display| (String::new(), String::new(), e.to_string());
        self.front_end
            .check()
            .within("front-end")
            .map_err(|e| whole(&e))?;
        if self.predict.whole && self.predict.segments.is_some() {
            let remedy = "predict.segments is set as well; keep one of the two".into();
            return Err(("predict.whole".into(), "true".into(), remedy));
        }
        if let Some(lengths) = &self.predict.random_crops {
            if self.predict.whole || self.predict.segments.is_some() {
                let remedy = "predict.segments or predict.whole is set as well; keep one of the three".into();
                return Err(("predict.random-crops".into(), "(set)".into(), remedy));
            }
            lengths
                .check()
                .map_err(|e| as_refusal(e.within("predict.random-crops")))?;
        }
        for (front_end, key) in [
            (self.predict_front_end(), "predict.segments"),
            (self.validation_front_end(), "validation.segments"),
        ] {
            front_end.check().within("front-end").map_err(|e| {
                let message = e.to_string().replace("front-end.segments", key);
                whole(&message)
            })?;
        }
        let any_length = self.predict.any_length() || self.validation.random_crops.is_some();
        if any_length && self.front_end.postprocess.deltas.is_some() {
            let (key, value) = match (self.predict.whole, &self.predict.random_crops) {
                (true, _) => ("predict.whole", "true"),
                (false, Some(_)) => ("predict.random-crops", "(set)"),
                (false, None) => ("validation.random-crops", "(set)"),
            };
            let remedy = "front-end.postprocess.deltas need some frames, which the shortest clips lack; leave it out, so that clips are cut into padded segments";
            return Err((key.into(), value.into(), remedy.into()));
        }
        self.network
            .check()
            .map_err(|e| as_refusal(e.within("network")))?;
        let network = self.network.architecture();
        if network.input() == NetworkInput::Scores {
            let remedy = "this network takes scores, not spectrograms; give its recipe a [stack] and train it with `earmark stack`";
            return Err(("network.kind".into(), "\"fc-net\"".into(), remedy.into()));
        }
        self.check_summary()?;
        self.check_side()?;
        if let Some(bands) = network.bands()
            && self
                .front_end
                .mel
                .as_ref()
                .is_none_or(|mel| mel.bands as usize != bands)
        {
            let there = self
                .front_end
                .mel
                .as_ref()
                .map_or("no mel".into(), |mel| mel.bands.to_string());
            let remedy = format!(
                "this network normalises each band, and front-end.mel.bands is {there}; make both equal"
            );
            return Err(("network.bands".into(), bands.to_string(), remedy));
        }
        self.train.check().map_err(|e| as_refusal(e.within("train")))?;
        self.batches
            .check()
            .map_err(|e| as_refusal(e.within("batches")))?;
        self.augment
            .check_with(&self.front_end)
            .map_err(|e| as_refusal(e.within("augment")))?;
        if self.batches.length.is_some() && !self.augment.crops_frames() {
            let remedy = "needs { kind = \"random-crop\" } in augment.list, which cuts the segments: add it, or leave this out";
            return Err(("batches.length".into(), "(set)".into(), remedy.into()));
        }
        if let Some(f) = self.folds.as_ref().filter(|f| f.count < 2) {
            return Err((
                "folds.count".into(),
                f.count.to_string(),
                "choose 2 or more; 5 is usual".into(),
            ));
        }
        self.cache.check().map_err(|e| as_refusal(e.within("cache")))?;
        self.validation
            .check()
            .map_err(|e| as_refusal(e.within("validation")))?;
        let best = self.train.phases.iter().position(|p| p.begin == Begin::Best);
        if let (Some(k), ValidationSplit::None) = (best, self.validation.split) {
            let remedy =
                "nothing tells which weights are the best: set validation.split, or begin = \"last\"";
            return Err((
                format!("train.phases[{}].begin", k + 1),
                "best".into(),
                remedy.into(),
            ));
        }
        if self.front_end.segments.is_none() {
            let remedy = "set front-end.segments = { length-frames = ..., hop-frames = ... }: this network trains on segments of one length";
            return Err(("front-end.segments".into(), "missing".into(), remedy.into()));
        }
        check_checkpoints(&self.checkpoints)
    }

    /// Numbers about a clip are no image, and an image no numbers.
    fn check_summary(&self) -> Result<(), Refusal> {
        let summary = self.front_end.handcrafted;
        let refusal = |key: &str, value: &str, remedy: &str| Err((key.into(), value.into(), remedy.into()));
        match (self.network.architecture().input(), summary) {
            (NetworkInput::HandcraftedFeatures, false) => {
                let remedy = "this network takes numbers about a clip: set front-end.handcrafted = true, or choose another network";
                refusal("network.kind", "perceptron", remedy)
            }
            (NetworkInput::HandcraftedFeatures, true) => {
                let a = &self.augment;
                let images = !a.list.is_empty()
                    || a.gain_db.is_some()
                    || a.time_shift.is_some()
                    || a.time_mask.is_some()
                    || a.freq_mask.is_some();
                if images {
                    let remedy = "summary features have neither time nor bands: leave out all but waveform and between-class";
                    return refusal("augment", "(changes of images)", remedy);
                }
                for (key, lengths) in [
                    ("predict.random-crops", &self.predict.random_crops),
                    ("validation.random-crops", &self.validation.random_crops),
                ] {
                    if lengths.is_some() {
                        return refusal(key, "(set)", "a summary is of a whole clip: leave it out");
                    }
                }
                if self.predict.segments.is_some() {
                    return refusal(
                        "predict.segments",
                        "(tiles)",
                        "a summary is of a whole clip: leave it out",
                    );
                }
                Ok(())
            }
            (_, true) => {
                let remedy = "is of numbers about a clip and not an image: set network.kind = \"perceptron\", or leave it out";
                refusal("front-end.handcrafted", "true", remedy)
            }
            (_, false) => Ok(()),
        }
    }
}

impl Recipe {
    /// What is made of a clip besides its image is heard, and what is heard is made.
    fn check_side(&self) -> Result<(), Refusal> {
        let refusal = |key: &str, value: String, remedy: &str| Err((key.into(), value, remedy.into()));
        let made = self.front_end.clip_feature_count();
        match self.network.architecture().clip_features() {
            Some(taken) if made == 0 => {
                let remedy = "set front-end.clip-features = \"handcrafted\", whose components these are; or 0, for a network of spectrograms only";
                refusal("network.clip-features", taken.components.to_string(), remedy)
            }
            Some(taken) if made != taken.inputs => {
                let remedy = "give 1133, the number that front-end.clip-features = \"handcrafted\" computes, or leave it out";
                refusal("network.clip-feature-inputs", taken.inputs.to_string(), remedy)
            }
            Some(_) => {
                if self.augment.between_class.is_some() {
                    let remedy = "mixes sounds, and what front-end.clip-features says of a clip is of one sound: leave it out, and set batches.mixup or batches.mix, which mix both";
                    return refusal("augment.between-class", "(set)".into(), remedy);
                }
                Ok(())
            }
            _ if made > 0 => {
                let remedy = "no network uses it: set network.kind = \"mobilenet-v2\" and network.clip-features, or leave it out";
                refusal("front-end.clip-features", "handcrafted".into(), remedy)
            }
            _ => Ok(()),
        }
    }
}

/// Refuses checkpoints that would never be written or kept.
pub(super) fn check_checkpoints(config: &CheckpointConfig) -> Result<(), Refusal> {
    if config.every_steps == 0 {
        return Err((
            "checkpoints.every-steps".into(),
            "0".into(),
            "choose 1 or more; 100 is usual".into(),
        ));
    }
    if let KeepCheckpoints::Last { count: 0 } = config.keep {
        return Err((
            "checkpoints.keep.count".into(),
            "0".into(),
            "keep at least 1".into(),
        ));
    }
    Ok(())
}
