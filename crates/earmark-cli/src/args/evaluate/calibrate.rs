//! Arguments of `earmark calibrate`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// What is fitted to each class of a model that names any number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CalibrateMethod {
    /// A slope and a shift of its logits
    Platt,
    /// A slope alone
    Temperature,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Calibrate {
    /// Models to calibrate: MODEL.safetensors, RUN or RUN@STEP; a RUN of several folds is as many models
    #[arg(required = true)]
    pub models: Vec<String>,
    /// A run of several folds, each of whose clips is scored by the fold that did not see it; default: the model, if it is one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scores", "truth"])]
    pub from: Option<PathBuf>,
    /// The data folder of that run; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Instead of a run: raw scores of clips that the models did not learn from (fname, then a column a class)
    #[arg(long, requires = "truth")]
    pub scores: Option<PathBuf>,
    /// The labels of those clips: fname,labels; or fname,label; or 0/1 columns
    #[arg(long, requires = "scores")]
    pub truth: Option<PathBuf>,
    /// The calibrated model to write; for several models a folder
    #[arg(long, short, required_unless_present = "in_place")]
    pub out: Option<PathBuf>,
    /// Write the calibration into the models themselves
    #[arg(long, conflicts_with = "out")]
    pub in_place: bool,
    /// What is fitted to each class; models that name exactly one class a clip get one temperature
    #[arg(long, value_enum, default_value_t = CalibrateMethod::Platt)]
    pub method: CalibrateMethod,
    /// A class with fewer clips, or fewer without it, keeps its scores
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub min_examples: usize,
    /// File for the reliability diagram as SVG, before and after
    #[arg(long, value_name = "FILE.svg")]
    pub diagram: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
