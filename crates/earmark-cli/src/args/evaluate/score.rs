//! Arguments of `earmark score`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Score {
    /// True labels: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long)]
    pub truth: PathBuf,
    /// Scores: fname, then one column per class
    #[arg(long)]
    pub scores: PathBuf,
    /// The k of MAP@k
    #[arg(long, value_name = "K", default_value_t = 3)]
    pub map_at: usize,
    /// Threshold for F1, precision and recall
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f32,
    /// Number of bootstrap samples for 95 % confidence intervals (0 = no intervals)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bootstrap: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
