//! Where a run's checkpoints are, and which of them are removed.
//!
//! `checkpoints/step-00000100.safetensors` is a model file like any other; `checkpoints/state.safetensors` is what a resume reads.

use super::config::KeepCheckpoints;
use std::path::{Path, PathBuf};

/// Folder of the checkpoints in a run directory.
pub fn folder(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

/// Path of the checkpoint of a step.
pub fn path(run: &Path, step: u64) -> PathBuf {
    folder(run).join(format!("step-{step:08}.safetensors"))
}

/// Path of the state that a resume starts from.
pub fn state_path(run: &Path) -> PathBuf {
    folder(run).join("state.safetensors")
}

/// Path of the best checkpoint by validation, or of the last one where nothing validates.
pub fn best_path(run: &Path) -> PathBuf {
    run.join("best.safetensors")
}

/// Steps of the checkpoints that a run has, ascending.
///
/// # Errors
///
/// When the folder can't be listed; a missing one has no checkpoints.
pub fn list(run: &Path) -> std::io::Result<Vec<u64>> {
    let mut steps = Vec::new();
    let entries = match std::fs::read_dir(folder(run)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(steps),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let step = name.to_str().and_then(|n| {
            n.strip_prefix("step-")?
                .strip_suffix(".safetensors")?
                .parse()
                .ok()
        });
        steps.extend::<Option<u64>>(step);
    }
    steps.sort_unstable();
    Ok(steps)
}

/// Removes the checkpoints that `keep` does not keep, among those that the recipe `wanted`.
///
/// The checkpoint of an interruption does not count: if it pushed out one of the recipe's, that one would be missing once the
/// resumed training removes the interruption's own.
///
/// # Errors
///
/// When the folder can't be listed or a file can't be removed.
pub fn prune(run: &Path, keep: KeepCheckpoints, wanted: impl Fn(u64) -> bool) -> std::io::Result<()> {
    let KeepCheckpoints::Last { count } = keep else {
        return Ok(());
    };
    let mut steps = list(run)?;
    steps.retain(|&step| wanted(step));
    for &step in &steps[..steps.len().saturating_sub(count)] {
        std::fs::remove_file(path(run, step))?;
    }
    Ok(())
}
