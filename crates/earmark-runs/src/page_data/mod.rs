//! What the pages about runs and data sets show, gathered from their files; `earmark-report` draws it.

mod class_rows;
mod clip_audio;
mod cross_validation_report;
mod evaluated_clips;
mod gather_data_page;
mod gather_run_curves;
mod gather_run_report;
mod run_facts;
mod scores_report;
mod warning_notes;
mod worst_clips;

pub use cross_validation_report::cross_validation_report;
pub use earmark_report::ComparedWay;
pub(crate) use evaluated_clips::{pooled, read_evaluated};
pub use gather_data_page::write_data_page;
pub use gather_run_report::{compared_run, run_report, write_report, write_run_report};
pub use scores_report::{ScoredClips, scores_report};

use crate::run_dir::RunError;
use earmark_core::ConfigError;
use earmark_core::atomic::WriteError;
use earmark_metrics::MetricsError;
use earmark_report::ReportError;
use std::path::{Path, PathBuf};

/// Why a page can't be made.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the variants without a word are another part's error, unchanged"
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
    #[error(transparent)]
    Run(#[from] RunError),
    /// A cross-validation run whose folds are not all evaluated.
    #[error(
        "{0}: has no results over its folds yet (folds.json); resume the training with --resume, or give one of its \
         folds"
    )]
    Unfinished(PathBuf),
    /// A fold with classes of its own.
    #[error("{0}: its classes differ from those of the other folds; train all of them on the same data")]
    Classes(PathBuf),
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
