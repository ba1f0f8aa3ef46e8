//! The recipe reference, written from the doc comments of the config structs.

use crate::{root, run};
use std::process::Command;

/// Writes `docs/recipe-reference.md` and `docs/recipe.schema.json`. The tests that otherwise compare them do it, as
/// they know the structs and this crate need not.
pub fn reference() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(cargo)
        .args([
            "test",
            "--release",
            "--quiet",
            "--package",
            "earmark-recipe",
            "--test",
            "reference",
        ])
        .env("EARMARK_WRITE_REFERENCE", "1"))?;
    println!("{}", root().join("docs/recipe-reference.md").display());
    Ok(())
}
