//! Arguments of `earmark models average`.

use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Average {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; with --last, one RUN
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The last N checkpoints of the run
    #[arg(long, value_name = "N")]
    pub last: Option<NonZeroUsize>,
    /// Model file to write
    #[arg(long, short)]
    pub out: PathBuf,
}
