//! Stacking recipes: networks whose inputs are the out-of-fold scores of other runs.

use crate::RecipeError;
use crate::check::check_format;
use crate::load::{self, RecipeFile};
use crate::recipe::format;
use crate::to_toml::to_toml;
use earmark_core::{Check, ConfigError, Within};
use earmark_data::dataset::{Corrections, RecipeCorrections};
use earmark_data::{BatchConfig, SegmentSubset};
use earmark_engine::{CheckpointConfig, TrainConfig, ValidationConfig};
use earmark_models::{NetworkConfig, NetworkInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::Table;

/// A stacking system as data; for files, the rules of a [`Recipe`](crate::Recipe) hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StackRecipe {
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
    /// The runs whose scores are the inputs.
    pub stack: StackConfig,
    /// The network, of a kind that takes scores.
    pub network: NetworkConfig,
    /// Length of the training, loss, optimiser and learning rate.
    pub train: TrainConfig,
    /// How clips are put together into batches.
    #[serde(default)]
    pub batches: BatchConfig,
    /// The validation clips, and the metric that is computed on them during training.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// When weights are written, and which are kept.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
}

/// The inputs of a stacking model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StackConfig {
    /// The cross-validation runs of the base models, in the order in which their scores are joined. `earmark stack`
    /// fills them in when training begins.
    pub inputs: Vec<String>,
    /// Which segments of a clip are averaged in training. Evaluation averages all of them.
    pub subset: SegmentSubset,
    /// Files with clips to remove or relabel, for this training in place of those of the inputs. A clip that an input's
    /// corrections remove is trained on here only if it was kept in the folds there (`keep-in-folds`). Default: the
    /// corrections of the first input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<Vec<Corrections>>,
    /// The folder of these files, relative to the data folder. A file that it lacks is looked for as those of `[data]`
    /// are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections_folder: Option<PathBuf>,
    /// Where a run keeps the files that it began with, which are read in their place: known from the run, and not part
    /// of a recipe.
    #[serde(skip)]
    pub kept_corrections: Option<PathBuf>,
    /// The files that come with the recipe: known from where it is read.
    #[serde(skip)]
    pub recipe_corrections: RecipeCorrections,
}

impl RecipeFile for StackRecipe {
    fn check_table(table: &Table) -> Result<(), ConfigError> {
        let remedy = "this is not a stacking recipe; train it with `earmark train`, or name a recipe with a [stack] \
                      section, such as argus-2019/2-stack";
        ConfigError::unless(load::is_stack(table), "stack", "missing", remedy)
    }

    fn names_corrections(&self) -> bool {
        self.stack.corrections.is_some()
    }

    fn corrections(&mut self) -> &mut RecipeCorrections {
        &mut self.stack.recipe_corrections
    }
}

impl Check for StackRecipe {
    fn check(&self) -> Result<(), ConfigError> {
        check_format(self.format)?;
        if self.network.architecture().input() != NetworkInput::Scores {
            let reason = "a stacking model takes scores, not spectrograms";
            let remedy = "set kind = \"fc-net\"";
            return Err(ConfigError::new("network.kind", "(another)", remedy).because(reason));
        }
        self.network.check().within("network")?;
        self.stack.subset.check().within("stack.subset")?;
        self.train.check().within("train")?;
        if self.train.loss.uses_noisy_flags() {
            let reason = "a stacking model trains only on clips that are in folds, which all have the same label \
                          quality";
            let remedy = "set sigmoid-cross-entropy";
            return Err(ConfigError::new("train.loss.kind", "(for noisy labels)", remedy).because(reason));
        }
        if self.train.distil.is_some() {
            let reason = "a stacking model has no teachers: its inputs are the scores of other runs already";
            return Err(ConfigError::new("train.distil", "(set)", "leave it out").because(reason));
        }
        self.batches.check().within("batches")?;
        let (folder, files) = (&self.stack.corrections_folder, &self.stack.corrections);
        let remedy = "add stack.corrections, the files in it, or leave it out: the corrections of the first input have \
                      their own folder";
        let found = folder.as_deref().unwrap_or(Path::new("")).display();
        ConfigError::unless(
            folder.is_none() || files.is_some(),
            "stack.corrections-folder",
            found,
            remedy,
        )?;
        if self.batches.mix.is_some() {
            let reason = "its mixers work on spectrograms";
            let remedy = "use batches.mixup, which works on scores too";
            return Err(ConfigError::new("batches.mix", "(set)", remedy).because(reason));
        }
        self.validation.check().within("validation")?;
        self.checkpoints.check().within("checkpoints")
    }
}

impl StackRecipe {
    /// Whether the text of a recipe is a stacking recipe.
    pub fn is_stack(text: &str) -> bool {
        text.parse().is_ok_and(|table| load::is_stack(&table))
    }

    /// Reads a recipe file, or a built-in recipe by its name (`argus-2019/2-stack`), with `KEY=VALUE` overrides.
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

    /// The recipe as TOML, with defaults written out.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "name = \"s\"\n[stack]\n[network]\nkind = \"fc-net\"\n[train]\nepochs = 2\nlearning-rate = 0.1\n";

    fn refused(more: &str) -> String {
        let text = format!("{TEXT}{more}");
        StackRecipe::parse(&text, Path::new("s.toml"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn both_kinds_are_recognised() {
        let recipe = StackRecipe::parse(TEXT, Path::new("s.toml")).unwrap();
        assert_eq!(
            StackRecipe::parse(&recipe.to_toml(), Path::new("s.toml")).unwrap(),
            recipe
        );
        assert!(StackRecipe::is_stack(&recipe.to_toml()) && !StackRecipe::is_stack("name = \"x\""));
        let error = crate::Recipe::parse(TEXT, Path::new("s.toml"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("s.toml:2: stack = (set): ") && error.contains("`earmark stack`"),
            "{error}"
        );
        let error = StackRecipe::load("demo/1-noisy", &[]).unwrap_err().to_string();
        assert!(
            error.contains("stack = missing: ") && error.contains("`earmark train`"),
            "{error}"
        );
    }

    #[test]
    fn settings_that_scores_cannot_use_are_refused() {
        for (more, key) in [
            ("[batches]\nmix = {}", "batches.mix = "),
            ("distil = { teachers = [\"runs/a\"] }", "train.distil = (set)"),
            ("[batches]\nsample = { items = 0 }", "batches.sample.items = 0"),
            ("[checkpoints]\nevery-steps = 0", "checkpoints.every-steps = 0"),
            ("[front-end]\nsample-rate-hz = 8000", "front-end: unknown key"),
            (
                "[stack.subset]\nthen-any-prob = 2",
                "stack.subset.then-any-prob = 2",
            ),
        ] {
            let error = refused(more);
            assert!(error.contains(key), "{error}");
        }
        let audio = TEXT.replace("fc-net", "mobilenet-v1");
        let error = StackRecipe::parse(&audio, Path::new("s.toml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("network.kind = "), "{error}");
    }
}
