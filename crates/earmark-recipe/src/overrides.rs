//! Overrides of the command line: how `--set KEY=VALUE` is parsed. What a value replaces or removes (`KEY=false`) is in
//! `merge_remove_and_list_entries`.

use crate::RecipeError;
use crate::key_error_with_line::dotted;
use crate::merge_remove_and_list_entries::{MissingEntry, merge};
use crate::renamed::rename;
use toml::{Table, Value};

/// Sets `a.b.c=value` for each override, in their order; where `b` is a list, `c` is the number of an entry. A value
/// that is not TOML is a string, unless it begins as a table or list, which is refused.
pub(crate) fn apply_overrides<S: AsRef<str>>(table: &mut Table, overrides: &[S]) -> Result<(), RecipeError> {
    let mut given = Table::new();
    for text in overrides {
        let text = text.as_ref();
        let mut nested = parse_override(text)?;
        rename(&mut nested);
        keep_given_minimum(&mut nested, &given);
        let at = |missing: MissingEntry| missing.at(format!("--set {text}"));
        merge(table, nested.clone()).map_err(at)?;
        merge(&mut given, nested).map_err(at)?;
    }
    Ok(())
}

/// `epochs` removes a `min-steps` of the recipe, but not one that an override before it gave: together they are one
/// length.
fn keep_given_minimum(over: &mut Table, given: &Table) {
    if let Some(minimum) = given.get("min-steps").filter(|_| over.contains_key("epochs")) {
        over.entry("min-steps").or_insert_with(|| minimum.clone());
    }
    for (key, inner) in over.iter_mut() {
        if let (Value::Table(inner), Some(Value::Table(given))) = (inner, given.get(key)) {
            keep_given_minimum(inner, given);
        }
    }
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
    let key = dotted(key);
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
    let innermost = table(keys.next().unwrap_or_default(), value);
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
            apply_overrides(&mut t, &[o]).unwrap();
        }
        assert_eq!(
            t,
            table("name = \"my run\"\nlist = [1, 2]\ntext = \"7\"\n[a]\nb = 3\nc = 0.5\nd = true")
        );
        assert!(matches!(
            apply_overrides(&mut t, &["novalue"]),
            Err(RecipeError::Set(_))
        ));
        assert!(matches!(
            apply_overrides(&mut t, &[".a=1"]),
            Err(RecipeError::Set(_))
        ));
        for lost in ["loss={kind=bce}", "list=[1", "a.b={ c = }"] {
            let e = apply_overrides(&mut t, &[lost]).unwrap_err();
            assert!(matches!(e, RecipeError::SetValue(_)), "{lost}: {e}");
        }
    }

    #[test]
    fn another_length_takes_the_minimum_of_the_recipe_away() {
        let base = || table("[train]\nepochs = 3\nmin-steps = 100");
        for (overrides, wanted) in [
            (&["train.steps=7"][..], "[train]\nsteps = 7"),
            (
                &["train.phases=[{ steps = 7 }]"],
                "[train]\nphases = [{ steps = 7 }]",
            ),
            (&["train.epochs=9"], "[train]\nepochs = 9"),
            (&["train.min-steps=9"], "[train]\nepochs = 3\nmin-steps = 9"),
            (
                &["train.epochs=9", "train.min-steps=5"],
                "[train]\nepochs = 9\nmin-steps = 5",
            ),
            (
                &["train.min-steps=5", "seed=1", "train.epochs=9"],
                "seed = 1\n[train]\nepochs = 9\nmin-steps = 5",
            ),
            (
                &["train.min-steps=5", "train.steps=7", "train.epochs=9"],
                "[train]\nepochs = 9",
            ),
        ] {
            let mut t = base();
            apply_overrides(&mut t, overrides).unwrap();
            assert_eq!(t, table(wanted), "{overrides:?}");
        }
        // The same in an entry of a list.
        let mut t = table(
            "[[train.phases]]\nepochs = 3\nmin-steps = 100\n[[train.phases]]\nepochs = 3\nmin-steps = 50",
        );
        let overrides = [
            "train.phases.0.epochs=1",
            "train.phases.1.min-steps=2",
            "train.phases[1].epochs=4",
        ];
        apply_overrides(&mut t, &overrides).unwrap();
        assert_eq!(
            t,
            table("[[train.phases]]\nepochs = 1\n[[train.phases]]\nepochs = 4\nmin-steps = 2")
        );
    }

    #[test]
    fn entries_of_a_list_are_set_by_number() {
        let base = || {
            table(
                "frames = [1, 2]\n[[train.phases]]\nepochs = 4\nschedule = { kind = \"cosine\" }\n[[train.phases]]\n\
                 steps = 8",
            )
        };
        let set = |overrides: &[&str]| {
            let mut t = base();
            apply_overrides(&mut t, overrides)?;
            Ok::<Table, RecipeError>(t)
        };
        for key in ["train.phases.0.epochs", "train.phases[0].epochs"] {
            let got = set(&[format!("{key}=20").as_str()]).unwrap();
            assert_eq!(got["train"]["phases"][0]["epochs"], Value::Integer(20), "{key}");
            assert_eq!(got["train"]["phases"][1], base()["train"]["phases"][1]);
        }
        // Within an entry, the rules are those of any table.
        let got = set(&[
            "train.phases.1.epochs=2",
            "train.phases.0.schedule={kind=\"constant\"}",
            "frames.1=5",
        ]);
        assert_eq!(
            got.unwrap(),
            table(
                "frames = [1, 5]\n[[train.phases]]\nepochs = 4\nschedule = { kind = \"constant\" }\n[[train.phases]]\n\
                 epochs = 2"
            )
        );
        for (over, wanted) in [
            (
                "train.phases.2.epochs=20",
                "--set train.phases.2.epochs=20: train.phases.2: there is no such entry; train.phases has 2 entries, \
                 numbered 0 to 1",
            ),
            (
                "train.phases.epochs=20",
                "--set train.phases.epochs=20: train.phases.epochs: an entry of a list is named by its number; \
                 train.phases has 2 entries, numbered 0 to 1",
            ),
        ] {
            assert_eq!(set(&[over]).unwrap_err().to_string(), wanted);
        }
        // Where there is no list, numbers are names like any other: a class may be called 0.
        assert_eq!(set(&["classes.0=1"]).unwrap()["classes"]["0"], Value::Integer(1));
    }
}
