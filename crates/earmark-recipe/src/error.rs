//! The errors of recipes, with their wording. What is said of a mistyped key, and its line, are found in `key_error_with_line`.

use earmark_core::ConfigError;
use std::path::PathBuf;

/// Why a recipe is refused.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// There is no such file or built-in recipe.
    #[error(
        "{name}: no such recipe file, and no recipe of that name is built in{suggestion}; `earmark recipes list` shows the built-in ones"
    )]
    NotFound {
        /// The requested name.
        name: String,
        /// A similar name, as a clause.
        suggestion: String,
    },
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path}: is not valid TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's message, with the line.
        message: String,
    },
    /// A key that recipes don't have, or a value of the wrong type.
    #[error("{place}: {key}: {message}")]
    Key {
        /// The file, and the line where known; or the override.
        place: String,
        /// Dotted key.
        key: String,
        /// What is wrong, and the nearest right key.
        message: String,
    },
    /// A value that can't work.
    #[error("{place}: {error}")]
    Value {
        /// The file, and the line where known; or the override.
        place: String,
        /// The full key, the value, the reason and the remedy.
        error: ConfigError,
    },
    /// An override without `=`.
    #[error("--set {0}: expected KEY=VALUE, such as --set train.learning-rate=0.001")]
    Set(String),
    /// An override that begins as a table or list and is not valid TOML.
    #[error(
        "--set {0}: the value begins as a list or table but is not valid TOML; close its brackets and keep the double quotes around strings, for example with single quotes around the whole: --set 'train.loss={{kind=\"bce\"}}'"
    )]
    SetValue(String),
    /// Files that extend each other in a circle.
    #[error("{path}: `extends` leads in a circle or more than {most} files deep")]
    Circle {
        /// The file where this was noticed.
        path: PathBuf,
        /// How deep files may extend each other.
        most: usize,
    },
}
