//! How a data folder is read where no recipe says it.

use clap::Args as ClapArgs;
use std::path::PathBuf;

/// A data folder and how to read it.
#[derive(ClapArgs)]
pub struct DataSource {
    /// The data folder
    pub dir: PathBuf,
    /// Layout: fsdkaggle2018, fsdkaggle2019, esc50, csv or folders; default: detected
    #[arg(long)]
    pub layout: Option<String>,
    /// Table of the csv layout, relative to the data folder
    #[arg(long)]
    pub table: Option<PathBuf>,
    /// Only these subsets (curated, noisy, test, ...)
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    /// Set a key of the recipe section [data]
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}
