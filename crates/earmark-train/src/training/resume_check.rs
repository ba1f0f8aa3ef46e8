//! Checks that a resumed run continues with the settings and clips that it started with.

use super::TrainJob;
use super::cannot_resume::cannot_resume;
use super::initial_weights::InitialWeights;
use super::lengthen::{check_can_be_longer, is_longer};
use crate::{PipelineError, SplitTable};
use earmark_runs::run_dir::{DataInfo, RunDir, RunInfo};
use std::collections::BTreeSet;

/// A run may only be resumed with the recipe, test fold and initial weights that it started with, or for longer where
/// its schedule allows that.
pub(super) fn check_same_job(run: &RunDir, job: &TrainJob) -> Result<(), PipelineError> {
    // Workers and caches change no result and may be chosen again.
    let mut same = job.recipe.clone();
    same.cache = run.recipe.cache.clone();
    same.batches.prefetch = run.recipe.batches.prefetch;
    let kept = &run.recipe.data.kept_corrections;
    same.data.kept_corrections.clone_from(kept);
    if is_longer(run, job) {
        same.train = same.train.as_long_as(&run.recipe.train);
    }
    if same != run.recipe {
        let (old, new) = (run.recipe.to_toml(), same.to_toml());
        let changed = new.lines().zip(old.lines()).find(|(n, o)| n != o);
        let changed = changed.map_or(String::new(), |(n, o)| format!(" (then `{o}`, now `{n}`)"));
        let what = format!("the recipe has changed since the run started{changed}");
        return cannot_resume(&run.path, what);
    }
    if is_longer(run, job) {
        check_can_be_longer(run)?;
    }
    if run.info.data.fold != job.fold {
        let name = |fold: Option<u32>| fold.map_or("none".to_owned(), |k| k.to_string());
        let (then, now) = (name(run.info.data.fold), name(job.fold));
        return cannot_resume(&run.path, format!("its test fold is {then}, not {now} (--fold)"));
    }
    let without = TrainJob {
        init_from: None,
        ..job.clone()
    };
    let then = InitialWeights::of(&without, Some(run));
    if job.init_from.is_some() && InitialWeights::of(job, None) != then {
        let what = "its initial weights differ from what --init-from, --include and --exclude say now (leave them out)";
        return cannot_resume(&run.path, what);
    }
    Ok(())
}

/// A run may only be resumed with the clips that it started with, split in the same way.
pub(super) fn check_same_data(run: &RunDir, info: &RunInfo, split: &SplitTable) -> Result<(), PipelineError> {
    if run.info.data.fingerprint != info.data.fingerprint {
        return cannot_resume(&run.path, "the data has changed since the run started");
    }
    let used = |data: &DataInfo| {
        let skipped: BTreeSet<String> = data.skipped.iter().map(|(file, _)| file.clone()).collect();
        (data.train, data.validation, skipped)
    };
    if used(&run.info.data) != used(&info.data) {
        let what = "the clips that are used or readable differ from when it started";
        return cannot_resume(&run.path, what);
    }
    if SplitTable::read(&run.path)?.is_some_and(|then| then != *split) {
        let what = "the clips to train on or to evaluate differ from when it started (--fold-table?)";
        return cannot_resume(&run.path, what);
    }
    Ok(())
}
