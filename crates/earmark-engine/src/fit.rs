//! The training loop.
//!
//! A run that is killed at any moment and resumed ends with the same bytes as one that was not: batches and dropout masks follow
//! from (seed, step), the state is written last and atomically, and the logs are cut back to it.

use crate::checkpoint::{self, Best, CheckpointConfig, Progress};
use crate::config::{TrainConfig, ValidationConfig};
use crate::events::{EventWriter, PREFIX};
use crate::model_file::{FORMAT, ModelFile, ModelFileError, ModelMeta};
use crate::optimizer::Optimizer;
use crate::pace::Pace;
use crate::schedule::{PlateauState, Position};
use crate::score::ScoreError;
use crate::step::{Step, StepResult, train_step};
use burn::tensor::Device;
use earmark_data::atomic::{self, WriteError};
use earmark_data::batches::{Batch, BatchMaker, BatchStream};
use earmark_data::json_lines::JsonLines;
use earmark_data::rng::{self, Purpose};
use earmark_data::store::ItemError;
use earmark_metrics::Report;
use earmark_models::{Network, VarId, Vars};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Steps between event summaries of the loss, as in the DCASE 2019 baseline.
const EVENT_STEPS: u64 = 10;

/// Judges weights on the validation clips; `None` when it was stopped from outside before it was done.
pub type Validate<'a> = dyn FnMut(&Vars) -> Result<Option<Report>, FitError> + 'a;

/// Everything a training needs.
pub struct Fit<'a> {
    /// `[train]`.
    pub train: &'a TrainConfig,
    /// `[validation]`.
    pub validation: &'a ValidationConfig,
    /// `[checkpoints]`.
    pub checkpoints: &'a CheckpointConfig,
    /// The layers.
    pub network: &'a Network,
    /// Their start, on the device to train on; after [`fit`] their end.
    pub vars: Vars,
    /// Makes the batches.
    pub batches: Arc<BatchMaker>,
    /// For each clip of the batches whether its labels are noisy; clips beyond its end are not.
    pub noisy: Vec<bool>,
    /// Judges weights, where there are validation clips.
    pub validate: Option<Box<Validate<'a>>>,
    /// Description for the model files; the step is filled in.
    pub meta: ModelMeta,
    /// The run directory.
    pub run: &'a Path,
    /// Whether to go on from the run's state, where it has one.
    pub resume: bool,
    /// Device to train on, without autodiff.
    pub device: Device,
    /// Set from outside to end after the step in work, or in the midst of a validation.
    pub stop: &'a AtomicBool,
}

/// What the loop tells while it runs.
#[derive(Debug)]
pub enum FitEvent<'a> {
    /// Training begins (or goes on) before this step.
    Started {
        /// Steps done already.
        step: u64,
        /// Steps of the whole training.
        total: u64,
        /// Steps of an epoch.
        steps_per_epoch: u64,
    },
    /// A step is done.
    Step {
        /// Steps done.
        step: u64,
        /// Loss of this one.
        loss: f64,
        /// Its learning rate.
        rate: f64,
    },
    /// Validation has judged a checkpoint.
    Validated {
        /// Its step.
        step: u64,
        /// What came out.
        report: &'a Report,
        /// Whether it is the best so far.
        best: bool,
    },
    /// A checkpoint is on disk.
    Saved {
        /// Its step.
        step: u64,
    },
    /// Something worth a line in the log.
    Note(String),
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Steps done.
    pub step: u64,
    /// Steps planned.
    pub total: u64,
    /// Best validation.
    pub best: Option<Best>,
    /// Whether it was interrupted from outside.
    pub interrupted: bool,
    /// Why it ended early of its own accord.
    pub stopped_early: Option<String>,
    /// How fast its steps were, those of this process alone.
    pub pace: Pace,
}

/// Why a training can't go on.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A file of the run can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A model or state file can't be used.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A training clip failed in the midst of the run.
    #[error("training stopped at step {step}: {cause}; mend the file, then go on with --resume")]
    Item {
        /// Steps done.
        step: u64,
        /// Which file and why.
        cause: ItemError,
    },
    /// The loss is NaN or infinite.
    #[error(
        "the loss became {loss} at step {step}: the weights have run away; choose a smaller train.learning-rate (it was {rate} here) or set train.gradient-clip"
    )]
    Diverged {
        /// Steps done.
        step: u64,
        /// The loss.
        loss: f64,
        /// The rate then.
        rate: f64,
    },
    /// The metric that steers is not defined on the validation clips.
    #[error(
        "validation.metric = {metric} is not defined on the validation clips (no clip has a label?); choose another metric or split"
    )]
    NoScore {
        /// The metric.
        metric: &'static str,
    },
    /// A validation clip failed.
    #[error("{file}: could not be judged: {reason}")]
    Judge {
        /// The clip.
        file: String,
        /// Why.
        reason: String,
    },
    /// No clip can be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Scores that no metric takes.
    #[error(transparent)]
    Metrics(#[from] earmark_metrics::MetricsError),
}

/// Path of a run's per-step log.
pub fn metrics_path(run: &Path) -> PathBuf {
    run.join("metrics.jsonl")
}

/// Path of a run's TensorBoard events.
pub fn events_path(run: &Path) -> PathBuf {
    run.join(format!("{PREFIX}0000000001.earmark"))
}

