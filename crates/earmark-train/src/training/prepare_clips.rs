//! The clips of a training and their features.

use crate::{Event, Observer, PipelineError, Skips, reason};
use earmark_audio::ClipNote;
use earmark_core::human::human_amount;
use earmark_data::feature_store::CachedForm;
use earmark_data::{FeatureStore, Item, Prepared, is_about_one_file};
use earmark_inference::grouped_notes;
use earmark_recipe::Recipe;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::AtomicBool;

/// Computes features, or the samples of which augmented ones are computed, or finds them in the cache. Names clips of
/// which a part is missing.
pub(crate) fn prepare_clips(
    form: CachedForm,
    store: &FeatureStore,
    items: &[Item],
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Prepared, PipelineError> {
    let progress = |done, total| observer(Event::Features { done, total });
    let prepared = store.prepare_as(form, items, &progress, stop)?;
    for (file, what) in &damaged_clips(items, &prepared) {
        observer(Event::Damaged { file, what });
    }
    Ok(prepared)
}

/// The clips that are used though a part of them is missing, with what.
pub(super) fn damaged_clips(items: &[Item], prepared: &Prepared) -> Skips {
    let clips = items.iter().zip(&prepared.clips);
    clips
        .filter_map(|(item, clip)| {
            let damage = clip.as_ref()?.damage.as_ref()?;
            Some((item.file.clone(), damage.to_string()))
        })
        .collect()
}

/// The recordings of which a part is missing, among all that a store has looked up; with what.
pub(crate) fn damaged_in(store: &FeatureStore) -> Skips {
    let looked_up = store.remarks().into_iter();
    looked_up
        .filter_map(|(file, said)| Some((file, said.damage?.to_string())))
        .collect()
}

/// Adds recordings of which a part is missing, each once.
pub(crate) fn add_damaged(all: &mut Skips, more: Skips) {
    let mut known: HashSet<String> = all.iter().map(|(file, _)| file.clone()).collect();
    all.extend(more.into_iter().filter(|(file, _)| known.insert(file.clone())));
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

/// Notes about how clips were read: with counts where they are about many, with names where each is about one file.
pub(super) fn source_notes(items: &[Item], prepared: &Prepared) -> Vec<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut named = Skips::new();
    for (item, clip) in items.iter().zip(&prepared.clips) {
        for note in clip.iter().flat_map(|clip| &clip.notes) {
            match is_about_one_file(note) || *note == ClipNote::EmptyFile {
                true => named.push((item.file.clone(), note.to_string())),
                false => *counts.entry(note.to_string()).or_default() += 1,
            }
        }
    }
    let line = |(note, n): (String, usize)| format!("{}: {note}", human_amount(n, "clip", "clips"));
    counts
        .into_iter()
        .map(line)
        .chain(grouped_notes(&named))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_clip_is_listed_once() {
        let clip = |file: &str, what: &str| (file.to_owned(), what.to_owned());
        let mut all = vec![clip("a", "x")];
        add_damaged(&mut all, vec![clip("a", "y"), clip("b", "z"), clip("b", "z")]);
        assert_eq!(all, [clip("a", "x"), clip("b", "z")]);
    }
}
