//! Warm start: weights of another model as the start of a new training.

use super::prefixes::known_prefixes;
use super::start_config::StartConfig;
use crate::checkpoint::{HostTensor, ModelFile};
use earmark_core::text::suggest;
use earmark_models::{VarId, VarKind, VarSpec, Vars};
use std::path::{Path, PathBuf};

/// Why a warm start is refused.
#[derive(Debug, thiserror::Error)]
pub enum WarmStartError {
    /// No variable is chosen.
    #[error(
        "{path}: no trainable variable matches --include {include:?} --exclude {exclude:?}; names here begin with {known}"
    )]
    NothingMatches {
        /// The model.
        path: PathBuf,
        /// Prefixes to transfer.
        include: Vec<String>,
        /// Prefixes to leave out.
        exclude: Vec<String>,
        /// First parts of the names there are.
        known: String,
    },
    /// A chosen variable is absent from the file or has another shape.
    #[error(
        "{path}: `{name}` {problem}; set network and front end as in that model, or leave the variable out: with --init-from by --exclude {name}, in a recipe by train.start.exclude"
    )]
    Unfit {
        /// The model.
        path: PathBuf,
        /// The variable.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A class that one of the two models does not have.
    #[error("train.start.classes: {whose} no class {class:?}{suggestion}")]
    Class {
        /// `this data has`, or the model with `has`.
        whose: String,
        /// The class.
        class: String,
        /// Similar names, as the end of the message.
        suggestion: String,
    },
    /// Weights of classes are wanted, but the classifier is left out.
    #[error(
        "train.start.classes: train.start.include and exclude leave out the classifier ({names}); remove one of the two"
    )]
    NoClassifier {
        /// Its variables.
        names: String,
    },
}

/// What was transferred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferReport {
    /// Names of the trainable variables.
    pub variables: Vec<String>,
    /// Number of moving statistics.
    pub statistics: usize,
    /// Variables of the classifier that keep their fresh values, as the classes differ.
    pub fresh: Vec<String>,
    /// Number of classes that start from classes of the other model.
    pub classes: usize,
    /// Whether the scaler of the input was transferred; see [`transfer_scaler`](crate::transfer_scaler).
    pub scaler: bool,
}

/// Copies from `model` what `start` says: the chosen trainable variables, and the moving statistics if it wants them. As in the DCASE
/// 2019 baseline, those and the optimiser's state start fresh by default.
///
/// `classifier` are the indices of variables with a row for each of `classes`. They are transferred as they are where the model has the
/// same classes in the same order; else only the rows that `start.classes` maps are, and a class without a mapping keeps its fresh
/// values. Everything else must fit.
///
/// # Errors
///
/// When no variable is chosen, a chosen one is missing or has another shape, or a mapped class does not exist.
pub fn warm_start(
    path: &Path,
    model: &ModelFile,
    start: &StartConfig,
    classifier: &[usize],
    classes: &[String],
    vars: &mut Vars,
) -> Result<TransferReport, WarmStartError> {
    let unfit = |(name, problem)| WarmStartError::Unfit {
        path: path.into(),
        name,
        problem,
    };
    let prefixes = start.prefixes();
    let specs = vars.specs().to_vec();
    let chosen = |kind: VarKind| {
        let is = |&i: &usize| specs[i].kind == kind && prefixes.matches(&specs[i].name);
        (0..specs.len()).filter(is).collect::<Vec<_>>()
    };
    let trainable = chosen(VarKind::Trainable);
    if trainable.is_empty() {
        return Err(WarmStartError::NothingMatches {
            path: path.into(),
            include: prefixes.include.clone(),
            exclude: prefixes.exclude.clone(),
            known: known_prefixes(&specs),
        });
    }
    let rows = class_rows(path, &model.meta.classes, start, classes)?;
    if !start.classes.is_empty() && !classifier.iter().any(|i| trainable.contains(i)) {
        let names: Vec<&str> = classifier.iter().map(|&i| specs[i].name.as_str()).collect();
        return Err(WarmStartError::NoClassifier {
            names: names.join(", "),
        });
    }
    let mut report = TransferReport {
        classes: start.classes.len(),
        ..TransferReport::default()
    };
    for i in trainable {
        let spec = &specs[i];
        match rows.as_ref().filter(|_| classifier.contains(&i)) {
            None => {
                let tensor = model_tensor(model, spec, &spec.shape).map_err(unfit)?;
                vars.set_vec(VarId(i), tensor.values.clone());
            }
            Some(rows) => {
                let mut shape = spec.shape.clone();
                shape[0] = model.meta.classes.len();
                let tensor = model_tensor(model, spec, &shape).map_err(unfit)?;
                if start.classes.is_empty() {
                    report.fresh.push(spec.name.clone());
                    continue;
                }
                vars.set_vec(VarId(i), mean_rows(vars.to_vec(VarId(i)), tensor, rows));
            }
        }
        report.variables.push(spec.name.clone());
    }
    if start.statistics {
        for i in chosen(VarKind::Buffer) {
            let tensor = model_tensor(model, &specs[i], &specs[i].shape).map_err(unfit)?;
            vars.set_vec(VarId(i), tensor.values.clone());
            report.statistics += 1;
        }
    }
    Ok(report)
}

/// The model's tensor for a variable, which must have the wanted shape; else the variable's name and the problem.
pub(super) fn model_tensor<'a>(
    model: &'a ModelFile,
    spec: &VarSpec,
    wanted: &[usize],
) -> Result<&'a HostTensor, (String, String)> {
    let problem = match model.tensors.get(&spec.name) {
        Some(tensor) if tensor.shape == wanted => return Ok(tensor),
        Some(tensor) => format!("has shape {:?} there and {:?} here", tensor.shape, spec.shape),
        None => "is not in the model".into(),
    };
    Err((spec.name.clone(), problem))
}

/// For each class of `here` the classes of the model, by index, that it starts from; `None` where both have the same classes.
fn class_rows(
    path: &Path,
    model: &[String],
    start: &StartConfig,
    here: &[String],
) -> Result<Option<Vec<Vec<usize>>>, WarmStartError> {
    if start.classes.is_empty() && model == here {
        return Ok(None);
    }
    let index = |classes: &[String], class: &str, whose: String| {
        let found = classes.iter().position(|c| c == class);
        found.ok_or_else(|| WarmStartError::Class {
            whose,
            class: class.into(),
            suggestion: suggest(class, classes.iter().map(String::as_str))
                .map_or(String::new(), |near| format!("; did you mean {near:?}?")),
        })
    };
    let mut rows = vec![Vec::new(); here.len()];
    for (class, others) in &start.classes {
        let row = index(here, class, "this data has".into())?;
        for other in others {
            rows[row].push(index(model, other, format!("{} has", path.display()))?);
        }
    }
    Ok(Some(rows))
}

/// The rows of `fresh`, each replaced by the mean of the model's rows that it starts from, where there are any.
fn mean_rows(mut fresh: Vec<f32>, model: &HostTensor, rows: &[Vec<usize>]) -> Vec<f32> {
    let width = fresh.len() / rows.len().max(1);
    for (row, others) in rows.iter().enumerate().filter(|(_, others)| !others.is_empty()) {
        for k in 0..width {
            let sum: f32 = others.iter().map(|&o| model.values[o * width + k]).sum();
            fresh[row * width + k] = sum / others.len() as f32;
        }
    }
    fresh
}
