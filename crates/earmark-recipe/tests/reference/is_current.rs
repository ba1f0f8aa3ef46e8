//! The recipe reference and the schema in `docs` are what the code says now.

use crate::page::{INTRO, ORDER};
use crate::{editor, page, schema};
use std::path::Path;

/// Compares a file of `docs` with what it must be, or writes it.
fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if std::env::var_os("EARMARK_WRITE_REFERENCE").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == text,
        "docs/{name} is not current; run `cargo xtask reference`"
    );
}

#[test]
fn the_page_is_current() {
    let page = format!("{INTRO}{}", page::page(&schema(), &ORDER));
    check("recipe-reference.md", &page);
}

#[test]
fn the_schema_is_current() {
    let schema = serde_json::to_string_pretty(&editor::schema(&schema())).unwrap();
    check("recipe.schema.json", &(schema + "\n"));
}
