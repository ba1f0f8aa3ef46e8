//! Arguments of `earmark runs`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Runs {
    /// Folder with runs, searched in depth
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Sort by: lwlrap, accuracy, map@3, mAP, auc, validation, started
    #[arg(long, default_value = "lwlrap")]
    pub sort: String,
    /// Write a page as well
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
