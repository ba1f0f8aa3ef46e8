//! `earmark recipes`

use crate::Status;
use crate::args::{Global, Recipes};
use crate::console::{Console, out, out_json};
use anyhow::{Context, bail};
use earmark::recipe::AnyRecipe;
use earmark::recipe::builtin;
use earmark::report::text_table;
use std::path::Path;

/// Lists or shows recipes.
pub fn run(what: Recipes, _: &Global, _: &Console) -> anyhow::Result<Status> {
    match what {
        Recipes::List { json } => list(json)?,
        Recipes::Show {
            name,
            raw: true,
            overrides,
        } => {
            if !overrides.set.is_empty() {
                bail!("--raw shows a recipe as it is written; leave out --set");
            }
            out(written(&name)?.trim_end())?;
        }
        Recipes::Show {
            name,
            raw: false,
            overrides,
        } => out(AnyRecipe::load(&name, &overrides.set)?.to_toml().trim_end())?,
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
        return out_json(&named.collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = recipes
        .iter()
        .map(|r| vec![r.name().to_owned(), r.description().to_owned()])
        .collect();
    out(text_table(&["recipe", "what it is"], &rows, &[]).trim_end())
}

/// The text of a recipe file or of a built-in recipe; a file wins, as when it is trained.
fn written(name: &str) -> anyhow::Result<String> {
    if Path::new(name).is_file() {
        return std::fs::read_to_string(name).with_context(|| format!("{name}: cannot be read"));
    }
    match builtin::find(name) {
        Some((_, text)) => Ok(text.to_owned()),
        // Loading knows how to say what was meant.
        None => Ok(AnyRecipe::load(name, &[])?.to_toml()),
    }
}
