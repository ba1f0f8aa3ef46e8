//! Arguments of `earmark blend`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Blend {
    /// Score tables
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: String,
    /// A weight a table
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,
}
