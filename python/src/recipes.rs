//! Recipes by name, file or text.

use crate::errors::{Failure, FailureKind};
use earmark::Recipe;
use pyo3::prelude::*;
use std::path::Path;

/// The recipe of a built-in name or a file, with changes; or a complete one from its text, which has several lines.
pub fn load(recipe: &str, set: &[String]) -> Result<Recipe, Failure> {
    match (recipe.contains('\n'), set) {
        (false, set) => Ok(Recipe::load(recipe, set)?),
        (true, []) => Ok(Recipe::parse(recipe, Path::new("recipe"))?),
        (true, _) => Err(Failure::new(
            FailureKind::Config,
            "set: changes the recipe of a name or file; change the text itself",
        )),
    }
}

/// A recipe as TOML, with defaults written out.
#[pyfunction]
pub fn recipe_toml(recipe: &str, set: Vec<String>) -> PyResult<String> {
    Ok(load(recipe, &set)?.to_toml())
}
