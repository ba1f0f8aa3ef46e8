//! What a run report is made of. Others fill it; a default value is an empty report.

use crate::{Better, Confusion, Picture, Reliability, Scale};
use serde::{Deserialize, Serialize};

/// Everything that the report of one run shows. Lists that are empty leave their section out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
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
    /// What else is worth knowing: data, device, duration, size of the network.
    pub summary: Vec<Fact>,
    /// What a reader must know before believing the numbers.
    pub notes: Vec<Note>,
    /// Curves of the training: loss, learning rate. Any length.
    pub curves: Vec<Curve>,
    /// Scores of the judged checkpoints.
    pub metrics: Vec<Metric>,
    /// Scores of the classes, at the checkpoint that the report is about.
    pub per_class: Vec<ClassRow>,
    /// The classes beside those of another run.
    pub compared: Option<Compared>,
    /// Which class was taken for which; single-label systems only.
    pub confusion: Option<Confusion>,
    /// How far the scores are chances, as they are and as calibrated.
    pub reliability: Vec<Reliability>,
    /// The clips that the model got most wrong, worst first.
    pub worst_clips: Vec<WorstClip>,
    /// Files that could not be used.
    pub skipped: Vec<SkippedFile>,
}

/// A name and a value, both as they should be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
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

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// Numbers are to be read with care.
    Caution,
    /// Something is wrong.
    Problem,
}

impl Level {
    /// The word in front of the remark: colour alone does not reach every reader.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Info => "Note",
            Self::Caution => "Caution",
            Self::Problem => "Problem",
        }
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Caution => "caution",
            Self::Problem => "problem",
        }
    }
}

/// A remark at the top of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// The remark, a sentence.
    pub text: String,
}

/// A quantity over training steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Curve {
    /// Such as `loss`.
    pub name: String,
    /// `(step, value)`; a value that is none (NaN, `null` in JSON) leaves a gap.
    #[serde(with = "crate::nan")]
    pub points: Vec<(f64, f64)>,
    /// How to draw the values.
    #[serde(default)]
    pub scale: Scale,
}

/// One score at several checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Metric {
    /// Such as `lwlrap`. The best value of each metric stands in the header, in the order of the list.
    pub name: String,
    /// Which values are good.
    pub better: Better,
    /// `(step, value)`; a value that is none (NaN, `null` in JSON) is shown as a dash.
    #[serde(with = "crate::nan")]
    pub points: Vec<(f64, f64)>,
}

/// Scores of one class; `None` where a score does not exist, for example without positives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassRow {
    /// Name of the class.
    pub name: String,
    /// Judged clips that carry it.
    pub count: u64,
    /// Label-weighted label-ranking average precision of the class.
    pub lwlrap: Option<f64>,
    /// Average precision.
    pub ap: Option<f64>,
    /// Area under the receiver operating characteristic.
    pub auc: Option<f64>,
}

/// A run beside another one, class by class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Compared {
    /// Name of the other run.
    pub other: String,
    /// What is compared, such as `lwlrap`.
    pub metric: String,
    /// Share of the drawn results that each interval holds, such as 0.95.
    pub confidence: f64,
    /// All classes together.
    pub overall: ComparedClass,
    /// Each class, in the order to show.
    pub classes: Vec<ComparedClass>,
}

/// One class of two runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ComparedClass {
    /// Name of the class.
    pub name: String,
    /// Judged clips that carry it.
    pub count: u64,
    /// The other run's result.
    pub other: Option<f64>,
    /// That of the run which the report is about.
    pub own: Option<f64>,
    /// Own less other.
    pub difference: Option<f64>,
    /// Where the difference lies.
    pub interval: Option<[f64; 2]>,
}

/// A clip on which the model was wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct WorstClip {
    /// File name.
    pub file: String,
    /// True classes.
    pub truth: Vec<String>,
    /// What the model said, most certain first.
    pub predictions: Vec<Prediction>,
    /// What the model saw.
    pub picture: Option<Picture>,
    /// What else to say, such as the loss of the clip; may be empty.
    pub note: String,
}

/// A class with its score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Prediction {
    /// Name of the class.
    pub class: String,
    /// Between 0 and 1.
    pub score: f64,
}

/// A file that was left out, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SkippedFile {
    /// File name.
    pub file: String,
    /// What was wrong with it.
    pub reason: String,
}
