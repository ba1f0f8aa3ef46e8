//! What the experiment log can be sorted by.

use super::metrics::METRICS;
use earmark_core::text::suggest;
use earmark_engine::ValidationMetric;

/// What runs are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The best test value of a metric, highest first.
    Metric(ValidationMetric),
    /// The best validation, highest first.
    Validation,
    /// Start time, newest first.
    Started,
}

/// A name that runs can't be sorted by.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "--sort {name}: runs can't be sorted by it{suggestion}; choose one of lwlrap, accuracy, map@3, mAP, auc, validation, started"
)]
pub struct UnknownSort {
    name: String,
    suggestion: String,
}

impl std::str::FromStr for SortBy {
    type Err = UnknownSort;

    fn from_str(name: &str) -> Result<Self, UnknownSort> {
        match name {
            "validation" => return Ok(Self::Validation),
            "started" => return Ok(Self::Started),
            _ => {}
        }
        if let Some(metric) = METRICS.into_iter().find(|m| m.name() == name) {
            return Ok(Self::Metric(metric));
        }
        let known = METRICS.iter().map(|m| m.name()).chain(["validation", "started"]);
        let near = suggest(name, known);
        let suggestion = near.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
        let name = name.to_owned();
        Err(UnknownSort { name, suggestion })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_known_by_name() {
        assert_eq!("map@3".parse(), Ok(SortBy::Metric(ValidationMetric::MapAt3)));
        assert_eq!("started".parse(), Ok(SortBy::Started));
        let error = "acuracy".parse::<SortBy>().unwrap_err().to_string();
        assert!(
            error.contains("did you mean `accuracy`?") && error.contains("map@3"),
            "{error}"
        );
    }
}
