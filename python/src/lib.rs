//! The native module of the Python package `earmark`: arrays and JSON in, arrays and JSON out. What users call, with
//! its checks and documentation, is the Python code in `earmark/`.
//!
//! Work runs without the interpreter's lock, in threads of its own where it takes long ([`hooks`]).

mod arrays;
mod arrow_stream;
mod augment;
mod command;
mod errors;
mod front_end;
mod hooks;
mod jobs;
mod model;
mod process;
mod recipes;
mod scores;
mod tag_request;

use pyo3::prelude::*;

/// What of earmark is written in Rust; use the package `earmark`.
#[pymodule]
mod _earmark {
    #[pymodule_export]
    use crate::arrow_stream::arrow_stream;
    #[pymodule_export]
    use crate::augment::NativeAugment;
    #[pymodule_export]
    use crate::command::{run_command, version};
    #[pymodule_export]
    use crate::front_end::NativeFrontEnd;
    #[pymodule_export]
    use crate::jobs::{evaluate, fit, train};
    #[pymodule_export]
    use crate::model::{NativeModel, recordings};
    #[pymodule_export]
    use crate::process::set_threads;
    #[pymodule_export]
    use crate::recipes::recipe_toml;
    #[pymodule_export]
    use crate::scores::{fit_probe, score};

    /// A panic at one recording is an error of that recording, and is not printed as well; imported graphs are models,
    /// and recordings may be in object stores.
    #[pymodule_init]
    fn init() {
        earmark_core::caught_panics::hide_caught_panics();
        earmark::foreign::enable();
        earmark_stores::enable();
    }
}
