//! Arguments of `earmark init`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(ClapArgs)]
pub struct Init {
    /// The folder of sounds; recipe.toml is written into it
    pub dir: PathBuf,
}
