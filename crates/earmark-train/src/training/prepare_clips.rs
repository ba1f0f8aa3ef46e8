//! The clips of a training and their features.

use crate::{Event, Observer, PipelineError, Skips, reason};
use earmark_core::human::human_amount;
use earmark_data::feature_store::CachedForm;
use earmark_data::{FeatureStore, Item, Prepared};
use earmark_recipe::Recipe;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

/// Computes features, or the samples of which augmented ones are computed, or finds them in the cache.
pub(crate) fn prepare_clips(
    form: CachedForm,
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    let progress = |done, total| observer(Event::Features { done, total });
    Ok(store.prepare_as(form, items, &progress, stop)?)
}

/// The clips that could not be read.
pub(super) fn failures(items: &[Item], prepared: &Prepared) -> Skips {
    let failed = prepared.failed.iter();
    failed
        .map(|(i, e)| (e.file.clone(), reason(&items[*i], e)))
        .collect()
}

/// The clips that could be read.
pub(super) fn readable(items: &[Item], prepared: &Prepared) -> Vec<Item> {
    let clips = items.iter().zip(&prepared.clips);
    clips
        .filter(|(_, c)| c.is_some())
        .map(|(i, _)| i.clone())
        .collect()
}

/// Notes about how clips were read, with their counts.
pub(super) fn source_notes(prepared: &Prepared) -> Vec<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    for note in prepared.clips.iter().flatten().flat_map(|c| &c.notes) {
        *counts.entry(note.to_string()).or_default() += 1;
    }
    let line = |(note, n): (String, usize)| format!("{}: {note}", human_amount(n, "clip", "clips"));
    counts.into_iter().map(line).collect()
}

/// Whether each clip is in one of `train.noisy-subsets`.
pub(super) fn noisy_clips(recipe: &Recipe, items: &[Item]) -> Result<Vec<bool>, PipelineError> {
    let noisy = &recipe.train.noisy_subsets;
    let is_missing = |subset: &&String| items.iter().all(|i| i.subset != **subset);
    if let Some(subset) = noisy.iter().find(is_missing) {
        let known: BTreeSet<&str> = items.iter().map(|i| i.subset.as_str()).collect();
        return Err(PipelineError::Request(format!(
            "train.noisy-subsets: no training clip is in the subset {subset:?}; there are {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(items.iter().map(|i| noisy.contains(&i.subset)).collect())
}
