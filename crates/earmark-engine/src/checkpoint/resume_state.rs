//! Checkpoints of a run: a model file every so many steps, and the state that an exact resume needs.
//!
//! `checkpoints/step-00000100.safetensors` is a model file like any other. `checkpoints/state.safetensors` holds everything
//! that the next step depends on: raw weights, optimiser moments, averages, schedule, and how long the logs were. It is
//! written last, so that whatever a kill interrupts is done again from the state before, with the same bytes.

use crate::checkpoint::model_file::{
    FORMAT, HostTensor, ModelFileError, Tensors, read_tensors, write_tensors,
};
use crate::optim::optimizer::Optimizer;
use crate::optim::schedule::PlateauState;
use burn::tensor::{Tensor, TensorData};
use earmark_models::{VarId, Vars};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[checkpoints]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Steps between checkpoints.
    pub every_steps: u64,
    /// Which stay.
    pub keep: Keep,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            every_steps: 100,
            keep: Keep::All,
        }
    }
}

impl CheckpointConfig {
    /// Whether a training of `total` steps has a checkpoint after this one. An interruption leaves one more, at whatever step it is,
    /// until the training goes on.
    pub fn wants(&self, step: u64, total: u64) -> bool {
        step > 0 && (step.is_multiple_of(self.every_steps) || step == total)
    }
}

/// Which checkpoints stay on disk. The best one is a file of its own and always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Keep {
    /// Every one, as the DCASE 2019 baseline does, so that all can be judged.
    All,
    /// The newest ones.
    Last {
        /// How many.
        count: usize,
    },
}

/// Score and step of the best validation so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Step of the checkpoint.
    pub step: u64,
    /// Its validation score, higher is better.
    pub score: f64,
}

/// The scalars of a training's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Layout of the state file.
    pub format: u32,
    /// Steps done.
    pub step: u64,
    /// Best validation so far.
    pub best: Option<Best>,
    /// Validations since the best one.
    pub since_best: u32,
    /// Memory of a plateau schedule.
    pub plateau: PlateauState,
    /// Steps that the optimiser counts.
    pub optimizer_steps: u64,
    /// Bytes of the event file that belong to these steps.
    pub events_len: u64,
    /// Why training ended before its last step, where it did.
    pub stopped_early: Option<String>,
    /// Whether the validation of this step was interrupted and is still to be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validation_due: bool,
    /// The steps at which the phases before this one ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<u64>,
    /// Steps planned, where there are phases: those that end early make it less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// Folder of the checkpoints below a run.
pub fn folder(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

/// Path of the checkpoint of a step.
pub fn path(run: &Path, step: u64) -> PathBuf {
    folder(run).join(format!("step-{step:08}.safetensors"))
}

/// Path of the resume state.
pub fn state_path(run: &Path) -> PathBuf {
    folder(run).join("state.safetensors")
}

/// Steps of the checkpoints that lie in a run, ascending.
pub fn list(run: &Path) -> std::io::Result<Vec<u64>> {
    let mut steps = Vec::new();
    let entries = match std::fs::read_dir(folder(run)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(steps),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let step: Option<u64> = name.to_str().and_then(|n| {
            n.strip_prefix("step-")?
                .strip_suffix(".safetensors")?
                .parse()
                .ok()
        });
        steps.extend(step);
    }
    steps.sort_unstable();
    Ok(steps)
}

/// Removes the checkpoints that are no longer to be kept, of those that are `wanted` by the recipe.
///
/// The checkpoint of an interruption does not count: were it to push out one of the recipe's, that one would be gone when the
/// training goes on and removes its own.
pub fn prune(run: &Path, keep: Keep, wanted: impl Fn(u64) -> bool) -> std::io::Result<()> {
    let Keep::Last { count } = keep else {
        return Ok(());
    };
    let mut steps = list(run)?;
    steps.retain(|&step| wanted(step));
    for &step in &steps[..steps.len().saturating_sub(count)] {
        std::fs::remove_file(path(run, step))?;
    }
    Ok(())
}

/// Writes the state, atomically.
pub fn write_state(
    run: &Path,
    progress: &Progress,
    vars: &Vars,
    average: Option<&Vars>,
    optimizer: &Optimizer,
) -> Result<(), ModelFileError> {
    let mut tensors = Tensors::new();
    let mut put = |prefix: &str, i: usize, values: Vec<f32>| {
        let spec = &vars.specs()[i];
        tensors.insert(
            format!("{prefix}/{}", spec.name),
            HostTensor {
                shape: spec.shape.clone(),
                values,
            },
        );
    };
    for i in 0..vars.len() {
        put("weights", i, vars.to_vec(VarId(i)));
        if let Some(average) = average {
            put("average", i, average.to_vec(VarId(i)));
        }
    }
    for (name, i, t) in optimizer.state() {
        put(name, i, earmark_models::vars::to_host(t.clone()));
    }
    let json = serde_json::to_string(progress).expect("numbers and strings");
    write_tensors(&state_path(run), json, &tensors)
}

/// A state as it was read, before it is put back.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    tensors: Tensors,
    /// Its scalars.
    pub progress: Progress,
}

