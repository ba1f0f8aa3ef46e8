//! What a run report is made of. Others fill it; a default value is an empty report.

use super::notes::PageNote;
use crate::{AxisScale, Better, ClipPlayer, ConfusionChart, ReliabilityCurve, SpectrogramImage};
use earmark_core::human::human_count;

/// Everything that the report of a run or a cross-validation run shows. Lists that are empty leave their section out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunReport {
    /// Name of the run.
    pub title: String,
    /// The recipe as resolved, to be run again.
    pub recipe_toml: String,
    /// The command line that started the run.
    pub command: String,
    /// Version of earmark.
    pub version: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// When the run started, as it should be read.
    pub started: String,
    /// Further facts: data, device, duration, size of the network.
    pub summary: Vec<Fact>,
    /// What a reader must know before believing the numbers.
    pub notes: Vec<PageNote>,
    /// Curves of the training: loss, learning rate. Any length.
    pub curves: Vec<TrainingCurve>,
    /// Scores of the evaluated checkpoints.
    pub metrics: Vec<MetricCurve>,
    /// The checkpoint that the report is about; none without one, and where there is one per fold.
    pub reported: Option<ReportedStep>,
    /// The results of each fold, in the report of a cross-validation run.
    pub folds: Option<FoldScores>,
    /// The ways to a model that were compared, in the report of a fit.
    pub ways: Vec<ComparedWay>,
    /// Scores of the classes, at the checkpoint that the report is about.
    pub per_class: Vec<ClassScoreRow>,
    /// By what rule precision, recall and F1 of the classes are counted, a sentence; may be empty.
    pub decision_rule: String,
    /// The classes compared with those of another run.
    pub compared: Option<ComparedRun>,
    /// Which class was predicted as which; single-label systems only.
    pub confusion: Option<ConfusionChart>,
    /// How far the scores are probabilities, before and after calibration.
    pub reliability: Vec<ReliabilityCurve>,
    /// The clips that the model got most wrong, worst first.
    pub worst_clips: Vec<WorstClip>,
    /// Files that could not be used.
    pub skipped: Vec<SkippedFile>,
}

/// The checkpoint that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedStep {
    /// Its step.
    pub step: u64,
    /// What chose it, such as `the best by validation lwlrap`.
    pub chosen: String,
    /// Whether `predict` and `tag` use it.
    pub is_used: bool,
}

impl ReportedStep {
    /// Step and choice in words, without a full stop.
    #[must_use]
    pub fn describe(&self) -> String {
        let used = if self.is_used {
            ", which `predict` and `tag` use"
        } else {
            ""
        };
        format!("step {}{used}: {}", human_count(self.step), self.chosen)
    }
}

/// A name and a value, both as they should be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// Such as `training clips`.
    pub name: String,
    /// Such as `4,970 (10.5 h)`.
    pub value: String,
}

impl Fact {
    /// A fact from anything that can be read.
    pub fn new(name: impl Into<String>, value: impl ToString) -> Self {
        Self {
            name: name.into(),
            value: value.to_string(),
        }
    }
}

/// A quantity over training steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainingCurve {
    /// Such as `loss`.
    pub name: String,
    /// `(step, value)`; a missing value (NaN) leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// How to draw the values.
    pub scale: AxisScale,
}

/// One score at several checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCurve {
    /// Such as `lwlrap`. The values of the first metrics at the reported checkpoint, else the best ones, are shown in the
    /// header.
    pub name: String,
    /// Which values are better.
    pub better: Better,
    /// `(step, value)`; a missing value (NaN) is shown as a dash.
    pub points: Vec<(f64, f64)>,
}

/// Scores of one class; `None` where a score does not exist, for example without positives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassScoreRow {
    /// Name of the class.
    pub name: String,
    /// Evaluated clips with this label.
    pub count: u64,
    /// Label-weighted label-ranking average precision of the class.
    pub lwlrap: Option<f64>,
    /// Average precision.
    pub ap: Option<f64>,
    /// Area under the receiver operating characteristic.
    pub auc: Option<f64>,
    /// Share of the clips predicted as this class that carry it.
    pub precision: Option<f64>,
    /// Share of the clips that carry it that were predicted as it.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// The score from which on the model says that the class is there.
    pub threshold: Option<f64>,
}

/// A way to a model that was compared with others, or left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedWay {
    /// Its name, such as `probe`.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// Clips that it was compared on; 0 for one that was left out.
    pub clips: u64,
    /// Share of them whose highest score is their label.
    pub accuracy: Option<f64>,
    /// Their label-weighted label-ranking average precision.
    pub lwlrap: Option<f64>,
    /// How it differs from the first way, as it should be read; may be empty.
    pub difference: String,
    /// How long it took; may be empty.
    pub time: String,
    /// Whether it was chosen, or why it was left out; may be empty.
    pub outcome: String,
}

/// The results of the folds of a cross-validation run; one value per metric everywhere, `None` where one is not
/// defined.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoldScores {
    /// Names of the metrics. The first ones are shown in the header.
    pub metrics: Vec<String>,
    /// Each fold.
    pub folds: Vec<FoldScoreRow>,
    /// Mean over the folds.
    pub mean: Vec<Option<f64>>,
    /// Standard deviation over the folds.
    pub deviation: Vec<Option<f64>>,
    /// Results over the clips of all folds together.
    pub pooled: Vec<Option<f64>>,
}

/// The results of one fold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoldScoreRow {
    /// The fold.
    pub fold: u32,
    /// Evaluated clips.
    pub clips: u64,
    /// Step of the evaluated weights.
    pub step: u64,
    /// A value per metric.
    pub values: Vec<Option<f64>>,
}

/// A run compared with another one, class by class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedRun {
    /// Name of the other run.
    pub other: String,
    /// What is compared, such as `lwlrap`.
    pub metric: String,
    /// Share of the resampled differences that each interval holds, such as 0.95.
    pub confidence: f64,
    /// All classes together.
    pub overall: ComparedClass,
    /// Each class, in the order to show.
    pub classes: Vec<ComparedClass>,
}

/// One class of two runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedClass {
    /// Name of the class.
    pub name: String,
    /// Evaluated clips with this label.
    pub count: u64,
    /// The other run's result.
    pub other: Option<f64>,
    /// This run's result.
    pub own: Option<f64>,
    /// `own - other`.
    pub difference: Option<f64>,
    /// Confidence interval of the difference: low, high.
    pub interval: Option<[f64; 2]>,
}

/// A clip on which the model was wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorstClip {
    /// File name.
    pub file: String,
    /// True classes.
    pub truth: Vec<String>,
    /// What the model predicted, highest score first.
    pub predictions: Vec<PredictedClass>,
    /// Its spectrogram.
    pub spectrogram: Option<SpectrogramImage>,
    /// Its sound.
    pub player: Option<ClipPlayer>,
    /// A remark, such as the loss of the clip; may be empty.
    pub note: String,
}

/// A class with its score.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PredictedClass {
    /// Name of the class.
    pub class: String,
    /// Between 0 and 1.
    pub score: f64,
}

/// A file that was left out, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkippedFile {
    /// File name.
    pub file: String,
    /// What was wrong with it.
    pub reason: String,
}
