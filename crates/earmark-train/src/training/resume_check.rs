//! Checks that a resumed run continues with the settings and clips that it started with.

use super::TrainJob;
use super::initial_weights::InitialWeights;
use crate::{ClipRoles, PipelineError, Skips};
use earmark_runs::run_dir::{RunDir, RunInfo};
use std::collections::BTreeSet;

/// The refusal to resume a run.
fn refusal(run: &RunDir, what: impl std::fmt::Display) -> PipelineError {
    let place = run.path.display();
    PipelineError::Request(format!(
        "{place}: cannot resume: {what}; start a new run in another folder"
    ))
}

/// A run may only be resumed with the recipe, test fold and initial weights that it started with.
pub(crate) fn check_same_job(run: &RunDir, job: &TrainJob) -> Result<(), PipelineError> {
    let refuse = |what: String| Err(refusal(run, what));
    // Workers and caches change no result and may be chosen again.
    let mut same = job.recipe.clone();
    same.cache = run.recipe.cache.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    if same != run.recipe {
        let (old, new) = (run.recipe.to_toml(), same.to_toml());
        let line = new
            .lines()
            .zip(old.lines())
            .find(|(n, o)| n != o)
            .map(|(n, o)| format!(" (then `{o}`, now `{n}`)"));
        return refuse(format!(
            "the recipe has changed since the run started{}",
            line.unwrap_or_default()
        ));
    }
    if run.info.data.fold != job.fold {
        let name = |fold: Option<u32>| fold.map_or("none".to_owned(), |k| k.to_string());
        return refuse(format!(
            "its test fold is {}, not {} (--fold)",
            name(run.info.data.fold),
            name(job.fold)
        ));
    }
    if job.init_from.is_some()
        && InitialWeights::of(job, None)
            != InitialWeights::of(
                &TrainJob {
                    init_from: None,
                    ..job.clone()
                },
                Some(run),
            )
    {
        return refuse("its initial weights differ from what --init-from, --include and --exclude say now (leave them out)".into());
    }
    Ok(())
}

/// A run may only be resumed with the clips that it started with, split in the same way.
pub(super) fn check_same_data(run: &RunDir, info: &RunInfo, roles: &ClipRoles) -> Result<(), PipelineError> {
    let (then, now) = (&run.info.data, &info.data);
    if then.fingerprint != now.fingerprint {
        return Err(refusal(run, "the data has changed since the run started"));
    }
    let names = |skips: &Skips| {
        skips
            .iter()
            .map(|(file, _)| file.clone())
            .collect::<BTreeSet<_>>()
    };
    if (then.train, then.validation, names(&then.skipped)) != (now.train, now.validation, names(&now.skipped))
    {
        return Err(refusal(
            run,
            "the clips that are used or readable differ from when it started",
        ));
    }
    if ClipRoles::read(&run.path)?.is_some_and(|then| then != *roles) {
        return Err(refusal(
            run,
            "the clips to train on or to evaluate differ from when it started (--fold-table?)",
        ));
    }
    Ok(())
}
