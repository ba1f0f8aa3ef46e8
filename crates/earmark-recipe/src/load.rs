//! From a name or a text to a checked recipe, the same way for both kinds.

use crate::RecipeError;
use crate::extends::{parse_table, resolve, source};
use crate::key_error_with_line::{key_error, locate, overridden};
use crate::overrides::apply_override;
use earmark_core::{Check, ConfigError};
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::{Table, Value};

/// A kind of recipe.
pub(crate) trait RecipeFile: DeserializeOwned + Check {
    /// Refuses the table of a recipe of the other kind.
    fn check_table(table: &Table) -> Result<(), ConfigError>;
}

/// Whether a recipe's inputs are the scores of other runs.
pub(crate) fn is_stack(table: &Table) -> bool {
    table.contains_key("stack")
}

/// The table of a recipe file or a built-in recipe, with what it extends and without overrides.
pub(crate) fn base_table(name: &str) -> Result<Table, RecipeError> {
    let (path, text) = source(name)?;
    resolve(&path, &text, 0)
}

pub(crate) fn load<T: RecipeFile>(name: &str, overrides: &[String]) -> Result<T, RecipeError> {
    let (path, text) = source(name)?;
    let mut table = resolve(&path, &text, 0)?;
    for text in overrides {
        apply_override(&mut table, text)?;
    }
    from_table(table, &path, &text, overrides)
}

pub(crate) fn parse<T: RecipeFile>(text: &str, path: &Path) -> Result<T, RecipeError> {
    from_table(parse_table(text, path)?, path, text, &[])
}

/// A recipe from its whole table; errors name the override or the line of the file that sets a key.
fn from_table<T: RecipeFile>(
    table: Table,
    path: &Path,
    text: &str,
    overrides: &[String],
) -> Result<T, RecipeError> {
    let place = |key: &str| overridden(overrides, key).unwrap_or_else(|| locate(path, text, key));
    let located = |error: ConfigError| RecipeError::Value {
        place: place(&error.key),
        error,
    };
    T::check_table(&table).map_err(located)?;
    let recipe: T = serde_path_to_error::deserialize(Value::Table(table)).map_err(|e| {
        let (key, message) = key_error(&e.path().to_string(), &e.inner().to_string());
        let place = place(&key);
        RecipeError::Key { place, key, message }
    })?;
    recipe.check().map_err(located)?;
    Ok(recipe)
}
