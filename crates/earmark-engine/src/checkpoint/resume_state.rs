//! The state that an exact resume needs: everything the next step depends on.
//!
//! `checkpoints/state.safetensors` holds raw weights, the optimiser's moments, averages, the schedule's memory, and how long the logs
//! were. It is written last: whatever a kill interrupts is done again from the state before, with the same bytes.

use super::error::ModelFileError;
use super::host_tensor::HostTensor;
use super::model_file::check_format;
use super::paths_and_pruning::state_path;
use super::safetensors_file::{Tensors, check_json, read_json, read_unchecked, write_tensors};
use crate::optim::optimizer::Optimizer;
use crate::optim::schedule::PlateauState;
use burn::tensor::{Tensor, TensorData};
use earmark_models::{VarId, Vars, to_host};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Step and score of the best validation so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestCheckpoint {
    /// Step of the checkpoint.
    pub step: u64,
    /// Its validation score, higher is better.
    pub score: f64,
}

/// How far a training is: the scalars of its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingProgress {
    /// Version of the state file's layout.
    pub format: u32,
    /// Steps done.
    pub step: u64,
    /// Best validation so far.
    pub best: Option<BestCheckpoint>,
    /// Validations since the best one.
    pub since_best: u32,
    /// Memory of a plateau schedule.
    pub plateau: PlateauState,
    /// Steps that the optimiser has counted.
    pub optimizer_steps: u64,
    /// Bytes of the event file that belong to these steps.
    pub events_len: u64,
    /// Why training ended before its last step, where it did.
    pub stopped_early: Option<String>,
    /// Whether the validation of this step was interrupted and is still to be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validation_due: bool,
    /// The steps at which the phases before the current one ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<u64>,
    /// Steps planned, where there are phases: phases that end early make it less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl TrainingProgress {
    /// Reads how far a run is, without the tensors of its state.
    ///
    /// # Errors
    ///
    /// When the run has no state, or one that is broken or of a later version of this program.
    pub fn read(run: &Path) -> Result<Self, ModelFileError> {
        let path = state_path(run);
        let json = read_json(&path).map_err(|e| as_state_error(&path, e))?;
        Self::parse(&path, &json)
    }

    fn parse(path: &Path, json: &str) -> Result<Self, ModelFileError> {
        let progress: Self = serde_json::from_str(json).map_err(|e| ModelFileError::state(path, e))?;
        check_format(path, progress.format, None)?;
        check_json(path, json).map_err(|e| as_state_error(path, e))?;
        Ok(progress)
    }
}

fn as_state_error(path: &Path, error: ModelFileError) -> ModelFileError {
    match error {
        ModelFileError::Broken { reason, .. } => ModelFileError::state(path, reason),
        ModelFileError::Damaged { what, .. } => {
            let reason = format!("its {what} are not those that were written: the checksum differs");
            ModelFileError::state(path, reason)
        }
        ModelFileError::Foreign { .. } => ModelFileError::state(path, "it has no earmark metadata"),
        other => other,
    }
}

/// A state as read, before it is put back.
#[derive(Debug)]
pub struct ResumeState {
    path: PathBuf,
    tensors: Tensors,
    /// Its scalars.
    pub progress: TrainingProgress,
}

impl ResumeState {
    /// Reads a run's state.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is broken or of a later version of this program.
    pub fn read(run: &Path) -> Result<Self, ModelFileError> {
        let path = state_path(run);
        let (json, tensors) = read_unchecked(&path).map_err(|e| as_state_error(&path, e))?;
        let progress = TrainingProgress::parse(&path, &json)?;
        let tensors = tensors
            .checked(&path, &json)
            .map_err(|e| as_state_error(&path, e))?;
        Ok(Self {
            path,
            tensors,
            progress,
        })
    }

    /// Writes a run's state, atomically.
    ///
    /// # Errors
    ///
    /// When the file can't be written.
    pub fn write(
        run: &Path,
        progress: &TrainingProgress,
        vars: &Vars,
        average: Option<&Vars>,
        optimizer: &Optimizer,
    ) -> Result<(), ModelFileError> {
        let mut tensors = Tensors::new();
        let mut put = |prefix: &str, i: usize, values: Vec<f32>| {
            let spec = &vars.specs()[i];
            let shape = spec.shape.clone();
            tensors.insert(format!("{prefix}/{}", spec.name), HostTensor { shape, values });
        };
        for i in 0..vars.len() {
            put("weights", i, vars.to_vec(VarId(i)));
            if let Some(average) = average {
                put("average", i, average.to_vec(VarId(i)));
            }
        }
        for (name, i, t) in optimizer.state() {
            put(name, i, to_host(t.clone()));
        }
        let json = serde_json::to_string(progress).expect("numbers and strings");
        write_tensors(&state_path(run), json, &tensors)
    }

    /// Training can't resume from this state.
    pub(crate) fn broken(&self, reason: impl ToString) -> ModelFileError {
        ModelFileError::state(&self.path, reason)
    }

    /// Puts it back into variables, average and optimiser that were built for the same recipe and phase.
    ///
    /// # Errors
    ///
    /// When a tensor is missing or has another shape.
    pub fn restore(
        &self,
        vars: &mut Vars,
        average: Option<&mut Vars>,
        optimizer: &mut Optimizer,
    ) -> Result<(), ModelFileError> {
        self.fill(vars, "weights")?;
        if let Some(average) = average {
            self.fill(average, "average")?;
        }
        let device = vars.flat(VarId(0)).device();
        let read = |name: &str, i| {
            let values = self.values(vars, name, i)?;
            let n = values.len();
            Some(Tensor::from_data(TensorData::new(values, [n]), &device))
        };
        optimizer
            .restore(self.progress.optimizer_steps, read)
            .ok_or_else(|| self.broken("the optimiser's moments are missing or belong to another optimiser"))
    }

    fn fill(&self, vars: &mut Vars, prefix: &str) -> Result<(), ModelFileError> {
        for i in 0..vars.len() {
            let values = self.values(vars, prefix, i).ok_or_else(|| {
                let name = &vars.specs()[i].name;
                self.broken(format!(
                    "`{prefix}/{name}` is missing or has another shape than in this network"
                ))
            })?;
            vars.set_vec(VarId(i), values);
        }
        Ok(())
    }

    fn values(&self, vars: &Vars, prefix: &str, i: usize) -> Option<Vec<f32>> {
        let spec = &vars.specs()[i];
        let tensor = self.tensors.get(&format!("{prefix}/{}", spec.name))?;
        (tensor.shape == spec.shape).then(|| tensor.values.clone())
    }
}
