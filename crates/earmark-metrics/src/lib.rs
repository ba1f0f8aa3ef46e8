//! Scores and truth to results.
//!
//! The way through this crate is short:
//!
//! ```text
//! scores.csv -> ScoreTable ┐
//!                          ├ align -> Aligned -> metrics -> Report -> JSON | text
//! truth.csv  -> TruthTable ┘
//! ```
//!
//! [`Report::compute`] goes all of it at once; the pieces stand alone for whoever needs only one:
//! [`Lwlrap`] accumulates clip by clip (and merges across threads), [`ThresholdCurve`] holds everything
//! that depends on one class's scores and truth (average precision, ROC AUC, F1, thresholds),
//! [`ConfusionMatrix`] counts what was taken for what, [`blend`] averages score tables, [`Calibration`] makes scores chances, and
//! [`Calibrated`] tells how far they are.
//!
//! # Rules that hold everywhere
//!
//! - **A score is a finite number.** NaN and infinity are errors, never the lowest rank.
//! - **Undefined is `None`** (JSON `null`), never NaN and never 0: the average precision of a class that no
//!   clip carries does not exist, and it does not enter a mean.
//! - **Ties.** Metrics that compare scores count a tie against the model: in lwlrap every class with the same
//!   score as a true label stands ahead of it (the "max rank" rule of scikit-learn's
//!   `label_ranking_average_precision_score`), so that constant scores earn nothing by luck. Average precision
//!   treats equal scores as one step, ROC AUC counts a tie as half a win, both as scikit-learn does. Metrics of
//!   an ordered *list* ([`top_k`], MAP@k, accuracy, confusion) need one order: the class that comes
//!   first in class-map order wins, as in `numpy.argmax` and in a submission file. No result depends on an unstable sort.
//! - **Clips without a label** are skipped by what is computed per clip (lwlrap, MAP@k, accuracy) and counted
//!   in `skipped`; for what is computed per class (AP, AUC, F1) they are ordinary negatives.

mod aligned;
mod blend;
mod bootstrap;
mod calibration;
mod compare;
mod confusion;
mod csv_file;
mod curve;
mod doubt;
mod error;
mod likelihood;
mod lwlrap;
mod probit;
mod reliability;
mod report;
mod report_text;
mod scores;
mod select;
mod threshold;
mod top;
mod truth;

pub use aligned::{Aligned, UnknownLabels};
pub use blend::{Mean, blend};
pub use bootstrap::{Bootstrap, Interval, Intervals};
pub use calibration::{Calibration, CalibrationLine, CalibrationMethod, CalibrationOptions, CalibrationRule};
pub use compare::{ClassMetric, ClassPair, Comparison};
pub use confusion::ConfusionMatrix;
pub use curve::{BestThreshold, ThresholdCurve, average_precision, roc_auc};
pub use doubt::Agreement;
pub use error::MetricsError;
pub use likelihood::log_likelihood;
pub use lwlrap::Lwlrap;
pub use probit::{d_prime, probit};
pub use reliability::{Calibrated, RELIABILITY_BINS, Reliability, ReliabilityBin};
pub use report::{ClassReport, Report, ReportOptions};
pub use report_text::number;
pub use scores::ScoreTable;
pub use select::{BlendJudge, NestedSelection, Selection, Selector};
pub use threshold::{Counts, SweepPoint};
pub use top::{average_precision_at, top_k};
pub use truth::TruthTable;

/// What every fallible function of this crate returns.
pub type Result<T> = std::result::Result<T, MetricsError>;
