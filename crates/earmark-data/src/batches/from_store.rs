//! Examples cut from the features of a store, augmented, then finished.

use std::sync::Arc;

use earmark_features::{Features, Finish};

use super::config::{BatchConfig, BatchError};
use super::index::{ExampleIndex, ExamplePlace};
use super::maker::BatchMaker;
use crate::augment::Spec;
use crate::item::Item;
use crate::rng::ChaCha8Rng;
use crate::store::{FeatureStore, ItemError, Prepared, PreparedClip};

/// What is done to an example of base features and to its targets (`[classes]`), with the example's own random stream.
pub type ExampleHook = dyn Fn(&mut Spec, &mut [f32], &mut ChaCha8Rng) + Send + Sync;

/// How many examples each item has; 0 where it failed.
pub fn example_counts(prepared: &Prepared) -> Vec<u32> {
    let count = |clip: &Option<PreparedClip>| clip.as_ref().map_or(0, |clip| clip.examples as u32);
    prepared.clips.iter().map(count).collect()
}

/// Batches of the examples of `items`, with their labels as targets: cut from base features, given to `hook`, finished
/// (deltas and scale). Items that failed to prepare are left out; a file that changed since then is an error.
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
    hook: Option<Box<ExampleHook>>,
) -> Result<BatchMaker, BatchError> {
    let extractor = store.extractor();
    let frames = extractor.example_frames().ok_or(BatchError::NoExampleLength)?;
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
    let index = ExampleIndex::new(&example_counts(prepared));
    let workers = store.workers().clone();
    let finished = extractor.front_end().finish == Finish::default();
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
            let (channels, bands) = (features.channels, features.bands);
            let mut augment = |data: &mut [f32]| {
                let mut spec = Spec {
                    channels,
                    bands,
                    frames,
                    data,
                };
                if let Some(hook) = &hook {
                    hook(&mut spec, y, rng);
                }
            };
            if finished {
                extractor
                    .slice_example(&features, example as usize, x)
                    .map_err(failed)?;
                augment(x);
                return Ok(());
            }
            let mut cut: Features = extractor.example(&features, example as usize).map_err(failed)?;
            augment(&mut cut.data);
            x.copy_from_slice(&extractor.finish(&cut).map_err(failed)?.data);
            Ok(())
        },
    )
}
