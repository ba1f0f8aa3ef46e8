//! How far a run has got.

use crate::run_dir::RunLock;
use earmark_engine::TrainingProgress;
use serde::Serialize;
use std::path::Path;

/// How far a run has got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RunState {
    /// A process is training in it.
    Running,
    /// It reached its last step.
    Finished,
    /// Early stopping ended it.
    StoppedEarly {
        /// Why.
        reason: String,
    },
    /// It can be resumed.
    Interrupted,
    /// It has no checkpoint yet.
    #[default]
    NotStarted,
}

/// State and steps of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunStatus {
    /// How far it has got.
    pub state: RunState,
    /// Steps done: logged ones while it runs, otherwise those of its last checkpoint.
    pub step: u64,
    /// Steps planned, once known.
    pub total: Option<u64>,
}

impl RunStatus {
    /// The status of a run directory that has logged `logged` of `total` steps.
    pub fn of(run: &Path, logged: u64, total: Option<u64>) -> Self {
        let status = |state, step, total| Self { state, step, total };
        if RunLock::is_held(run) {
            return status(RunState::Running, logged, total);
        }
        let Ok(progress) = TrainingProgress::read(run) else {
            return status(RunState::NotStarted, 0, total);
        };
        let total = progress.total.or(total);
        let complete = total.is_some_and(|t| progress.step >= t) && !progress.validation_due;
        let state = match progress.stopped_early {
            Some(reason) => RunState::StoppedEarly { reason },
            None if complete => RunState::Finished,
            None => RunState::Interrupted,
        };
        status(state, progress.step, total)
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match &self.state {
            RunState::Running => "running",
            RunState::Finished => return f.write_str("finished"),
            RunState::StoppedEarly { .. } => "stopped early",
            RunState::Interrupted => "interrupted",
            RunState::NotStarted => return f.write_str("not started"),
        };
        let total = self.total.map_or(String::new(), |total| format!(" of {total}"));
        write!(f, "{what} at {}{total}", self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_engine::checkpoint::state_path;

    fn write_state(run: &Path, step: u64, stopped: Option<&str>) {
        let progress = serde_json::json!({ "format": 1, "step": step, "best": null, "since_best": 0,
            "plateau": earmark_engine::PlateauState::default(), "optimizer_steps": step, "events_len": 0,
            "stopped_early": stopped });
        let header = serde_json::json!({ "__metadata__": { "earmark": progress.to_string() } }).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        std::fs::create_dir_all(run.join("checkpoints")).unwrap();
        std::fs::write(state_path(run), bytes).unwrap();
    }

    #[test]
    fn every_state_is_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path();
        let now = || RunStatus::of(run, 25, Some(560));
        assert_eq!(now().state, RunState::NotStarted);
        write_state(run, 20, None);
        assert_eq!(now().to_string(), "interrupted at 20 of 560");
        let lock = RunLock::take(run).unwrap();
        assert_eq!(now().to_string(), "running at 25 of 560");
        drop(lock);
        write_state(run, 560, None);
        assert_eq!(now().to_string(), "finished");
        write_state(run, 300, Some("no better lwlrap"));
        assert_eq!(now().to_string(), "stopped early at 300 of 560");
        assert_eq!(RunStatus::of(run, 25, Some(300)).total, Some(300));
    }
}
