//! How many classes a checkpoint scores, and their names: those of the table that is given, else AudioSet's.

use super::tensors::Checkpoint;
use super::{Import, ImportError, PublishedArchitecture};
use crate::catalogue::{audioset, read_labels};
use earmark_models::VarSpec;

/// How many classes the checkpoint scores: the length of the logits' bias.
pub(super) fn class_count(
    architecture: &PublishedArchitecture,
    checkpoint: &Checkpoint,
    specs: &[VarSpec],
) -> Option<usize> {
    let bias = specs.iter().find(|s| s.name == "logits.bias")?;
    match checkpoint.get(&architecture.upstream_name(bias, specs))?.shape[..] {
        [n] => Some(n).filter(|n| *n > 0),
        _ => None,
    }
}

/// The names of the classes, from the table that is given, else AudioSet's.
pub(super) fn class_names(job: &Import, classes: usize) -> Result<Vec<String>, ImportError> {
    let Some(path) = &job.labels else {
        let (names, path) = (audioset(), job.file.clone());
        return match names.len() == classes {
            true => Ok(names),
            false => Err(ImportError::Unnamed { path, classes }),
        };
    };
    let refuse = |reason| ImportError::Labels {
        path: path.clone(),
        reason,
    };
    let names = read_labels(path).map_err(refuse)?;
    match names.len() {
        found if found == classes => Ok(names),
        found => {
            let reason = format!("names {found} classes, and the network scores {classes}");
            Err(refuse(reason))
        }
    }
}
