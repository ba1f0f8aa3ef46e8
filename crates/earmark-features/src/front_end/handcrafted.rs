//! What the rest of a front end must be where it computes handcrafted clip features instead of a spectrogram.

use super::FrontEnd;
use crate::{
    amplitude::AmplitudeScale,
    clip_features::HandcraftedFeatures,
    segments::Segments,
    stft::{BinValue, Framing, WindowFunction},
};
use earmark_core::ConfigError;

/// Refuses every key that differs from the definition of the features.
pub(super) fn check(front_end: &FrontEnd, framing: &Framing) -> Result<(), ConfigError> {
    let unless = |ok: bool, key: &str, value: String, remedy: &str| {
        let reason = "can't be combined with front-end.handcrafted, whose features are defined differently";
        ConfigError::unless(ok, key, value, remedy).map_err(|error| error.because(reason))
    };
    let rate = front_end.sample_rate_hz;
    unless(
        rate == HandcraftedFeatures::SAMPLE_RATE_HZ,
        "sample-rate-hz",
        rate.to_string(),
        "give 44100; clips of other rates are resampled",
    )?;
    let stft = &front_end.stft;
    unless(
        *framing == HandcraftedFeatures::FRAMING
            && stft.window == WindowFunction::Hann
            && stft.value == BinValue::Magnitude
            && !stft.phase,
        "stft",
        format!("{framing:?}"),
        "give { window-samples = 2048, hop-samples = 512, centre = \"reflect\" }",
    )?;
    if let Some(mel) = &front_end.mel {
        unless(
            false,
            "mel.bands",
            mel.bands.to_string(),
            "leave out front-end.mel",
        )?;
    }
    unless(
        front_end.amplitude == AmplitudeScale::Linear,
        "amplitude",
        format!("{:?}", front_end.amplitude),
        "give \"linear\"",
    )?;
    unless(
        front_end.pre_emphasis.is_none(),
        "pre-emphasis",
        "(set)".into(),
        "leave out front-end.pre-emphasis",
    )?;
    let postprocess = &front_end.postprocess;
    unless(
        postprocess.deltas.is_none() && postprocess.bands.is_none(),
        "postprocess",
        "(of frames or bands)".into(),
        "leave out front-end.postprocess.deltas and front-end.postprocess.bands",
    )?;
    let one_frame = |segments: &Segments| (segments.length_frames, segments.hop_frames) == (Some(1), Some(1));
    unless(
        front_end.segments.as_ref().is_none_or(one_frame),
        "segments",
        "(other)".into(),
        "give { length-frames = 1, hop-frames = 1 }, because a clip is one frame",
    )?;
    let repeated = front_end.clip_features.is_none();
    ConfigError::unless(
        repeated,
        "clip-features",
        "handcrafted",
        "leave out one of the two",
    )
    .map_err(|error| error.because("repeats front-end.handcrafted = true"))
}
