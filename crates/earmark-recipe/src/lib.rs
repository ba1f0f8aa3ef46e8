//! Recipes: one TOML file says everything about a system. Read, merge, parse, check; only then use.
//!
//! A recipe is read in four steps, so that what can't work is refused before any audio is opened: the file is parsed; what it
//! `extends` is laid below it; `--set key=value` overrides are laid above; the result is parsed into [`Recipe`] (unknown keys are
//! errors) and checked value by value. Every error names the file, the key, the value and a remedy.

pub mod builtin;
mod check;
mod error;
mod layers;
mod place;
mod renamed;
mod stack;

pub use error::RecipeError;
pub use layers::renamed_overrides;
pub use stack::{StackConfig, StackRecipe};

use earmark_data::Stratify;
use earmark_data::augment::Augment;
use earmark_data::{BatchConfig, CacheConfig, DataOptions};
use earmark_engine::RandomCrops;
use earmark_engine::{CheckpointConfig, TrainConfig, ValidationConfig};
use earmark_features::{FrontEnd, Segments};
use earmark_models::NetworkConfig;
use layers::{apply_override, parse_table, resolve, source};
use place::{Origin, key_error};
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::{Table, Value};

/// Version of the recipe language.
pub const FORMAT: u32 = 1;

/// A whole system as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// Version of the recipe language, see [`FORMAT`].
    #[serde(default = "format")]
    pub format: u32,
    /// Short name.
    pub name: String,
    /// What it is and where it comes from.
    #[serde(default)]
    pub description: String,
    /// Licence of the trained weights, written into the model file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// How a data folder is read.
    #[serde(default)]
    pub data: DataOptions,
    /// Audio to network input.
    pub front_end: FrontEnd,
    /// The network.
    pub network: NetworkConfig,
    /// Optimisation.
    pub train: TrainConfig,
    /// Examples to batches.
    #[serde(default)]
    pub batches: BatchConfig,
    /// Changes to training examples.
    #[serde(default)]
    pub augment: Augment,
    /// What prediction does otherwise than training.
    #[serde(default)]
    pub predict: PredictConfig,
    /// Folds to make where the data has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsConfig>,
    /// What steers training besides the loss.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// When weights are written, and which stay.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
    /// Workers and the store of computed features.
    #[serde(default)]
    pub cache: CacheConfig,
}

/// `[folds]`: stratified folds, drawn where the data brings none. Clips of one group stay together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FoldsConfig {
    /// How many; they are numbered from 1.
    pub count: u32,
    /// Seed of the draw.
    #[serde(default)]
    pub seed: u64,
    /// What it does about the classes; by default every fold gets its share of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratify: Option<Stratify>,
    /// The subsets whose clips are divided into folds; the others are trained on in every fold. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsets: Option<Vec<String>>,
}

/// `[predict]`: what judging and predicting do otherwise than training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PredictConfig {
    /// Segments that a clip is cut into, whose scores are averaged; by default those of the front end. Validation has its own,
    /// `validation.segments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Segments>,
    /// Scores each clip whole, as one example of its own length; for networks that take any length. Clips beyond a minute are cut
    /// into equal pieces, whose scores are averaged. Validation while training does so too, unless it has tiles of its own.
    pub whole: bool,
    /// Random crops of several lengths by which a clip is scored, in place of segments; for networks that take any length. Windows of a
    /// stream are then scored whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_crops: Option<RandomCrops>,
}

impl PredictConfig {
    /// Whether what is heard has no length of its own.
    pub fn any_length(&self) -> bool {
        self.whole || self.random_crops.is_some()
    }
}

fn format() -> u32 {
    FORMAT
}

/// A recipe of either level.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyRecipe {
    /// Of the first: from audio.
    First(Box<Recipe>),
    /// Of the second: from the scores of others.
    Second(Box<StackRecipe>),
}

