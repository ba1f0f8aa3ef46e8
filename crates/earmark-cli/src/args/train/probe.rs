//! Arguments of `earmark probe`.

use crate::args::shared::Compute;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Probe {
    /// The model whose embeddings are used: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// A labelled data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Model file to write
    #[arg(long, short, required_unless_present = "folds")]
    pub out: Option<PathBuf>,
    /// Cross-validate over all folds; the model that is written is trained on all of them
    #[arg(long, value_name = "all", value_parser = ["all"])]
    pub folds: Option<String>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Subsets to train on; default: all
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    /// A class of the data and similar classes of the model, whose weights are the starting point: "dog=Dog|Bark"
    #[arg(long, value_name = "CLASS=A|B")]
    pub like: Vec<String>,
    /// Strength of the regularization; default: the best of several, by cross-validation on the training clips
    #[arg(long)]
    pub strength: Option<f64>,
    /// File for the out-of-fold scores, which `earmark calibrate` reads
    #[arg(long, alias = "scores", requires = "folds", value_name = "OOF.csv")]
    pub out_of_fold: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
