//! How long a training is planned to be.

use super::RunInfo;
use earmark_core::json_lines::log_lines;
use earmark_engine::{TrainConfig, metrics_path};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Logged {
    step: u64,
    #[serde(default)]
    epoch: Option<u64>,
}

/// The planned steps in `run.json`. For runs of earlier versions they follow from the recipe, or from the first step of
/// the second epoch in `metrics.jsonl`; `None` for a run that has not got that far.
pub fn planned_steps(run: &Path, info: &RunInfo, train: &TrainConfig) -> Option<u64> {
    info.steps.or(train.steps).or_else(|| {
        let log = std::fs::read(metrics_path(run)).ok()?;
        // A damaged line is named where the curves are read.
        let mut logged =
            log_lines(&log).filter_map(|line| serde_json::from_value::<Logged>(line.value.ok()?).ok());
        let second = logged.find(|line| line.epoch == Some(1))?;
        Some(train.total_steps(second.step.checked_sub(1)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_epoch_gives_the_length_of_older_runs() {
        let dir = tempfile::tempdir().unwrap();
        let info: RunInfo = serde_json::from_value(serde_json::json!({
            "format": 1, "command": [], "version": "0.1.0", "revision": null, "started": "", "seed": 1, "device": "cpu",
            "data": { "root": "", "layout": "esc50", "fingerprint": "", "fold": null, "train": 0, "validation": 0,
                      "judged": 0, "skipped": [] },
            "optimistic": false
        }))
        .unwrap();
        let train: TrainConfig = toml::from_str("epochs = 2.5\nlearning-rate = 0.1").unwrap();
        let planned = |log: &str| {
            std::fs::write(metrics_path(dir.path()), log).unwrap();
            planned_steps(dir.path(), &info, &train)
        };
        let first = "{\"epoch\":0,\"step\":1}\n{\"epoch\":0,\"step\":10}\n{\"lwlrap\":0.5,\"step\":10}\n";
        assert_eq!(planned(first), None);
        assert_eq!(
            planned(&format!("{first}{{\"epoch\":1,\"step\":11}}\n{{\"epo")),
            Some(25)
        );
        let known = RunInfo {
            steps: Some(7),
            ..info.clone()
        };
        assert_eq!(planned_steps(dir.path(), &known, &train), Some(7));
    }
}
