//! Everything that must hold before a change goes in.

use crate::deny::{DENY, deny};
use crate::docs::{DOC, build_docs};
use crate::{cargo, run};
use anyhow::Context;
use std::time::Instant;

/// Arguments of cargo, cheap ones first, and last those that need the network. `.ci/run` holds the same list; a test
/// compares them.
const STEPS: &[&str] = &[
    "fmt --all --check",
    "test --release --workspace",
    "xtask size --built",
    "clippy --release --workspace --all-targets -- -D warnings",
    DOC,
    "xtask python",
    "xtask browser",
    DENY,
];

/// Runs all steps; the first failure ends it.
///
/// Tests that need the shared data are skipped where it is not there, unless `EARMARK_REQUIRE_SHARED=1`.
pub fn check() -> anyhow::Result<()> {
    let start = Instant::now();
    for step in STEPS {
        let title = format!("cargo {step}");
        println!("==> {title}");
        let begun = Instant::now();
        run_step(step).with_context(|| title.clone())?;
        println!("==> passed in {} s: {title}", begun.elapsed().as_secs());
    }
    println!("==> all passed in {} s", start.elapsed().as_secs());
    Ok(())
}

fn run_step(step: &str) -> anyhow::Result<()> {
    match step {
        DOC => build_docs(),
        DENY => deny(),
        _ => run(&mut cargo(step)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ci_script_runs_the_same_steps() {
        let script = std::fs::read_to_string(crate::root().join(".ci/run")).unwrap();
        let theirs: Vec<&str> = script.lines().filter_map(|l| l.strip_prefix("step ")).collect();
        let ours: Vec<String> = STEPS
            .iter()
            .map(|step| {
                let flags = if *step == DOC {
                    "env RUSTDOCFLAGS=\"-D warnings\" "
                } else {
                    ""
                };
                format!("{flags}cargo {step}")
            })
            .collect();
        assert_eq!(theirs, ours);
    }
}
