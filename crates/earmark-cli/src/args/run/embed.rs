//! Arguments of `earmark embed`.

use crate::args::shared::{Compute, Source};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Embed {
    /// The model: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    #[command(flatten)]
    pub source: Source,
    /// File to write: X.npy (with X.npy.csv beside it, which names the recording of each row), X.csv or X.parquet
    #[arg(long, short)]
    pub out: PathBuf,
    /// Write one row per segment of a clip, with its start in seconds, instead of their mean
    #[arg(long, alias = "tiles")]
    pub segments: bool,
    #[command(flatten)]
    pub compute: Compute,
}
