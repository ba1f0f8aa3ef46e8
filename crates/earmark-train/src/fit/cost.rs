//! About how long the ways take, by measuring a few clips and steps.

use super::budget::fits;
use super::context::FitContext;
use super::recipes::FitBackbone;
use crate::linear_probe::{FittingSize, fitting_seconds};
use crate::{BACKGROUND_COPIES, CLIP_COPIES, PipelineError, Skips, TrainJob, estimate, plan};
use earmark_data::{CacheConfig, DataSet, FeatureStore, Item};
use earmark_engine::ScorerOutput;
use earmark_features::Extractor;
use earmark_inference::{Device, Model, SegmentRowsJob, segment_rows};
use earmark_recipe::Recipe;
use std::time::Instant;

/// Clips that are measured.
const MEASURED: usize = 4;

/// Scoring the held-out clips, as a share of the time of training.
const SCORING: f64 = 0.1;

/// Folds that a later way of training is compared on: each costs a training, and two of five show a difference that
/// matters.
const COMPARED: usize = 2;

/// What a way costs.
#[derive(Clone, Copy, Debug)]
pub(super) enum WayCost {
    /// Seconds, on all folds; none for a way that is finished.
    Whole(f64),
    /// It can't be estimated; the way says why when it is tried.
    Unknown,
    /// A training for each fold that it is compared on: all of them, or as many of the first as the budget allows.
    Training {
        /// The cost of one.
        each: TrainingCost,
        /// Number of folds.
        folds: usize,
        /// Whether a few of the folds are enough.
        few: bool,
    },
}

impl WayCost {
    /// Whether nothing says how long the way takes.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown) || !self.within(None).1.is_finite()
    }

    /// The folds that the way is compared on, if `left` seconds are left, and about how long that takes, the last
    /// training included. Where nothing fits, it is the least that it takes.
    pub fn within(&self, left: Option<f64>) -> (usize, f64) {
        match *self {
            Self::Whole(seconds) => (usize::MAX, seconds),
            Self::Unknown => (usize::MAX, 0.0),
            Self::Training { each, folds, few } => {
                let most = if few { folds.min(COMPARED) } else { folds };
                let least = if few { 1 } else { most };
                let fitting = (least..=most).rev().find(|&n| fits(left, each.seconds(n)));
                let folds = fitting.unwrap_or(least);
                (folds, each.seconds(folds))
            }
        }
    }
}

/// About how many seconds a way of training takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TrainingCost {
    /// The features of all clips.
    features: f64,
    /// One training, with the scores of what it was not trained on.
    training: f64,
}

impl TrainingCost {
    /// Measures a few clips and steps of a training.
    pub fn of(job: &TrainJob, data: &DataSet) -> Result<Self, PipelineError> {
        let planned = plan(job, data.folds().first().copied())?;
        let one = estimate(&job.recipe, &planned, &job.data, &job.device)?.seconds;
        Ok(Self {
            features: feature_seconds(&job.recipe, &data.items)?,
            training: one * (1.0 + SCORING),
        })
    }

    /// A training for each of `folds` folds, and one of all clips.
    pub fn seconds(&self, folds: usize) -> f64 {
        self.features + self.training * (folds + 1) as f64
    }
}

/// The features of all clips by the network, and the fits.
pub(super) fn probe_seconds(context: &FitContext, backbone: &FitBackbone) -> Result<f64, PipelineError> {
    let data = &context.data.train;
    let items = &data.items;
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
        own_passes: false,
    };
    let start = Instant::now();
    // Unreadable clips are named when the way is tried.
    segment_rows(&job, &mut Skips::new(), |_, _| {})?;
    let single_label = !data.multi_label && !context.data.has_background;
    // Copies are embedded and fitted as well.
    let copies = match (single_label, context.data.has_background) {
        (true, _) => CLIP_COPIES,
        (false, true) => BACKGROUND_COPIES,
        (false, false) => 0,
    };
    let examples = items.len() * (1 + copies);
    let network = start.elapsed().as_secs_f64() / few.len().max(1) as f64 * examples as f64;
    let size = FittingSize {
        clips: examples,
        classes: data.classes.len(),
        folds: data.folds().len(),
        single_label,
    };
    let fitting = fitting_seconds(&backbone.path.to_string_lossy(), &context.job.device, size)?;
    Ok(features + network + fitting)
}

/// The features of all clips, on all threads, as if none were cached.
fn feature_seconds(recipe: &Recipe, items: &[Item]) -> Result<f64, PipelineError> {
    // Without the cache: the few clips that are measured would be in it the next time, and all others not.
    let uncached = CacheConfig {
        memory_mib: 0,
        disk_mib: 0,
        ..recipe.cache.clone()
    };
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &uncached)?;
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

    /// Ten seconds for the features and a hundred for each training: a later way takes two folds of five, or one.
    #[test]
    fn a_later_training_takes_as_many_folds_as_the_budget_allows() {
        let cost = |few| WayCost::Training {
            each: TrainingCost {
                features: 10.0,
                training: 100.0,
            },
            folds: 5,
            few,
        };
        let of = |few, left| cost(few).within(left);
        assert_eq!(of(true, None), (2, 310.0));
        assert_eq!(of(true, Some(310.0)), (2, 310.0));
        assert_eq!(of(true, Some(309.0)), (1, 210.0));
        assert_eq!(of(true, Some(1.0)), (1, 210.0), "the least that it takes");
        assert_eq!(
            of(false, Some(1.0)),
            (5, 610.0),
            "a way whose every clip is scored"
        );
        assert_eq!(WayCost::Whole(7.0).within(Some(1.0)).1, 7.0);
        // What can't be measured fits into no budget, and is tried without one.
        let unknown = WayCost::Training {
            each: TrainingCost {
                features: 10.0,
                training: f64::NAN,
            },
            folds: 5,
            few: true,
        };
        assert!(unknown.within(Some(1e9)).1.is_nan());
        assert!(unknown.is_unknown() && WayCost::Unknown.is_unknown());
        assert!(!cost(true).is_unknown() && !WayCost::Whole(0.0).is_unknown());
        assert_eq!(unknown.within(None).0, 2);
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
