//! Arguments of `earmark init`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Clone, Debug, ClapArgs)]
pub struct Init {
    /// The folder; recipe.toml is written into it
    pub dir: PathBuf,
}
