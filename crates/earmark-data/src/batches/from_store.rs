//! Examples cut from the features of a store, augmented, then finished.

use std::collections::BTreeMap;
use std::sync::Arc;

use earmark_features::{Features, Postprocess};

use super::config::{BatchConfig, BatchError};
use super::index::{ExampleIndex, ExamplePlace};
use super::maker::BatchMaker;
use super::mixing::SamePart;
use super::sample::Sampler;
use crate::augment::Augment;
use crate::dataset::item::Item;
use crate::setting::SettingError;
use crate::store::{Content, FeatureStore, ItemError, Prepared, PreparedClip};
use earmark_core::random::{self, ChaCha8Rng};

/// How many examples each item gives in an epoch: the front end's regular ones, or one where `augment` cuts it from a random
/// place; 0 where the item failed.
pub fn example_counts(prepared: &Prepared, augment: &Augment) -> Vec<u32> {
    let one = augment.one_example_a_clip();
    let count = |clip: &Option<PreparedClip>| {
        clip.as_ref()
            .map_or(0, |clip| if one { 1 } else { clip.examples as u32 })
    };
    prepared.clips.iter().map(count).collect()
}

/// Batches of the examples of `items`, with their labels as targets: cut from base features, augmented, finished (deltas
/// and scale). Items that failed to prepare are left out; a file that changed since then is an error.
///
/// # Errors
///
/// When the front end cuts no examples of one length, a label is out of range, or the settings can't work.
pub fn store_maker(
    config: &BatchConfig,
    store: Arc<FeatureStore>,
    items: Arc<[Item]>,
    prepared: &Prepared,
    classes: usize,
    seed: u64,
    augment: &Augment,
) -> Result<BatchMaker, BatchError> {
    let extractor = store.extractor();
    let frames = extractor.segment_frames().ok_or(BatchError::NoExampleLength)?;
    augment.check_with("augment", extractor.front_end())?;
    if config.length.is_some() && !augment.crops_frames() {
        let remedy = "goes with { kind = \"random-crop\" } in augment.list, which cuts the examples: add it, or leave this out";
        return Err(SettingError::new("batches", "length", "(set)", remedy).into());
    }
    let shape = [extractor.channels(), extractor.bands(), frames];
    for item in items.iter() {
        if let Some(&label) = item.labels.iter().find(|&&label| label >= classes) {
            return Err(BatchError::Label {
                file: item.file.clone(),
                label,
                classes,
            });
        }
    }
    let contents: Vec<_> = prepared
        .clips
        .iter()
        .map(|clip| clip.as_ref().map(|clip| clip.content))
        .collect();
    let counts = example_counts(prepared, augment);
    let sampler = config
        .sample
        .as_ref()
        .map(|sample| Sampler::new(sample, &items, &counts))
        .transpose()?;
    let index = ExampleIndex::new(&counts)
        .with_groups(part_numbers(&items))
        .with_sampler(sampler);
    let numbers = extractor.front_end().clip_feature_count();
    if numbers > 0 && augment.between_class.is_some() {
        let remedy = "mixes sounds, and what front-end.clip-features says of a clip is of one sound: leave it out, and set batches.mixup or batches.mix, which mix both";
        return Err(SettingError::new("augment", "between-class", "(set)", remedy).into());
    }
    let workers = store.workers().clone();
    let same_part = SamePart(
        augment
            .between_class
            .as_ref()
            .is_some_and(|between| between.same_part),
    );
    let paired = augment.between_class.is_some();
    let side = Beside {
        store: Arc::clone(&store),
        items: Arc::clone(&items),
        contents: contents.clone(),
    };
    let examples = Examples {
        plain: augment.is_nothing() && extractor.front_end().postprocess == Postprocess::default(),
        augment: augment.clone(),
        store: Arc::clone(&store),
        items,
        contents,
        counts,
    };
    if !paired {
        let maker = BatchMaker::new(
            config,
            index,
            shape,
            classes,
            seed,
            workers,
            move |place, x, y, rng| examples.make(place, None, x, y, rng),
        )?;
        return Ok(maker.with_side(numbers, move |clip, out| side.fill(clip, out)));
    }
    let maker = BatchMaker::new(config, index, shape, classes, seed, workers, |_, _, _, _| Ok(()))?;
    Ok(
        maker.with_sound_pairs(same_part, move |(place, partner), x, y, rng| {
            examples.make(place, partner, x, y, rng)
        }),
    )
}