impl AnyRecipe {
    /// Reads a recipe file or a built-in recipe, with `KEY=VALUE` overrides.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        if StackRecipe::is_named(name) {
            return Ok(Self::Second(Box::new(StackRecipe::load(name, overrides)?)));
        }
        Ok(Self::First(Box::new(Recipe::load(name, overrides)?)))
    }

    /// Parses and checks a recipe that is already whole (no `extends`), such as the one inside a model file.
    ///
    /// # Errors
    /// As [`Recipe::parse`].
    pub fn parse(text: &str, place: &Path) -> Result<Self, RecipeError> {
        if StackRecipe::is(text) {
            return Ok(Self::Second(Box::new(StackRecipe::parse(text, place)?)));
        }
        Ok(Self::First(Box::new(Recipe::parse(text, place)?)))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::First(r) => &r.name,
            Self::Second(r) => &r.name,
        }
    }

    /// What it is and where it comes from.
    pub fn description(&self) -> &str {
        match self {
            Self::First(r) => &r.description,
            Self::Second(r) => &r.description,
        }
    }

    /// The recipe as TOML, every default written out.
    pub fn to_toml(&self) -> String {
        match self {
            Self::First(r) => r.to_toml(),
            Self::Second(r) => r.to_toml(),
        }
    }
}

/// A refusal of a check (key, value, remedy) with its place.
fn refuse(origin: &Origin, (key, value, remedy): (String, String, String)) -> RecipeError {
    if key.is_empty() {
        // A message of another crate's begins with its key.
        let place = origin.place(remedy.split(" = ").next().unwrap_or_default());
        return RecipeError::Check {
            place,
            message: remedy,
        };
    }
    RecipeError::Value {
        place: origin.place(&key),
        key,
        value,
        remedy,
    }
}

impl Recipe {
    /// Reads a recipe file, or a built-in recipe by its name (`dcase2019-baseline/1-noisy`), with `KEY=VALUE` overrides.
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        let (path, text) = source(name)?;
        let mut table = resolve(&path, &text, 0)?;
        for o in overrides {
            apply_override(&mut table, o)?;
        }
        Self::from_table(
            table,
            &Origin {
                path: &path,
                text: &text,
                overrides,
            },
        )
    }

    /// Parses and checks a recipe that is already whole (no `extends`), such as the one inside a model file.
    pub fn parse(text: &str, place: &Path) -> Result<Self, RecipeError> {
        let table = parse_table(text, place)?;
        Self::from_table(
            table,
            &Origin {
                path: place,
                text,
                overrides: &[],
            },
        )
    }

    fn from_table(table: Table, origin: &Origin) -> Result<Self, RecipeError> {
        if table.contains_key(stack::MARK) {
            let remedy = "this is of the second level, whose inputs are the scores of other runs; `earmark stack` trains it";
            let refusal = (stack::MARK.to_owned(), "(set)".to_owned(), remedy.to_owned());
            return Err(refuse(origin, refusal));
        }
        let recipe: Self = serde_path_to_error::deserialize(Value::Table(table))
            .map_err(|e| key_error(origin, &e.path().to_string(), &e.inner().to_string()))?;
        recipe.check().map_err(|refusal| refuse(origin, refusal))?;
        Ok(recipe)
    }

    /// The front end of judging and prediction: features as in training, tiles (or none) as `[predict]` says.
    pub fn predict_front_end(&self) -> FrontEnd {
        self.with_tiles(&self.predict.segments, self.predict.any_length())
    }

    /// The front end of validation while training: features as in training, tiles (or none) as `[validation]` says, else as
    /// `[predict]` about whole clips.
    pub fn validation_front_end(&self) -> FrontEnd {
        self.with_tiles(&self.validation.segments, self.predict.whole)
    }

    fn with_tiles(&self, tiles: &Option<Segments>, whole: bool) -> FrontEnd {
        let segments = match tiles {
            Some(tiles) => Some(tiles.clone()),
            None if whole => None,
            None => self.front_end.segments.clone(),
        };
        FrontEnd {
            segments,
            ..self.front_end.clone()
        }
    }

    /// The recipe as TOML, every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a recipe is made of tables, strings and numbers")
    }
}
