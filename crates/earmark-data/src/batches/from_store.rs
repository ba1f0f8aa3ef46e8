//! Examples cut from the features of a store, augmented, then finished.

use std::collections::BTreeMap;
use std::sync::Arc;

use earmark_features::Finish;

use super::config::{BatchConfig, BatchError};
use super::index::{ExampleIndex, ExamplePlace};
use super::maker::BatchMaker;
use super::sample::Sampler;
use crate::augment::Augment;
use crate::item::Item;
use crate::store::{FeatureStore, ItemError, Prepared, PreparedClip};

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
    let frames = extractor.example_frames().ok_or(BatchError::NoExampleLength)?;
    augment.check_with("augment", extractor.front_end())?;
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
    let workers = store.workers().clone();
    // Nothing to do but cutting: straight into the batch.
    let plain = augment.is_nothing() && extractor.front_end().finish == Finish::default();
    let augment = augment.clone();
    BatchMaker::new(
        config,
        index,
        shape,
        classes,
        seed,
        workers,
        move |place, x, y, rng| {
            let ExamplePlace { clip, example } = place;
            let item = &items[clip as usize];
            let features = match contents[clip as usize] {
                Some(content) => store.get_unchanged(item, content)?,
                None => store.get(item)?,
            };
            item.labels.iter().for_each(|&label| y[label] = 1.0);
            let failed = |error| ItemError::new(item, error);
            let extractor = store.extractor();
            if plain {
                return extractor
                    .slice_example(&features, example as usize, x)
                    .map_err(failed);
            }
            let (example, _) = augment
                .example(extractor, &features, example as usize, rng)
                .map_err(failed)?;
            x.copy_from_slice(&extractor.finish(&example).map_err(failed)?.data);
            Ok(())
        },
    )
}

/// A number for the part of each item.
fn part_numbers(items: &[Item]) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    items
        .iter()
        .map(|item| {
            let next = numbers.len() as u32;
            *numbers.entry(item.part.as_str()).or_insert(next)
        })
        .collect()
}
