//! The `earmark` command: parse the command line, run the command, turn its outcome into an exit status.
//!
//! Results go to stdout, progress and notes to stderr. Exit status: 0 done, 1 refused or failed, 2 finished with some inputs
//! skipped (each is named), 130 interrupted.

mod args;
mod commands;
mod compute_threads;
mod console;
mod output;
mod prelude;
mod remarks;
mod status;

use commands::CommandLine;
use compute_threads::start_threads;
use console::Console;
use earmark::inference::PipelineError;
use earmark_core::text::visible;
use status::Stopped;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    earmark_core::caught_panics::hide_caught_panics();
    let line = match CommandLine::parse() {
        Ok(line) => line,
        Err(refusal) => return explain(&refusal),
    };
    let console = Console::new(line.quiet);
    for (old, new) in &line.renamed {
        console.note(format!("note: `{old}` is now called `{new}`"));
    }
    let outcome = start_threads(line.threads).and_then(|()| line.command.run(&console));
    console.clear();
    match outcome {
        Ok(status) => status.into(),
        Err(e) if is_stop(&e) => {
            console.note(e);
            ExitCode::from(130)
        }
        Err(e) if is_broken_pipe(&e) => ExitCode::SUCCESS, // `earmark ... | head` has seen enough
        Err(e) => {
            print_error(&e);
            ExitCode::FAILURE
        }
    }
}

/// Prints help, the version or why the command line was refused. Only a refusal fails, with 1 like every other refusal (clap's own
/// 2 means "skipped" here).
fn explain(refusal: &clap::Error) -> ExitCode {
    let _ = refusal.print(); // nowhere is left to report a failure
    ExitCode::from(u8::from(refusal.use_stderr()))
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
    // Names of files and classes in it can't control the terminal. A full disk behind stderr changes no exit status.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", visible(&whole_message(e)));
}

/// The error and its causes. A library's message is complete in itself; a cause that it repeats is left out.
fn whole_message(e: &anyhow::Error) -> String {
    let mut text = e.to_string();
    for cause in e.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
