//! Arguments of `earmark demo`.

use crate::args::shared::Compute;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Demo {
    /// Folder for data, runs and results
    #[arg(long, default_value = "earmark-demo")]
    pub out: PathBuf,
    /// Random seed of the synthetic sounds and of training
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub compute: Compute,
}
