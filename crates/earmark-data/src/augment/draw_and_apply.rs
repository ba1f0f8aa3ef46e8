//! Draws and applies all augmentations of a segment, in their order.

use std::borrow::Cow;

use earmark_core::random::ChaCha8Rng;
use earmark_features::{Extractor, FeatureError, Features};

use super::config::Augment;
use super::spectrogram::{
    AugmentContext, Drawing, LevelUnit, SpectrogramAugmentation, SpectrogramChanges, SpectrogramShape,
};
use super::waveform::kinds::augment_waveform;
use super::waveform::{WaveformChange, mix_by_pressure};

/// A waveform after [`Augment::augment_waveform`].
#[derive(Debug)]
pub struct AugmentedWaveform {
    /// Its samples.
    pub samples: Vec<f32>,
    /// What was done to it, not counting its partner.
    pub changes: Vec<Box<dyn WaveformChange>>,
    /// Its share of the labels, where it was mixed with its partner.
    pub ratio: Option<f64>,
}

impl Augment {
    /// Augments the waveform of a clip and that of its partner, and mixes them; all as drawn from `rng`.
    pub fn augment_waveform(
        &self,
        samples: &[f32],
        partner: Option<&[f32]>,
        sample_rate_hz: u32,
        rng: &mut ChaCha8Rng,
    ) -> AugmentedWaveform {
        let (mut samples, changes) = augment_waveform(&self.waveform, samples, sample_rate_hz, rng);
        let ratio = self.between_class.as_ref().and_then(|between| between.draw(rng));
        let ratio = ratio.zip(partner).map(|(ratio, partner)| {
            let (other, _) = augment_waveform(&self.waveform, partner, sample_rate_hz, rng);
            samples = mix_by_pressure(&samples, &other, ratio, sample_rate_hz);
            ratio
        });
        AugmentedWaveform {
            samples,
            changes,
            ratio,
        }
    }

    /// Draws what happens to one segment of this shape (with a random crop: to one clip).
    pub fn draw(
        &self,
        rng: &mut ChaCha8Rng,
        shape: SpectrogramShape,
        context: AugmentContext,
    ) -> SpectrogramChanges {
        let mut drawing = Drawing {
            rng,
            shape,
            context,
            changes: Vec::new(),
        };
        let mut draw = |step: &dyn SpectrogramAugmentation| step.draw(&mut drawing);
        self.list.iter().for_each(|step| draw(step.kind()));
        self.gain_db.iter().for_each(|step| draw(step));
        self.time_shift.iter().for_each(|step| draw(step));
        self.time_mask.iter().for_each(|step| draw(step));
        self.freq_mask.iter().for_each(|step| draw(step));
        drawing.changes
    }

    /// One augmented segment of a clip's features: regular segment `index`, or, with a random crop, one from anywhere, with
    /// `frames` frames. `[channels, bands, frames]`, before postprocessing. Also what was drawn.
    ///
    /// # Errors
    ///
    /// When there is no such segment.
    pub fn segment(
        &self,
        frames: usize,
        extractor: &Extractor,
        clip: &Features,
        index: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Features, SpectrogramChanges), FeatureError> {
        let mut features = match self.crops_frames() {
            true => Cow::Borrowed(clip),
            false => Cow::Owned(extractor.segment(clip, index)?),
        };
        let context = AugmentContext {
            segment_frames: frames,
            unit: LevelUnit::of(extractor.front_end()),
        };
        let changes = self.draw(rng, SpectrogramShape::of(&features), context);
        changes.iter().for_each(|change| change.apply(&mut features));
        Ok((features.into_owned(), changes))
    }
}