/// What knows the numbers beside the features of a store.
struct Beside {
    store: Arc<FeatureStore>,
    items: Arc<[Item]>,
    contents: Vec<Option<Content>>,
}

impl Beside {
    /// Those of one clip.
    fn fill(&self, clip: u32, out: &mut [f32]) -> Result<(), ItemError> {
        let clip = clip as usize;
        let item = &self.items[clip];
        if let Some(side) = self.store.side(item, self.contents[clip])? {
            out.copy_from_slice(&side.data);
        }
        Ok(())
    }
}

/// What makes examples of a store.
struct Examples {
    store: Arc<FeatureStore>,
    items: Arc<[Item]>,
    contents: Vec<Option<Content>>,
    /// Examples of each clip, as an epoch counts them.
    counts: Vec<u32>,
    augment: Augment,
    /// Nothing to do but cutting: straight into the batch.
    plain: bool,
}

impl Examples {
    /// Fills one example and its targets, which are zero.
    fn make(
        &self,
        place: ExamplePlace,
        partner: Option<ExamplePlace>,
        x: &mut [f32],
        y: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<(), ItemError> {
        let item = &self.items[place.clip as usize];
        item.labels.iter().for_each(|&label| y[label] = 1.0);
        let failed = |error| ItemError::new(item, error);
        let extractor = self.store.extractor();
        let mut index = place.example as usize;
        let features = if self.augment.hears_samples() {
            let features = Arc::new(self.hear(place, partner, y, rng)?);
            // A sound of another length has other examples: one at the same share of it, or any of a fragment's.
            let count = extractor.segment_count(features.frames);
            index = match self.augment.one_example_a_clip() {
                true => random::below(rng, count),
                false => index * count / self.counts[place.clip as usize].max(1) as usize,
            };
            features
        } else {
            match self.contents[place.clip as usize] {
                Some(content) => self.store.get_unchanged(item, content)?,
                None => self.store.get(item)?,
            }
        };
        if self.plain {
            return extractor.write_segment(&features, index, x).map_err(failed);
        }
        // Of so many frames as the batch has.
        let frames = x.len() / (extractor.channels() * extractor.bands()).max(1);
        let (example, _) = self
            .augment
            .example_of(frames, extractor, &features, index, rng)
            .map_err(failed)?;
        x.copy_from_slice(&extractor.postprocess(&example).map_err(failed)?.data);
        Ok(())
    }

    /// The base features of a clip whose sound is changed, mixed with its partner's if it has one; the targets too.
    fn hear(
        &self,
        place: ExamplePlace,
        partner: Option<ExamplePlace>,
        y: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<Features, ItemError> {
        let samples = |place: ExamplePlace| {
            let clip = place.clip as usize;
            self.store.samples(&self.items[clip], self.contents[clip])
        };
        let own = samples(place)?;
        let other = partner.map(samples).transpose()?;
        let rate = self.store.extractor().front_end().sample_rate_hz;
        let heard = self
            .augment
            .hear(&own.data, other.as_ref().map(|other| &*other.data), rate, rng);
        if let (Some(ratio), Some(partner)) = (heard.ratio, partner) {
            let ratio = ratio as f32;
            y.iter_mut().for_each(|target| *target *= ratio);
            let labels = &self.items[partner.clip as usize].labels;
            labels.iter().for_each(|&label| y[label] += 1.0 - ratio);
        }
        let item = &self.items[place.clip as usize];
        self.store
            .base_of(&heard.samples)
            .map_err(|error| ItemError::new(item, error))
    }
}

/// A number for the part of each item.
fn part_numbers(items: &[Item]) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    items
        .iter()
        .map(|item| {
            let next = numbers.len() as u32;
            *numbers.entry(item.subset.as_str()).or_insert(next)
        })
        .collect()
}
