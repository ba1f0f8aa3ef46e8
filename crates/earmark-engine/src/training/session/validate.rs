//! Validation within a training, and what it decides: the best checkpoint, plateaus, early stopping.

use super::state::Session;
use crate::checkpoint::{self, BestCheckpoint};
use crate::training::job::{FitError, FitEvent, FitJob};

impl Session {
    /// Evaluates the weights where validation is due; false when that was stopped from outside, with nothing changed.
    pub(super) fn validate(
        &mut self,
        job: &mut FitJob,
        on_event: &mut dyn FnMut(FitEvent),
    ) -> Result<bool, FitError> {
        let step = self.progress.step;
        let due = (step / job.checkpoints.every_steps).is_multiple_of(job.validation.every_checkpoints);
        let Some(validate) = job.validate.as_mut().filter(|_| due || step == self.phase_end()) else {
            return Ok(true);
        };
        let Some(report) = validate(self.checkpoint_weights())? else {
            return Ok(false);
        };
        let metric = job.validation.metric;
        let name = metric.name();
        let score = metric.of(&report).ok_or(FitError::NoScore { metric: name })?;
        let best = self.progress.best.is_none_or(|b| score > b.score);
        self.log.validation(step, &report, best)?;
        if best {
            self.progress.best = Some(BestCheckpoint { step, score });
            self.progress.since_best = 0;
            self.write_model(job, &checkpoint::best_path(job.run))?;
        } else {
            self.progress.since_best += 1;
        }
        on_event(FitEvent::Validated {
            step,
            report: &report,
            metric: (name, score),
            best,
        });
        let phase = &self.plan[self.progress.ends.len()];
        if phase.schedule.observe(score, &mut self.progress.plateau) {
            on_event(FitEvent::Note(format!(
                "step {step}: {name} has not improved; the learning rate falls to {:.3e}",
                phase.learning_rate * self.progress.plateau.factor
            )));
        }
        let patience = phase.patience.unwrap_or(job.validation.early_stop_patience);
        if patience > 0 && self.progress.since_best >= patience {
            let why = format!("no better {name} in {patience} validations");
            if self.in_last_phase() {
                on_event(FitEvent::Note(format!("step {step}: stopped early: {why}")));
                self.progress.stopped_early = Some(why);
            } else {
                on_event(FitEvent::Note(format!(
                    "step {step}: the phase ends early: {why}"
                )));
                self.ends_early = true;
            }
        }
        Ok(true)
    }
}