impl State {
    /// Reads a run's state.
    pub fn read(run: &Path) -> Result<Self, ModelFileError> {
        let path = state_path(run);
        let (json, tensors) = read_tensors(&path).map_err(|e| match e {
            ModelFileError::Broken { reason, .. } => broken(&path, reason),
            ModelFileError::Foreign { .. } => broken(&path, "it has no earmark description".into()),
            other => other,
        })?;
        let progress: Progress = serde_json::from_str(&json).map_err(|e| broken(&path, e.to_string()))?;
        if progress.format > FORMAT {
            return Err(ModelFileError::Newer {
                path,
                found: progress.format,
                known: FORMAT,
                version: "unknown".into(),
            });
        }
        Ok(Self {
            path,
            tensors,
            progress,
        })
    }

    /// The state can't be gone on from.
    pub(crate) fn broken(&self, reason: impl Into<String>) -> ModelFileError {
        broken(&self.path, reason.into())
    }

    /// Puts it back into variables, average and optimiser that were built for the same recipe and phase.
    pub fn restore(
        &self,
        vars: &mut Vars,
        average: Option<&mut Vars>,
        optimizer: &mut Optimizer,
    ) -> Result<(), ModelFileError> {
        let specs = vars.specs().to_vec();
        let find = |prefix: &str, i: usize| {
            let spec = &specs[i];
            self.tensors
                .get(&format!("{prefix}/{}", spec.name))
                .filter(|t| t.shape == spec.shape)
                .map(|t| t.values.clone())
        };
        let mismatch = |prefix: &str, i: usize| {
            self.broken(format!(
                "`{prefix}/{}` is missing or has another shape than in this network",
                specs[i].name
            ))
        };
        let device = vars.flat(VarId(0)).device();
        for i in 0..specs.len() {
            vars.set_vec(
                VarId(i),
                find("weights", i).ok_or_else(|| mismatch("weights", i))?,
            );
        }
        if let Some(average) = average {
            for i in 0..specs.len() {
                average.set_vec(
                    VarId(i),
                    find("average", i).ok_or_else(|| mismatch("average", i))?,
                );
            }
        }
        optimizer
            .restore(self.progress.optimizer_steps, |name, i| {
                let values = find(name, i)?;
                let n = values.len();
                Some(Tensor::from_data(TensorData::new(values, [n]), &device))
            })
            .ok_or_else(|| self.broken("the optimiser's moments are missing or of another optimiser"))
    }
}

fn broken(path: &Path, reason: String) -> ModelFileError {
    ModelFileError::State {
        path: path.into(),
        reason,
    }
}