/// Trains to the end, or until it is stopped; returns the outcome and the last weights (averaged, where the recipe averages).
pub fn fit(mut job: Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<(Outcome, Vars), FitError> {
    let mut session = Session::open(&mut job, on_event)?;
    let interrupted = session.run(&mut job, on_event)?;
    let p = &session.progress;
    let outcome = Outcome {
        step: p.step,
        total: session.total,
        best: p.best,
        interrupted,
        stopped_early: p.stopped_early.clone(),
        pace: session.pace,
    };
    Ok((outcome, session.average.unwrap_or(session.vars)))
}

/// All that changes from step to step.
struct Session {
    vars: Vars,
    average: Option<Vars>,
    optimizer: Optimizer,
    progress: Progress,
    total: u64,
    steps_per_epoch: u64,
    log: JsonLines,
    events: EventWriter,
    pace: Pace,
}

impl Session {
    fn open(job: &mut Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<Self, FitError> {
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
        let mut vars = job.vars.clone();
        let mut average = (job.train.average_decay > 0.0).then(|| vars.clone());
        let mut optimizer = Optimizer::new(job.train.optimizer, &vars);
        let resumed = job.resume && checkpoint::state_path(job.run).exists();
        let progress = if resumed {
            checkpoint::read_state(job.run, &mut vars, average.as_mut(), &mut optimizer)?
        } else {
            Progress {
                format: FORMAT,
                step: 0,
                best: None,
                since_best: 0,
                plateau: PlateauState::default(),
                optimizer_steps: 0,
                events_len: 0,
                stopped_early: None,
                validation_due: false,
            }
        };
        let step = progress.step;
        // What lies beyond the state will be made again; an interruption's own checkpoint is none of the recipe's, and the state
        // holds all that is needed of it.
        let total = job.train.total_steps(steps_per_epoch);
        for s in checkpoint::list(job.run).map_err(io(&folder))? {
            if s > step || !job.checkpoints.wants(s, total) {
                let path = checkpoint::path(job.run, s);
                std::fs::remove_file(&path).map_err(io(&path))?;
            }
        }
        // A kill may have come between the state and the pruning that follows it.
        checkpoint::prune(job.run, job.checkpoints, total).map_err(io(&folder))?;
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
            total,
            steps_per_epoch,
            log,
            events,
            pace: Pace::default(),
        })
    }

    /// The loop; true when it was stopped from outside.
    fn run(&mut self, job: &mut Fit, on_event: &mut dyn FnMut(FitEvent)) -> Result<bool, FitError> {
        if self.progress.validation_due && !self.validate_and_save(job, on_event)? {
            return Ok(true);
        }
        let from = job.batches.position(self.progress.step);
        let mut stream = BatchStream::start(Arc::clone(&job.batches), from);
        while self.progress.step < self.total && self.progress.stopped_early.is_none() {
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
            if job.checkpoints.wants(self.progress.step, self.total)
                && !self.validate_and_save(job, on_event)?
            {
                return Ok(true);
            }
        }
        Ok(false)
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
        let at = Position {
            step,
            steps_per_epoch: self.steps_per_epoch,
            total_steps: self.total,
        };
        let rate = job
            .train
            .schedule
            .rate(job.train.learning_rate, at, &self.progress.plateau);
        let rng = rng::stream(job.train.seed, &[Purpose::Dropout as u64, step]);
        let Batch {
            x, y, shape, clips, ..
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
        for i in 0..self.vars.len() {
            let moved =
                average.flat(VarId(i)).mul_scalar(decay) + self.vars.flat(VarId(i)).mul_scalar(1.0 - decay);
            average.set(VarId(i), moved);
        }
    }

    fn log_step(&mut self, loss: f64, rate: f64, norm: Option<f64>) -> Result<(), FitError> {
        let step = self.progress.step;
        let mut line = json!({ "step": step, "epoch": (step - 1) / self.steps_per_epoch, "loss": loss, "learning_rate": rate });
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
        let Some(validate) = job.validate.as_mut().filter(|_| due || step == self.total) else {
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
        self.log.append(&json!({ "step": step, "validation": {
            "lwlrap": report.lwlrap, "map@3": report.map, "mAP": report.mean_ap, "auc": report.auc,
            "accuracy": report.accuracy, "clips": report.clips }, "best": best }))?;
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
            best,
        });
        if job.train.schedule.observe(score, &mut self.progress.plateau) {
            on_event(FitEvent::Note(format!(
                "step {step}: {} has not improved; the learning rate falls to {:.3e}",
                metric.name(),
                job.train.learning_rate * self.progress.plateau.factor
            )));
        }
        let patience = job.validation.early_stop_patience;
        if patience > 0 && self.progress.since_best >= patience {
            let why = format!("no better {} in {patience} validations", metric.name());
            on_event(FitEvent::Note(format!("step {step}: stopped early: {why}")));
            self.progress.stopped_early = Some(why);
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
        // Before the first step there is nothing that anybody would judge.
        if step > 0 {
            self.write_model(job, &checkpoint::path(job.run, step))?;
        }
        let ends = step == self.total || self.progress.stopped_early.is_some();
        if ends && job.validate.is_none() {
            // Nothing chose a best one: the last counts.
            self.write_model(job, &job.run.join("best.safetensors"))?;
        }
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
        checkpoint::prune(job.run, job.checkpoints, self.total).map_err(|e| WriteError::new(&folder, e))?;
        if step > 0 {
            on_event(FitEvent::Saved { step });
        }
        Ok(())
    }
}
