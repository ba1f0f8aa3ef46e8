//! One entry of `augment.waveform`: every kind of augmentation.

use earmark_core::random::ChaCha8Rng;

use super::crop::WaveformCrop;
use super::equalise::Equalise;
use super::gain::WaveformGain;
use super::interface::{WaveformAugmentation, WaveformChange};
use super::noise::WaveformNoise;
use super::pitch_shift::PitchShift;
use super::reverb::Reverb;
use super::time_stretch::TimeStretch;
use crate::augment::kinds_macro::kinds;

kinds! {
    /// One augmentation of waveforms.
    pub enum WaveformStep: WaveformAugmentation {
        /// Cuts a fragment from anywhere in the clip.
        Crop(WaveformCrop),
        /// Changes the level.
        Gain(WaveformGain),
        /// Changes the tempo at the same pitch.
        TimeStretch(TimeStretch),
        /// Changes the pitch at the same tempo.
        PitchShift(PitchShift),
        /// Adds noise at a ratio to the signal.
        Noise(WaveformNoise),
        /// Boosts and cuts some frequencies.
        Equalise(Equalise),
        /// Adds the echoes of a room.
        Reverb(Reverb),
    }
}

/// Draws and applies a list of augmentations.
pub(in crate::augment) fn augment_waveform(
    list: &[WaveformStep],
    samples: &[f32],
    sample_rate_hz: u32,
    rng: &mut ChaCha8Rng,
) -> (Vec<f32>, Vec<Box<dyn WaveformChange>>) {
    let (mut samples, mut changes) = (samples.to_vec(), Vec::new());
    for step in list {
        if let Some(change) = step.kind().draw(rng, samples.len(), sample_rate_hz) {
            samples = change.apply(samples, sample_rate_hz);
            changes.push(change);
        }
    }
    (samples, changes)
}
