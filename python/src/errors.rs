//! Rust's errors as Python's exceptions (`earmark/_errors.py`), in the same words.

use earmark::data::feature_store::ItemFault;
use earmark::features::FeatureError;
use earmark::inference::PipelineError;
use earmark::inference::tag::TagError;
use earmark::metrics::MetricsError;
use earmark::recipe::RecipeError;
use earmark::runs::run_dir::RunError;
use earmark_core::text::with_causes;
use pyo3::prelude::*;
use std::error::Error;
use std::fmt::Display;

/// Which exception is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A recipe, a setting or an argument that can't work.
    Config,
    /// A data folder, a table or scores.
    Data,
    /// A model or a run.
    Model,
    /// A recording, or samples.
    Audio,
    /// What is written.
    Output,
    /// Anything else.
    Other,
}

/// Why something failed, known without the interpreter.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
}

impl FailureKind {
    /// The class in `earmark._errors`.
    fn class(self) -> &'static str {
        match self {
            Self::Config => "ConfigError",
            Self::Data => "DataError",
            Self::Model => "ModelError",
            Self::Audio => "AudioError",
            Self::Output => "OutputError",
            Self::Other => "EarmarkError",
        }
    }

    fn of_pipeline(error: &PipelineError) -> Self {
        use PipelineError as E;
        match error {
            E::Recipe(_) | E::Config(_) | E::Device(_) | E::Prefix(_) | E::Request(_) => Self::Config,
            E::Run(_) | E::Model(_) | E::WarmStart(_) | E::InputScaler(_) | E::Fit(_) => Self::Model,
            E::Audio(_) | E::Item(_) => Self::Audio,
            E::Write(_) => Self::Output,
            E::Data(_)
            | E::Classes(_)
            | E::Fold(_)
            | E::FoldTable(_)
            | E::Batch(_)
            | E::Embeddings(_)
            | E::Evaluation(_)
            | E::Metrics(_) => Self::Data,
            _ => Self::Other,
        }
    }
}

impl Failure {
    /// With a message.
    pub fn new(kind: FailureKind, message: impl Display) -> Self {
        let message = message.to_string();
        Self { kind, message }
    }

    /// Of an error and its causes.
    fn of(kind: FailureKind, error: &dyn Error) -> Self {
        Self::new(kind, with_causes(error))
    }

    /// The same of another kind, where it is what the command calls a request that can't be met.
    #[must_use]
    pub fn about(self, kind: FailureKind) -> Self {
        match self.kind {
            FailureKind::Config => Self { kind, ..self },
            _ => self,
        }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| {
            let class = py
                .import("earmark._errors")
                .and_then(|errors| errors.getattr(failure.kind.class()));
            match class.and_then(|class| class.call1((failure.message,))) {
                Ok(exception) => PyErr::from_value(exception),
                Err(error) => error,
            }
        })
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self::of(FailureKind::of_pipeline(&error), &error)
    }
}

impl From<TagError> for Failure {
    fn from(error: TagError) -> Self {
        match error {
            TagError::Model(error) => error.into(),
            TagError::Request(_) => Self::of(FailureKind::Config, &error),
            _ => Self::of(FailureKind::Output, &error),
        }
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        Self::of(FailureKind::Config, &error)
    }
}

impl From<earmark_core::ConfigError> for Failure {
    fn from(error: earmark_core::ConfigError) -> Self {
        Self::of(FailureKind::Config, &error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::of(FailureKind::Model, &error)
    }
}

impl From<MetricsError> for Failure {
    fn from(error: MetricsError) -> Self {
        let kind = match error {
            MetricsError::Config(_) => FailureKind::Config,
            _ => FailureKind::Data,
        };
        Self::of(kind, &error)
    }
}

impl From<ItemFault> for Failure {
    fn from(error: ItemFault) -> Self {
        Self::of(FailureKind::Audio, &error)
    }
}

impl From<FeatureError> for Failure {
    fn from(error: FeatureError) -> Self {
        Self::of(FailureKind::Audio, &error)
    }
}

/// A request in JSON that the Python code did not write as it should, or with a value that can't be.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::of(FailureKind::Config, &error)
    }
}
