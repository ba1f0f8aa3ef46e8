//! Why a recipe is refused, in words that name file, key, value and remedy.

use super::layers::MAX_EXTENDS;
use std::path::PathBuf;

/// Why a recipe is refused.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// No such file or built-in recipe.
    #[error(
        "{name}: no such recipe file, and no recipe of that name is built in{suggestion}; `earmark recipes list` shows the built-in ones"
    )]
    NotFound {
        /// What was asked for.
        name: String,
        /// A near name, as a clause.
        suggestion: String,
    },
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}")]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Not TOML.
    #[error("{path}: is not valid TOML: {message}")]
    Syntax {
        /// Where.
        path: PathBuf,
        /// The parser's words, with the line.
        message: String,
    },
    /// A key that no recipe has, or of the wrong type.
    #[error("{place}: {key}: {message}")]
    Key {
        /// File, and line where known.
        place: String,
        /// Dotted key.
        key: String,
        /// What is wrong, and the nearest right key.
        message: String,
    },
    /// A value that can't work.
    #[error("{place}: {key} = {value}: {remedy}")]
    Value {
        /// File, and line where known.
        place: String,
        /// Dotted key.
        key: String,
        /// The value found.
        value: String,
        /// What to write instead.
        remedy: String,
    },
    /// `--set` without `=`.
    #[error("--set {0}: expected KEY=VALUE, such as --set train.learning-rate=0.001")]
    Set(String),
    /// `--set` with a table or list that is no TOML.
    #[error(
        "--set {0}: what follows the = begins as a list or table and is no TOML; close its brackets and keep the double quotes of strings inside, which a shell leaves alone between single ones: --set 'train.loss={{kind=\"bce\"}}'"
    )]
    SetValue(String),
    /// Files that extend each other in a circle.
    #[error("{path}: `extends` leads in a circle or more than {MAX_EXTENDS} files deep")]
    Circle {
        /// The file where it was noticed.
        path: PathBuf,
    },
    /// Several refusals found in the check.
    #[error("{place}: {message}")]
    Check {
        /// File.
        place: String,
        /// The refusal in its own words.
        message: String,
    },
}
