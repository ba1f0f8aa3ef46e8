//! The `earmark` command: parse, check, work, tell.
//!
//! Results go to stdout, progress and notes to stderr. Exit status: 0 done, 1 refused or failed, 2 finished but some inputs were
//! skipped (each named), 130 interrupted.

mod args;
mod commands;
mod console;
mod output;

use clap::Parser;
use std::process::ExitCode;

/// How a command ended, where it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything done.
    Done,
    /// Done, but some inputs were left out; each was named.
    SkippedSome,
    /// Stopped by Ctrl-C or SIGTERM; what was done is kept.
    Interrupted,
}

impl Status {
    /// Done, or skipped some.
    fn of_skips(n: usize) -> Self {
        if n == 0 { Self::Done } else { Self::SkippedSome }
    }
}

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(e) => {
            // Help and version are no failure; a refused argument exits 1 like every refusal (clap's own 2 means "skipped" here).
            let _ = e.print();
            return ExitCode::from(u8::from(e.use_stderr()));
        }
    };
    match commands::run(args) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::SkippedSome) => ExitCode::from(2),
        Ok(Status::Interrupted) => ExitCode::from(130),
        Err(e) => {
            if is_broken_pipe(&e) {
                return ExitCode::SUCCESS; // `earmark ... | head` has seen enough
            }
            eprintln_error(&e);
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes. Messages of the libraries are whole by themselves; a cause that one of them repeats is left out.
fn whole_message(e: &anyhow::Error) -> String {
    let mut text = e.to_string();
    for cause in e.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain()
        .filter_map(|c| c.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

#[expect(clippy::print_stderr, reason = "the one place where a failure is told")]
fn eprintln_error(e: &anyhow::Error) {
    eprintln!("error: {}", whole_message(e));
}
