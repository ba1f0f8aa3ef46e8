//! Tasks that tests do: they know the structs and the source, and this crate builds in a second.

use crate::{cargo, root, run};
use std::process::Command;

/// Writes `docs/recipe-reference.md` and `docs/recipe.schema.json` from the doc comments of the config structs.
pub fn reference() -> anyhow::Result<()> {
    run(test("earmark-recipe", "reference")
        .args(["--", "--include-ignored"])
        .env("EARMARK_WRITE_REFERENCE", "1"))?;
    println!("{}", root().join("docs/recipe-reference.md").display());
    Ok(())
}

/// Prints sizes, names and words of the workspace's source and documents; fails where one misses its limit.
pub fn house() -> anyhow::Result<()> {
    run(test("xtask", "house").args(["--", "--nocapture"]))
}

fn test(package: &str, target: &str) -> Command {
    cargo(&format!(
        "test --release --quiet --package {package} --test {target}"
    ))
}
