//! A training as it goes on, step by step.

use crate::checkpoint::event_file::EventWriter;
use crate::checkpoint::model_file::{FORMAT, ModelFile, ModelMeta};
use crate::checkpoint::{self, Best, CheckpointConfig, Progress, State};
use crate::optim::optimizer::Optimizer;
use crate::optim::schedule::{PlateauState, Position};
use crate::training::fit::{Fit, FitError, FitEvent, events_path, metrics_path};
use crate::training::phase::{Begin, PhasePlan, freeze};
use crate::training::step::{Step, StepResult, train_step};
use crate::training::throughput::Pace;
use earmark_core::atomic::{self, WriteError};
use earmark_core::json_lines::JsonLines;
use earmark_core::random::{self, Purpose};
use earmark_data::batches::{Batch, BatchStream};
use earmark_models::{VarId, Vars};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Steps between event summaries of the loss, as in the DCASE 2019 baseline.
const EVENT_STEPS: u64 = 10;

/// All that changes from step to step.
pub(crate) struct Session {
    pub vars: Vars,
    pub average: Option<Vars>,
    optimizer: Optimizer,
    pub progress: Progress,
    /// At least one phase.
    plan: Vec<PhasePlan>,
    /// Whether the phase ends at this step, before its last one.
    ends_early: bool,
    steps_per_epoch: u64,
    log: JsonLines,
    events: EventWriter,
    pub pace: Pace,
}

