//! Overrides of the command line: how `--set KEY=VALUE` is parsed. What a value replaces or removes (`KEY=false`) is in
//! `merge_and_remove`.

use crate::RecipeError;
use crate::merge_and_remove::merge;
use crate::renamed::rename;
use toml::{Table, Value};

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
    let given = value.trim();
    let value = override_value(given);
    // What begins so and is a string could not be parsed.
    if value.is_str() && given.starts_with(['{', '[']) {
        return Err(RecipeError::SetValue(text.into()));
    }
    let table = |key: &str, value| Table::from_iter([(key.trim().to_owned(), value)]);
    let mut keys = key.rsplit('.');
    let innermost = table(keys.next().unwrap_or(key), value);
    Ok(keys.fold(innermost, |inner, key| table(key, Value::Table(inner))))
}

/// The value of an override: as TOML, or as a string where it is not TOML.
pub fn override_value(text: &str) -> Value {
    let parsed = format!("v = {text}").parse::<Table>().ok();
    parsed
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
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
