//! Several models' weights to one model: their mean.
//!
//! Along one training this is stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407); between trainings from a common
//! start, a soup (Wortsman et al. 2022, arXiv:2203.05482). What is averaged lies in one valley of the loss in both cases; weights of
//! trainings that began apart have a mean that means nothing. The moving statistics of BatchNorm are averaged like the weights, as the
//! moving average of a training (`train.average-decay`) does it; no data is needed.

use earmark_core::atomic::WriteError;
use earmark_engine::{ModelFile, checkpoint};
use earmark_inference::PipelineError;
use earmark_recipe::Recipe;
use earmark_runs::run_dir::{RunDir, find_models};
use std::path::{Path, PathBuf};

/// What to average.
#[derive(Clone, Debug)]
pub enum Weights {
    /// Models: files, RUN, RUN@STEP, or a set of folds.
    Models(Vec<String>),
    /// The last checkpoints of a run.
    Last {
        /// The run directory.
        run: PathBuf,
        /// How many.
        count: usize,
    },
}

/// The model files that are meant.
fn files(weights: &Weights) -> Result<Vec<PathBuf>, PipelineError> {
    match weights {
        Weights::Models(names) => {
            let mut files = Vec::new();
            for name in names {
                files.extend(find_models(name)?);
            }
            Ok(files)
        }
        Weights::Last { run, count } => {
            RunDir::open(run)?;
            let steps = checkpoint::list(run).map_err(|e| WriteError::new(run, e))?;
            if steps.len() < *count {
                return Err(PipelineError::Request(format!(
                    "{}: has {} checkpoints, and the last {count} are wanted; keep more of them while training (checkpoints.keep)",
                    run.display(),
                    steps.len()
                )));
            }
            let last = &steps[steps.len() - count..];
            Ok(last.iter().map(|&step| checkpoint::path(run, step)).collect())
        }
    }
}

/// The mean of the weights, described as the last of the models; also which files went in.
///
/// # Errors
/// When there are fewer than two, a file can't be read, or they are not of one network and front end with the same classes.
pub fn average(weights: &Weights) -> Result<(ModelFile, Vec<PathBuf>), PipelineError> {
    let files = files(weights)?;
    let ([.., last], true) = (files.as_slice(), files.len() > 1) else {
        return Err(PipelineError::Request(
            "an average needs two models or more; name them, or say how many checkpoints with --last N"
                .into(),
        ));
    };
    let mut mean = ModelFile::read(last)?;
    let kind = kind_of(&mean, last)?;
    let mut sums: Vec<Vec<f64>> = mean.tensors.values().map(|t| vec![0.0; t.values.len()]).collect();
    for path in &files {
        let file = ModelFile::read(path)?;
        let refuse = |what: &str| {
            Err(PipelineError::Request(format!(
                "{}: has {what} than {}; only weights of one network can be averaged (scores of any can be blended: earmark predict)",
                path.display(),
                last.display()
            )))
        };
        if file.meta.classes != mean.meta.classes {
            return refuse("other classes");
        }
        if kind_of(&file, path)? != kind {
            return refuse("another network or front end");
        }
        let shapes = |f: &ModelFile| -> Vec<(String, Vec<usize>)> {
            f.tensors
                .iter()
                .map(|(name, t)| (name.clone(), t.shape.clone()))
                .collect()
        };
        if shapes(&file) != shapes(&mean) {
            return refuse("other variables");
        }
        for (sum, tensor) in sums.iter_mut().zip(file.tensors.values()) {
            sum.iter_mut()
                .zip(&tensor.values)
                .for_each(|(s, v)| *s += f64::from(*v));
        }
    }
    let count = files.len() as f64;
    for (tensor, sum) in mean.tensors.values_mut().zip(sums) {
        tensor.values = sum.into_iter().map(|s| (s / count) as f32).collect();
    }
    Ok((mean, files))
}

/// What must agree: the network and what it hears.
fn kind_of(file: &ModelFile, path: &Path) -> Result<impl PartialEq + use<>, PipelineError> {
    let recipe = Recipe::parse(&file.meta.recipe, path)?;
    Ok((recipe.network, recipe.front_end))
}
