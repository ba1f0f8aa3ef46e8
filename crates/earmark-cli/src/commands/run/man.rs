//! `earmark man`, which `cargo xtask man` runs

use crate::commands::command_line;
use crate::prelude::*;

/// Write the manual pages
#[derive(Args)]
#[command(after_help = "Example: earmark man target/man")]
pub struct Man {
    /// Folder for the pages, one per command
    pub dir: PathBuf,
}

/// Writes a manual page per command.
pub fn run(args: &Man) -> anyhow::Result<Status> {
    let place = || args.dir.display().to_string();
    std::fs::create_dir_all(&args.dir).with_context(place)?;
    // A page needs no list by groups: it has a section of subcommands.
    clap_mangen::generate_to(command_line().disable_help_subcommand(true), &args.dir).with_context(place)?;
    print(format!("{}: manual pages, such as earmark-tag.1", place()))?;
    Ok(Status::Done)
}
