//! The size of the default program, as it is released: stripped, with its line tables kept apart.

use crate::{cargo, run, target};
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::Command;

/// What the default program may measure, stripped.
const LIMIT_MB: f64 = 25.0;

/// Strips a copy of the program, keeps its debug information in another file, prints both sizes and fails above the limit.
///
/// The program is built first, unless the one that is there is wanted: after `cargo test` that saves a build.
pub fn size(built: bool) -> anyhow::Result<()> {
    if !built {
        run(&mut cargo("build --release --quiet"))?;
    }
    let target = target();
    let program = target.join("release/earmark");
    let (stripped, debug) = (
        target.join("release/earmark.stripped"),
        target.join("release/earmark.debug"),
    );
    run(Command::new("objcopy")
        .arg("--only-keep-debug")
        .args([&program, &debug]))?;
    run(Command::new("strip").arg("-o").args([&stripped, &program]))?;
    // A debugger finds the line tables of the stripped program by this link.
    run(Command::new("objcopy")
        .arg(format!("--add-gnu-debuglink={}", debug.display()))
        .arg(&stripped))?;
    let megabytes = |path: &PathBuf| -> anyhow::Result<f64> {
        let size = std::fs::metadata(path)
            .with_context(|| path.display().to_string())?
            .len();
        Ok(size as f64 / 1e6)
    };
    let (whole, small) = (megabytes(&program)?, megabytes(&stripped)?);
    println!(
        "{whole:.1} MB as built; {small:.1} MB stripped, at most {LIMIT_MB}: {}",
        stripped.display()
    );
    if small > LIMIT_MB {
        bail!("the default program is {small:.1} MB stripped; the limit is {LIMIT_MB} MB");
    }
    Ok(())
}
