//! Resuming a run for longer than it was planned.

use super::TrainJob;
use super::cannot_resume::cannot_resume;
use crate::PipelineError;
use earmark_engine::TrainingProgress;
use earmark_runs::run_dir::{RunDir, RunInfo};

/// Whether a job trains a run for longer than it was planned: the same keys of length with larger numbers.
pub(crate) fn is_longer(run: &RunDir, job: &TrainJob) -> bool {
    job.recipe.train.is_longer_than(&run.recipe.train)
}

/// Refuses to train a run for longer where that would be another training.
pub(super) fn check_can_be_longer(run: &RunDir) -> Result<(), PipelineError> {
    let path = run.path.display();
    if run.recipe.train.last_schedule().depends_on_length() {
        let what = format!(
            "the rates of its schedule (cosine) are planned for its whole length, so that a longer training differs \
             from its start (to begin one with these weights: --init-from {path})"
        );
        return cannot_resume(&run.path, what);
    }
    // A run without a state has not begun.
    let progress = TrainingProgress::read(&run.path).unwrap_or_default();
    match progress.stopped_early {
        None => Ok(()),
        Some(why) => cannot_resume(
            &run.path,
            format!(
                "it stopped early at step {} ({why}), which a longer training does as well",
                progress.step
            ),
        ),
    }
}

/// Writes the length of a job into the run that it resumes, where that is another; `info` is what the job would write
/// into `run.json`. Returns what to say about it.
pub(super) fn lengthen(
    run: &RunDir,
    job: &TrainJob,
    info: &RunInfo,
) -> Result<Option<String>, PipelineError> {
    // After a kill between the two files, the recipe is the new one and the number of steps is not.
    let steps_differ = run.info.steps.is_some() && run.info.steps != info.steps;
    if !is_longer(run, job) && !steps_differ {
        return Ok(None);
    }
    // More epochs without the minimum of steps that the run has.
    if is_longer(run, job)
        && let (Some(before), Some(after)) = (run.info.steps, info.steps)
        && after < before
    {
        let what = format!(
            "with the length that is given now it would have {after} steps, fewer than the {before} that are planned \
             (its recipe has train.min-steps, which more epochs alone don't keep)"
        );
        return cannot_resume(&run.path, what);
    }
    let mut recipe = run.recipe.clone();
    recipe.train = recipe.train.as_long_as(&job.recipe.train);
    let now = RunInfo {
        steps: info.steps,
        ..run.info.clone()
    };
    RunDir::create(&run.path, &recipe.to_toml(), &run.classes, &now)?;
    let (Some(before), Some(after)) = (run.info.steps, info.steps) else {
        return Ok(None);
    };
    let mut note = format!("the training is now {after} steps long instead of {before}");
    if !is_exact(run, before) {
        note += &format!(
            "; its end at step {before} was validated, where a training of {after} steps from the start has no \
             validation, so that the two may differ"
        );
    }
    Ok(Some(note))
}

/// Whether the run continues as if it had been planned for longer from its start: where it has not reached its end yet,
/// had nothing to validate there, or would have validated at that step anyway.
fn is_exact(run: &RunDir, end: u64) -> bool {
    let has_ended = TrainingProgress::read(&run.path).is_ok_and(|progress| progress.step >= end);
    let (checkpoints, validation) = (&run.recipe.checkpoints, &run.recipe.validation);
    let every = checkpoints.every_steps * validation.every_checkpoints;
    let regular = checkpoints.times.is_none() && end.is_multiple_of(every);
    !has_ended || run.info.data.validation == 0 || regular
}
