//! What `run.json` says (command, version, seed, device, data), and the lines of a run's log.

use crate::{REVISION, Skips};
use earmark_core::{VERSION, text};
use earmark_data::DataSet;
use earmark_engine::{FORMAT, FitEvent};
use earmark_metrics::{Report, number};
use earmark_runs::run_dir::{DataInfo, RunInfo, RunLog, now};
use earmark_runs::split_table::DataSplit;
use std::path::Path;

/// `run.json` of a run that starts now, with random initial weights and equal class weights.
pub(crate) fn started_now(command: &[String], seed: u64, device: &str) -> RunInfo {
    RunInfo {
        format: FORMAT,
        command: command.to_vec(),
        version: VERSION.into(),
        revision: REVISION.map(str::to_owned),
        started: now(),
        seed,
        device: device.to_owned(),
        ..RunInfo::default()
    }
}

/// What `run.json` says of the data in the folder `root`; `fold` is the test fold.
pub(crate) fn data_info(
    data: &DataSet,
    split: &DataSplit,
    root: &Path,
    fingerprint: String,
    fold: Option<u32>,
    skipped: Skips,
) -> DataInfo {
    DataInfo {
        root: std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf()),
        layout: data.layout.to_string(),
        fingerprint,
        fold,
        train: split.train.len(),
        validation: split.validation.len(),
        test: split.test.len(),
        skipped,
        ..DataInfo::default()
    }
}

/// The first line of a process in a run's log.
pub(crate) fn log_command(log: &RunLog, what: &str, command: &[String]) {
    let command = text::command_line(command);
    log.line(&format!("earmark {VERSION} {what}: {command}"));
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
            let best = if *best { "  best so far" } else { "" };
            let validation = describe_validation(report, *metric);
            log.line(&format!("step {step}  {validation}{best}"));
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
