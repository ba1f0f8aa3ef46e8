//! A recipe of either kind.

use crate::load::{base_table, is_stack};
use crate::{Recipe, RecipeError, StackRecipe};
use earmark_engine::{TrainConfig, ValidationConfig};
use std::path::Path;

/// A recipe of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyRecipe {
    /// The inputs are audio.
    Audio(Box<Recipe>),
    /// The inputs are the scores of other runs.
    Stacked(Box<StackRecipe>),
}

impl AnyRecipe {
    /// Reads a recipe file or a built-in recipe, with `KEY=VALUE` overrides.
    ///
    /// # Errors
    /// As [`Recipe::load`].
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        if base_table(name).is_ok_and(|table| is_stack(&table)) {
            return Ok(Self::Stacked(Box::new(StackRecipe::load(name, overrides)?)));
        }
        Ok(Self::Audio(Box::new(Recipe::load(name, overrides)?)))
    }

    /// Parses and checks a recipe that is already complete (no `extends`), such as the one inside a model file.
    ///
    /// # Errors
    /// As [`Recipe::parse`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        if StackRecipe::is_stack(text) {
            return Ok(Self::Stacked(Box::new(StackRecipe::parse(text, path)?)));
        }
        Ok(Self::Audio(Box::new(Recipe::parse(text, path)?)))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Audio(recipe) => &recipe.name,
            Self::Stacked(recipe) => &recipe.name,
        }
    }

    /// What it is and where it comes from.
    pub fn description(&self) -> &str {
        match self {
            Self::Audio(recipe) => &recipe.description,
            Self::Stacked(recipe) => &recipe.description,
        }
    }

    /// Length of the training, loss, optimiser and learning rate.
    pub fn train(&self) -> &TrainConfig {
        match self {
            Self::Audio(recipe) => &recipe.train,
            Self::Stacked(recipe) => &recipe.train,
        }
    }

    /// The validation clips, and the metric that is computed on them during training.
    pub fn validation(&self) -> &ValidationConfig {
        match self {
            Self::Audio(recipe) => &recipe.validation,
            Self::Stacked(recipe) => &recipe.validation,
        }
    }

    /// The recipe as TOML, with defaults written out.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Audio(recipe) => recipe.to_toml(),
            Self::Stacked(recipe) => recipe.to_toml(),
        }
    }
}
