//! Lays one table of a recipe on another, a file's on what it extends or an override's on the whole: keys replace keys
//! and remove their rivals, `false` removes a table or list, numbers name the entries of a list.

use crate::RecipeError;
use toml::{Table, Value};

/// Keys that exclude each other: the same setting in two units, or two choices.
const RIVALS: [[&str; 2]; 16] = [
    ["every-epochs", "every-steps"],
    ["every-steps", "times"],
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

/// Keys that take another one away, which they do not exclude: a minimum of steps belongs to the length that it is
/// given with.
const REPLACES: [[&str; 2]; 3] = [
    ["epochs", "min-steps"],
    ["steps", "min-steps"],
    ["phases", "min-steps"],
];

/// Lays `over` on `base`, table by table. A table with another `kind` replaces the other completely, since its keys
/// differ. A key removes its rival from `base`. `false` removes a table or list. Numbers as keys change entries of a
/// list.
pub(crate) fn merge(base: &mut Table, over: Table) -> Result<(), MissingEntry> {
    let both_ways = RIVALS.into_iter().flat_map(|[a, b]| [[a, b], [b, a]]);
    for [mine, rival] in both_ways.chain(REPLACES) {
        if over.contains_key(mine) && !over.contains_key(rival) {
            base.remove(rival);
        }
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(b)), Value::Table(o)) if !changes_kind(b, &o) => {
                merge(b, o).map_err(|missing| missing.within(&key))?;
            }
            (Some(Value::Array(entries)), Value::Table(o)) => {
                merge_entries(entries, o).map_err(|missing| missing.within(&key))?;
            }
            (Some(Value::Table(_) | Value::Array(_)), Value::Boolean(false)) => {
                base.remove(&key);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    Ok(())
}

/// Lays each value of `over` on the entry of a list whose number is its key, from 0.
fn merge_entries(entries: &mut [Value], over: Table) -> Result<(), MissingEntry> {
    let count = entries.len();
    for (number, value) in over {
        let entry = number.parse().ok().and_then(|k: usize| entries.get_mut(k));
        let Some(entry) = entry else {
            return Err(MissingEntry { key: number, count });
        };
        match (entry, value) {
            (Value::Table(b), Value::Table(o)) if !changes_kind(b, &o) => {
                merge(b, o).map_err(|missing| missing.within(&number))?;
            }
            (Value::Array(inner), Value::Table(o)) => {
                merge_entries(inner, o).map_err(|missing| missing.within(&number))?;
            }
            (entry, value) => *entry = value,
        }
    }
    Ok(())
}

/// A key below a list that is not the number of one of its entries.
pub(crate) struct MissingEntry {
    /// The dotted key, up to what should have been a number.
    pub key: String,
    /// Entries of the list.
    count: usize,
}

impl MissingEntry {
    fn within(mut self, section: &str) -> Self {
        self.key = format!("{section}.{}", self.key);
        self
    }

    /// The refusal; `place` is the file and line, or the override.
    pub fn at(&self, place: String) -> RecipeError {
        let (list, wanted) = self.key.rsplit_once('.').unwrap_or(("", &self.key));
        let is_number = !wanted.is_empty() && wanted.bytes().all(|b| b.is_ascii_digit());
        let entries = match self.count {
            0 => format!("{list} is an empty list"),
            1 => format!("{list} has one entry, number 0"),
            count => format!("{list} has {count} entries, numbered 0 to {}", count - 1),
        };
        let message = match is_number {
            true => format!("there is no such entry; {entries}"),
            false => format!("an entry of a list is named by its number; {entries}"),
        };
        let key = self.key.clone();
        RecipeError::Key { place, key, message }
    }
}

fn changes_kind(base: &Table, over: &Table) -> bool {
    matches!((base.get("kind"), over.get("kind")), (Some(b), Some(o)) if b != o)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overrides::apply_overrides;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    fn lay(base: &mut Table, over: &str) {
        assert!(merge(base, table(over)).is_ok());
    }

    #[test]
    fn merging_is_deep_and_another_kind_replaces() {
        let mut base = table("[train]\nbatch = 1\nloss = { kind = \"a\", x = 1 }\n[net]\nwidth = 2");
        lay(&mut base, "[train]\nbatch = 2\nloss = { x = 3 }");
        assert_eq!(
            base,
            table("[train]\nbatch = 2\nloss = { kind = \"a\", x = 3 }\n[net]\nwidth = 2")
        );
        lay(&mut base, "[train]\nloss = { kind = \"b\", y = 1 }");
        assert_eq!(base["train"]["loss"], Value::Table(table("kind = \"b\"\ny = 1")));
    }

    #[test]
    fn an_amplitude_scale_replaces_another_and_false_removes_a_table() {
        let mut base =
            table("amplitude = { log = { offset = 0.1 } }\npostprocess = { deltas = {} }\nname = \"x\"");
        let overrides = [
            "amplitude.db={}",
            "amplitude={pcen={gain=0.5}}",
            "amplitude.db.top-db=80",
        ];
        apply_overrides(&mut base, &overrides).unwrap();
        assert_eq!(base["amplitude"], Value::Table(table("db = { top-db = 80 }")));
        apply_overrides(&mut base, &["postprocess=false"]).unwrap();
        assert!(!base.contains_key("postprocess"));
        let mut base = table("folds = { count = 2, subsets = [\"a\"] }\nok = true");
        apply_overrides(&mut base, &["folds.subsets=false", "ok=false"]).unwrap();
        assert_eq!(base, table("folds = { count = 2 }\nok = false"));
    }

    #[test]
    fn a_key_replaces_its_rival() {
        let mut base = table("[train]\nepochs = 3\n[stft]\nhop-seconds = 0.01\nwindow-seconds = 0.02");
        lay(&mut base, "[train]\nsteps = 7\n[stft]\nhop-samples = 160");
        assert_eq!(
            base,
            table("[train]\nsteps = 7\n[stft]\nhop-samples = 160\nwindow-seconds = 0.02")
        );
        // Both in one place contradict each other, and the check says so.
        lay(&mut base, "[train]\nsteps = 1\nepochs = 2");
        assert_eq!(base["train"], Value::Table(table("steps = 1\nepochs = 2")));
    }

    #[test]
    fn an_inherited_minimum_goes_with_the_length_that_it_belongs_to() {
        let folder = || table("[train]\nepochs = 40\nmin-steps = 600");
        for (over, wanted) in [
            ("epochs = 1", "epochs = 1"),
            ("epochs = 1\nmin-steps = 9", "epochs = 1\nmin-steps = 9"),
            ("steps = 5", "steps = 5"),
            ("seed = 3", "epochs = 40\nmin-steps = 600\nseed = 3"),
        ] {
            let mut base = folder();
            lay(&mut base, &format!("[train]\n{over}"));
            assert_eq!(base["train"], Value::Table(table(wanted)), "{over}");
        }
    }
}
