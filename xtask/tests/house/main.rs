//! What clippy can't see of the house rules: one type per name, files that fit their limits, the field's words.
//!
//! `cargo xtask house` runs this and prints the state of the workspace.

#![expect(clippy::print_stdout, reason = "the state of the workspace is for people")]

mod circles;
mod documents;
mod functions;
mod lines;
mod source;
mod types;
mod words;

use source::Source;
use std::path::{Path, PathBuf};

#[test]
fn the_house_is_in_order() {
    let sources = source::all().unwrap();
    lines::print(&sources);
    let mut misses = 0;
    for (title, findings) in [
        ("functions above their limits", functions::findings(&sources)),
        ("public type names used twice", types::findings(&sources)),
        ("circles of imports", circles::findings(&sources)),
        ("files above 500 lines", lines::findings(&sources)),
        ("documents above their limits", documents::findings().unwrap()),
        ("old words", words::findings(&sources).unwrap()),
    ] {
        println!("\n{title}: {}", findings.len());
        for finding in &findings {
            println!("  {finding}");
        }
        misses += findings.len();
    }
    assert_eq!(misses, 0, "misses; they are printed above");
}

/// The repository root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
