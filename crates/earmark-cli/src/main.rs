//! The `earmark` program.

use earmark_cli::{Given, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(run(Given::by_this_process()))
}
