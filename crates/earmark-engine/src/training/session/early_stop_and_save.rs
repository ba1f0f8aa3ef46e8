//! What happens at a checkpoint: validation and what it decides (the best checkpoint, plateaus, early stopping), and the files.

use super::state::{Session, wants_checkpoint};
use crate::checkpoint::{self, BestCheckpoint, ModelFile, ModelMeta, ResumeState};
use crate::training::job::{FitError, FitEvent};
use earmark_core::atomic::{self, WriteError};
use std::path::Path;

impl Session<'_, '_> {
    /// Evaluates the weights where validation is due; false when that was stopped from outside, with nothing changed.
    pub(super) fn validate(&mut self) -> Result<bool, FitError> {
        self.read_losses()?;
        let step = self.progress.step;
        let job = &self.job;
        let due = (step / self.checkpoints.every_steps).is_multiple_of(job.validation.every_checkpoints);
        if !(due || step == self.phase_end()) {
            return Ok(true);
        }
        let (metric, patience) = (job.validation.metric, job.validation.early_stop_patience);
        let Some(validate) = &mut self.job.validate else {
            return Ok(true);
        };
        let Some(report) = validate(self.average.as_ref().unwrap_or(&self.vars))? else {
            return Ok(false);
        };
        let name = metric.name();
        let score = metric.of(&report).ok_or(FitError::NoScore { metric: name })?;
        let best = self.progress.best.is_none_or(|b| score > b.score);
        self.log.validation(step, &report, best)?;
        if best {
            self.progress.best = Some(BestCheckpoint { step, score });
            self.progress.since_best = 0;
            self.write_model(&checkpoint::best_path(self.job.run))?;
        } else {
            self.progress.since_best += 1;
        }
        (self.on_event)(FitEvent::Validated {
            step,
            report: &report,
            metric: (name, score),
            best,
        });
        let phase = &self.plan[self.progress.ends.len()];
        if phase.schedule.observe(score, &mut self.progress.plateau) {
            let rate = phase.learning_rate * self.progress.plateau.factor;
            let note = format!("step {step}: {name} has not improved; the learning rate falls to {rate:.3e}");
            (self.on_event)(FitEvent::Note(note));
        }
        let patience = phase.patience.unwrap_or(patience);
        if patience > 0 && self.progress.since_best >= patience {
            let why = format!("no better {name} in {patience} validations");
            if self.in_last_phase() {
                self.note(format!("step {step}: stopped early: {why}"));
                self.progress.stopped_early = Some(why);
            } else {
                self.note(format!("step {step}: the phase ends early: {why}"));
                self.ends_early = true;
            }
        }
        Ok(true)
    }

    fn write_model(&self, path: &Path) -> Result<(), FitError> {
        let meta = ModelMeta {
            step: self.progress.step,
            ..self.job.meta.clone()
        };
        Ok(ModelFile::write(path, &meta, self.checkpoint_weights())?)
    }

    /// Writes the checkpoint, then the logs, then the state that refers to both.
    pub(super) fn save(&mut self) -> Result<(), FitError> {
        // Weights that a loss which isn't finite has moved are never written.
        self.read_losses()?;
        let run = self.job.run;
        let step = self.progress.step;
        // Before the first step there is nothing to evaluate, and what a phase began with was evaluated as the end of another.
        if step > self.phase_start() {
            self.write_model(&checkpoint::path(run, step))?;
        }
        let ends = step == self.total() || self.progress.stopped_early.is_some();
        if ends && self.job.validate.is_none() {
            // Nothing chose a best one: the last counts.
            self.write_model(&checkpoint::best_path(run))?;
        }
        let phase_over = step == self.phase_end() || std::mem::take(&mut self.ends_early);
        if phase_over && !self.in_last_phase() && !self.progress.validation_due {
            self.next_phase()?;
        }
        self.progress.total = (self.plan.len() > 1).then(|| self.total());
        self.progress.events_len = self.log.sync()?;
        self.progress.optimizer_steps = self.optimizer.steps();
        atomic::crash_point("before-state");
        ResumeState::write(
            run,
            &self.progress,
            &self.vars,
            self.average.as_ref(),
            &self.optimizer,
        )?;
        let config = self.checkpoints;
        let wanted = |s| wants_checkpoint(&config, s, self.total(), &self.progress.ends);
        checkpoint::prune(run, config.keep, wanted)
            .map_err(|e| WriteError::new(&checkpoint::folder(run), e))?;
        if step > 0 {
            (self.on_event)(FitEvent::Saved { step });
        }
        Ok(())
    }
}
