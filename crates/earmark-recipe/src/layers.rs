//! The layers of a recipe: the recipe that it extends, the file itself, the overrides.

use crate::RecipeError;
use crate::builtin;
use crate::locate::locate;
use crate::renamed::rename;
use earmark_core::ConfigError;
use earmark_core::text::suggest;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// How deep `extends` may go; more is taken for a circle.
const MAX_EXTENDS: usize = 16;

/// Path and text of a recipe file or a built-in recipe. A file wins over a built-in of the same name.
pub(crate) fn source(name: &str) -> Result<(PathBuf, String), RecipeError> {
    let path = PathBuf::from(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => return Ok((path, text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(cause) => return Err(RecipeError::Read { path, cause }),
    }
    if let Some((name, text)) = builtin::find(name) {
        return Ok((PathBuf::from(name), text.to_owned()));
    }
    let near = suggest(name, builtin::names());
    let suggestion = near.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
    Err(RecipeError::NotFound {
        name: name.into(),
        suggestion,
    })
}

/// A file's own table.
pub(crate) fn parse_table(text: &str, path: &Path) -> Result<Table, RecipeError> {
    let mut table = text.parse::<Table>().map_err(|e| RecipeError::Syntax {
        path: path.into(),
        message: e.to_string().trim_end().to_owned(),
    })?;
    rename(&mut table);
    Ok(table)
}

/// The file's table laid over what it extends.
pub(crate) fn resolve(path: &Path, text: &str, depth: usize) -> Result<Table, RecipeError> {
    if depth > MAX_EXTENDS {
        let (path, most) = (path.into(), MAX_EXTENDS);
        return Err(RecipeError::Circle { path, most });
    }
    let mut table = parse_table(text, path)?;
    let base = match table.remove("extends") {
        None => return Ok(table),
        Some(Value::String(base)) => base,
        Some(other) => {
            let place = locate(path, text, "extends");
            let remedy = "give the name of another recipe file as a string";
            let error = ConfigError::new("extends", other, remedy);
            return Err(RecipeError::Value { place, error });
        }
    };
    // Relative to the file that extends it; a built-in recipe's folder is part of its name.
    let relative = path.parent().unwrap_or(Path::new("")).join(&base);
    let (base_path, base_text) = source(&relative.to_string_lossy()).or_else(|_| source(&base))?;
    let mut whole = resolve(&base_path, &base_text, depth + 1)?;
    merge(&mut whole, table);
    Ok(whole)
}

/// Keys that exclude each other: the same setting in two units, or two choices.
const RIVALS: [[&str; 2]; 15] = [
    ["every-epochs", "every-steps"],
    ["segments", "whole"],
    ["segments", "random-crops"],
    ["whole", "random-crops"],
    ["mixup", "mix"],
    ["log", "db"],
    ["log", "pcen"],
    ["db", "pcen"],
    ["epochs", "steps"],
    ["epochs", "phases"],
    ["steps", "phases"],
    ["window-seconds", "window-samples"],
    ["hop-seconds", "hop-samples"],
    ["hop-seconds", "hop-frames"],
    ["length-seconds", "length-frames"],
];

/// Lays `over` on `base`, table by table. A table with another `kind` replaces the other completely, since its keys differ. A key
/// removes its rival from `base`. `false` removes a table.
fn merge(base: &mut Table, over: Table) {
    for [a, b] in RIVALS {
        for (mine, rival) in [(a, b), (b, a)] {
            if over.contains_key(mine) && !over.contains_key(rival) {
                base.remove(rival);
            }
        }
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(b)), Value::Table(o)) if !changes_kind(b, &o) => merge(b, o),
            (Some(Value::Table(_)), Value::Boolean(false)) => {
                base.remove(&key);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn changes_kind(base: &Table, over: &Table) -> bool {
    matches!((base.get("kind"), over.get("kind")), (Some(b), Some(o)) if b != o)
}

/// Sets `a.b.c=value`. A value that is not TOML is a string, unless it begins as a table or list, which is refused.
pub(crate) fn apply_override(table: &mut Table, text: &str) -> Result<(), RecipeError> {
    let mut nested = parse_override(text)?;
    rename(&mut nested);
    merge(table, nested);
    Ok(())
}

/// The old keys among `KEY=VALUE` overrides, each with its new name, for a note to the user.
pub fn renamed_overrides(overrides: &[String]) -> Vec<(String, String)> {
    let tables = overrides.iter().filter_map(|text| parse_override(text).ok());
    tables.flat_map(|mut table| rename(&mut table)).collect()
}

/// `a.b.c=value` as nested tables.
fn parse_override(text: &str) -> Result<Table, RecipeError> {
    let refused = || RecipeError::Set(text.into());
    let (key, value) = text.split_once('=').ok_or_else(refused)?;
    if key.split('.').any(|k| k.trim().is_empty()) {
        return Err(refused());
    }
    let value = value.trim();
    let parsed = format!("v = {value}").parse::<Table>();
    let value = match parsed.ok().and_then(|mut t| t.remove("v")) {
        Some(value) => value,
        None if value.starts_with(['{', '[']) => return Err(RecipeError::SetValue(text.into())),
        None => Value::String(value.to_owned()),
    };
    let table = |key: &str, value| Table::from_iter([(key.trim().to_owned(), value)]);
    let mut keys = key.rsplit('.');
    let innermost = table(keys.next().unwrap_or(key), value);
    Ok(keys.fold(innermost, |inner, key| table(key, Value::Table(inner))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn merging_is_deep_and_another_kind_replaces() {
        let mut base = table("[train]\nbatch = 1\nloss = { kind = \"a\", x = 1 }\n[net]\nwidth = 2");
        merge(&mut base, table("[train]\nbatch = 2\nloss = { x = 3 }"));
        assert_eq!(
            base,
            table("[train]\nbatch = 2\nloss = { kind = \"a\", x = 3 }\n[net]\nwidth = 2")
        );
        merge(&mut base, table("[train]\nloss = { kind = \"b\", y = 1 }"));
        assert_eq!(base["train"]["loss"], Value::Table(table("kind = \"b\"\ny = 1")));
    }

    #[test]
    fn a_key_replaces_its_rival() {
        let mut base = table("[train]\nepochs = 3\n[stft]\nhop-seconds = 0.01\nwindow-seconds = 0.02");
        merge(&mut base, table("[train]\nsteps = 7\n[stft]\nhop-samples = 160"));
        assert_eq!(
            base,
            table("[train]\nsteps = 7\n[stft]\nhop-samples = 160\nwindow-seconds = 0.02")
        );
        // Both in one place contradict each other, and the check says so.
        merge(&mut base, table("[train]\nsteps = 1\nepochs = 2"));
        assert_eq!(base["train"], Value::Table(table("steps = 1\nepochs = 2")));
    }

    #[test]
    fn an_amplitude_scale_replaces_another_and_false_removes_a_table() {
        let mut base =
            table("amplitude = { log = { offset = 0.1 } }\npostprocess = { deltas = {} }\nname = \"x\"");
        for over in [
            "amplitude.db={}",
            "amplitude={pcen={gain=0.5}}",
            "amplitude.db.top-db=80",
        ] {
            apply_override(&mut base, over).unwrap();
        }
        assert_eq!(base["amplitude"], Value::Table(table("db = { top-db = 80 }")));
        apply_override(&mut base, "postprocess=false").unwrap();
        assert!(!base.contains_key("postprocess"));
    }

    #[test]
    fn overrides_read_toml_values_and_fall_back_to_strings() {
        let mut t = Table::new();
        for o in [
            "a.b=3",
            "a.c = 0.5",
            "a.d=true",
            "name=my run",
            "list=[1,2]",
            "text=\"7\"",
        ] {
            apply_override(&mut t, o).unwrap();
        }
        assert_eq!(
            t,
            table("name = \"my run\"\nlist = [1, 2]\ntext = \"7\"\n[a]\nb = 3\nc = 0.5\nd = true")
        );
        assert!(matches!(
            apply_override(&mut t, "novalue"),
            Err(RecipeError::Set(_))
        ));
        assert!(matches!(apply_override(&mut t, ".a=1"), Err(RecipeError::Set(_))));
        for lost in ["loss={kind=bce}", "list=[1", "a.b={ c = }"] {
            let e = apply_override(&mut t, lost).unwrap_err();
            assert!(matches!(e, RecipeError::SetValue(_)), "{lost}: {e}");
        }
    }
}
