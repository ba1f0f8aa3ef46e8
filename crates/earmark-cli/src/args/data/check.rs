//! Arguments of `earmark data check`.

use super::source::DataSource;
use crate::args::shared::Threads;
use clap::Args as ClapArgs;

#[derive(ClapArgs)]
pub struct DataCheck {
    #[command(flatten)]
    pub source: DataSource,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}
