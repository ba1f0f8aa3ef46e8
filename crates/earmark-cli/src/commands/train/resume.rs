//! The command that resumes an interrupted training.

use crate::args::Train;
use crate::console::Console;
use crate::status::Interrupted;
use earmark_core::text;
use std::path::Path;

/// The command line as it was given; what is not UTF-8 is shown as well as possible.
pub fn given_command() -> Vec<String> {
    std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// Says how to resume the training, and ends the command.
pub fn interrupted<T>(args: &Train, run: &Path, console: &Console) -> anyhow::Result<T> {
    let mut words = given_command();
    words[0] = "earmark".to_owned();
    if args.run.is_none() {
        words.extend(["--run".to_owned(), run.to_string_lossy().into_owned()]);
    }
    if !args.resume {
        words.push("--resume".to_owned());
    }
    let command = text::command_line(&words);
    console.note(format!("interrupted; resume with: {command}"));
    Err(Interrupted.into())
}
