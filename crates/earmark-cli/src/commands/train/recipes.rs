//! `earmark recipes`

use crate::args::Recipes;
use crate::output::{print, print_json};
use crate::status::Status;
use anyhow::{Context, bail};
use earmark::recipe::AnyRecipe;
use earmark::recipe::builtin;
use earmark::report::text_table;
use std::path::Path;

/// Lists or prints recipes.
pub fn run(what: Recipes) -> anyhow::Result<Status> {
    match what {
        Recipes::List { json } => list(json)?,
        Recipes::Show {
            name,
            as_written,
            overrides,
        } => match (as_written, overrides.set.is_empty()) {
            (true, true) => print(written(&name)?.trim_end())?,
            (true, false) => bail!("--as-written prints a recipe unchanged; leave out --set"),
            (false, _) => print(AnyRecipe::load(&name, &overrides.set)?.to_toml().trim_end())?,
        },
    }
    Ok(Status::Done)
}

fn list(json: bool) -> anyhow::Result<()> {
    let recipes = builtin::names()
        .map(|name| AnyRecipe::load(name, &[]))
        .collect::<Result<Vec<_>, _>>()?;
    if json {
        let named = recipes
            .iter()
            .map(|r| serde_json::json!({ "name": r.name(), "description": r.description() }));
        return print_json(&named.collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = recipes
        .iter()
        .map(|r| vec![r.name().to_owned(), r.description().to_owned()])
        .collect();
    print(text_table(&["recipe", "description"], &rows, &[]).trim_end())
}

/// The text of a recipe file or of a built-in recipe; a file has priority, as in training.
fn written(name: &str) -> anyhow::Result<String> {
    if Path::new(name).is_file() {
        return std::fs::read_to_string(name).with_context(|| format!("{name}: cannot be read"));
    }
    match builtin::find(name) {
        Some((_, text)) => Ok(text.to_owned()),
        // Loading knows how to suggest what was meant.
        None => Ok(AnyRecipe::load(name, &[])?.to_toml()),
    }
}
