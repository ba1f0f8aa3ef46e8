//! Arguments of `earmark predict`.

use crate::args::shared::{Compute, Source};
use clap::{Args as ClapArgs, ValueEnum};
use earmark::metrics::BlendMean;
use std::path::PathBuf;

/// Format of predictions.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// fname, then one column per class
    Csv,
    /// The same with file names without folders: the submission format of FSDKaggle2019
    Kaggle2019,
    /// fname,label with the three best classes: the submission format of FSDKaggle2018
    Kaggle2018,
    /// A JSON array
    Json,
}

#[derive(ClapArgs)]
pub struct Predict {
    /// Models: MODEL.safetensors, RUN, RUN@STEP or name of an installed model; a cross-validation RUN counts as one model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    #[command(flatten)]
    pub source: Source,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value_t = ScoreFormat::Csv)]
    pub format: ScoreFormat,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Ignore the models' calibration (out-of-fold scores are always raw)
    #[arg(long)]
    pub raw: bool,
    /// Weights of the models in the mean, one per model
    #[arg(long, value_delimiter = ',', conflicts_with = "out_of_fold")]
    pub weights: Vec<f64>,
    /// Layout of the data folder, where it differs from the model's recipe: fsdkaggle2018, fsdkaggle2019, esc50, csv or folders
    /// (which takes every recording in it)
    #[arg(long, requires = "data", conflicts_with = "out_of_fold")]
    pub layout: Option<String>,
    /// Write one row per segment of a clip, with its start in seconds, instead of one per clip
    #[arg(long, alias = "tiles")]
    pub segments: bool,
    /// Score each clip of a cross-validation run with the model of its test fold; default data: where it was in training
    #[arg(long, conflicts_with_all = ["files", "subset"])]
    pub out_of_fold: bool,
    #[command(flatten)]
    pub compute: Compute,
}
