//! Arguments of `earmark probe`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Probe {
    /// The model whose network is used: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// A labelled data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// The model file to write
    #[arg(long, short, required_unless_present = "folds")]
    pub out: Option<PathBuf>,
    /// Judge every fold by what the others say; the written model learns from all
    #[arg(long, value_name = "all", value_parser = ["all"])]
    pub folds: Option<String>,
    /// Fold table (file,fold), instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Parts of the data to learn from; default all
    #[arg(long, value_delimiter = ',')]
    pub parts: Vec<String>,
    /// A class of the data and those of the model that it is like, whose weights are then the start: "dog=Dog|Bark"
    #[arg(long, value_name = "CLASS=A|B")]
    pub like: Vec<String>,
    /// Strength of regularisation; default: the best of several, by folds of the clips that are learnt from
    #[arg(long)]
    pub strength: Option<f64>,
    /// File for the scores of each clip by what the other folds say, for `earmark calibrate`
    #[arg(long, requires = "folds", value_name = "OOF.csv")]
    pub scores: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
