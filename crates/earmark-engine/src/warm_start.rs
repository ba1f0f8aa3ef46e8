//! Warm start: weights of another model as the start of a new training.

use crate::model_file::ModelFile;
use earmark_models::{VarId, VarKind, Vars};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Which variables come over: those whose name begins with one of `include` (all if empty) and with none of `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes {
    /// Prefixes that come; applied first.
    #[serde(default)]
    pub include: Vec<String>,
    /// Prefixes that stay behind.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Scopes {
    /// Whether a variable's name is in scope.
    pub fn matches(&self, name: &str) -> bool {
        let any = |list: &[String]| list.iter().any(|p| name.starts_with(p.as_str()));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// Why a warm start is refused.
#[derive(Debug, thiserror::Error)]
pub enum WarmStartError {
    /// No variable is in scope.
    #[error(
        "{path}: no trainable variable matches --include {include:?} --exclude {exclude:?}; names here begin with {known}"
    )]
    NothingMatches {
        /// The model.
        path: PathBuf,
        /// Wanted prefixes.
        include: Vec<String>,
        /// Unwanted prefixes.
        exclude: Vec<String>,
        /// First parts of the names there are.
        known: String,
    },
    /// A variable in scope is absent from the file or has another shape.
    #[error("{path}: `{name}` {problem}; leave it out with --exclude {name}")]
    Unfit {
        /// The model.
        path: PathBuf,
        /// The variable.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Copies the TRAINABLE variables in scope from `model` and returns their names. As in the DCASE 2019 baseline, moving
/// statistics and optimiser state start afresh.
pub fn warm_start(
    path: &Path,
    model: &ModelFile,
    scopes: &Scopes,
    vars: &mut Vars,
) -> Result<Vec<String>, WarmStartError> {
    let wanted: Vec<usize> = (0..vars.len())
        .filter(|&i| vars.specs()[i].kind == VarKind::Trainable && scopes.matches(&vars.specs()[i].name))
        .collect();
    if wanted.is_empty() {
        let mut known: Vec<&str> = vars
            .specs()
            .iter()
            .filter_map(|s| s.name.split('.').next())
            .collect();
        known.dedup();
        return Err(WarmStartError::NothingMatches {
            path: path.into(),
            include: scopes.include.clone(),
            exclude: scopes.exclude.clone(),
            known: known.join(", "),
        });
    }
    let mut names = Vec::new();
    for i in wanted {
        let spec = &vars.specs()[i];
        let unfit = |problem: String| WarmStartError::Unfit {
            path: path.into(),
            name: spec.name.clone(),
            problem,
        };
        let tensor = model
            .tensors
            .get(&spec.name)
            .ok_or_else(|| unfit("is not in the model".into()))?;
        if tensor.shape != spec.shape {
            return Err(unfit(format!(
                "has shape {:?} there and {:?} here",
                tensor.shape, spec.shape
            )));
        }
        names.push(spec.name.clone());
        vars.set_vec(VarId(i), tensor.values.clone());
    }
    Ok(names)
}
