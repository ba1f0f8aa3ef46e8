//! What speaks against calibrating models by the folds of a cross-validation run: the scores of a model that was trained
//! on other recordings, or in another way, need not be distributed like those of the folds.

use crate::{PipelineError, SplitTable};
use earmark_core::human::human_amount;
use earmark_data::Item;
use earmark_engine::ModelFile;
use earmark_recipe::{AnyRecipe, Recipe};
use earmark_runs::run_dir::{RunDir, fold_runs};
use std::path::{Path, PathBuf};

/// The remedy of all of them.
const REMEDY: &str = "the calibration may not fit it; calibrate it by the folds of the same recipe and recordings, or \
                      by --scores of its own";

/// The cautions, a sentence each; `clips` are the held-out ones of the run `set`.
///
/// # Errors
/// A run that can't be opened.
pub(crate) fn calibration_cautions(
    set: &Path,
    clips: &[Item],
    models: &[(PathBuf, ModelFile)],
) -> Result<Vec<String>, PipelineError> {
    let Some((_, first)) = fold_runs(set)?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let AnyRecipe::Audio(of_folds) = RunDir::open_any(&first)?.recipe else {
        return Ok(Vec::new());
    };
    let mut cautions = Vec::new();
    for (path, file) in models {
        let (model, folds) = (path.display(), set.display());
        // What can't be read is refused elsewhere, or says nothing.
        if let Some(split) = split_of(path) {
            let unknown = clips.iter().filter(|clip| split.used_as(clip).is_none()).count();
            if unknown > 0 {
                let of = human_amount(clips.len(), "clip", "clips");
                cautions.push(format!(
                    "{model}: its training does not have {unknown} of the {of} of {folds}; {REMEDY}"
                ));
            }
        }
        if let Ok(recipe) = Recipe::parse(&file.meta.recipe, path) {
            let differ = differing_tables(&recipe, &of_folds).join(", ");
            if !differ.is_empty() {
                cautions.push(format!(
                    "{model}: its recipe has other settings in {differ} than that of {folds}; {REMEDY}"
                ));
            }
        }
    }
    Ok(cautions)
}

/// The clips of the run that a model file is in.
fn split_of(model: &Path) -> Option<SplitTable> {
    let folder = model.parent()?;
    let run = match folder.ends_with("checkpoints") {
        true => folder.parent()?,
        false => folder,
    };
    SplitTable::read(run).ok().flatten()
}

/// The tables of two recipes that decide how scores are distributed, where they differ.
fn differing_tables(a: &Recipe, b: &Recipe) -> Vec<&'static str> {
    let mut train = a.train.clone();
    train.seed = b.train.seed;
    let mut batches = a.batches.clone();
    batches.prefetch = b.batches.prefetch;
    let tables = [
        ("[front-end]", a.front_end != b.front_end),
        ("[network]", a.network != b.network),
        ("[train]", train != b.train),
        ("[batches]", batches != b.batches),
        ("[augment]", a.augment != b.augment),
        ("[predict]", a.predict != b.predict),
    ];
    let differing = tables.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_change_scores_are_compared() {
        let of = |overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
            Recipe::load("folder", &overrides).unwrap()
        };
        let (plain, seed) = (of(&[]), of(&["train.seed=9", "batches.prefetch=2"]));
        assert!(differing_tables(&seed, &plain).is_empty());
        let longer = of(&["train.epochs=3", "batches.size=7"]);
        assert_eq!(differing_tables(&longer, &plain), ["[train]", "[batches]"]);
    }
}
