//! Beginning a training, or resuming it from its state.

use super::state::{Session, total_steps, wants_checkpoint};
use crate::checkpoint::{self, CheckpointConfig, FORMAT, ResumeState, TrainingProgress};
use crate::optim::Optimizer;
use crate::training::job::{FitError, FitEvent, FitJob};
use crate::training::metrics_jsonl_and_tensorboard::TrainingLog;
use crate::training::throughput::Throughput;
use earmark_core::atomic::{self, WriteError};
use earmark_kernels::burn_ops::runs_on;
use std::path::Path;

/// Steps whose losses are read together on a GPU.
const READ_EVERY: usize = 20;

impl<'a, 'e> Session<'a, 'e> {
    pub fn open(job: FitJob<'a>, on_event: &'e mut dyn FnMut(FitEvent)) -> Result<Self, FitError> {
        let folder = checkpoint::folder(job.run);
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(&folder, e))?;
        for folder in [job.run, &folder] {
            atomic::clean_leftovers(folder).map_err(|e| WriteError::new(folder, e))?;
        }
        let steps_per_epoch = job.batches.batches_per_epoch();
        let plan = job.train.plan(steps_per_epoch);
        let mut vars = job.vars.clone();
        let resumed = job.resume && checkpoint::state_path(job.run).exists();
        let state = resumed.then(|| ResumeState::read(job.run)).transpose()?;
        let fresh = || TrainingProgress {
            format: FORMAT,
            ..TrainingProgress::default()
        };
        let progress = state.as_ref().map_or_else(fresh, |s| s.progress.clone());
        if let (true, Some(state)) = (progress.ends.len() >= plan.len(), &state) {
            return Err(state.broken("it has more phases than the recipe").into());
        }
        let phase = &plan[progress.ends.len()];
        vars.freeze(|name| phase.freezes(name));
        let mut average = (job.train.average_decay > 0.0).then(|| vars.clone());
        let mut optimizer = Optimizer::new(phase.optimizer, &vars).with_rates(&vars, &phase.layer_rates);
        if let Some(state) = &state {
            state.restore(&mut vars, average.as_mut(), &mut optimizer)?;
        }
        let total = total_steps(&plan, &progress.ends);
        // As planned: phases that end early change nothing about where checkpoints are.
        let checkpoints = job.checkpoints.resolved(total_steps(&plan, &[]));
        remove_unwanted_checkpoints(job.run, &checkpoints, &progress, total)?;
        let log = TrainingLog::open(job.run, progress.step, progress.events_len)?;
        on_event(FitEvent::Started {
            step: progress.step,
            total,
            steps_per_epoch,
        });
        let read_every = if runs_on(&job.device) { 1 } else { READ_EVERY };
        let remark = job.train.check_precision_on(&job.device)?;
        remark.into_iter().for_each(|line| on_event(FitEvent::Note(line)));
        let length = job.train.describe_length(steps_per_epoch).into_iter();
        length.for_each(|line| on_event(FitEvent::Note(line)));
        if let Some(note) = resume_note(&progress, resumed && progress.step >= total) {
            on_event(FitEvent::Note(note));
        }
        Ok(Self {
            job,
            on_event,
            vars,
            average,
            optimizer,
            progress,
            plan,
            checkpoints,
            ends_early: false,
            steps_per_epoch,
            read_every,
            unread: Vec::new(),
            log,
            throughput: Throughput::default(),
        })
    }
}

/// Removes the checkpoints that will be written again, as they are beyond the state, and that of an interruption, which the recipe
/// does not have: the state holds everything needed of it.
fn remove_unwanted_checkpoints(
    run: &Path,
    config: &CheckpointConfig,
    progress: &TrainingProgress,
    total: u64,
) -> Result<(), WriteError> {
    let folder = checkpoint::folder(run);
    let wanted = |s| wants_checkpoint(config, s, total, &progress.ends);
    for s in checkpoint::list(run).map_err(|e| WriteError::new(&folder, e))? {
        if s > progress.step || !wanted(s) {
            let path = checkpoint::path(run, s);
            std::fs::remove_file(&path).map_err(|e| WriteError::new(&path, e))?;
        }
    }
    // A kill may have come between the state and the pruning that follows it.
    checkpoint::prune(run, config.keep, wanted).map_err(|e| WriteError::new(&folder, e))
}

/// What is special about how a training resumes.
fn resume_note(progress: &TrainingProgress, complete: bool) -> Option<String> {
    let step = progress.step;
    if progress.validation_due {
        Some(format!(
            "step {step}: its validation was interrupted and is done now"
        ))
    } else if let Some(why) = &progress.stopped_early {
        Some(format!(
            "nothing left to do: this training stopped early at step {step} ({why})"
        ))
    } else {
        complete.then(|| format!("nothing left to do: this training is complete at step {step}"))
    }
}
