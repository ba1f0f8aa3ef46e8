//! The `earmark` program.

use earmark_cli::{Given, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    earmark::engine::raise_freed_memory_thresholds();
    ExitCode::from(run(Given::by_this_process()))
}
