//! Arguments of `earmark calibrate`.

use crate::args::shared::{Choice, Compute, choice};
use clap::Args as ClapArgs;
use earmark::metrics::CalibrationMethod;
use std::path::PathBuf;

const METHODS: &[Choice<CalibrationMethod>] = &[
    (
        "platt",
        "A slope and an offset for the logits of each class",
        CalibrationMethod::Platt,
    ),
    ("temperature", "A slope alone", CalibrationMethod::Temperature),
];

#[derive(ClapArgs)]
pub struct Calibrate {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; a cross-validation RUN counts as one model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    /// Cross-validation run whose out-of-fold scores are used; default: the model, if it is one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scores", "truth"])]
    pub from: Option<PathBuf>,
    /// The data folder of that run; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: raw scores of clips that the models were not trained on (fname, then one column per class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// True labels of those clips: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// Calibrated model to write; for several models, a folder
    #[arg(long, short, required_unless_present = "in_place")]
    pub out: Option<PathBuf>,
    /// Write the calibration into the models themselves
    #[arg(long, conflicts_with = "out")]
    pub in_place: bool,
    /// What is fitted; single-label models always get one temperature for all classes
    #[arg(long, value_parser = choice(METHODS), default_value = "platt")]
    pub method: CalibrationMethod,
    /// A class with fewer positive or fewer negative clips than this keeps its scores
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub min_examples: usize,
    /// Reliability diagram to write as SVG, before and after
    #[arg(long, value_name = "FILE.svg")]
    pub diagram: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
