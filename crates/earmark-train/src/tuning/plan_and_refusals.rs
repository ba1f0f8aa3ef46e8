//! What a search will try and compare by, and which searches are refused before anything is trained.

use super::TuneJob;
use crate::split;
use earmark_engine::{ValidationMetric, ValidationSplit};
use earmark_inference::PipelineError;
use earmark_inference::data::open_data;
use earmark_recipe::Recipe;

/// A checked search: what each trial trains.
#[derive(Clone, Debug)]
pub struct TunePlan {
    /// The recipe of each trial, before inner folds change it, or why its settings don't fit together.
    pub recipes: Vec<Result<Recipe, String>>,
    /// The metric that trials are compared by.
    pub metric: ValidationMetric,
    /// The clips that trials are compared on, in words.
    pub compared_by: String,
}

/// Reads the recipe of every trial and checks the search before anything is trained.
///
/// # Errors
/// A value that is refused by itself. (Values that are refused only together with those of other keys make a failed trial.)
pub fn plan(job: &TuneJob) -> Result<TunePlan, PipelineError> {
    let load = |setting: &[String]| {
        let overrides = [job.overrides.as_slice(), setting].concat();
        Recipe::load(&job.recipe, &overrides)
    };
    let mut all: Vec<Result<Recipe, String>> = Vec::new();
    for setting in &job.settings {
        let loaded = load(setting);
        if loaded.is_err() {
            for value in setting {
                load(std::slice::from_ref(value))?;
            }
        }
        all.push(loaded.map_err(|e| e.to_string()));
    }
    let recipes: Vec<&Recipe> = all.iter().flatten().collect();
    let refuse = |text: &str| Err(PipelineError::Request(text.to_owned()));
    if let (true, Some(Err(reason))) = (recipes.is_empty(), all.first()) {
        return refuse(reason);
    }
    let Some(metric) = recipes.first().map(|recipe| recipe.validation.metric) else {
        return refuse("nothing to try: give --grid KEY=V1,V2, or --random N with --range or --choice");
    };
    if recipes.iter().any(|r| r.validation.metric != metric) {
        return refuse(
            "validation.metric: differs between trials, so they could not be compared; leave it out of the search",
        );
    }
    if job.abandon && job.shard.is_some() {
        return refuse(
            "--abandon compares a trial with those before it, which other shards have; leave one of the two out",
        );
    }
    let some = |split: ValidationSplit| recipes.iter().any(|r| r.validation.split == split);
    let compared_by = match job.inner_folds {
        Some(0 | 1) => return refuse("--inner-folds: choose 2 or more"),
        Some(count) => format!("the mean over {count} inner folds"),
        None if some(ValidationSplit::TestFold) => {
            return refuse(
                "validation.split: the test fold must not choose settings; set validation.split={kind=\"hold-out\",fraction=0.2}, or use --inner-folds N",
            );
        }
        None if some(ValidationSplit::None) => {
            return refuse(
                "validation.split: trials are compared on validation clips, but this recipe has none; set validation.split={kind=\"hold-out\",fraction=0.2}, or use --inner-folds N",
            );
        }
        None => "the validation clips (validation.split)".to_owned(),
    };
    Ok(TunePlan {
        recipes: all,
        metric,
        compared_by,
    })
}

/// Refuses a search on data that no trial could be trained on: all would fail alike, and stay failed when the data is fixed.
pub(super) fn check_data(job: &TuneJob, recipes: &[Result<Recipe, String>]) -> Result<(), PipelineError> {
    let mut first = None;
    for recipe in recipes.iter().flatten() {
        let data = open_data(recipe, &job.data);
        match data.and_then(|data| split(recipe, &data, job.fold, job.fold_table.as_deref())) {
            Ok(_) => return Ok(()),
            Err(e) => first = first.or(Some(e)),
        }
    }
    first.map_or(Ok(()), Err)
}
