//! Arguments of `earmark data classes`.

use super::source::DataSource;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct DataClasses {
    #[command(flatten)]
    pub source: DataSource,
    /// File to write; default: stdout
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}
