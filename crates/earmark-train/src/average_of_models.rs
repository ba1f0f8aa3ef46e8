//! The mean of several models' weights as one model.
//!
//! Along one training this is stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407); between trainings from a common
//! start, a soup (Wortsman et al. 2022, arXiv:2203.05482). In both cases the models are in one valley of the loss; the mean
//! of models with different starting points is meaningless. The moving statistics of BatchNorm are averaged like the weights, as in
//! `train.average-decay`; no data is needed.

use earmark_core::atomic::WriteError;
use earmark_engine::{ModelFile, checkpoint};
use earmark_inference::PipelineError;
use earmark_inference::model::{ModelSource, model_files};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::RunDir;
use std::path::{Path, PathBuf};

/// What to average.
#[derive(Clone, Debug)]
pub enum WeightSource {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run.
    Models(Vec<String>),
    /// The last checkpoints of a run.
    Last {
        /// The run directory.
        run: PathBuf,
        /// How many.
        count: usize,
    },
}

/// The model files to average.
fn files(weights: &WeightSource) -> Result<Vec<PathBuf>, PipelineError> {
    match weights {
        WeightSource::Models(names) => Ok(model_files(names)?),
        WeightSource::Last { run, count } => {
            RunDir::open(run)?;
            let steps = checkpoint::list(run).map_err(|e| WriteError::new(run, e))?;
            if steps.len() < *count {
                return Err(PipelineError::Request(format!(
                    "{}: has {} checkpoints, fewer than --last {count}; keep more of them while training (checkpoints.keep)",
                    run.display(),
                    steps.len()
                )));
            }
            let last = &steps[steps.len() - count..];
            Ok(last.iter().map(|&step| checkpoint::path(run, step)).collect())
        }
    }
}

/// The mean of the weights, with the metadata of the last model; and the files that were averaged.
///
/// # Errors
/// With fewer than two models, if a file can't be read, or if their networks, front ends or classes differ.
pub fn average(weights: &WeightSource) -> Result<(ModelFile, Vec<PathBuf>), PipelineError> {
    let files = files(weights)?;
    let ([.., last], true) = (files.as_slice(), files.len() > 1) else {
        return Err(PipelineError::Request(
            "an average needs at least two models; name them, or give a number of checkpoints with --last N"
                .into(),
        ));
    };
    let mut mean = ModelSource::read(last)?.file;
    let kind = kind_of(&mean, last)?;
    let mut sums: Vec<Vec<f64>> = mean.tensors.values().map(|t| vec![0.0; t.values.len()]).collect();
    for path in &files {
        let file = ModelSource::read(path)?.file;
        let refuse = |what: &str| {
            Err(PipelineError::Request(format!(
                "{}: has {what} than {}; only models of the same network can be averaged (`earmark predict` blends the scores of any)",
                path.display(),
                last.display()
            )))
        };
        if file.meta.classes != mean.meta.classes {
            return refuse("different classes");
        }
        if kind_of(&file, path)? != kind {
            return refuse("a different network or front end");
        }
        if file.graph != mean.graph {
            return refuse("a different imported graph");
        }
        if !shapes(&file).eq(shapes(&mean)) {
            return refuse("different variables");
        }
        for (sum, tensor) in sums.iter_mut().zip(file.tensors.values()) {
            let pairs = sum.iter_mut().zip(&tensor.values);
            pairs.for_each(|(s, v)| *s += f64::from(*v));
        }
    }
    let count = files.len() as f64;
    for (tensor, sum) in mean.tensors.values_mut().zip(sums) {
        tensor.values = sum.into_iter().map(|s| (s / count) as f32).collect();
    }
    Ok((mean, files))
}

/// Names and shapes of the variables.
fn shapes(file: &ModelFile) -> impl Iterator<Item = (&String, &Vec<usize>)> {
    file.tensors.iter().map(|(name, tensor)| (name, &tensor.shape))
}

/// What must be equal: the network and its front end.
fn kind_of(file: &ModelFile, path: &Path) -> Result<impl PartialEq + use<>, PipelineError> {
    let recipe = Recipe::parse(&file.meta.recipe, path)?;
    Ok((recipe.network, recipe.front_end))
}
