//! About how long the ways take, by measuring a few clips and steps.

use super::context::FitContext;
use super::recipes::FitBackbone;
use crate::{PipelineError, Skips, TrainJob, estimate, plan};
use earmark_data::{DataSet, FeatureStore, Item};
use earmark_engine::ScorerOutput;
use earmark_features::Extractor;
use earmark_inference::{Device, Model, SegmentRowsJob, segment_rows};
use earmark_recipe::Recipe;
use std::time::Instant;

/// Clips that are measured.
const MEASURED: usize = 4;

/// Fitting the probes themselves, as a share of the time of their features.
const FITTING: f64 = 0.3;

/// Scoring the held-out clips, as a share of the time of training.
const SCORING: f64 = 0.1;

/// Whether the rest of a budget is enough for a way; without a budget it always is.
pub(super) fn fits(budget: Option<f64>, elapsed: f64, seconds: f64) -> bool {
    budget.is_none_or(|budget| elapsed + seconds <= budget)
}

/// A training of each fold and one of all clips, features included.
pub(super) fn training_seconds(job: &TrainJob, data: &DataSet) -> Result<f64, PipelineError> {
    let folds = data.folds();
    let planned = plan(job, folds.first().copied())?;
    let one = estimate(&job.recipe, &planned, &job.data, &job.device)?.seconds;
    let trainings = one * (1.0 + SCORING) * (folds.len() + 1) as f64;
    Ok(feature_seconds(&job.recipe, &data.items)? + trainings)
}

/// The features of all clips by the network, and the fits.
pub(super) fn probe_seconds(context: &FitContext, backbone: &FitBackbone) -> Result<f64, PipelineError> {
    let items = &context.data.train.items;
    let recipe = &backbone.recipe;
    let features = feature_seconds(recipe, items)?;
    let model = Model::open_file(&backbone.path, &Device::named(&context.job.device)?)?;
    let few = few(items);
    let job = SegmentRowsJob {
        scorer: model.scorer(),
        output: ScorerOutput::Scores,
        items: &few,
        store: &FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?,
        observer: &|_| {},
        stop: context.stop,
    };
    let start = Instant::now();
    // Unreadable clips are named when the way is tried.
    segment_rows(&job, &mut Skips::new(), |_, _| {})?;
    let network = start.elapsed().as_secs_f64() / few.len().max(1) as f64 * items.len() as f64;
    Ok((features + network) * (1.0 + FITTING))
}

/// The features of all clips, on all threads; those in the cache cost next to nothing.
fn feature_seconds(recipe: &Recipe, items: &[Item]) -> Result<f64, PipelineError> {
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
    let few = few(items);
    let start = Instant::now();
    // Unreadable clips are named when the way is tried.
    let read = few.iter().filter(|item| store.get(item, None).is_ok()).count();
    let each = start.elapsed().as_secs_f64() / read.max(1) as f64;
    Ok(each * items.len() as f64 / rayon::current_num_threads() as f64)
}

/// Some of the clips, from all over the set.
fn few(items: &[Item]) -> Vec<Item> {
    let step = items.len().div_ceil(MEASURED).max(1);
    items.iter().step_by(step).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_fits_into_what_is_left() {
        assert!(fits(None, 1e6, 1e6));
        assert!(fits(Some(60.0), 20.0, 40.0));
        assert!(!fits(Some(60.0), 20.0, 41.0));
        assert!(!fits(Some(60.0), 61.0, 0.0), "nothing is left");
    }

    #[test]
    fn few_clips_are_from_all_over_the_set() {
        let items: Vec<Item> = (0..10)
            .map(|k| Item {
                file: k.to_string(),
                ..Item::default()
            })
            .collect();
        let files: Vec<String> = few(&items).into_iter().map(|item| item.file).collect();
        assert_eq!(files, ["0", "3", "6", "9"]);
        assert_eq!(few(&items[..1]).len(), 1);
        assert!(few(&[]).is_empty());
    }
}
