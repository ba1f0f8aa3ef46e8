//! Whether a run may go on: only as what it began as.

use super::start::Start;
use super::{PipelineError, Roles, Skips, Train};
use earmark_runs::run_dir::{RunDir, RunInfo};
use std::collections::BTreeSet;

/// The refusal to go on with a run.
fn refusal(run: &RunDir, what: impl std::fmt::Display) -> PipelineError {
    let place = run.path.display();
    PipelineError::Request(format!(
        "{place}: cannot go on: {what}; start a new run in another folder"
    ))
}

/// A run may only go on as what it began as: recipe, fold and start of the weights.
pub(super) fn check_same_job(run: &RunDir, job: &Train) -> Result<(), PipelineError> {
    let refuse = |what: String| Err(refusal(run, what));
    // Workers and caches change no result and may be chosen anew.
    let mut same = job.recipe.clone();
    same.cache = run.recipe.cache.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    if same != run.recipe {
        let (old, new) = (run.recipe.to_toml(), same.to_toml());
        let line = new
            .lines()
            .zip(old.lines())
            .find(|(n, o)| n != o)
            .map(|(n, o)| format!(" (`{o}` then, `{n}` now)"));
        return refuse(format!(
            "the recipe has changed since the run began{}",
            line.unwrap_or_default()
        ));
    }
    if run.info.data.fold != job.fold {
        let name = |fold: Option<u32>| fold.map_or("no fold".to_owned(), |k| format!("fold {k}"));
        return refuse(format!(
            "it keeps {} for judging, not {} (--fold)",
            name(run.info.data.fold),
            name(job.fold)
        ));
    }
    if job.init_from.is_some()
        && Start::of(job, None)
            != Start::of(
                &Train {
                    init_from: None,
                    ..job.clone()
                },
                Some(run),
            )
    {
        return refuse("its weights began otherwise than --init-from, --include and --exclude say now (they may be left out)".into());
    }
    Ok(())
}

/// A run may only go on with the clips it began with, each in its role.
pub(super) fn check_same_data(run: &RunDir, info: &RunInfo, roles: &Roles) -> Result<(), PipelineError> {
    let (then, now) = (&run.info.data, &info.data);
    if then.fingerprint != now.fingerprint {
        return Err(refusal(run, "the data has changed since the run began"));
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
            "other clips are used or readable now than when it began",
        ));
    }
    if Roles::read(&run.path)?.is_some_and(|then| then != *roles) {
        return Err(refusal(
            run,
            "other clips would be trained on or judged than when it began (--fold-table?)",
        ));
    }
    Ok(())
}
