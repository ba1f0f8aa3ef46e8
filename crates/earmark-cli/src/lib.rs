//! The `earmark` command as a function: parse a command line, run the command, turn its outcome into an exit status.
//! The program and the Python package start it.
//!
//! Results go to stdout, progress and notes to stderr. Exit status: 0 done, 1 refused or failed, 2 finished with some
//! inputs skipped (each is named), 130 interrupted.

mod args;
mod commands;
mod commands_left_out;
mod compute_threads;
mod console;
mod given;
mod kinds_of_results;
mod missing_arguments;
mod mistyped;
mod names_and_lines;
mod output;
mod panics;
mod prelude;
mod remarks;
mod replaced_files;
mod status;

pub use given::Given;

use commands::CommandLine;
use compute_threads::start_threads;
use console::Console;
use earmark::hub::{GetDataError, InstallError};
use earmark::inference::PipelineError;
use earmark_core::text::{one_line, visible, with_causes};
use status::{SeveralLines, Stopped};
use std::borrow::Cow;
use std::io::Write;

/// Runs the command of a command line, once per process: Ctrl-C, panics and threads are then the command's. Returns
/// the exit status.
pub fn run(given: Given) -> u8 {
    given::set(given);
    panics::set_up();
    #[cfg(feature = "onnx-models")]
    earmark::foreign::enable();
    #[cfg(feature = "stores")]
    earmark_stores::enable();
    // Another program has no such command: there, devices are tested in its process.
    #[cfg(feature = "gpu")]
    if let Ok(program) = given::program() {
        earmark::inference::device::test_with_program(program);
    }
    let line = match CommandLine::parse() {
        Ok(line) => line,
        Err(refusal) => return explain(&refusal),
    };
    let console = Console::new(line.quiet);
    for (old, new) in &line.renamed {
        console.note(format!("note: `{old}` is now called `{new}`"));
    }
    let outcome = match line.lost_file {
        Some(refusal) => Err(refusal),
        None => start_threads(line.threads, &console).and_then(|()| line.command.run(&console)),
    };
    console.clear();
    match outcome {
        Ok(status) => status.into(),
        Err(e) if is_stop(&e) => {
            console.note(e);
            130
        }
        Err(e) if is_broken_pipe(&e) => 0, // `earmark ... | head` has seen enough
        Err(e) => {
            print_error(&e);
            1
        }
    }
}

/// Prints help, the version or why the command line was refused. Only a refusal fails, with 1 like every other refusal
/// (clap's own 2 means "skipped" here).
fn explain(refusal: &clap::Error) -> u8 {
    if let Some(reason) = commands_left_out::explain(refusal) {
        print_error(&reason);
        return 1;
    }
    // Names of files among the arguments, as where a shell expanded `*`, can't control the terminal or look like a
    // message of their own.
    let is_odd = |argument: &String| matches!(one_line(argument), Cow::Owned(_));
    let is_safe = !refusal.use_stderr() || !given::words().iter().any(is_odd);
    // Nowhere is left to report a failure.
    let _ = match is_safe {
        true => refusal.print(),
        false => writeln!(
            std::io::stderr().lock(),
            "{}",
            one_line(refusal.render().to_string().trim_end())
        ),
    };
    if let Some(remedy) = missing_arguments::remedy(refusal) {
        let _ = writeln!(std::io::stderr().lock(), "\n{}", visible(&remedy));
    }
    u8::from(refusal.use_stderr())
}

/// Whether Ctrl-C or SIGTERM ended the command, and not a failure.
fn is_stop(e: &anyhow::Error) -> bool {
    e.is::<Stopped>()
        || e.downcast_ref::<PipelineError>()
            .is_some_and(PipelineError::is_interrupt)
}

fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn print_error(e: &anyhow::Error) {
    let mut message = with_causes(&**e);
    let meant = mistyped::did_you_mean(&message);
    message += &meant;
    // A full disk behind stderr changes no exit status.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", shown(&message, e));
}

/// The message, in which names of files and classes can't control the terminal or look like a message of their own. Some
/// have several lines: TOML with the place of its fault, how a model or a data set is fetched by hand, and what says so.
fn shown<'a>(message: &'a str, e: &anyhow::Error) -> Cow<'a, str> {
    let has_lines = e.is::<InstallError>()
        || e.is::<GetDataError>()
        || e.is::<SeveralLines>()
        || message.contains(": is not valid TOML: TOML parse error at line ");
    match has_lines {
        true => visible(message).replace('\n', "\n  ").into(),
        false => one_line(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_name_in_an_error_is_on_its_line() {
        let shown = |text: &str| shown(text, &anyhow!("x")).into_owned();
        let hostile = "a\nerror: all is lost\u{1b}[2J.wav: cannot be read";
        assert_eq!(
            shown(hostile),
            "a\\nerror: all is lost\\u{1b}[2J.wav: cannot be read"
        );
        let toml = "a.toml: is not valid TOML: TOML parse error at line 1, column 5\n  |\n1 | x = = 2\n";
        assert_eq!(
            shown(toml),
            "a.toml: is not valid TOML: TOML parse error at line 1, column 5\n    |\n  1 | x = = 2\n  "
        );
    }
}
