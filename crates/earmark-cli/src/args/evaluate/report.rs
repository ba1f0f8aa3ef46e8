//! Arguments of `earmark report`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Report {
    /// The run directory
    pub run: PathBuf,
    /// The data folder, for spectrograms of the worst clips; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Another run or cross-validation run to compare with, class by class
    #[arg(long, value_name = "RUN")]
    pub compare: Option<PathBuf>,
}
