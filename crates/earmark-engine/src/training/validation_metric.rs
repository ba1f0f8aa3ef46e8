//! The metric that drives plateaus, early stopping and the choice of the best checkpoint.

use earmark_metrics::Report;
use serde::{Deserialize, Serialize};

/// The result that drives plateaus, early stopping and the choice of the best checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
pub enum ValidationMetric {
    /// Label-weighted label-ranking average precision.
    #[default]
    #[serde(rename = "lwlrap")]
    Lwlrap,
    /// Share of clips whose best score is a true label.
    #[serde(rename = "accuracy")]
    Accuracy,
    /// Mean average precision at 3.
    #[serde(rename = "map@3")]
    MapAt3,
    /// Mean over classes of average precision.
    #[serde(rename = "mAP")]
    MeanAp,
    /// Mean over classes of the area under the ROC curve.
    #[serde(rename = "auc")]
    Auc,
    /// Mean over clips of the log-likelihood of their labels: minus the cross-entropy, so that the highest value is the lowest
    /// validation loss.
    #[serde(rename = "log-likelihood")]
    LogLikelihood,
}

impl ValidationMetric {
    /// Its value in a report; `None` where it is undefined.
    pub fn of(self, report: &Report) -> Option<f64> {
        match self {
            Self::Lwlrap => report.lwlrap,
            Self::Accuracy => report.accuracy,
            Self::MapAt3 => report.map.value,
            Self::MeanAp => report.mean_ap,
            Self::Auc => report.auc,
            Self::LogLikelihood => report.log_likelihood,
        }
    }

    /// Its name in recipes, logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lwlrap => "lwlrap",
            Self::Accuracy => "accuracy",
            Self::MapAt3 => "map@3",
            Self::MeanAp => "mAP",
            Self::Auc => "auc",
            Self::LogLikelihood => "log-likelihood",
        }
    }
}
