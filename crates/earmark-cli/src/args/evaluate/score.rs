//! Arguments of `earmark score`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Score {
    /// Truth: fname,labels; or fname,label; or 0/1 columns
    #[arg(long)]
    pub truth: PathBuf,
    /// Scores: fname, then a column a class
    #[arg(long)]
    pub scores: PathBuf,
    /// k of MAP@k
    #[arg(long, default_value_t = 3)]
    pub map_at: usize,
    /// Threshold of F1, precision and recall
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f32,
    /// Resamplings for 95 % confidence intervals; 0 is none
    #[arg(long, default_value_t = 0)]
    pub bootstrap: usize,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
