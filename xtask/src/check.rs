//! Everything that must hold before a change goes in.

use crate::{root, run};
use anyhow::Context;
use std::process::Command;
use std::time::Instant;

/// Arguments of cargo, cheap ones first. `.ci/run` holds the same list; a test compares them.
const STEPS: &[&[&str]] = &[
    &["fmt", "--all", "--check"],
    &["test", "--release", "--workspace"],
    &[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ],
    DOC,
];

const DOC: &[&str] = &["doc", "--release", "--no-deps", "--workspace"];

/// Runs all steps; the first failure ends it.
///
/// Tests that need the shared data are skipped where it is not there, unless `EARMARK_REQUIRE_SHARED=1`.
pub fn check() -> anyhow::Result<()> {
    let start = Instant::now();
    for step in STEPS {
        let title = format!("cargo {}", step.join(" "));
        println!("==> {title}");
        let begun = Instant::now();
        cargo(step).with_context(|| title.clone())?;
        println!("==> passed in {} s: {title}", begun.elapsed().as_secs());
    }
    println!("==> all passed in {} s", start.elapsed().as_secs());
    Ok(())
}

/// Builds the documentation and says where it is.
pub fn docs() -> anyhow::Result<()> {
    cargo(DOC)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    println!("{}", target.join("doc/earmark/index.html").display());
    Ok(())
}

fn cargo(args: &[&str]) -> anyhow::Result<()> {
    // The cargo that runs us, so that a chosen toolchain stays chosen.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    if args == DOC {
        command.env("RUSTDOCFLAGS", "-D warnings");
    }
    run(command.args(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ci_script_runs_the_same_steps() {
        let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
        let theirs: Vec<&str> = script.lines().filter_map(|l| l.strip_prefix("step ")).collect();
        let ours: Vec<String> = STEPS
            .iter()
            .map(|step| {
                let flags = if *step == DOC {
                    "env RUSTDOCFLAGS=\"-D warnings\" "
                } else {
                    ""
                };
                format!("{flags}cargo {}", step.join(" "))
            })
            .collect();
        assert_eq!(theirs, ours);
    }
}
