//! The training loop: step after step, with validation and checkpoints between them.

use super::state::Session;
use crate::training::job::FitError;
use earmark_core::atomic;
use earmark_data::batches::BatchStream;
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
                let checkpoint = self.job.checkpoints.wants(step, self.total()) || step == self.phase_end();
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
}
