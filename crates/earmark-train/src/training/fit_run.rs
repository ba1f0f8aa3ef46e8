//! The training loop on a run directory, with its log: shared by trainings on audio and stacked ones.

use super::run_json_and_log::log_fit;
use crate::{Event, Observer, PipelineError};
use earmark_core::VERSION;
use earmark_core::human::human_amount;
use earmark_data::ClassMap;
use earmark_engine::{FORMAT, FitJob, FitOutcome, ModelMeta, fit};
use earmark_runs::run_dir::RunLog;

/// What the model files of a training say; `recipe` is its whole text. The loop fills in the step.
pub(crate) fn model_meta(recipe: String, licence: Option<String>, classes: &ClassMap) -> ModelMeta {
    ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe,
        classes: classes.names().to_vec(),
        licence,
        source: None,
        step: 0,
        calibration: None,
    }
}

/// Trains to the end, or until it is stopped, and logs how it went.
pub(crate) fn fit_run(job: FitJob, log: &RunLog, observer: Observer) -> Result<FitOutcome, PipelineError> {
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
