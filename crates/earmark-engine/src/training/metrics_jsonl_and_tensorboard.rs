//! A run's logs: `metrics.jsonl` with a line for each step and validation, and TensorBoard events.

use crate::checkpoint::tensorboard_events::{EventWriter, PREFIX};
use earmark_core::atomic::WriteError;
use earmark_core::json_lines::JsonLines;
use earmark_metrics::Report;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Steps between event summaries of the loss, as in the DCASE 2019 baseline.
const EVENT_STEPS: u64 = 10;

/// Path of a run's log of steps and validations.
pub fn metrics_path(run: &Path) -> PathBuf {
    run.join("metrics.jsonl")
}

/// Path of a run's TensorBoard events.
pub fn events_path(run: &Path) -> PathBuf {
    run.join(format!("{PREFIX}0000000001.earmark"))
}

/// Both logs, open for appending.
pub(super) struct TrainingLog {
    lines: JsonLines,
    events: EventWriter,
}

impl TrainingLog {
    /// Opens the logs of a run, cut back to its first `step` steps and `events_len` bytes of events.
    pub fn open(run: &Path, step: u64, events_len: u64) -> Result<Self, WriteError> {
        let done = |line: &Value| line["step"].as_u64().is_some_and(|s| s <= step);
        Ok(Self {
            lines: JsonLines::open_cut(&metrics_path(run), done)?,
            events: EventWriter::open(&events_path(run), events_len)?,
        })
    }

    /// Adds the line of a step; `loss` and `rate` also go to TensorBoard at every tenth.
    pub fn step(&mut self, step: u64, line: &Value, [loss, rate]: [f64; 2]) -> Result<(), WriteError> {
        self.lines.append(line)?;
        if step.is_multiple_of(EVENT_STEPS) {
            let scalars = [("loss", Some(loss)), ("learning_rate", Some(rate))];
            self.events.scalars(step, &scalars)?;
        }
        Ok(())
    }

    /// Adds the line of a validation.
    pub fn validation(&mut self, step: u64, report: &Report, best: bool) -> Result<(), WriteError> {
        let mut validation = json!({
            "lwlrap": report.lwlrap, "map@3": report.map.value, "mAP": report.mean_ap, "auc": report.auc,
            "accuracy": report.accuracy, "clips": report.clips });
        if let Some(value) = report.log_likelihood {
            validation["log-likelihood"] = value.into();
        }
        // What warnings at the end of the training are made of.
        if let Some(guessing) = &report.guessing {
            validation["guessing"] = json!(guessing);
            validation["balanced_accuracy"] = json!(report.balanced_accuracy);
        }
        if !report.never_predicted.is_empty() {
            validation["never_predicted"] = json!(report.never_predicted);
        }
        self.lines
            .append(&json!({ "step": step, "validation": validation, "best": best }))?;
        let scalars = [
            ("validation/Lwlrap", report.lwlrap),
            ("validation/Accuracy", report.accuracy),
        ];
        self.events.scalars(step, &scalars)
    }

    /// Writes both through to the disk; returns the length of the events in bytes.
    pub fn sync(&mut self) -> Result<u64, WriteError> {
        self.lines.sync()?;
        self.events.sync()
    }
}
