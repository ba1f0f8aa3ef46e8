//! The command `earmark` of the package.

use earmark_cli::{Given, run};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::io::Write;

/// Runs a command line, with its own name first, and returns its exit status. Once per process.
#[pyfunction]
pub fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| {
        let status = run(Given::by_another_program(arguments));
        // Python does not know of this buffer; where it can't be written to, the command has said so.
        let _ = std::io::stdout().flush();
        status
    })
}

/// The version of earmark.
#[pyfunction]
pub fn version() -> &'static str {
    earmark_core::VERSION
}
