//! Recipes of the second level: networks whose inputs are the out-of-fold scores of other runs.

use super::check::{as_refusal, check_checkpoints};
use super::layers::{apply_override, parse_table, resolve, source};
use super::place::{Origin, key_error};
use super::{FORMAT, RecipeError, format, refuse};
use earmark_core::{Check, Within};
use earmark_data::{BatchConfig, SegmentSubset};
use earmark_engine::{CheckpointConfig, TrainConfig, ValidationConfig};
use earmark_models::{NetworkConfig, NetworkInput};
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::{Table, Value};

/// The key that tells such a recipe from one of the first level.
pub(super) const MARK: &str = "stack";

/// A second-level system as data: what a [`Recipe`](super::Recipe) is to a first-level one, with the same rules of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StackRecipe {
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
    /// Where its inputs come from.
    pub stack: StackConfig,
    /// The network; a kind that takes rows of numbers.
    pub network: NetworkConfig,
    /// Optimisation.
    pub train: TrainConfig,
    /// Clips to batches.
    #[serde(default)]
    pub batches: BatchConfig,
    /// What steers training besides the loss.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// When weights are written, and which stay.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
}

/// `[stack]`: the inputs of the second level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StackConfig {
    /// The first-level runs of folds, in the order in which their scores stand side by side; filled in when the training begins.
    pub inputs: Vec<String>,
    /// Which tiles of a clip a training example averages; in judging it is all of them.
    pub subset: SegmentSubset,
}

impl StackRecipe {
    /// Whether the text of a recipe is of the second level.
    pub fn is(text: &str) -> bool {
        text.parse::<Table>().is_ok_and(|table| table.contains_key(MARK))
    }

    /// Whether the recipe of that name, a file or a built-in one, is of the second level.
    pub fn is_named(name: &str) -> bool {
        source(name)
            .is_ok_and(|(path, text)| resolve(&path, &text, 0).is_ok_and(|table| table.contains_key(MARK)))
    }

    /// Reads a recipe file, or a built-in recipe by its name (`argus-2019/2-stack`), with `KEY=VALUE` overrides.
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        let (path, text) = source(name)?;
        let mut table = resolve(&path, &text, 0)?;
        for o in overrides {
            apply_override(&mut table, o)?;
        }
        let origin = Origin {
            path: &path,
            text: &text,
            overrides,
        };
        Self::from_table(table, &origin)
    }

    /// Parses and checks a recipe that is already whole (no `extends`), such as the one inside a model file.
    pub fn parse(text: &str, place: &Path) -> Result<Self, RecipeError> {
        let table = parse_table(text, place)?;
        let origin = Origin {
            path: place,
            text,
            overrides: &[],
        };
        Self::from_table(table, &origin)
    }

    fn from_table(table: Table, origin: &Origin) -> Result<Self, RecipeError> {
        if !table.contains_key(MARK) {
            let remedy = "this recipe is of the first level: train it with `earmark train`, or name one of the second, such as argus-2019/2-stack";
            let refusal = (MARK.to_owned(), "missing".to_owned(), remedy.to_owned());
            return Err(refuse(origin, refusal));
        }
        let recipe: Self = serde_path_to_error::deserialize(Value::Table(table))
            .map_err(|e| key_error(origin, &e.path().to_string(), &e.inner().to_string()))?;
        recipe.check().map_err(|refusal| refuse(origin, refusal))?;
        Ok(recipe)
    }

    /// Refuses values that can't work: (key, value, remedy).
    fn check(&self) -> Result<(), (String, String, String)> {
        let no =
            |key: &str, value: &str, remedy: &str| Err((key.to_owned(), value.to_owned(), remedy.to_owned()));
        if self.format > FORMAT {
            let remedy = format!("this program knows formats up to {FORMAT}; update earmark");
            return Err(("format".into(), self.format.to_string(), remedy));
        }
        if self.network.architecture().input() != NetworkInput::Scores {
            let remedy = "the second level has no spectrogram to look at; choose kind = \"fc-net\"";
            return no("network.kind", "(another)", remedy);
        }
        self.network
            .check()
            .map_err(|e| as_refusal(e.within("network")))?;
        self.stack
            .subset
            .check()
            .map_err(|e| as_refusal(e.within("stack.subset")))?;
        self.train.check().map_err(|e| as_refusal(e.within("train")))?;
        if self.train.loss.uses_noisy_flags() {
            let remedy = "the second level learns from the clips of folds alone, which are of one kind; choose sigmoid-cross-entropy";
            return no("train.loss.kind", "(for noisy labels)", remedy);
        }
        self.batches
            .check()
            .map_err(|e| as_refusal(e.within("batches")))?;
        if self.batches.sample.is_some() {
            return no(
                "batches.sample",
                "(set)",
                "the second level takes each clip once an epoch; leave it out",
            );
        }
        if self.batches.mix.is_some() {
            let remedy = "its mixers work on spectrograms; batches.mixup works on scores too";
            return no("batches.mix", "(set)", remedy);
        }
        self.validation
            .check()
            .map_err(|e| as_refusal(e.within("validation")))?;
        check_checkpoints(&self.checkpoints)
    }

    /// The recipe as TOML, every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a recipe is made of tables, strings and numbers")
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
    fn the_levels_are_told_apart() {
        let recipe = StackRecipe::parse(TEXT, Path::new("s.toml")).unwrap();
        assert_eq!(
            StackRecipe::parse(&recipe.to_toml(), Path::new("s.toml")).unwrap(),
            recipe
        );
        assert!(StackRecipe::is(&recipe.to_toml()) && !StackRecipe::is("name = \"x\""));
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
    fn what_scores_cannot_go_through_is_refused() {
        for (more, key) in [
            ("[batches]\nmix = {}", "batches.mix = "),
            ("[batches]\nsample = { items = 4 }", "batches.sample = "),
            ("[checkpoints]\nevery-steps = 0", "checkpoints.every-steps = 0"),
            (
                "[front-end]\nsample-rate-hz = 8000",
                "front-end: is no key of a recipe",
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
