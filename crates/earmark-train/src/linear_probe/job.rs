//! What a probe is asked for, and what it gives.

use super::choice::{ProbeCalibration, ProbeTrial};
use super::cross_validation::ProbedFolds;
use super::examples::ProbeLayer;
use crate::Skips;
use earmark_data::DataOptions;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The strengths of regularisation that are tried, from strong to weak.
pub const STRENGTHS: [f64; 13] = [
    10_000.0, 3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01,
];

/// Copies of each clip that are mixed with background, unless said otherwise.
pub const BACKGROUND_COPIES: usize = 4;

/// Copies of each clip that are usual where classes exclude each other: its louder half, and two that are shifted.
pub const CLIP_COPIES: usize = 3;

/// Whether the classes of a probe exclude each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProbeClasses {
    /// Independent where clips may have several labels, or where there is background; else exclusive.
    #[default]
    Auto,
    /// One softmax: each clip has exactly one of the classes, and classes named as background are classes.
    Exclusive,
    /// A sigmoid for each class: a clip may have any number of them, or none.
    Independent,
}

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
    /// Whether classes exclude each other.
    pub classes: ProbeClasses,
    /// A folder of recordings that belong to none of the classes, in addition to classes with such a name
    /// ([`BACKGROUND_NAMES`](crate::BACKGROUND_NAMES)).
    pub background: Option<PathBuf>,
    /// Where classes exclude each other: copies of each clip that are trained on, too, the first its louder half,
    /// others shifted in a circle. Each costs as much as the clip; 0 for none.
    pub copies: usize,
    /// Where there is background and classes are independent: copies of each clip that are mixed with it and trained
    /// on, too; 0 for none, also of the background.
    pub background_copies: usize,
    /// Similar classes of the model for classes of the data: regularisation pulls their weights towards those instead
    /// of to 0.
    pub like: BTreeMap<String, Vec<String>>,
    /// Strengths of regularisation; of several, the best one is chosen by cross-validation on the training clips.
    pub strengths: Vec<f64>,
    /// The layer whose features are classified, if the network has it; `None` for the best one by cross-validation,
    /// which says nothing where the network was trained on these clips.
    pub layer: Option<ProbeLayer>,
    /// Whether each fold is also evaluated with a probe of the other folds.
    pub cross_validate: bool,
    /// The model file to write.
    pub out: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}

impl ProbeJob {
    /// A probe of a model on a data folder with all strengths, and the usual copies where there is background, on the
    /// CPU; nothing is evaluated or written.
    pub fn new(model: impl Into<String>, data: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            data: data.into(),
            options: DataOptions::default(),
            fold_table: None,
            classes: ProbeClasses::Auto,
            background: None,
            copies: 0,
            background_copies: BACKGROUND_COPIES,
            like: BTreeMap::new(),
            strengths: STRENGTHS.to_vec(),
            layer: None,
            cross_validate: false,
            out: None,
            device: "cpu".into(),
        }
    }
}

/// The result of a linear probe.
#[derive(Clone, Debug)]
pub struct ProbeResult {
    /// The layer of the written model.
    pub layer: ProbeLayer,
    /// The number of its features of each clip.
    pub features: usize,
    /// The strength of the written model.
    pub strength: f64,
    /// Each layer and strength on the inner folds, layer by layer; none where the clips are too few for folds.
    pub trials: Vec<ProbeTrial>,
    /// The number of clips that it is fitted to, without copies.
    pub clips: usize,
    /// The number of pieces of background that it is fitted to, without copies.
    pub background: usize,
    /// The number of copies of both that it is fitted to, too.
    pub copies: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Whether the classes are independent (a sigmoid each) rather than exclusive (one softmax).
    pub independent: bool,
    /// The calibration of the written model, by scores of clips that were not trained on.
    pub calibration: Option<ProbeCalibration>,
    /// Every fold, evaluated with a probe of the others.
    pub cross_validated: Option<ProbedFolds>,
    /// What to know before believing the results.
    pub warnings: Vec<String>,
    /// Clips that can't be read.
    pub skipped: Skips,
    /// Clips that are used though a part of them is missing, with what.
    pub damaged: Skips,
}
