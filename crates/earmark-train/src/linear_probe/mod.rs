//! Linear probe: a linear classifier on the embeddings of a frozen model.

mod backbone;
mod cross_validation;

pub use cross_validation::ProbedFold;

use crate::validation_split::with_folds;
use crate::{Observer, PipelineError, Skips};
use backbone::Backbone;
use cross_validation::{best_strength, cross_validate};
use earmark_data::DataOptions;
use earmark_engine::{LinearProbe, Loss};
use earmark_inference::data::open_data;
use earmark_inference::model::ModelSource;
use earmark_metrics::{Report, ScoreTable};
use earmark_recipe::{FoldsConfig, Recipe};
use earmark_runs::run_dir::find_model;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// The strengths of regularisation that are tried.
pub const STRENGTHS: [f64; 7] = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0];
/// Number of folds if the data has none.
const FOLDS: u32 = 5;

/// A linear probe to fit.
#[derive(Clone, Debug)]
pub struct ProbeJob {
    /// The model whose network is used: a file, RUN or RUN@STEP.
    pub model: String,
    /// A labelled data folder.
    pub data: PathBuf,
    /// How the data is read.
    pub options: DataOptions,
    /// A fold table, if the data has no folds or others are wanted.
    pub fold_table: Option<PathBuf>,
    /// Similar classes of the model for classes of the data: regularisation pulls their weights towards those instead of to 0.
    pub like: BTreeMap<String, Vec<String>>,
    /// Strengths of regularisation; of several, the best one is chosen by cross-validation on the training clips.
    pub strengths: Vec<f64>,
    /// Whether each fold is also evaluated with a probe of the other folds.
    pub cross_validate: bool,
    /// The model file to write.
    pub out: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

/// The result of a linear probe.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    /// The strength of the written model.
    pub strength: f64,
    /// The number of clips that it is fitted to.
    pub clips: usize,
    /// The number of features of each clip.
    pub features: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Every fold, evaluated with a probe of the others.
    pub folds: Vec<ProbedFold>,
    /// The results over all folds, and the scores.
    pub cross_validated: Option<(Report, ScoreTable)>,
    /// Clips that can't be read.
    pub skipped: Skips,
}

/// Fits a probe; `None` when stopped.
pub fn probe(
    job: &ProbeJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ProbeResult>, PipelineError> {
    let path = find_model(&job.model)?;
    let file = ModelSource::read(&path)?.file;
    let source = Recipe::parse(&file.meta.recipe, &path)?;
    let recipe = recipe(&source, job)?;
    let data = open_data(&recipe, &job.data)?;
    let data = with_folds(&recipe, &data, true, job.fold_table.as_deref())?;
    let classes = data.classes.names().to_vec();
    let backbone = Backbone::open(&path, &file, &source, &job.device)?;
    let Some(clips) = backbone.features(&source, &data, observer, stop)? else {
        return Ok(None);
    };
    let prior = backbone.prior(&file, &path, &classes, &job.like)?;
    let mut done = ProbeResult {
        strength: 0.0,
        clips: clips.data.clips(),
        features: clips.data.width,
        classes: classes.clone(),
        folds: Vec::new(),
        cross_validated: None,
        skipped: clips.skipped.clone(),
    };
    if job.cross_validate {
        let (folds, pooled) = cross_validate(&clips, &classes, &job.strengths, prior.as_ref(), observer)?;
        done.folds = folds;
        done.cross_validated = Some(pooled);
    }
    done.strength = best_strength(&clips.data, &clips.folds, &job.strengths, prior.as_ref());
    if let Some(out) = &job.out {
        let fitted = LinearProbe::fit(&clips.data, done.strength, prior.as_ref());
        backbone.write(out, &file, &recipe, &classes, &fitted)?;
    }
    Ok(Some(done))
}

/// The model's recipe, adapted to the classes of this data.
fn recipe(source: &Recipe, job: &ProbeJob) -> Result<Recipe, PipelineError> {
    let mut recipe = source.clone();
    recipe.name = format!("{}/probe", source.name);
    recipe.description = format!("Logistic regression on the features of {}", source.name);
    recipe.data = job.options.clone();
    recipe.folds = Some(FoldsConfig {
        count: FOLDS,
        seed: 0,
        stratify: None,
        subsets: None,
    });
    let single_label = !open_data(&recipe, &job.data)?.multi_label;
    recipe.train.loss = match single_label {
        true => Loss::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        false => Loss::default(),
    };
    recipe.train.noisy_subsets.clear();
    (recipe.train.start, recipe.train.freeze) = (None, Vec::new());
    Ok(recipe)
}
