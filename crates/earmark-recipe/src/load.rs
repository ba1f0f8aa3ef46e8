//! From a name or a text to a checked recipe, the same way for both kinds.

use crate::RecipeError;
use crate::built_in_corrections::built_in_corrections;
use crate::extends::{parse_table, resolve, source};
use crate::key_error_with_line::{key_error, locate, overridden};
use crate::overrides::apply_overrides;
use crate::value_with_path::from_value;
use earmark_core::{Check, ConfigError};
use earmark_data::dataset::RecipeCorrections;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use toml::Table;

/// A kind of recipe.
pub(crate) trait RecipeFile: DeserializeOwned + Check {
    /// Refuses the table of a recipe of the other kind.
    fn check_table(table: &Table) -> Result<(), ConfigError>;

    /// Whether it names files of corrections.
    fn names_corrections(&self) -> bool;

    /// Where the files of corrections are that come with it.
    fn corrections(&mut self) -> &mut RecipeCorrections;

    /// Sets what the section `[data]` takes from the others.
    fn link_sections(&mut self) {}
}

/// Whether a recipe's inputs are the scores of other runs.
pub(crate) fn is_stack(table: &Table) -> bool {
    table.contains_key("stack")
}

/// The table of a recipe file or a built-in recipe, with what it extends and without overrides.
pub(crate) fn base_table(name: &str) -> Result<Table, RecipeError> {
    let (path, text) = source(name)?;
    resolve(&path, &text, 0, &mut Vec::new())
}

pub(crate) fn load<T: RecipeFile>(name: &str, overrides: &[String]) -> Result<T, RecipeError> {
    let (path, text) = source(name)?;
    let mut folders = Vec::new();
    let mut table = resolve(&path, &text, 0, &mut folders)?;
    apply_overrides(&mut table, overrides)?;
    from_table(table, &path, &text, overrides, folders)
}

pub(crate) fn parse<T: RecipeFile>(text: &str, path: &Path) -> Result<T, RecipeError> {
    from_table(parse_table(text, path)?, path, text, &[], Vec::new())
}

/// A recipe from its whole table; errors name the override or the line of the file that sets a key. `folders` are those
/// of its files.
fn from_table<T: RecipeFile>(
    table: Table,
    path: &Path,
    text: &str,
    overrides: &[String],
    folders: Vec<PathBuf>,
) -> Result<T, RecipeError> {
    let place = |key: &str| overridden(overrides, key).unwrap_or_else(|| locate(path, text, key));
    let located = |error: ConfigError| RecipeError::Value {
        place: place(&error.key),
        error,
    };
    T::check_table(&table).map_err(located)?;
    let mut recipe: T = from_value(table).map_err(|misfit| {
        let (key, message) = key_error(&misfit.path(), &misfit.message);
        let place = place(&key);
        RecipeError::Key { place, key, message }
    })?;
    recipe.check().map_err(located)?;
    recipe.link_sections();
    *recipe.corrections() = RecipeCorrections {
        folders,
        texts: match recipe.names_corrections() {
            true => built_in_corrections(),
            false => &[],
        },
    };
    Ok(recipe)
}
