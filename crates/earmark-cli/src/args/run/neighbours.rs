//! Arguments of `earmark neighbours`.

use crate::args::shared::Compute;
use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Neighbours {
    /// What to search for: audio files, or names of recordings in the embeddings
    #[arg(required = true)]
    pub queries: Vec<String>,
    /// Embeddings to search, written by `earmark embed`
    #[arg(long = "in", value_name = "X.npy|X.csv")]
    pub index: PathBuf,
    /// The model that made them; required if a query is an audio file
    #[arg(long)]
    pub model: Option<String>,
    /// Number of nearest neighbours to list
    #[arg(long, alias = "top", default_value = "5", value_name = "K")]
    pub top_k: NonZeroUsize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
