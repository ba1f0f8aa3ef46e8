//! `earmark completions`

use crate::args::{Completions, command_line};
use crate::status::Status;
use std::io::Write;

/// Prints a completion script.
pub fn run(args: &Completions) -> anyhow::Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command_line(), "earmark", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Status::Done)
}
