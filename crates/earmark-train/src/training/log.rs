//! `run.json`, and the lines of a run's log.

use crate::{REVISION, Skips};
use earmark_core::{VERSION, text};
use earmark_data::DataSet;
use earmark_engine::{FORMAT, FitEvent, ParameterPrefixes};
use earmark_metrics::{Report, number};
use earmark_runs::clip_roles::DataSplit;
use earmark_runs::run_dir::{DataInfo, RunInfo, RunLog, now};
use std::path::Path;

/// The facts in `run.json`.
pub(crate) struct RunFacts<'a> {
    pub data: &'a DataSet,
    pub split: &'a DataSplit,
    /// The data folder.
    pub root: &'a Path,
    pub fingerprint: String,
    /// The test fold.
    pub fold: Option<u32>,
    pub skipped: &'a Skips,
    pub command: &'a [String],
    pub device: &'a str,
    pub seed: u64,
    /// Steps planned.
    pub steps: u64,
}

/// `run.json` of a run that starts now, with random initial weights and equal class weights.
pub(crate) fn run_info(facts: RunFacts) -> RunInfo {
    RunInfo {
        format: FORMAT,
        command: facts.command.to_vec(),
        version: VERSION.into(),
        revision: REVISION.map(str::to_owned),
        started: now(),
        seed: facts.seed,
        device: facts.device.to_owned(),
        data: DataInfo {
            root: std::path::absolute(facts.root).unwrap_or_else(|_| facts.root.to_path_buf()),
            layout: facts.data.layout.to_string(),
            fingerprint: facts.fingerprint,
            fold: facts.fold,
            train: facts.split.train.len(),
            validation: facts.split.validation.len(),
            test: facts.split.test.len(),
            skipped: facts.skipped.clone(),
        },
        steps: Some(facts.steps),
        init_from: None,
        prefixes: ParameterPrefixes::default(),
        optimistic: facts.split.optimistic,
        class_weights: None,
    }
}

/// The first line of a process in a run's log.
pub(crate) fn log_command(log: &RunLog, what: &str, command: &[String]) {
    log.line(&format!(
        "earmark {VERSION} {what}: {}",
        text::command_line(command)
    ));
}

/// Writes an event of the training loop into the run's log.
pub(crate) fn log_fit(log: &RunLog, event: &FitEvent) {
    match event {
        FitEvent::Started {
            step,
            total,
            steps_per_epoch,
        } => {
            log.line(&format!("step {step} of {total}, {steps_per_epoch} per epoch"));
        }
        FitEvent::Step { step, loss, rate } if step % 10 == 0 => {
            log.line(&format!("step {step}  loss {loss:.5}  learning rate {rate:.3e}"));
        }
        FitEvent::Step { .. } => {}
        FitEvent::Validated {
            step,
            report,
            metric,
            best,
        } => {
            log.line(&format!(
                "step {step}  {}{}",
                describe_validation(report, *metric),
                if *best { "  best so far" } else { "" }
            ));
        }
        FitEvent::Saved { step } => log.line(&format!("step {step}  checkpoint written")),
        FitEvent::Note(text) => log.line(text),
    }
}

/// A validation in one line: lwlrap, accuracy and, if it is neither, the metric that chooses the best checkpoint.
pub fn describe_validation(report: &Report, (metric, score): (&str, f64)) -> String {
    let mut text = format!(
        "validation lwlrap {} accuracy {}",
        number(report.lwlrap),
        number(report.accuracy)
    );
    if !["lwlrap", "accuracy"].contains(&metric) {
        text += &format!(" {metric} {}", number(Some(score)));
    }
    text
}
