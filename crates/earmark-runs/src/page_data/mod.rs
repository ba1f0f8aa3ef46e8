//! What the pages about runs and data sets show, gathered from their files; `earmark-report` draws it.

mod clip_spectrograms;
mod evaluated_clips;
mod gather_data_page;
mod gather_run_curves;
mod gather_run_report;
mod run_facts;
mod worst_clips;

pub(crate) use evaluated_clips::read_evaluated;
pub use gather_data_page::write_data_page;
pub use gather_run_report::{compared_run, write_run_report};

use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_metrics::MetricsError;
use earmark_report::ReportError;
use std::path::Path;

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
    /// The list of evaluated clips does not match their scores.
    #[error("{place}: {problem}; evaluate the run again with another --eval-dir")]
    Clips {
        /// The list, and its line if known.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// What a folder is called on its page.
fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}
