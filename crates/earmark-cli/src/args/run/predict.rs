//! Arguments of `earmark predict`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// Layout of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// fname, then a column a class
    Csv,
    /// As csv, file names without folder: the submission of FSDKaggle2019
    Kaggle2019,
    /// fname,label with the three best classes: the submission of FSDKaggle2018
    Kaggle2018,
    /// A JSON array
    Json,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Predict {
    /// Models: MODEL.safetensors, RUN, RUN@STEP or an installed model's name; a RUN of several folds is as many models
    #[arg(required = true)]
    pub models: Vec<String>,
    /// A data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Part of the data folder; default test, if it has one
    #[arg(long)]
    pub part: Option<String>,
    /// Audio files
    #[arg(long, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Layout of the file
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
    /// How several models are blended: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// Leave out the calibration that `earmark calibrate` has written into a model. Scores out of folds are always raw
    #[arg(long)]
    pub raw: bool,
    /// A weight a model, for the mean
    #[arg(long, value_delimiter = ',', conflicts_with = "out_of_fold")]
    pub weights: Vec<f64>,
    /// How the data folder is read, where it is not as the model's recipe says: fsdkaggle2018, fsdkaggle2019, esc50, csv, or folders,
    /// which takes every recording below it
    #[arg(long, requires = "data", conflicts_with = "out_of_fold")]
    pub layout: Option<String>,
    /// A row for each tile that the clips are cut into, with its start in seconds, instead of one for each clip
    #[arg(long)]
    pub tiles: bool,
    /// Of a run of several folds: each clip scored by the fold that did not see it. Data: where it was in training, or --data
    #[arg(long, conflicts_with_all = ["files", "part"])]
    pub out_of_fold: bool,
}
