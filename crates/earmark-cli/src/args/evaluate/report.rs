//! Arguments of `earmark report`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Report {
    /// The run directory
    pub run: PathBuf,
    /// The data folder, for pictures of the worst clips; default: as the run remembers it
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Another run or run of folds, whose results stand beside those of this one, class by class
    #[arg(long)]
    pub compare: Option<PathBuf>,
}
