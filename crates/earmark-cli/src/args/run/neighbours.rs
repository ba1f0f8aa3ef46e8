//! Arguments of `earmark neighbours`.

use clap::Args as ClapArgs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

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
