//! Validation within a training, and what it decides: the best checkpoint, plateaus, early stopping.

use super::state::Session;
use crate::checkpoint::{self, BestCheckpoint};
use crate::training::job::{FitError, FitEvent};

impl Session<'_, '_> {
    /// Evaluates the weights where validation is due; false when that was stopped from outside, with nothing changed.
    pub(super) fn validate(&mut self) -> Result<bool, FitError> {
        let step = self.progress.step;
        let job = &self.job;
        let due = (step / job.checkpoints.every_steps).is_multiple_of(job.validation.every_checkpoints);
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
}
