//! Scores and truth to results.
//!
//! ```text
//! scores.csv -> ScoreTable ┐
//!                          ├ align -> Aligned -> metrics -> Report -> JSON | text
//! truth.csv  -> TruthTable ┘
//! ```
//!
//! A [`Submission`] has labels in order in place of scores; [`SubmissionReport`] evaluates it.
//!
//! [`Report::compute`] runs the whole pipeline. Each piece also works alone:
//!
//! | folder | contents |
//! |---|---|
//! | `tables` | CSV tables of scores, submissions and labels, and their alignment by file name |
//! | `ranking` | lwlrap, MAP@k, accuracy: metrics of a ranked list of classes |
//! | `curves` | average precision, ROC AUC, F1, thresholds, d' |
//! | `calibration` | scores to probabilities, per-class thresholds, how reliable scores are |
//! | `compare` | bootstrap intervals, and two models compared class by class |
//! | `events` | predicted events against true ones: segments, events in pairs, intersections, PSDS; thresholds |
//! | `blending` | the mean of several score tables, and which tables to blend |
//! | `report` | all results of one evaluation, as JSON and text |
//!
//! # Rules
//!
//! - **A score is a finite number.** NaN and infinity are errors, never the lowest rank.
//! - **Undefined is `None`** (JSON `null`), never NaN and never 0: the average precision of a class that no clip
//!   carries does not exist and does not enter a mean.
//! - **Ties.** Metrics that compare scores count a tie against the model: in lwlrap every class with the same score
//!   as a true label ranks above it (the "max rank" rule of scikit-learn's
//!   `label_ranking_average_precision_score`), so constant scores earn nothing by luck. Average precision treats
//!   equal scores as one step and ROC AUC counts a tie as half a win, both as scikit-learn does. Metrics of an
//!   ordered *list* ([`top_k`], MAP@k, accuracy, confusion) need one order: the class that comes first in class-map
//!   order wins, as in `numpy.argmax` and in a submission file. No result depends on an unstable sort.
//! - **Clips without a label** are skipped by metrics computed per clip (lwlrap, MAP@k, accuracy) and counted in
//!   `skipped`; for metrics computed per class (AP, AUC, F1) they are ordinary negatives.

mod blending;
mod calibration;
mod compare;
mod confusion_matrix;
mod curves;
mod error;
mod events;
mod guessing;
mod label_quality;
mod mean;
mod ranking;
mod report;
mod tables;

pub use blending::{BlendMean, BlendMetric, BlendSelection, BlendSelector, NestedSelection, blend};
pub use calibration::{
    Calibration, CalibrationLine, CalibrationMethod, CalibrationOptions, CalibrationQuality, CalibrationRule,
    CalibrationTrial, ReliabilityBin, ReliabilityTable, log_likelihood,
};
pub use compare::{Bootstrap, ClassComparison, ClassMetric, Interval, Intervals, ModelComparison};
pub use confusion_matrix::ConfusionMatrix;
pub use curves::{BestThreshold, DecisionCounts, ThresholdCurve, d_prime, probit};
pub use error::MetricsError;
pub use events::{
    ChosenThresholds, ClassEventScores, EventColumns, EventMetric, EventMetricOptions, EventReport,
    EventScores, EventSet, EventThresholds, FoundSpan, IntersectionCriteria, OperatingPoints, PairedEvents,
    Psds, PsdsOptions, RecordingEvents, TableEvent, ThresholdGoal, ThresholdQuality, WindowTable, psds,
    read_durations,
};
pub use guessing::{GuessLevel, Guessing};
pub use label_quality::LabelQuality;
pub use ranking::{Lwlrap, average_precision_at, top_k};
pub use report::{ClassReport, MapAtK, Report, ReportOptions, SubmissionClass, SubmissionReport, number};
pub use tables::{Aligned, PredictionTable, ScoreTable, Submission, TruthTable, UnknownLabels};

/// What every fallible function of this crate returns.
pub type Result<T> = std::result::Result<T, MetricsError>;
