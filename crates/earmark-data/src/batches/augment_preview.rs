//! Previews of what augmentation makes of one clip.

use earmark_audio::Clip;
use earmark_core::random::{self, Purpose};
use earmark_features::{Extractor, ExtractorScratch, FeatureError, Features};

use super::config::BatchConfig;
use crate::augment::Augment;

/// A clip's segment as it is, and augmented several times.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipPreview {
    /// The first regular segment, unchanged: features before postprocessing, `[channels, bands, frames]`.
    pub plain: Features,
    /// Segments as training would see them.
    pub variants: Vec<AugmentedSegment>,
}

/// One augmented segment.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentedSegment {
    /// Features of the same shape as the plain ones.
    pub features: Features,
    /// What was done, in order, in a few words each.
    pub changes: Vec<String>,
}

/// Augments a clip `count` times: variant `k` is what place `k` of the first epoch of a run with this seed would make of it, except for
/// mixing of batches, which [`mix_preview`] does. With a random crop it is from anywhere in the clip, otherwise always the first
/// regular segment. Variant `k` is mixed between classes with partner `k`, starting over after the last; without partners,
/// nothing is mixed.
///
/// # Errors
///
/// When a clip has another sample rate than the front end, or samples that are not numbers.
pub fn preview(
    augment: &Augment,
    extractor: &Extractor,
    clip: &Clip,
    partners: &[Clip],
    count: usize,
    seed: u64,
) -> Result<ClipPreview, FeatureError> {
    let mut scratch = extractor.scratch();
    let features = extractor.log_mel_of_clip(clip, &mut scratch)?;
    for partner in partners {
        extractor.log_mel_of_clip(partner, &mut scratch)?;
    }
    let source = Source {
        augment,
        extractor,
        clip,
        features: &features,
    };
    let variants = (0..count)
        .map(|k| {
            let partner = (!partners.is_empty()).then(|| &partners[k % partners.len()]);
            source.variant(partner, k as u64, seed, &mut scratch)
        })
        .collect::<Result<_, _>>()?;
    Ok(ClipPreview {
        plain: extractor.segment(&features, 0)?,
        variants,
    })
}

/// Postprocesses the plain segment and the variants (deltas, scale), and mixes partners in, as batches would: each variant with a segment
/// of partner `k` that was augmented by itself. Without partners, nothing is mixed.
///
/// # Errors
///
/// As [`preview`]; and when there are too few frames for deltas.
pub fn mix_preview(
    preview: ClipPreview,
    augment: &Augment,
    batches: &BatchConfig,
    extractor: &Extractor,
    partners: &[Clip],
    seed: u64,
) -> Result<ClipPreview, FeatureError> {
    let mut scratch = extractor.scratch();
    let count = preview.variants.len();
    let mut variants = Vec::with_capacity(count);
    for (k, mut variant) in preview.variants.into_iter().enumerate() {
        variant.features = extractor.postprocess(&variant.features)?;
        let mut rng = random::stream(seed, &[Purpose::Mix as u64, 0, k as u64]);
        let mixed = batches.draw_mixed(&mut rng);
        if !mixed.is_alone() && !partners.is_empty() {
            let clip = &partners[k % partners.len()];
            let features = extractor.log_mel_of_clip(clip, &mut scratch)?;
            let source = Source {
                augment,
                extractor,
                clip,
                features: &features,
            };
            // A place of its own: the partner is augmented differently from any variant.
            let other = source.variant(None, (count + k) as u64, seed, &mut scratch)?;
            let other = extractor.postprocess(&other.features)?;
            let (mut own_labels, other_labels) = ([1.0, 0.0], [0.0, 1.0]);
            let frames = variant.features.frames;
            let own = (&mut variant.features.data[..], &mut own_labels[..]);
            mixed.apply(frames, own, (&other.data, &other_labels));
            let [own, other] = own_labels;
            let labels = format!("labels {own:.2} and {other:.2}");
            variant.changes.push(format!("{mixed}, {labels}"));
        }
        variants.push(variant);
    }
    Ok(ClipPreview {
        plain: extractor.postprocess(&preview.plain)?,
        variants,
    })
}

/// A clip with what makes segments of it.
struct Source<'a> {
    augment: &'a Augment,
    extractor: &'a Extractor,
    clip: &'a Clip,
    /// Features of the clip as it is.
    features: &'a Features,
}

impl Source<'_> {
    /// The segment at a place of the first epoch.
    fn variant(
        &self,
        partner: Option<&Clip>,
        place: u64,
        seed: u64,
        scratch: &mut ExtractorScratch,
    ) -> Result<AugmentedSegment, FeatureError> {
        let (augment, extractor) = (self.augment, self.extractor);
        let mut rng = random::stream(seed, &[Purpose::Augment as u64, 0, place]);
        let mut changes = Vec::new();
        let mut index = 0;
        let mut own_features = None;
        if augment.needs_samples() {
            // Silence is trimmed before anything else, as where samples are cached for training.
            let own = extractor.trim(&self.clip.samples);
            let partner = partner.map(|partner| extractor.trim(&partner.samples));
            let rate = self.clip.sample_rate_hz;
            let augmented = augment.augment_waveform(&own, partner.as_deref(), rate, &mut rng);
            changes.extend(augmented.changes.iter().map(ToString::to_string));
            let ratio = augmented.ratio.iter();
            changes.extend(ratio.map(|ratio| format!("mixed, {:.0} % its own", 100.0 * ratio)));
            let features = extractor.log_mel(&augmented.samples, scratch)?;
            if augment.one_segment_per_clip() {
                index = random::below(&mut rng, extractor.segment_count(features.frames));
            }
            own_features = Some(features);
        }
        let clip = own_features.as_ref().unwrap_or(self.features);
        let frames = extractor.segment_frames().unwrap_or(clip.frames);
        let (features, drawn) = augment.segment(frames, extractor, clip, index, &mut rng)?;
        changes.extend(drawn.iter().map(ToString::to_string));
        Ok(AugmentedSegment { features, changes })
    }
}
