//! The recipe of a network that takes audio: all its sections.

use crate::RecipeError;
use crate::load::{self, RecipeFile};
use crate::to_toml::to_toml;
use earmark_core::ConfigError;
use earmark_data::augment::Augment;
use earmark_data::dataset::RecipeCorrections;
use earmark_data::{BatchConfig, CacheConfig, DataOptions, Stratify};
use earmark_engine::{CheckpointConfig, RandomCrops, TrainConfig, ValidationConfig};
use earmark_features::{FrontEnd, Segments};
use earmark_models::{NetworkConfig, Precision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Table;

/// Version of the recipe language.
pub const FORMAT: u32 = 1;

/// A whole system as data, from the audio to the checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// Version of the recipe language.
    #[serde(default = "format")]
    pub format: u32,
    /// Short name of the system.
    pub name: String,
    /// What the system is and where it comes from.
    #[serde(default)]
    pub description: String,
    /// Licence of the trained weights. It is written into the model file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// How a data folder is read.
    #[serde(default)]
    pub data: DataOptions,
    /// How audio becomes the input of the network.
    pub front_end: FrontEnd,
    /// The network.
    pub network: NetworkConfig,
    /// Length of the training, loss, optimiser and learning rate.
    pub train: TrainConfig,
    /// How clips are put together into batches.
    #[serde(default)]
    pub batches: BatchConfig,
    /// Random changes to training clips.
    #[serde(default)]
    pub augment: Augment,
    /// Where prediction differs from training.
    #[serde(default)]
    pub predict: PredictConfig,
    /// Folds to draw where the data brings none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsConfig>,
    /// The validation clips, and the metric that is computed on them during training.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// When weights are written, and which are kept.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
    /// Worker threads and the store of computed features.
    #[serde(default)]
    pub cache: CacheConfig,
}

/// Folds that are drawn where the data brings none. Clips of one group stay together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FoldsConfig {
    /// Number of folds, at least 2. They are numbered from 1.
    pub count: u32,
    /// Seed of the draw.
    #[serde(default)]
    pub seed: u64,
    /// How classes are spread over the folds. Default: every fold gets its share of each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratify: Option<Stratify>,
    /// The subsets whose clips are divided into folds; the other subsets are trained on in every fold. Default: all
    /// subsets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsets: Option<Vec<String>>,
}

/// Where evaluation and prediction differ from training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PredictConfig {
    /// Segments that a clip is cut into, whose scores are averaged. Default: those of the front end. Validation has its
    /// own key, `validation.segments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// Segments for the clips of a run's test fold: its evaluation and out-of-fold scores (`eval`,
    /// `predict --out-of-fold`, `stack`). Default: as for other recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_fold_segments: Option<Segments>,
    /// Scores each clip as one segment of its own length, for networks that take any length. Clips longer than a minute
    /// are cut into equal segments, whose scores are averaged. Validation does the same unless it has segments of its
    /// own.
    pub whole: bool,
    /// Scores a clip by random crops of several lengths instead of segments, for networks that take any length. Windows
    /// of a stream are then scored whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_crops: Option<RandomCrops>,
    /// What the products of the network multiply when it scores: `f32`, `bf16` or `int8`. The option `--precision` has
    /// priority. Where the processor lacks the instructions, scores are computed in `f32` and the output says so.
    #[serde(skip_serializing_if = "is_single")]
    #[schemars(!skip_serializing_if)]
    pub precision: Precision,
    /// Longest recording in seconds that `predict`, `embed` and `eval` read whole and cache. A longer one is read in
    /// blocks, so that memory does not grow with its length, and its segments are those of the whole. Where clips are
    /// scored as they are (`whole`, `random-crops`), it is scored in equal parts of at most this length, whose results
    /// are averaged, and the output says so. 1 to 3600. Windows of `tag` and `listen` are not concerned.
    #[serde(skip_serializing_if = "is_default_longest")]
    #[schemars(!skip_serializing_if)]
    pub longest_seconds: f64,
}

/// Ten minutes: longer than the clips of all published sets.
const LONGEST_SECONDS: f64 = 600.0;

/// Whether it is the default, which recipes leave out: programs before this key existed read them.
fn is_default_longest(seconds: &f64) -> bool {
    *seconds == LONGEST_SECONDS
}

/// Whether it is single precision, which recipes leave out for the same reason.
fn is_single(precision: &Precision) -> bool {
    *precision == Precision::F32
}

impl Default for PredictConfig {
    /// Segments as in training, averaged.
    fn default() -> Self {
        Self {
            segments: None,
            out_of_fold_segments: None,
            whole: false,
            random_crops: None,
            precision: Precision::F32,
            longest_seconds: LONGEST_SECONDS,
        }
    }
}

impl PredictConfig {
    /// Whether the scored input varies in length.
    pub fn any_length(&self) -> bool {
        self.whole || self.random_crops.is_some()
    }
}

pub(crate) fn format() -> u32 {
    FORMAT
}

impl RecipeFile for Recipe {
    fn check_table(table: &Table) -> Result<(), ConfigError> {
        let remedy = "this is a stacking recipe, whose inputs are the scores of other runs; train it with \
                      `earmark stack`";
        ConfigError::unless(!load::is_stack(table), "stack", "(set)", remedy)
    }

    fn names_corrections(&self) -> bool {
        !self.data.corrections.is_empty()
    }

    fn corrections(&mut self) -> &mut RecipeCorrections {
        &mut self.data.recipe_corrections
    }

    /// Windows of recordings are as long as segments.
    fn link_sections(&mut self) {
        let shape = self.front_end.input_shape().ok();
        let seconds = shape.and_then(|shape| Some(shape.frames? as f64 / shape.frames_per_second));
        self.data.events.segment_seconds = seconds.map(|seconds| (seconds * 1e3).round() / 1e3);
    }
}

impl Recipe {
    /// Reads other data than the recipe says, with windows as long as its segments.
    pub fn set_data(&mut self, data: DataOptions) {
        self.data = data;
        self.link_sections();
    }

    /// Reads a recipe file, or a built-in recipe by its name (`dcase2019-baseline/1-noisy`), with `KEY=VALUE`
    /// overrides.
    ///
    /// # Errors
    /// See [`RecipeError`].
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        load::load(name, overrides)
    }

    /// Parses and checks a recipe that is already complete (no `extends`), such as the one inside a model file.
    ///
    /// # Errors
    /// See [`RecipeError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        load::parse(text, path)
    }

    /// The front end of evaluation and prediction: features as in training, segments (or none) by `[predict]`.
    pub fn predict_front_end(&self) -> FrontEnd {
        self.with_segments(&self.predict.segments, self.predict.any_length())
    }

    /// The same for out-of-fold scores of segments.
    pub fn out_of_fold_front_end(&self) -> FrontEnd {
        match &self.predict.out_of_fold_segments {
            None => self.predict_front_end(),
            segments => self.with_segments(segments, false),
        }
    }

    /// The front end of validation during training: features as in training, segments (or none) by `[validation]`;
    /// whole clips where `predict.whole` asks for them and `[validation]` has no segments.
    pub fn validation_front_end(&self) -> FrontEnd {
        self.with_segments(&self.validation.segments, self.predict.whole)
    }

    fn with_segments(&self, segments: &Option<Segments>, whole: bool) -> FrontEnd {
        let segments = match segments {
            Some(segments) => Some(segments.clone()),
            None if whole => None,
            None => self.front_end.segments.clone(),
        };
        FrontEnd {
            segments,
            ..self.front_end.clone()
        }
    }

    /// The recipe as TOML, with defaults written out.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }
}
