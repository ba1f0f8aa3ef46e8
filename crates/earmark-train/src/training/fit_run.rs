//! The training loop on a run directory, with its log: shared by trainings on audio and stacked ones.

use super::log::log_fit;
use crate::{Event, Observer, PipelineError};
use earmark_core::VERSION;
use earmark_data::{BatchMaker, ClassMap};
use earmark_engine::{
    CheckpointConfig, FORMAT, FitJob, FitOutcome, ModelMeta, TrainConfig, Validate, ValidationConfig, fit,
};
use earmark_inference::Device;
use earmark_models::{Network, Vars};
use earmark_report::human_amount;
use earmark_runs::run_dir::RunLog;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A training whose run directory was written.
pub(crate) struct FitRun<'a> {
    /// `[train]`, with class weights.
    pub train: &'a TrainConfig,
    /// `[validation]`.
    pub validation: &'a ValidationConfig,
    /// `[checkpoints]`.
    pub checkpoints: &'a CheckpointConfig,
    /// The whole recipe as TOML, for the model files.
    pub recipe: String,
    /// Licence of the weights.
    pub licence: Option<String>,
    /// The classes, in the order of the outputs.
    pub classes: &'a ClassMap,
    pub network: &'a Network,
    /// Initial values.
    pub vars: Vars,
    pub batches: Arc<BatchMaker>,
    /// Batches of phases without mixing.
    pub unmixed: Option<Arc<BatchMaker>>,
    /// For each training clip, whether its labels are noisy.
    pub noisy: Vec<bool>,
    /// Evaluates weights, where there are validation clips.
    pub validate: Option<Box<Validate<'a>>>,
    /// Whether the run is resumed.
    pub resume: bool,
    /// The run directory.
    pub run: &'a Path,
    pub device: &'a Device,
}

/// Trains to the end, or until it is stopped, and logs how it went.
pub(crate) fn fit_run(
    run: FitRun,
    log: &RunLog,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<FitOutcome, PipelineError> {
    let job = FitJob {
        meta: ModelMeta {
            format: FORMAT,
            version: VERSION.into(),
            recipe: run.recipe,
            classes: run.classes.names().to_vec(),
            licence: run.licence,
            source: None,
            step: 0,
            calibration: None,
        },
        train: run.train,
        validation: run.validation,
        checkpoints: run.checkpoints,
        network: run.network,
        vars: run.vars,
        batches: run.batches,
        unmixed: run.unmixed,
        noisy: run.noisy,
        validate: run.validate,
        run: run.run,
        resume: run.resume,
        device: run.device.burn().clone(),
        stop,
    };
    let (outcome, _) = fit(job, &mut |event| {
        log_fit(log, &event);
        observer(Event::Fit(event));
    })?;
    let interrupted = if outcome.interrupted { ", interrupted" } else { "" };
    log.line(&format!(
        "ended at step {} of {}{interrupted}",
        outcome.step, outcome.total
    ));
    let throughput = &outcome.throughput;
    if throughput.steps > 0 {
        log.line(&format!(
            "{} in {:.1} s; waited for data {:.1} % of the time after the first batch, which took {:.1} s",
            human_amount(throughput.steps, "step", "steps"),
            throughput.seconds,
            100.0 * throughput.waiting_share(),
            throughput.first_wait
        ));
    }
    Ok(outcome)
}
