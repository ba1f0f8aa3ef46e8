//! All that changes from step to step of a training.

use crate::checkpoint::{CheckpointConfig, TrainingProgress};
use crate::optim::Optimizer;
use crate::training::job::{FitEvent, FitJob, FitOutcome};
use crate::training::metrics_jsonl_and_tensorboard::TrainingLog;
use crate::training::phase_plan::PhasePlan;
use crate::training::step::UnreadResult;
use crate::training::throughput::Throughput;
use earmark_models::Vars;

/// A training while it runs.
pub(in crate::training) struct Session<'a, 'e> {
    pub(super) job: FitJob<'a>,
    pub(super) on_event: &'e mut dyn FnMut(FitEvent),
    pub(super) vars: Vars,
    pub(super) average: Option<Vars>,
    pub(super) optimizer: Optimizer,
    pub(super) progress: TrainingProgress,
    /// At least one phase.
    pub(super) plan: Vec<PhasePlan>,
    /// `[checkpoints]`, for the planned length.
    pub(super) checkpoints: CheckpointConfig,
    /// Whether the phase ends at this step, before its last one.
    pub(super) ends_early: bool,
    pub(super) steps_per_epoch: u64,
    /// Steps whose losses are read together. Reading waits for the device, which then has nothing to do until the next step.
    pub(super) read_every: usize,
    /// Steps whose losses are still to be read, with their learning rates: those before `progress.step`.
    pub(super) unread: Vec<(f64, UnreadResult)>,
    pub(super) log: TrainingLog,
    pub(super) throughput: Throughput,
}

impl Session<'_, '_> {
    /// How the training ended, and its last weights.
    pub fn finish(self, interrupted: bool) -> (FitOutcome, Vars) {
        let outcome = FitOutcome {
            step: self.progress.step,
            total: self.total(),
            best: self.progress.best,
            interrupted,
            stopped_early: self.progress.stopped_early,
            throughput: self.throughput,
        };
        (outcome, self.average.unwrap_or(self.vars))
    }

    /// The current phase.
    pub(super) fn phase(&self) -> &PhasePlan {
        &self.plan[self.progress.ends.len()]
    }

    /// The step before which the current phase began.
    pub(super) fn phase_start(&self) -> u64 {
        self.progress.ends.last().copied().unwrap_or(0)
    }

    /// The step at which it ends, unless it ends early.
    pub(super) fn phase_end(&self) -> u64 {
        self.phase_start() + self.phase().steps
    }

    pub(super) fn note(&mut self, text: String) {
        (self.on_event)(FitEvent::Note(text));
    }

    pub(super) fn in_last_phase(&self) -> bool {
        self.progress.ends.len() + 1 == self.plan.len()
    }

    /// Steps of the whole training, as far as is known: phases that ended early have made it shorter.
    pub(super) fn total(&self) -> u64 {
        total_steps(&self.plan, &self.progress.ends)
    }

    /// The weights that checkpoints hold: the averaged ones where the recipe averages.
    pub(super) fn checkpoint_weights(&self) -> &Vars {
        self.average.as_ref().unwrap_or(&self.vars)
    }
}

/// Steps in all, when the phases before the current one ended at `ends`.
pub(super) fn total_steps(plan: &[PhasePlan], ends: &[u64]) -> u64 {
    let begun = ends.last().copied().unwrap_or(0);
    begun + plan[ends.len()..].iter().map(|p| p.steps).sum::<u64>()
}

/// Whether the recipe has a checkpoint after a step: every N steps, after the last one, and where a phase ended.
pub(super) fn wants_checkpoint(config: &CheckpointConfig, step: u64, total: u64, ends: &[u64]) -> bool {
    config.wants(step, total) || ends.contains(&step)
}
