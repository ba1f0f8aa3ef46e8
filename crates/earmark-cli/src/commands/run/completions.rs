//! `earmark completions`

use crate::commands::command_line;
use crate::prelude::*;
use clap_complete::Shell;
use std::io::Write;

/// Print a completion script for a shell
#[derive(Args)]
#[command(
    after_help = "Example: earmark completions bash > ~/.local/share/bash-completion/completions/earmark"
)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// Prints a completion script.
pub fn run(args: &Completions) -> anyhow::Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command_line(), "earmark", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Status::Done)
}
