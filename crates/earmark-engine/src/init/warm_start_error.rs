//! Why a warm start is refused.

use std::path::PathBuf;

/// Why a warm start is refused.
#[derive(Debug, thiserror::Error)]
pub enum WarmStartError {
    /// No variable is chosen.
    #[error(
        "{path}: no trainable variable matches --include {include:?} --exclude {exclude:?}; names here begin with {known}"
    )]
    NothingMatches {
        /// The model.
        path: PathBuf,
        /// Prefixes to transfer.
        include: Vec<String>,
        /// Prefixes to leave out.
        exclude: Vec<String>,
        /// First parts of the names there are.
        known: String,
    },
    /// A chosen variable is absent from the file or has another shape.
    #[error(
        "{path}: `{name}` {problem}; set network and front end as in that model, or leave the variable out: with --init-from by --exclude {name}, in a recipe by train.start.exclude"
    )]
    Unfit {
        /// The model.
        path: PathBuf,
        /// The variable.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A class that one of the two models does not have.
    #[error("train.start.classes: {whose} no class {class:?}{suggestion}")]
    Class {
        /// `this data has`, or the model with `has`.
        whose: String,
        /// The class.
        class: String,
        /// Similar names, as the end of the message.
        suggestion: String,
    },
    /// Weights of classes are wanted, but the classifier is left out.
    #[error(
        "train.start.classes: train.start.include and exclude leave out the classifier ({names}); remove one of the two"
    )]
    NoClassifier {
        /// Its variables.
        names: String,
    },
}
