//! Overrides of the command line: how `--set KEY=VALUE` is parsed. What a value replaces or removes (`KEY=false`) is in
//! `merge_remove_and_list_entries`.

use crate::RecipeError;
use crate::key_error_with_line::dotted;
use crate::merge_remove_and_list_entries::merge;
use crate::renamed::rename;
use toml::{Table, Value};

/// Sets `a.b.c=value`; where `b` is a list, `c` is the number of an entry. A value that is not TOML is a string, unless it begins as a
/// table or list, which is refused.
pub(crate) fn apply_override(table: &mut Table, text: &str) -> Result<(), RecipeError> {
    let mut nested = parse_override(text)?;
    rename(&mut nested);
    merge(table, nested).map_err(|missing| missing.at(format!("--set {text}")))
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

    #[test]
    fn a_length_that_is_not_in_epochs_takes_the_minimum_away() {
        let base = || table("[train]\nepochs = 3\nmin-steps = 100");
        for (over, wanted) in [
            ("train.steps=7", "[train]\nsteps = 7"),
            (
                "train.phases=[{ steps = 7 }]",
                "[train]\nphases = [{ steps = 7 }]",
            ),
            ("train.epochs=9", "[train]\nepochs = 9\nmin-steps = 100"),
            ("train.min-steps=9", "[train]\nepochs = 3\nmin-steps = 9"),
        ] {
            let mut t = base();
            apply_override(&mut t, over).unwrap();
            assert_eq!(t, table(wanted), "{over}");
        }
    }

    #[test]
    fn entries_of_a_list_are_set_by_number() {
        let base = || {
            table(
                "frames = [1, 2]\n[[train.phases]]\nepochs = 4\nschedule = { kind = \"cosine\" }\n[[train.phases]]\nsteps = 8",
            )
        };
        let set = |overrides: &[&str]| {
            let mut t = base();
            overrides.iter().try_for_each(|o| apply_override(&mut t, o))?;
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
                "frames = [1, 5]\n[[train.phases]]\nepochs = 4\nschedule = { kind = \"constant\" }\n[[train.phases]]\nepochs = 2"
            )
        );
        for (over, wanted) in [
            (
                "train.phases.2.epochs=20",
                "--set train.phases.2.epochs=20: train.phases.2: there is no such entry; train.phases has 2 entries, numbered 0 to 1",
            ),
            (
                "train.phases.epochs=20",
                "--set train.phases.epochs=20: train.phases.epochs: an entry of a list is named by its number; train.phases has 2 \
                 entries, numbered 0 to 1",
            ),
        ] {
            assert_eq!(set(&[over]).unwrap_err().to_string(), wanted);
        }
        // Where there is no list, numbers are names like any other: a class may be called 0.
        assert_eq!(set(&["classes.0=1"]).unwrap()["classes"]["0"], Value::Integer(1));
    }
}
