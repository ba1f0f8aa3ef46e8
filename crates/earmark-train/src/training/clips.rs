//! The data of a recipe: opened, its features made, its batches.

use crate::{Event, Observer, PipelineError, Skips, reason};
use earmark_data::batches::TrainingClips;
use earmark_data::feature_store::CachedForm;
use earmark_data::{BatchMaker, FeatureStore, Item, Prepared};
use earmark_recipe::Recipe;
use earmark_report::human_amount;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Computes features, or finds them in the cache.
pub(crate) fn prepare_features(
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    Ok(store.prepare(
        items,
        &|done, total| observer(Event::Features { done, total }),
        stop,
    )?)
}

/// Computes what a recipe trains on, or finds it in the cache: features, or samples where the waveform is augmented.
pub(super) fn prepare_training(
    recipe: &Recipe,
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    let form = match recipe.augment.needs_samples() {
        true => CachedForm::Samples,
        false => CachedForm::Features,
    };
    let progress = |done, total| observer(Event::Features { done, total });
    Ok(store.prepare_as(form, items, &progress, stop)?)
}

/// The batches that a recipe makes of items.
pub(crate) fn batch_maker(
    recipe: &Recipe,
    store: &Arc<FeatureStore>,
    items: &[Item],
    prepared: &Prepared,
    classes: usize,
) -> Result<BatchMaker, PipelineError> {
    let clips = TrainingClips {
        store: Arc::clone(store),
        items: items.into(),
        prepared,
        classes,
        augment: &recipe.augment,
    };
    Ok(clips.batches(&recipe.batches, recipe.train.seed)?)
}

/// The clips that could not be read.
pub(super) fn failures(items: &[Item], prepared: &Prepared) -> Skips {
    prepared
        .failed
        .iter()
        .map(|(i, e)| (e.file.clone(), reason(&items[*i], e)))
        .collect()
}

/// The clips that could be read.
pub(super) fn readable(items: &[Item], prepared: &Prepared) -> Vec<Item> {
    items
        .iter()
        .zip(&prepared.clips)
        .filter(|(_, c)| c.is_some())
        .map(|(i, _)| i.clone())
        .collect()
}

/// What happened to the clips on the way in, counted.
pub(super) fn source_notes(prepared: &Prepared) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for note in prepared.clips.iter().flatten().flat_map(|c| &c.notes) {
        *counts.entry(note.to_string()).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(note, n)| format!("{}: {note}", human_amount(n, "clip", "clips")))
        .collect()
}

/// Which clips are noisy, as `train.noisy-subsets` says.
pub(super) fn noisy_clips(recipe: &Recipe, items: &[Item]) -> Result<Vec<bool>, PipelineError> {
    let noisy = &recipe.train.noisy_subsets;
    if let Some(subset) = noisy
        .iter()
        .find(|subset| items.iter().all(|i| i.subset != **subset))
    {
        let known: BTreeSet<&str> = items.iter().map(|i| i.subset.as_str()).collect();
        return Err(PipelineError::Request(format!(
            "train.noisy-subsets: no training clip is in the subset {subset:?}; there are {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(items.iter().map(|i| noisy.contains(&i.subset)).collect())
}