impl Session {
    pub fn open(job: &mut Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<Self, FitError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |e| FitError::Write(WriteError::new(&path, e))
        };
        let folder = checkpoint::folder(job.run);
        std::fs::create_dir_all(&folder).map_err(io(&folder))?;
        for folder in [job.run, &folder] {
            atomic::clean_leftovers(folder).map_err(io(folder))?;
        }
        let steps_per_epoch = job.batches.batches_per_epoch();
        let plan = job.train.plan(steps_per_epoch);
        let mut vars = job.vars.clone();
        let resumed = job.resume && checkpoint::state_path(job.run).exists();
        let state = resumed.then(|| State::read(job.run)).transpose()?;
        let progress = match &state {
            Some(state) => state.progress.clone(),
            None => Progress {
                format: FORMAT,
                step: 0,
                best: None,
                since_best: 0,
                plateau: PlateauState::default(),
                optimizer_steps: 0,
                events_len: 0,
                stopped_early: None,
                validation_due: false,
                ends: Vec::new(),
                total: None,
            },
        };
        if let (true, Some(state)) = (progress.ends.len() >= plan.len(), &state) {
            return Err(state.broken("it has more phases than the recipe").into());
        }
        let phase = &plan[progress.ends.len()];
        freeze(&mut vars, phase);
        let mut average = (job.train.average_decay > 0.0).then(|| vars.clone());
        let mut optimizer = Optimizer::new(phase.optimizer, &vars).with_rates(&vars, &phase.layer_rates);
        if let Some(state) = &state {
            state.restore(&mut vars, average.as_mut(), &mut optimizer)?;
        }
        let step = progress.step;
        // What lies beyond the state will be made again; an interruption's own checkpoint is none of the recipe's, and the state
        // holds all that is needed of it.
        let total = total_of(&plan, &progress.ends);
        let wanted = |s| wanted(job.checkpoints, s, total, &progress.ends);
        for s in checkpoint::list(job.run).map_err(io(&folder))? {
            if s > step || !wanted(s) {
                let path = checkpoint::path(job.run, s);
                std::fs::remove_file(&path).map_err(io(&path))?;
            }
        }
        // A kill may have come between the state and the pruning that follows it.
        checkpoint::prune(job.run, job.checkpoints.keep, wanted).map_err(io(&folder))?;
        let log = JsonLines::open_cut(&metrics_path(job.run), |line| {
            line["step"].as_u64().is_some_and(|s| s <= step)
        })?;
        let path = events_path(job.run);
        let events = EventWriter::open(&path, progress.events_len).map_err(io(&path))?;
        on_event(FitEvent::Started {
            step,
            total,
            steps_per_epoch,
        });
        if progress.validation_due {
            on_event(FitEvent::Note(format!(
                "step {step}: its validation was interrupted and is done now"
            )));
        } else if let Some(why) = &progress.stopped_early {
            on_event(FitEvent::Note(format!(
                "nothing left to do: this training stopped early at step {step} ({why})"
            )));
        } else if resumed && step >= total {
            on_event(FitEvent::Note(format!(
                "nothing left to do: this training is complete at step {step}"
            )));
        }
        Ok(Self {
            vars,
            average,
            optimizer,
            progress,
            plan,
            ends_early: false,
            steps_per_epoch,
            log,
            events,
            pace: Pace::default(),
        })
    }

    /// The loop; true when it was stopped from outside.
    pub fn run(&mut self, job: &mut Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<bool, FitError> {
        if self.progress.validation_due && !self.validate_and_save(job, on_event)? {
            return Ok(true);
        }
        loop {
            let phase = self.progress.ends.len();
            let batches = match &job.unmixed {
                Some(unmixed) if !self.phase().mixing => unmixed,
                _ => &job.batches,
            };
            let mut stream = BatchStream::start(Arc::clone(batches), batches.position(self.progress.step));
            while self.progress.ends.len() == phase {
                if self.progress.step >= self.total() || self.progress.stopped_early.is_some() {
                    return Ok(false);
                }
                if job.stop.load(Ordering::Relaxed) {
                    self.save(job, on_event)?;
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
                self.step(job, batch, on_event)?;
                self.pace.add(waited, start.elapsed().as_secs_f64());
                atomic::crash_point("step");
                let step = self.progress.step;
                let checkpoint = job.checkpoints.wants(step, self.total()) || step == self.phase_end();
                if checkpoint && !self.validate_and_save(job, on_event)? {
                    return Ok(true);
                }
            }
        }
    }

    /// The phase that the training is in.
    fn phase(&self) -> &PhasePlan {
        &self.plan[self.progress.ends.len()]
    }

    /// The step before which it began.
    fn phase_start(&self) -> u64 {
        self.progress.ends.last().copied().unwrap_or(0)
    }

    /// The step at which it ends, unless it ends early.
    fn phase_end(&self) -> u64 {
        self.phase_start() + self.phase().steps
    }

    fn in_last_phase(&self) -> bool {
        self.progress.ends.len() + 1 == self.plan.len()
    }

    /// Steps of the whole training, as far as is known: phases that ended early have made it shorter.
    pub fn total(&self) -> u64 {
        total_of(&self.plan, &self.progress.ends)
    }

    /// Ends the phase here and begins the next one: its rates, its frozen variables, fresh moments.
    fn next_phase(&mut self, job: &Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<(), FitError> {
        let step = self.progress.step;
        self.progress.ends.push(step);
        self.progress.plateau = PlateauState::default();
        self.progress.since_best = 0;
        let phase = self.phase().clone();
        if phase.begin == Begin::Best {
            let path = job.run.join("best.safetensors");
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
        on_event(FitEvent::Note(format!(
            "step {step}: phase {} of {} begins: {}",
            self.progress.ends.len() + 1,
            self.plan.len(),
            phase.told()
        )));
        Ok(())
    }

    /// What comes after the last step before a checkpoint; false when the validation was stopped from outside. The state then
    /// remembers that it is due: a resume begins with it, so that what it decides (best, plateau, early stop) is decided there.
    fn validate_and_save(
        &mut self,
        job: &mut Fit,
        on_event: &mut dyn FnMut(FitEvent),
    ) -> Result<bool, FitError> {
        let validated = self.validate(job, on_event)?;
        self.progress.validation_due = !validated;
        self.save(job, on_event)?;
        Ok(validated)
    }

    fn step(&mut self, job: &Fit, batch: Batch, on_event: &mut dyn FnMut(FitEvent)) -> Result<(), FitError> {
        let step = self.progress.step;
        let phase = self.phase();
        let at = Position {
            step: step - self.phase_start(),
            steps_per_epoch: self.steps_per_epoch,
            total_steps: phase.steps,
        };
        let rate = phase
            .schedule
            .rate(phase.learning_rate, at, &self.progress.plateau);
        let rng = random::stream(job.train.seed, &[Purpose::Dropout as u64, step]);
        let Batch {
            x,
            y,
            side,
            shape,
            clips,
            ..
        } = batch;
        let noisy = clips
            .iter()
            .map(|&clip| job.noisy.get(clip as usize).copied().unwrap_or(false))
            .collect();
        let work = Step {
            train: job.train,
            network: job.network,
            device: &job.device,
            x,
            shape,
            side,
            y,
            noisy,
            rate,
            rng,
        };
        let StepResult { loss, gradient_norm } = train_step(work, &mut self.vars, &mut self.optimizer);
        if !loss.is_finite() {
            return Err(FitError::Diverged {
                step: step + 1,
                loss,
                rate,
            });
        }
        self.move_average(job.train.average_decay);
        self.progress.step += 1;
        self.log_step(loss, rate, gradient_norm)?;
        on_event(FitEvent::Step {
            step: self.progress.step,
            loss,
            rate,
        });
        Ok(())
    }

    /// `average = decay average + (1 - decay) weights`; early on the decay is smaller, so that the start is forgotten:
    /// min(decay, (1 + t) / (10 + t)) after t steps before this one, as in TensorFlow's ExponentialMovingAverage.
    fn move_average(&mut self, decay: f64) {
        let Some(average) = &mut self.average else { return };
        let t = self.progress.step as f64;
        let decay = decay.min((1.0 + t) / (10.0 + t));
        for i in (0..self.vars.len()).map(VarId) {
            let (mean, now) = (average.flat(i), self.vars.flat(i));
            let moved = if self.vars.is_frozen(i) {
                // The same in exact numbers, and what does not differ stays to the bit.
                mean.clone() + (now - mean).mul_scalar(1.0 - decay)
            } else {
                mean.mul_scalar(decay) + now.mul_scalar(1.0 - decay)
            };
            average.set(i, moved);
        }
    }

    fn log_step(&mut self, loss: f64, rate: f64, norm: Option<f64>) -> Result<(), FitError> {
        let step = self.progress.step;
        let mut line = json!({ "step": step, "epoch": (step - 1) / self.steps_per_epoch, "loss": loss, "learning_rate": rate });
        if self.plan.len() > 1 {
            line["phase"] = (self.progress.ends.len() + 1).into();
        }
        if let Some(norm) = norm {
            line["gradient_norm"] = norm.into();
        }
        self.log.append(&line)?;
        if step.is_multiple_of(EVENT_STEPS) {
            self.scalars(&[("loss", loss), ("learning_rate", rate)])?;
        }
        Ok(())
    }

    fn scalars(&mut self, values: &[(&str, f64)]) -> Result<(), FitError> {
        let path = self.events.path().to_path_buf();
        self.events
            .scalars(self.progress.step, values)
            .map_err(|e| WriteError::new(&path, e).into())
    }

    /// The weights that checkpoints hold.
    fn judged(&self) -> &Vars {
        self.average.as_ref().unwrap_or(&self.vars)
    }

    /// Judges the weights where it is time to; false when that was stopped from outside, with nothing changed.
    fn validate(&mut self, job: &mut Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<bool, FitError> {
        let step = self.progress.step;
        let due = (step / job.checkpoints.every_steps).is_multiple_of(job.validation.every_checkpoints);
        let Some(validate) = job.validate.as_mut().filter(|_| due || step == self.phase_end()) else {
            return Ok(true);
        };
        let Some(report) = validate(self.average.as_ref().unwrap_or(&self.vars))? else {
            return Ok(false);
        };
        let metric = job.validation.metric;
        let score = metric.of(&report).ok_or(FitError::NoScore {
            metric: metric.name(),
        })?;
        let best = self.progress.best.is_none_or(|b| score > b.score);
        let mut validation = json!({
            "lwlrap": report.lwlrap, "map@3": report.map, "mAP": report.mean_ap, "auc": report.auc,
            "accuracy": report.accuracy, "clips": report.clips });
        if let Some(value) = report.log_likelihood {
            validation["log-likelihood"] = value.into();
        }
        self.log
            .append(&json!({ "step": step, "validation": validation, "best": best }))?;
        let named = [
            ("validation/Lwlrap", report.lwlrap),
            ("validation/Accuracy", report.accuracy),
        ];
        let named: Vec<(&str, f64)> = named.into_iter().filter_map(|(n, v)| Some((n, v?))).collect();
        self.scalars(&named)?;
        if best {
            self.progress.best = Some(Best { step, score });
            self.progress.since_best = 0;
            self.write_model(job, &job.run.join("best.safetensors"))?;
        } else {
            self.progress.since_best += 1;
        }
        on_event(FitEvent::Validated {
            step,
            report: &report,
            steers: (metric.name(), score),
            best,
        });
        let phase = self.plan[self.progress.ends.len()].clone();
        if phase.schedule.observe(score, &mut self.progress.plateau) {
            on_event(FitEvent::Note(format!(
                "step {step}: {} has not improved; the learning rate falls to {:.3e}",
                metric.name(),
                phase.learning_rate * self.progress.plateau.factor
            )));
        }
        let patience = phase.patience.unwrap_or(job.validation.early_stop_patience);
        if patience > 0 && self.progress.since_best >= patience {
            let why = format!("no better {} in {patience} validations", metric.name());
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

    fn write_model(&self, job: &Fit, path: &Path) -> Result<(), FitError> {
        let meta = ModelMeta {
            step: self.progress.step,
            ..job.meta.clone()
        };
        Ok(ModelFile::write(path, &meta, self.judged())?)
    }

    /// Checkpoint, then logs, then the state that refers to both.
    fn save(&mut self, job: &Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<(), FitError> {
        let step = self.progress.step;
        // Before the first step there is nothing that anybody would judge; what a phase began with has been judged as another's end.
        if step > self.phase_start() {
            self.write_model(job, &checkpoint::path(job.run, step))?;
        }
        let ends = step == self.total() || self.progress.stopped_early.is_some();
        if ends && job.validate.is_none() {
            // Nothing chose a best one: the last counts.
            self.write_model(job, &job.run.join("best.safetensors"))?;
        }
        let over = step == self.phase_end() || std::mem::take(&mut self.ends_early);
        if over && !self.in_last_phase() && !self.progress.validation_due {
            self.next_phase(job, on_event)?;
        }
        self.progress.total = (self.plan.len() > 1).then(|| self.total());
        self.log.sync()?;
        let path = self.events.path().to_path_buf();
        self.progress.events_len = self.events.sync().map_err(|e| WriteError::new(&path, e))?;
        self.progress.optimizer_steps = self.optimizer.steps();
        atomic::crash_point("before-state");
        checkpoint::write_state(
            job.run,
            &self.progress,
            &self.vars,
            self.average.as_ref(),
            &self.optimizer,
        )?;
        let folder = checkpoint::folder(job.run);
        let wanted = |s| wanted(job.checkpoints, s, self.total(), &self.progress.ends);
        checkpoint::prune(job.run, job.checkpoints.keep, wanted).map_err(|e| WriteError::new(&folder, e))?;
        if step > 0 {
            on_event(FitEvent::Saved { step });
        }
        Ok(())
    }
}

/// Steps in all, when the phases before the present one ended where they did.
fn total_of(plan: &[PhasePlan], ends: &[u64]) -> u64 {
    let begun = ends.last().copied().unwrap_or(0);
    begun + plan[ends.len()..].iter().map(|p| p.steps).sum::<u64>()
}

/// Whether the recipe has a checkpoint after a step: every so many, the last one, and where a phase ended.
fn wanted(config: &CheckpointConfig, step: u64, total: u64, ends: &[u64]) -> bool {
    config.wants(step, total) || ends.contains(&step)
}
