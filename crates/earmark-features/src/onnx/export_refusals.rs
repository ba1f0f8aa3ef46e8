//! The front ends that can't be exported, each with its reason: PCEN, handcrafted features, trimming, samples for an
//! imported network.

use crate::amplitude::AmplitudeScale;
use crate::front_end::FrontEnd;
use earmark_core::{ConfigError, Within};

impl FrontEnd {
    /// Refuses what has no graph.
    pub(super) fn check_exportable(&self) -> Result<(), ConfigError> {
        check_amplitude(&self.amplitude).within("amplitude")?;
        let remedy = "use `earmark predict` for such a model";
        let reason = "can't be exported to ONNX, because these features are not a spectrogram";
        ConfigError::unless(!self.handcrafted, "handcrafted", true, remedy)
            .map_err(|error| error.because(reason))?;
        let remedy = "use the ONNX file that was imported";
        let reason = "can't be exported to ONNX, because the network is an imported graph already";
        ConfigError::unless(!self.waveform, "waveform", true, remedy)
            .map_err(|error| error.because(reason))?;
        let remedy = "train without it to export the model";
        let reason = "can't be exported to ONNX, because trimming depends on the loudest frame of the clip";
        ConfigError::unless(self.trim.is_none(), "trim", "(set)", remedy)
            .map_err(|error| error.because(reason))
    }
}

/// Refuses what would need a loop over frames.
fn check_amplitude(scale: &AmplitudeScale) -> Result<(), ConfigError> {
    let AmplitudeScale::Pcen(_) = scale else {
        return Ok(());
    };
    let remedy = "train with front-end.amplitude.log or front-end.amplitude.db to export the model";
    let reason = "can't be exported to ONNX, because its average runs from frame to frame";
    Err(ConfigError::new("", "pcen", remedy).because(reason))
}
