//! The manual pages, which the program itself writes: so that this crate does not have to link it.

use std::process::Command;

/// Writes them to `target/man`.
pub fn man() -> anyhow::Result<()> {
    let words = [
        "run",
        "-q",
        "--release",
        "-p",
        "earmark-cli",
        "--",
        "man",
        "target/man",
    ];
    crate::run(Command::new("cargo").args(words))
}
