//! Lays one table of a recipe on another, a file's on what it extends or an override's on the whole: keys replace keys and remove
//! their rivals, `false` removes a table.

use toml::{Table, Value};

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
pub(crate) fn merge(base: &mut Table, over: Table) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overrides::apply_override;

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
}
