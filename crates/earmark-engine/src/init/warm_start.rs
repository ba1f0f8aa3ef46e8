//! Warm start: weights of another model as the start of a new training.

use crate::checkpoint::model_file::{HostTensor, ModelFile};
use crate::init::start_config::StartConfig;
use crate::training::phase::known_scopes;
use earmark_models::{VarId, VarKind, VarSpec, Vars};
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
    #[error(
        "{path}: `{name}` {problem}; make network and front end as that model's, or leave it out: --exclude {name} beside --init-from, train.start.exclude in a recipe"
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
        /// A name that is like it, in words.
        suggestion: String,
    },
    /// Weights of classes are wanted, and none of them is in scope.
    #[error(
        "train.start.classes: the classifier ({names}) does not come over, as train.start.include and exclude say; leave one of the two out"
    )]
    NoClassifier {
        /// Its variables.
        names: String,
    },
}

/// What came over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Names of the trainable variables.
    pub variables: Vec<String>,
    /// How many moving statistics.
    pub statistics: usize,
    /// Variables of the classifier that are left fresh, as the classes are others.
    pub fresh: Vec<String>,
    /// Classes that begin as classes of the other model.
    pub classes: usize,
    /// Whether what standardises the input came over; see [`carry_input`](crate::carry_input).
    pub input: bool,
}

/// A layer's variables that hold something for each class.
struct Classifier<'a> {
    /// Positions of its variables.
    positions: &'a [usize],
    /// For each class here the classes there; `None` where they are the same ones in the same order.
    rows: Option<Vec<Vec<usize>>>,
}

/// Copies from `model` what `start` says: the trainable variables in scope, and the moving statistics if it wants them. As in the DCASE
/// 2019 baseline, those and the optimiser's state start afresh by default.
///
/// `classifier` are the positions of variables with a row for each of `classes`. They come over as they are where the model has the same
/// classes in the same order; else only the rows that `start.classes` maps do, and a class that none is mapped to keeps its fresh start.
/// Everything else must fit.
pub fn warm_start(
    path: &Path,
    model: &ModelFile,
    start: &StartConfig,
    classifier: &[usize],
    classes: &[String],
    vars: &mut Vars,
) -> Result<Carried, WarmStartError> {
    let scopes = start.scopes();
    let specs = vars.specs().to_vec();
    let is = |i: usize, kind: VarKind| specs[i].kind == kind && scopes.matches(&specs[i].name);
    let wanted: Vec<usize> = (0..specs.len()).filter(|&i| is(i, VarKind::Trainable)).collect();
    if wanted.is_empty() {
        return Err(WarmStartError::NothingMatches {
            path: path.into(),
            include: scopes.include.clone(),
            exclude: scopes.exclude.clone(),
            known: known_scopes(&specs),
        });
    }
    let classifier = Classifier {
        positions: classifier,
        rows: rows(path, &model.meta.classes, start, classes)?,
    };
    if !start.classes.is_empty() && !classifier.positions.iter().any(|i| wanted.contains(i)) {
        let names = classifier.positions.iter().map(|&i| specs[i].name.as_str());
        return Err(WarmStartError::NoClassifier {
            names: names.collect::<Vec<_>>().join(", "),
        });
    }
    let mut carried = Carried {
        classes: start.classes.len(),
        ..Carried::default()
    };
    for i in wanted {
        let spec = &specs[i];
        let tensor = find(path, model, &spec.name)?;
        match classifier
            .rows
            .as_ref()
            .filter(|_| classifier.positions.contains(&i))
        {
            None => {
                check_shape(path, spec, tensor, spec.shape.as_slice())?;
                vars.set_vec(VarId(i), tensor.values.clone());
                carried.variables.push(spec.name.clone());
            }
            Some(rows) => {
                let mut there = spec.shape.clone();
                there[0] = model.meta.classes.len();
                check_shape(path, spec, tensor, &there)?;
                if start.classes.is_empty() {
                    carried.fresh.push(spec.name.clone());
                } else {
                    let values = mixed(vars.to_vec(VarId(i)), tensor, rows);
                    vars.set_vec(VarId(i), values);
                    carried.variables.push(spec.name.clone());
                }
            }
        }
    }
    if start.statistics {
        for i in (0..specs.len()).filter(|&i| is(i, VarKind::Buffer)) {
            let tensor = find(path, model, &specs[i].name)?;
            check_shape(path, &specs[i], tensor, &specs[i].shape)?;
            vars.set_vec(VarId(i), tensor.values.clone());
            carried.statistics += 1;
        }
    }
    Ok(carried)
}

fn unfit(path: &Path, name: &str, problem: String) -> WarmStartError {
    WarmStartError::Unfit {
        path: path.into(),
        name: name.into(),
        problem,
    }
}

fn find<'a>(path: &Path, model: &'a ModelFile, name: &str) -> Result<&'a HostTensor, WarmStartError> {
    let tensor = model.tensors.get(name);
    tensor.ok_or_else(|| unfit(path, name, "is not in the model".into()))
}

fn check_shape(
    path: &Path,
    spec: &VarSpec,
    tensor: &HostTensor,
    wanted: &[usize],
) -> Result<(), WarmStartError> {
    if tensor.shape == wanted {
        return Ok(());
    }
    let problem = format!("has shape {:?} there and {:?} here", tensor.shape, spec.shape);
    Err(unfit(path, &spec.name, problem))
}

/// For each class here the classes there that it begins as; `None` where all are the same.
fn rows(
    path: &Path,
    there: &[String],
    start: &StartConfig,
    here: &[String],
) -> Result<Option<Vec<Vec<usize>>>, WarmStartError> {
    if start.classes.is_empty() && there == here {
        return Ok(None);
    }
    let index = |classes: &[String], class: &str, whose: String| {
        classes
            .iter()
            .position(|c| c == class)
            .ok_or_else(|| WarmStartError::Class {
                whose,
                class: class.into(),
                suggestion: like(class, classes),
            })
    };
    let mut rows = vec![Vec::new(); here.len()];
    for (class, others) in &start.classes {
        let row = index(here, class, "this data has".into())?;
        for other in others {
            rows[row].push(index(there, other, format!("{} has", path.display()))?);
        }
    }
    Ok(Some(rows))
}

/// The classes that a wrong name may have meant: those that hold it or that it holds, whatever the case.
fn like(wanted: &str, classes: &[String]) -> String {
    let wanted = wanted.to_lowercase();
    let near = classes.iter().filter(|c| {
        let c = c.to_lowercase();
        c.contains(&wanted) || wanted.contains(&c)
    });
    let near: Vec<String> = near.take(5).map(|c| format!("{c:?}")).collect();
    match near.is_empty() {
        true => String::new(),
        false => format!("; did you mean {}?", near.join(", ")),
    }
}

/// The rows of `fresh`, each replaced by the mean of the rows there that it begins as, where there are any.
fn mixed(mut fresh: Vec<f32>, tensor: &HostTensor, rows: &[Vec<usize>]) -> Vec<f32> {
    let width = fresh.len() / rows.len().max(1);
    for (row, others) in rows.iter().enumerate().filter(|(_, others)| !others.is_empty()) {
        for k in 0..width {
            let sum: f32 = others.iter().map(|&o| tensor.values[o * width + k]).sum();
            fresh[row * width + k] = sum / others.len() as f32;
        }
    }
    fresh
}
