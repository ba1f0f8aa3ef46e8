//! What a developer runs, as `cargo xtask TASK`:
//!
//! ```text
//! check               format, tests, lints, documentation, licences: what .ci/run demands
//! docs                the documentation of all crates, as HTML
//! golden --list       the scripts that make golden vectors, with the versions they are pinned to
//! golden NAME ARGS... one of them, in a fresh virtual environment with those versions
//! reference           writes docs/recipe-reference.md and the JSON schema of recipes
//! man                 the manual pages, into target/man
//! python              the Python package: its wheel, and its tests in a virtual environment in target/python
//! browser [PROGRAM]   the pages in Chromium, of the program that the Python package has, or of another one
//! size                the default program stripped, with its line tables next to it; fails above the limit;
//!                     with --built, the one that cargo test has built
//! release             what is released, in dist/; with --allow-dirty, also of a tree that is not committed
//! gpu-build [KIND...] the program with webgpu, vulkan, metal or cuda, or each that can be built here, in target/gpu
//! fuzz SECONDS [NAME...]  each fuzz target, or those named, for that long; --list names them
//! house               long functions, repeated type names, lines of code and old words; fails on a miss
//! ```

#![expect(
    clippy::print_stdout,
    reason = "a command of its own; the other crates are libraries"
)]

mod browser;
mod check;
mod deny;
mod docs;
mod fuzz;
mod golden;
mod gpu_build;
mod pinned_versions;
mod python;
mod reference_and_house;
mod release;
mod size;

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const USAGE: &str = "usage: cargo xtask check | docs | golden --list | golden NAME [ARGS...] | fuzz --list | fuzz \
                     SECONDS [NAME...] | gpu-build [KIND...] | reference | house | man | python | browser [PROGRAM] | \
                     release [--allow-dirty] | size [--built]";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["check"] => check::check(),
        ["docs"] => docs::docs(),
        ["golden", "--list"] => golden::list(),
        ["golden", name, rest @ ..] if !name.starts_with('-') => golden::run(name, rest),
        ["fuzz", "--list"] => fuzz::list(),
        ["fuzz", seconds, names @ ..] => fuzz::run_targets(seconds, names),
        ["gpu-build", kinds @ ..] => gpu_build::gpu_build(kinds),
        ["reference"] => reference_and_house::reference(),
        ["house"] => reference_and_house::house(),
        // The program writes them itself, so that this crate does not have to link it.
        ["man"] => run(&mut cargo("run -q --release -p earmark-cli -- man target/man")),
        ["python"] => python::python(),
        ["browser"] => browser::browser(None),
        ["browser", program] => browser::browser(Some(program)),
        ["release"] => release::release(false),
        ["release", "--allow-dirty"] => release::release(true),
        ["size"] => size::size(false),
        ["size", "--built"] => size::size(true),
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown task `{}`; {USAGE}", other.join(" ")),
    }
}

/// The repository root.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs us, so that a chosen toolchain stays chosen.
fn cargo(arguments: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments.split(' '));
    cargo
}

/// Runs a command in the repository root; its failure is ours.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .current_dir(root())
        .status()
        .with_context(|| format!("{name} could not be started"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// What a command prints when it is run in the repository root.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{name} could not be started"))?;
    if !output.status.success() {
        bail!("{name} failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed what is not UTF-8"))
}
