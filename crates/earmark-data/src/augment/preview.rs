//! What augmentation makes of one clip: pictures for a contact sheet.

use earmark_audio::Clip;
use earmark_features::{Extractor, FeatureError, Features};

use super::Augment;
use crate::rng::{self, Purpose};

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
/// mixing of batches. With a random crop it shows any part of the clip, else always the first regular example. Without a
/// `partner`, nothing is mixed between classes.
///
/// # Errors
///
/// When the clip has another sample rate than the front end, or samples that are no numbers.
pub fn preview(
    augment: &Augment,
    extractor: &Extractor,
    clip: &Clip,
    partner: Option<&Clip>,
    count: usize,
    seed: u64,
) -> Result<Preview, FeatureError> {
    let mut scratch = extractor.scratch();
    let base = extractor.base_of_clip(clip, &mut scratch)?;
    if let Some(partner) = partner {
        extractor.base_of_clip(partner, &mut scratch)?;
    }
    let mut variants = Vec::with_capacity(count);
    for place in 0..count as u64 {
        let mut rng = rng::stream(seed, &[Purpose::Augment as u64, 0, place]);
        let mut changes = Vec::new();
        let mut index = 0;
        let heard = match augment.hears_samples() {
            false => None,
            true => {
                let partner = partner.map(|partner| &*partner.samples);
                let heard = augment.hear(&clip.samples, partner, clip.sample_rate_hz, &mut rng);
                changes.extend(heard.changes.iter().map(ToString::to_string));
                changes.extend(
                    heard
                        .ratio
                        .map(|ratio| format!("mixed, {:.0} % its own", 100.0 * ratio)),
                );
                let features = extractor.base(&heard.samples, &mut scratch)?;
                if augment.one_example_a_clip() {
                    index = rng::below(&mut rng, extractor.examples(&features));
                }
                Some(features)
            }
        };
        let (features, drawn) =
            augment.example(extractor, heard.as_ref().unwrap_or(&base), index, &mut rng)?;
        let drawn = drawn.iter().filter(|change| !change.is_nothing());
        changes.extend(drawn.map(ToString::to_string));
        variants.push(Variant { features, changes });
    }
    Ok(Preview {
        plain: extractor.example(&base, 0)?,
        variants,
    })
}
