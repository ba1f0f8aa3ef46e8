//! Recipes: one TOML file describes a whole system. Read, merge, parse, check; only then use.
//!
//! A recipe is read in four steps, so that values that can't work are refused before any audio is opened: the file is
//! parsed; it is laid over the recipe that it `extends`; `--set key=value` overrides are laid over the result; the
//! whole is parsed into a [`Recipe`] or [`StackRecipe`] (unknown keys are errors) and checked value by value. Every
//! error names the file, the key, the value and a remedy.

mod any_recipe;
mod built_in_corrections;
pub mod built_in_recipes;
mod check;
mod error;
mod extends;
mod key_error_with_line;
mod load;
mod merge_remove_and_list_entries;
mod overrides;
mod recipe;
mod renamed;
mod stack_recipe;
mod to_toml;
mod value_with_path;

pub use any_recipe::AnyRecipe;
pub use built_in_corrections::built_in_corrections;
pub use error::RecipeError;
pub use overrides::{override_value, renamed_overrides};
pub use recipe::{FORMAT, FoldsConfig, PredictConfig, Recipe};
pub use stack_recipe::{StackConfig, StackRecipe};
