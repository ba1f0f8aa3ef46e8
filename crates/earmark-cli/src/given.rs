//! The command line that was given, and what runs it.

use anyhow::{Context, bail};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

static GIVEN: OnceLock<Given> = OnceLock::new();

/// A command line, and what runs it.
#[derive(Clone, Debug, Default)]
pub struct Given {
    arguments: Vec<OsString>,
    is_program: bool,
}

impl Given {
    /// The command line of this process, which is the program.
    pub fn by_this_process() -> Self {
        Self {
            arguments: std::env::args_os().collect(),
            is_program: true,
        }
    }

    /// A command line, with its own name first, that another program runs.
    pub fn by_another_program(arguments: Vec<OsString>) -> Self {
        Self {
            arguments,
            is_program: false,
        }
    }
}

/// Sets it, for the rest of the process.
pub fn set(given: Given) {
    // The first one stays.
    let _ = GIVEN.set(given);
}

/// The arguments, with the name of the program first.
pub fn arguments() -> &'static [OsString] {
    match GIVEN.get() {
        Some(given) => &given.arguments,
        None => &[],
    }
}

/// The same as text; what is not UTF-8 is shown as well as possible.
pub fn words() -> Vec<String> {
    let words = arguments().iter();
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The file of the running program.
pub fn program() -> anyhow::Result<PathBuf> {
    if GIVEN.get().is_some_and(|given| !given.is_program) {
        bail!("--program: another program runs this command; name the file of earmark with --program FILE");
    }
    std::env::current_exe().context("the running program cannot be found; name its file with --program FILE")
}
