//! Arguments of `earmark eval`.

use clap::Args as ClapArgs;
use clap::builder::RangedU64ValueParser;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Eval {
    /// The run directory, or one of several folds
    pub run: PathBuf,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Judge this fold instead of the run's own
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold)
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Judge this part (test, curated, ...) where the run keeps no fold
    #[arg(long)]
    pub part: Option<String>,
    /// Judge every so many checkpoints, the last always
    #[arg(long, default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub every: usize,
    /// Folder for results; default eval/ in the run
    #[arg(long)]
    pub eval_dir: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
