//! The documentation of all crates, with warnings as errors.

use crate::{cargo, run, target};

/// Arguments of cargo.
pub const DOC: &str = "doc --release --no-deps --workspace";

/// Builds the documentation and says where it is.
pub fn docs() -> anyhow::Result<()> {
    build_docs()?;
    println!("{}", target().join("doc/earmark/index.html").display());
    Ok(())
}

/// Builds the documentation.
pub fn build_docs() -> anyhow::Result<()> {
    run(cargo(DOC).env("RUSTDOCFLAGS", "-D warnings"))
}
