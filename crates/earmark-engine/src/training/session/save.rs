//! What is written at a checkpoint, and the step from one phase to the next.

use super::state::{Session, wants_checkpoint};
use crate::checkpoint::{self, ModelFile, ModelMeta, ResumeState};
use crate::optim::{Optimizer, PlateauState};
use crate::training::frozen::freeze;
use crate::training::job::{FitError, FitEvent};
use crate::training::phase::Begin;
use earmark_core::atomic::{self, WriteError};
use std::path::Path;

impl Session<'_, '_> {
    pub(super) fn write_model(&self, path: &Path) -> Result<(), FitError> {
        let meta = ModelMeta {
            step: self.progress.step,
            ..self.job.meta.clone()
        };
        Ok(ModelFile::write(path, &meta, self.checkpoint_weights())?)
    }

    /// Writes the checkpoint, then the logs, then the state that refers to both.
    pub(super) fn save(&mut self) -> Result<(), FitError> {
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
        let config = self.job.checkpoints;
        let wanted = |s| wants_checkpoint(config, s, self.total(), &self.progress.ends);
        checkpoint::prune(run, config.keep, wanted)
            .map_err(|e| WriteError::new(&checkpoint::folder(run), e))?;
        if step > 0 {
            (self.on_event)(FitEvent::Saved { step });
        }
        Ok(())
    }

    /// Ends the phase here and begins the next one: its rates, its frozen variables, fresh moments.
    fn next_phase(&mut self) -> Result<(), FitError> {
        let step = self.progress.step;
        self.progress.ends.push(step);
        self.progress.plateau = PlateauState::default();
        self.progress.since_best = 0;
        let phase = self.phase().clone();
        if phase.begin == Begin::Best {
            let path = checkpoint::best_path(self.job.run);
            let best = ModelFile::read(&path)?;
            for vars in std::iter::once(&mut self.vars).chain(&mut self.average) {
                best.load_into(&path, vars)?;
            }
        }
        freeze(&mut self.vars, &phase);
        if let Some(average) = &mut self.average {
            freeze(average, &phase);
        }
        self.optimizer =
            Optimizer::new(phase.optimizer, &self.vars).with_rates(&self.vars, &phase.layer_rates);
        let (number, of) = (self.progress.ends.len() + 1, self.plan.len());
        self.note(format!(
            "step {step}: phase {number} of {of} begins: {}",
            phase.describe()
        ));
        Ok(())
    }
}
