//! Recipe keys that have a new name. Files with an old name are still read, among them models of format 1.

use toml::{Table, Value};

/// Old key and new name of its last part. `*` means every entry of a list. Paths are written with the new names of sections.
const RENAMED: &[(&str, &str)] = &[
    ("front-end.examples", "segments"),
    ("front-end.level", "amplitude"),
    ("front-end.finish", "postprocess"),
    ("front-end.summary", "handcrafted"),
    ("front-end.side", "clip-features"),
    ("data.parts", "subsets"),
    ("data.part-column", "subset-column"),
    ("data.corrections.*.part", "subset"),
    ("data.corrections.*.corrected-part", "corrected-subset"),
    ("folds.parts", "subsets"),
    ("batches.sample.sources.*.part", "subset"),
    ("batches.mix.same-part", "same-subset"),
    ("batches.order.windowed.window-examples", "window-segments"),
    ("augment.between-class.same-part", "same-subset"),
    ("network.body", "backbone"),
    ("network.side-features", "clip-features"),
    ("network.side-inputs", "clip-feature-inputs"),
    ("network.side-limit", "clip-feature-limit"),
    ("predict.lengths", "random-crops"),
    ("predict.tiles", "segments"),
    ("train.layer-rates.*.scope", "prefix"),
    ("train.noisy-parts", "noisy-subsets"),
    ("train.phases.*.layer-rates.*.scope", "prefix"),
    ("validation.lengths", "random-crops"),
    ("validation.tiles", "segments"),
];

/// Gives old keys of a recipe their new names, and returns (old, new) for each that it found.
pub(crate) fn rename(table: &mut Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (old, new) in RENAMED {
        let path: Vec<&str> = old.split('.').collect();
        if rename_at(table, &path, new) {
            let parent = old
                .rsplit_once('.')
                .map_or(String::new(), |(parent, _)| format!("{parent}."));
            found.push(((*old).to_owned(), format!("{parent}{new}")));
        }
    }
    found
}

/// Whether the key was there.
fn rename_at(table: &mut Table, path: &[&str], new: &str) -> bool {
    match path {
        [old] => match table.remove(*old) {
            // With both there, the new one stays and the old one is an unknown key, which is refused.
            Some(value) if table.contains_key(new) => {
                table.insert((*old).to_owned(), value);
                false
            }
            Some(value) => {
                table.insert(new.to_owned(), value);
                true
            }
            None => false,
        },
        [name, rest @ ..] => match (table.get_mut(*name), rest) {
            (Some(Value::Table(inner)), _) => rename_at(inner, rest, new),
            (Some(Value::Array(entries)), ["*", rest @ ..]) => {
                let tables = entries.iter_mut().filter_map(Value::as_table_mut);
                tables.fold(false, |met, inner| rename_at(inner, rest, new) | met)
            }
            _ => false,
        },
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_renamed_in_tables_and_lists() {
        let mut t = table("[a]\nold = 1\n[[a.list]]\nold = 2\n[[a.list]]\nx = 3");
        assert!(rename_at(&mut t, &["a", "old"], "new"));
        assert!(rename_at(&mut t, &["a", "list", "*", "old"], "new"));
        assert!(!rename_at(&mut t, &["b", "old"], "new"));
        assert_eq!(t, table("[a]\nnew = 1\n[[a.list]]\nnew = 2\n[[a.list]]\nx = 3"));
    }

    #[test]
    fn old_keys_of_the_front_end_are_reported_with_their_new_names() {
        let mut t = table("[front-end]\nlevel.log = { offset = 1 }\nside = \"summary\"");
        let met = rename(&mut t);
        let pairs: Vec<(&str, &str)> = met.iter().map(|(old, new)| (&old[..], &new[..])).collect();
        assert_eq!(
            pairs,
            [
                ("front-end.level", "front-end.amplitude"),
                ("front-end.side", "front-end.clip-features")
            ]
        );
        assert_eq!(
            t,
            table("[front-end]\namplitude.log = { offset = 1 }\nclip-features = \"summary\"")
        );
    }

    #[test]
    fn a_key_under_both_names_stays_an_error() {
        let mut t = table("old = 1\nnew = 2");
        assert!(!rename_at(&mut t, &["old"], "new"));
        assert_eq!(t, table("old = 1\nnew = 2"));
    }
}
