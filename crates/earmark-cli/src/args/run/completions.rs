//! Arguments of `earmark completions`.

use clap::Args as ClapArgs;
use clap_complete::Shell;

#[derive(ClapArgs)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}
