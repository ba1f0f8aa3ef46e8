//! What augmentation makes of one clip: pictures for a contact sheet.

use earmark_audio::Clip;
use earmark_features::{Extractor, ExtractorScratch, FeatureError, Features};

use super::{Augment, Mixed};
use crate::batches::BatchConfig;
use earmark_core::random::{self, Purpose};

/// A clip's example as it is, and augmented several times.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The first regular example, untouched: base features, `[channels, bands, frames]`.
    pub plain: Features,
    /// What training would see of the clip.
    pub variants: Vec<Variant>,
}

/// One augmented example.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Base features of the same shape as the plain ones.
    pub features: Features,
    /// What was done, in the order in which it was done, in a few words each; empty where nothing was.
    pub changes: Vec<String>,
}

/// Augments a clip `count` times: variant `k` is what place `k` of the first epoch of a run with this seed would make of it, but for
/// mixing of batches, which [`mix_preview`] does. With a random crop it shows any part of the clip, else always the first regular
/// example. Variant `k` is mixed between classes with partner `k`, counted round and round; without any, nothing is.
///
/// # Errors
///
/// When a clip has another sample rate than the front end, or samples that are no numbers.
pub fn preview(
    augment: &Augment,
    extractor: &Extractor,
    clip: &Clip,
    partners: &[Clip],
    count: usize,
    seed: u64,
) -> Result<Preview, FeatureError> {
    let mut scratch = extractor.scratch();
    let base = extractor.log_mel_of_clip(clip, &mut scratch)?;
    for partner in partners {
        extractor.log_mel_of_clip(partner, &mut scratch)?;
    }
    let source = Source {
        augment,
        extractor,
        clip,
        base: &base,
    };
    let variants = (0..count)
        .map(|k| {
            let partner = (!partners.is_empty()).then(|| &partners[k % partners.len()]);
            source.variant(partner, k as u64, seed, &mut scratch)
        })
        .collect::<Result<_, _>>()?;
    Ok(Preview {
        plain: extractor.segment(&base, 0)?,
        variants,
    })
}

/// Finishes the plain example and the variants (deltas, scale), and mixes partners in, as batches would: each variant with an example
/// of partner `k` that was augmented by itself. `partners` may be empty; then nothing is mixed.
///
/// # Errors
///
/// As [`preview`]; and when there are too few frames for deltas.
pub fn mix_preview(
    preview: Preview,
    augment: &Augment,
    batches: &BatchConfig,
    extractor: &Extractor,
    partners: &[Clip],
    seed: u64,
) -> Result<Preview, FeatureError> {
    let mut scratch = extractor.scratch();
    let count = preview.variants.len();
    let mut variants = Vec::with_capacity(count);
    for (k, mut variant) in preview.variants.into_iter().enumerate() {
        variant.features = extractor.postprocess(&variant.features)?;
        let mut rng = random::stream(seed, &[Purpose::Mix as u64, 0, k as u64]);
        let mixed = batches.draw_mixed(&mut rng);
        if !mixed.is_alone() && !partners.is_empty() {
            let clip = &partners[k % partners.len()];
            let base = extractor.log_mel_of_clip(clip, &mut scratch)?;
            let source = Source {
                augment,
                extractor,
                clip,
                base: &base,
            };
            // A place of its own: the partner is augmented otherwise than any variant.
            let other = source.variant(None, (count + k) as u64, seed, &mut scratch)?;
            let other = extractor.postprocess(&other.features)?;
            let (mut own_labels, other_labels) = ([1.0, 0.0], [0.0, 1.0]);
            let frames = variant.features.frames;
            let own = (&mut variant.features.data[..], &mut own_labels[..]);
            mixed.apply(frames, own, (&other.data, &other_labels));
            variant.changes.push(caption(mixed, own_labels));
        }
        variants.push(variant);
    }
    Ok(Preview {
        plain: extractor.postprocess(&preview.plain)?,
        variants,
    })
}

/// What mixing did, in a few words.
fn caption(mixed: Mixed, [own, other]: [f32; 2]) -> String {
    let labels = format!("labels {own:.2} and {other:.2}");
    match mixed {
        Mixed::Alone => String::new(),
        Mixed::Blend { weight, .. } => format!("blended, {:.0} % its own, {labels}", 100.0 * weight),
        Mixed::SigmoidConcat { half_range, .. } => {
            format!("after another, half range {half_range:.0}, {labels}")
        }
    }
}

/// A clip with what makes examples of it.
struct Source<'a> {
    augment: &'a Augment,
    extractor: &'a Extractor,
    clip: &'a Clip,
    /// Of the clip as it is.
    base: &'a Features,
}

impl Source<'_> {
    /// The example at a place of the first epoch.
    fn variant(
        &self,
        partner: Option<&Clip>,
        place: u64,
        seed: u64,
        scratch: &mut ExtractorScratch,
    ) -> Result<Variant, FeatureError> {
        let (augment, extractor) = (self.augment, self.extractor);
        let mut rng = random::stream(seed, &[Purpose::Augment as u64, 0, place]);
        let mut changes = Vec::new();
        let mut index = 0;
        let heard = match augment.hears_samples() {
            false => None,
            true => {
                // Silence is cut before anything else, as where samples are kept for training.
                let own = extractor.trim(&self.clip.samples);
                let partner = partner.map(|partner| extractor.trim(&partner.samples));
                let heard = augment.hear(&own, partner.as_deref(), self.clip.sample_rate_hz, &mut rng);
                changes.extend(heard.changes.iter().map(ToString::to_string));
                changes.extend(
                    heard
                        .ratio
                        .map(|ratio| format!("mixed, {:.0} % its own", 100.0 * ratio)),
                );
                let features = extractor.log_mel(&heard.samples, scratch)?;
                if augment.one_example_a_clip() {
                    index = random::below(&mut rng, extractor.segment_count(features.frames));
                }
                Some(features)
            }
        };
        let (features, drawn) =
            augment.example(extractor, heard.as_ref().unwrap_or(self.base), index, &mut rng)?;
        let drawn = drawn.iter().filter(|change| !change.is_nothing());
        changes.extend(drawn.map(ToString::to_string));
        Ok(Variant { features, changes })
    }
}
