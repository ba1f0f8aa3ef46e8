//! Arguments of `earmark data stats`.

use super::source::DataSource;
use crate::args::shared::Threads;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct DataStats {
    #[command(flatten)]
    pub source: DataSource,
    /// Folder for stats.html and its charts as SVG
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Recipe whose front end draws the spectrograms, every channel of it; default: a log-mel spectrogram
    #[arg(long)]
    pub recipe: Option<String>,
    /// Write a recipe that extends --recipe and scales each band to mean 0 and standard deviation 1 over these clips (without
    /// --subset: all but the subset test)
    #[arg(long, value_name = "FILE", requires = "recipe")]
    pub normalise: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}
