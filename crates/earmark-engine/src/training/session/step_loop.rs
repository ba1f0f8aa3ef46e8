//! The training loop: step after step (learning rate, weights, their moving average, log), with validation and checkpoints between
//! them.

use super::state::Session;
use crate::optim::TrainingPosition;
use crate::training::job::{FitError, FitEvent};
use crate::training::phase_plan::steps_moved;
use crate::training::step::{StepResult, TrainStep, UnreadResult, train_step, train_step_unread};
use earmark_core::atomic;
use earmark_core::random::{self, Purpose};
use earmark_data::batches::{Batch, BatchStream};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Session<'_, '_> {
    /// Runs to the end of the training; true when it was stopped from outside.
    pub fn run(&mut self) -> Result<bool, FitError> {
        if self.progress.validation_due && !self.validate_and_save()? {
            return Ok(true);
        }
        loop {
            let phase = self.progress.ends.len();
            let batches = match &self.job.unmixed {
                Some(unmixed) if !self.phase().mixing => unmixed,
                _ => &self.job.batches,
            };
            let mut stream = BatchStream::start(Arc::clone(batches), batches.position(self.progress.step));
            while self.progress.ends.len() == phase {
                if self.progress.step >= self.total() || self.progress.stopped_early.is_some() {
                    return Ok(false);
                }
                if self.job.stop.load(Ordering::Relaxed) {
                    self.save()?;
                    return Ok(true);
                }
                let step = self.progress.step;
                let start = Instant::now();
                let batch = match stream.next() {
                    Some(Ok(batch)) => batch,
                    Some(Err(cause)) => return Err(FitError::Item { step, cause }),
                    None => unreachable!("a batch stream has no end"),
                };
                let waited = start.elapsed().as_secs_f64();
                self.advance(batch)?;
                self.throughput.add(waited, start.elapsed().as_secs_f64());
                atomic::crash_point("step");
                let step = self.progress.step;
                let checkpoint = self.checkpoints.wants(step, self.total()) || step == self.phase_end();
                if checkpoint && !self.validate_and_save()? {
                    return Ok(true);
                }
            }
        }
    }

    /// Validation, then a checkpoint; false when the validation was stopped from outside. The state then remembers that it is due: a
    /// resume begins with it, so that it decides the same things (best, plateau, early stop) as without the interruption.
    fn validate_and_save(&mut self) -> Result<bool, FitError> {
        let validated = self.validate()?;
        self.progress.validation_due = !validated;
        self.save()?;
        Ok(validated)
    }

    /// Trains on one batch.
    fn advance(&mut self, batch: Batch) -> Result<(), FitError> {
        let job = &self.job;
        let step = self.progress.step;
        let phase = self.phase();
        let at = TrainingPosition {
            step: step - self.phase_start(),
            steps_per_epoch: self.steps_per_epoch,
            total_steps: phase.steps,
        };
        let rate = phase
            .schedule
            .rate(phase.learning_rate, at, &self.progress.plateau);
        let is_noisy = |&clip: &u32| job.noisy.get(clip as usize).copied().unwrap_or(false);
        let work = TrainStep {
            train: job.train,
            network: job.network,
            device: &job.device,
            noisy: batch.clips.iter().map(is_noisy).collect(),
            x: batch.x,
            shape: batch.shape,
            clip_features: batch.clip_features,
            y: batch.y,
            rate,
            moved: self.steps_moved(),
            rng: random::stream(job.train.seed, &[Purpose::Dropout as u64, step]),
        };
        let (vars, optimizer) = (&mut self.vars, &mut self.optimizer);
        if self.read_every == 1 {
            let result = train_step(work, vars, optimizer);
            self.report(step + 1, rate, result)?;
        } else {
            let result = train_step_unread(work, vars, optimizer);
            self.unread.push((rate, result));
        }
        self.move_average();
        self.progress.step += 1;
        if self.unread.len() >= self.read_every {
            self.read_losses()?;
        }
        Ok(())
    }

    /// Reads the losses of the last steps where that is still to be done.
    pub(super) fn read_losses(&mut self) -> Result<(), FitError> {
        let (rates, unread): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unread).into_iter().unzip();
        let before = self.progress.step - rates.len() as u64;
        let results = rates.into_iter().zip(UnreadResult::read(unread));
        for (step, (rate, result)) in (before + 1..).zip(results) {
            self.report(step, rate, result)?;
        }
        Ok(())
    }

    /// Logs and reports what a step gave; an error where its loss is not finite.
    fn report(&mut self, step: u64, rate: f64, result: StepResult) -> Result<(), FitError> {
        let StepResult { loss, gradient_norm } = result;
        if !loss.is_finite() {
            return Err(FitError::Diverged { step, loss, rate });
        }
        self.log_step(step, loss, rate, gradient_norm)?;
        (self.on_event)(FitEvent::Step { step, loss, rate });
        Ok(())
    }

    /// For each variable, how many steps have moved it; not counted where nothing asks for it.
    fn steps_moved(&self) -> Vec<u64> {
        if !self.job.train.batch_norm_warm_up {
            return Vec::new();
        }
        let (ends, step) = (&self.progress.ends, self.progress.step);
        let specs = self.vars.specs().iter();
        specs
            .map(|spec| steps_moved(&self.plan, ends, step, &spec.name))
            .collect()
    }

    fn log_step(&mut self, step: u64, loss: f64, rate: f64, norm: Option<f64>) -> Result<(), FitError> {
        let mut line = json!({ "step": step, "epoch": (step - 1) / self.steps_per_epoch, "loss": loss, "learning_rate": rate });
        if self.plan.len() > 1 {
            line["phase"] = (self.progress.ends.len() + 1).into();
        }
        if let Some(norm) = norm {
            line["gradient_norm"] = norm.into();
        }
        Ok(self.log.step(step, &line, [loss, rate])?)
    }
}
