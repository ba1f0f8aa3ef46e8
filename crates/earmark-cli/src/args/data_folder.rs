//! A data folder and how to read it: layout, columns, subsets.

use clap::Args;
use std::path::PathBuf;

/// How a data folder is read, on top of what a recipe says about it.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// Layout: fsdkaggle2018, fsdkaggle2019, esc50, urbansound8k, fsd50k, csv, events or folders; default: the
    /// recipe's, else detected
    #[arg(long, help_heading = "Data folder")]
    pub layout: Option<String>,
    /// Table of the csv or events layout, relative to the data folder; default: the one that fits
    #[arg(long, help_heading = "Data folder")]
    pub table: Option<PathBuf>,
    /// Column of the audio files
    #[arg(long, value_name = "COLUMN", help_heading = "Data folder")]
    pub file_column: Option<String>,
    /// Column of the labels
    #[arg(long, value_name = "COLUMN", help_heading = "Data folder")]
    pub label_column: Option<String>,
    /// Column of the folds
    #[arg(long, value_name = "COLUMN", help_heading = "Data folder")]
    pub fold_column: Option<String>,
    /// Column that names what was recorded together, which no split separates
    #[arg(long, value_name = "COLUMN", help_heading = "Data folder")]
    pub group_column: Option<String>,
    /// Column of the subsets (train, test, ...)
    #[arg(long, value_name = "COLUMN", help_heading = "Data folder")]
    pub subset_column: Option<String>,
    /// What separates the labels in a cell; "" means one label per cell; default: a comma in a column named in the
    /// plural
    #[arg(long, value_name = "TEXT", help_heading = "Data folder")]
    pub label_separator: Option<String>,
}

/// A data folder, and how to read it where no recipe says that.
#[derive(Args)]
pub struct DataSource {
    /// The data folder, or a table of it
    pub dir: PathBuf,
    #[command(flatten)]
    pub read: DataArgs,
    /// Only these subsets (curated, noisy, test, ...)
    #[arg(long = "subset", aliases = ["part", "parts"], value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    /// Set a key of the recipe section [data]
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub data_set: Vec<String>,
}
