//! Pages to look at: the report of a run, the exploration of a data set.

mod clips;
mod data;
mod run;

pub(crate) use clips::Judged;
pub use data::{data_page, write_data_page};
pub use run::{gather, run_report, write_compared_report, write_run_report};

use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_metrics::MetricsError;
use earmark_report::ReportError;

/// Why a page can't be made.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "all variants but the last are another crate's error, unchanged"
)]
pub enum PageError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    FrontEnd(#[from] ConfigError),
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The list of judged clips does not belong to their scores.
    #[error("{place}: {problem}; judge the run anew with another --eval-dir")]
    Clips {
        /// The list, and its line where known.
        place: String,
        /// What is wrong.
        problem: String,
    },
}
