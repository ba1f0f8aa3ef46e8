//! What the rest of a front end must be where it computes handcrafted clip features instead of a spectrogram.

use super::{FrontEnd, no_spectrogram::NoSpectrogram};
use crate::{clip_features::HandcraftedFeatures, stft::Framing};
use earmark_core::ConfigError;

/// Refuses every key that differs from the definition of the features.
pub(super) fn check(front_end: &FrontEnd, framing: &Framing) -> Result<(), ConfigError> {
    let rest = NoSpectrogram {
        front_end,
        framing,
        reason: "can't be combined with front-end.handcrafted, whose features are defined differently",
    };
    let rate = front_end.sample_rate_hz;
    let remedy = "give 44100; clips of other rates are resampled";
    let same = rate == HandcraftedFeatures::SAMPLE_RATE_HZ;
    rest.unless(same, "sample-rate-hz", &rate.to_string(), remedy)?;
    let own = "give { window-samples = 2048, hop-samples = 512, centre = \"reflect\" }";
    rest.check_steps(&HandcraftedFeatures::stft(), own)?;
    let post = &front_end.postprocess;
    let remedy = "leave out front-end.postprocess.deltas and front-end.postprocess.bands";
    let global = post.deltas.is_none() && post.bands.is_none();
    rest.unless(global, "postprocess", "(of frames or bands)", remedy)?;
    let segments = front_end.segments.as_ref();
    let one = segments.is_none_or(|s| (s.length_frames, s.hop_frames) == (Some(1), Some(1)));
    let remedy = "give { length-frames = 1, hop-frames = 1 }, because a clip is one frame";
    rest.unless(one, "segments", "(other)", remedy)?;
    let once = front_end.clip_features.is_none();
    ConfigError::unless(once, "clip-features", "handcrafted", "leave out one of the two")
        .map_err(|error| error.because("repeats front-end.handcrafted = true"))
}
