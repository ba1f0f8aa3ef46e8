//! Warm start: weights of another model as the start of a new training.

use super::class_rows::{class_rows, mean_rows};
use super::model_tensor::find;
use super::prefixes::known_prefixes;
use super::start_config::StartConfig;
use super::warm_start_error::WarmStartError;
use crate::checkpoint::ModelFile;
use earmark_models::{VarId, VarKind, Vars};
use std::path::Path;

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
                let tensor = find(model, spec, &spec.shape).map_err(unfit)?;
                vars.set_vec(VarId(i), tensor.values.clone());
            }
            Some(rows) => {
                let mut shape = spec.shape.clone();
                shape[0] = model.meta.classes.len();
                let tensor = find(model, spec, &shape).map_err(unfit)?;
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
            let tensor = find(model, &specs[i], &specs[i].shape).map_err(unfit)?;
            vars.set_vec(VarId(i), tensor.values.clone());
            report.statistics += 1;
        }
    }
    Ok(report)
}
