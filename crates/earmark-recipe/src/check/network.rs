//! `[network]` with `[front-end]`: the network must take what the front end computes.

use crate::Recipe;
use earmark_core::ConfigError;
use earmark_models::NetworkInput;

impl Recipe {
    pub(super) fn check_network_input(&self) -> Result<(), ConfigError> {
        let network = self.network.architecture();
        if network.input() == NetworkInput::Scores {
            let reason = "this network takes scores, not spectrograms";
            let remedy = "give its recipe a [stack] and train it with `earmark stack`";
            return Err(ConfigError::new("network.kind", "\"fc-net\"", remedy).because(reason));
        }
        self.check_handcrafted()?;
        if self.front_end.waveform && network.input() != NetworkInput::OfGraph {
            let reason = "this network takes a spectrogram";
            let remedy = "remove this key; samples are for imported networks (network.kind = \"onnx\")";
            return Err(ConfigError::new("front-end.waveform", true, remedy).because(reason));
        }
        self.check_clip_features()?;
        let found = self.front_end.mel.as_ref().map(|mel| mel.bands as usize);
        match network.bands() {
            Some(bands) if found != Some(bands) => {
                let found = found.map_or("missing".into(), |bands| bands.to_string());
                let reason = format!("this network normalises each band, and front-end.mel.bands is {found}");
                Err(ConfigError::new("network.bands", bands, "make both equal").because(reason))
            }
            _ => Ok(()),
        }
    }

    /// Handcrafted features are for one kind of network only, and describe whole clips.
    fn check_handcrafted(&self) -> Result<(), ConfigError> {
        let takes = self.network.architecture().input() == NetworkInput::HandcraftedFeatures;
        match (takes, self.front_end.handcrafted) {
            (false, false) => Ok(()),
            (true, false) => {
                let reason = "this network takes handcrafted clip features";
                let remedy = "set front-end.handcrafted = true, or choose another network";
                Err(ConfigError::new("network.kind", "perceptron", remedy).because(reason))
            }
            (false, true) => {
                let reason = "handcrafted features are single numbers about a clip, not an image";
                let remedy = "set network.kind = \"perceptron\", or remove this key";
                Err(ConfigError::new("front-end.handcrafted", true, remedy).because(reason))
            }
            (true, true) => self.check_whole_clips(),
        }
    }

    fn check_whole_clips(&self) -> Result<(), ConfigError> {
        let augment = &self.augment;
        let of_spectrograms = !augment.list.is_empty()
            || augment.gain_db.is_some()
            || augment.time_shift.is_some()
            || augment.time_mask.is_some()
            || augment.freq_mask.is_some();
        if of_spectrograms {
            let reason = "handcrafted features have neither time nor bands";
            let remedy = "keep only augment.waveform and augment.between-class";
            return Err(ConfigError::new("augment", "(changes to spectrograms)", remedy).because(reason));
        }
        for (key, set) in [
            ("predict.random-crops", self.predict.random_crops.is_some()),
            ("validation.random-crops", self.validation.random_crops.is_some()),
            ("predict.segments", self.predict.segments.is_some()),
            (
                "predict.out-of-fold-segments",
                self.predict.out_of_fold_segments.is_some(),
            ),
        ] {
            ConfigError::unless(!set, key, "(set)", "remove it")
                .map_err(|error| error.because("handcrafted features describe a whole clip"))?;
        }
        Ok(())
    }

    /// Clip-level features that the front end computes must be used by the network, and the other way round.
    fn check_clip_features(&self) -> Result<(), ConfigError> {
        let computed = self.front_end.clip_feature_count();
        match self.network.architecture().clip_features() {
            Some(wanted) if computed == 0 => {
                let remedy = "set front-end.clip-features = \"handcrafted\", which computes them; or set 0, for \
                              spectrograms alone";
                let error = ConfigError::new("network.clip-features", wanted.components, remedy);
                Err(error)
            }
            Some(wanted) if computed != wanted.inputs => {
                let remedy = format!(
                    "set {computed}, the number that front-end.clip-features = \"handcrafted\" computes, or remove \
                     this key"
                );
                let error = ConfigError::new("network.clip-feature-inputs", wanted.inputs, remedy);
                Err(error)
            }
            Some(_) if self.augment.between_class.is_some() => {
                let reason = "it mixes two sounds, and front-end.clip-features describe one";
                let remedy = "remove it, and set batches.mixup or batches.mix, which mix both";
                Err(ConfigError::new("augment.between-class", "(set)", remedy).because(reason))
            }
            None if computed > 0 => {
                let reason = "this network does not use them";
                let remedy =
                    "set network.kind = \"mobilenet-v2\" and network.clip-features, or remove this key";
                Err(ConfigError::new("front-end.clip-features", "handcrafted", remedy).because(reason))
            }
            _ => Ok(()),
        }
    }
}
