//! Arguments of `earmark man`, which `cargo xtask man` runs.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Man {
    /// Folder for the pages, one per command
    pub dir: PathBuf,
}
