//! Arguments of `earmark embed`.

use clap::Args as ClapArgs;
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
    /// File to write: X.npy (with X.npy.csv beside it, which says what each row is of), X.csv or X.parquet
    #[arg(long, short)]
    pub out: PathBuf,
    /// A row for each tile that clips are cut into, with its start in seconds, instead of their mean
    #[arg(long)]
    pub tiles: bool,
}
