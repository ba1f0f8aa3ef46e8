//! Arguments of `earmark embed`, `earmark neighbours` and `earmark probe`.

use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Embed {
    /// The model: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// A data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Part of the data folder; default test, if it has one
    #[arg(long)]
    pub part: Option<String>,
    /// Audio files
    #[arg(long, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// File to write: X.npy (with X.npy.csv beside it, which says what each row is of) or X.csv
    #[arg(long, short)]
    pub out: PathBuf,
    /// A row for each tile that clips are cut into, with its start in seconds, instead of their mean
    #[arg(long)]
    pub tiles: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Neighbours {
    /// What to look for: audio files, or names of recordings that were embedded
    #[arg(required = true)]
    pub queries: Vec<String>,
    /// Embeddings to look in, as `earmark embed` writes them
    #[arg(long = "in", value_name = "X.npy|X.csv")]
    pub index: PathBuf,
    /// The model that made them; needed where a query is an audio file
    #[arg(long)]
    pub model: Option<String>,
    /// How many of the likest
    #[arg(long, default_value = "5", value_name = "N")]
    pub top: NonZeroUsize,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

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
