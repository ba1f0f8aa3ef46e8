//! Arguments of `earmark eval`.

use crate::args::shared::Compute;
use clap::Args as ClapArgs;
use clap::builder::RangedU64ValueParser;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Eval {
    /// The run directory, or a cross-validation run
    pub run: PathBuf,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Evaluate on this fold instead of the run's own test fold
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold)
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Evaluate on this subset (test, curated, ...), where the run has no test fold
    #[arg(long, alias = "part")]
    pub subset: Option<String>,
    /// Evaluate every Nth checkpoint and always the last
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub every: usize,
    /// Folder for results; default: eval/ in the run
    #[arg(long, value_name = "DIR")]
    pub eval_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}
