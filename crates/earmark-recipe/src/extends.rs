//! `extends`: a recipe's file is found, parsed, and laid over the recipe that it extends. Overrides are in `overrides`.

use crate::RecipeError;
use crate::built_in_recipes;
use crate::key_error_with_line::locate;
use crate::merge_remove_and_list_entries::merge;
use crate::renamed::rename;
use earmark_core::ConfigError;
use earmark_core::text::suggest;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// How deep `extends` may go; more is taken for a circle.
const MAX_EXTENDS: usize = 16;

/// Path and text of a recipe file or a built-in recipe. A file wins over a built-in of the same name.
pub(crate) fn source(name: &str) -> Result<(PathBuf, String), RecipeError> {
    let path = PathBuf::from(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => return Ok((path, text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(cause) => return Err(RecipeError::Read { path, cause }),
    }
    if let Some((name, text)) = built_in_recipes::find(name) {
        return Ok((PathBuf::from(name), text.to_owned()));
    }
    let near = suggest(name, built_in_recipes::names());
    let suggestion = near.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
    Err(RecipeError::NotFound {
        name: name.into(),
        suggestion,
    })
}

/// A file's own table.
pub(crate) fn parse_table(text: &str, path: &Path) -> Result<Table, RecipeError> {
    let mut table = text.parse::<Table>().map_err(|e| RecipeError::Syntax {
        path: path.into(),
        message: e.to_string().trim_end().to_owned(),
    })?;
    rename(&mut table);
    Ok(table)
}

/// The file's table laid over what it extends. The folders of all files on disk are added to `folders`, the file's own
/// first.
pub(crate) fn resolve(
    path: &Path,
    text: &str,
    depth: usize,
    folders: &mut Vec<PathBuf>,
) -> Result<Table, RecipeError> {
    if depth > MAX_EXTENDS {
        let (path, most) = (path.into(), MAX_EXTENDS);
        return Err(RecipeError::Circle { path, most });
    }
    let mut table = parse_table(text, path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    // A built-in recipe has a name like a path.
    if path.is_file() {
        folders.push(folder.to_path_buf());
    }
    let base = match table.remove("extends") {
        None => return Ok(table),
        Some(Value::String(base)) => base,
        Some(other) => {
            let place = locate(path, text, "extends");
            let remedy = "give the name of another recipe file as a string";
            let error = ConfigError::new("extends", other, remedy);
            return Err(RecipeError::Value { place, error });
        }
    };
    // Relative to the file that extends it; a built-in recipe's folder is part of its name.
    let relative = folder.join(&base);
    let (base_path, base_text) = source(&relative.to_string_lossy()).or_else(|_| source(&base))?;
    let mut whole = resolve(&base_path, &base_text, depth + 1, folders)?;
    merge(&mut whole, table).map_err(|missing| missing.at(locate(path, text, &missing.key)))?;
    Ok(whole)
}
