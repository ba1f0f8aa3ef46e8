//! What is wrong with a key ("unknown key; did you mean ...?"), and the file and line, or the override, that sets it.

use earmark_core::text::{suggest, with_nearest_variant};
use std::collections::BTreeMap;
use std::path::Path;

/// A key with the numbers of list entries as parts of their own: `phases[0].epochs` is `phases.0.epochs`.
pub(crate) fn dotted(key: &str) -> String {
    let (mut dotted, mut rest) = (String::new(), key);
    while let Some((before, after)) = rest.split_once('[') {
        dotted += before;
        let number = after.split_once(']');
        match number.filter(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            Some((number, tail)) => {
                dotted += &format!(".{number}");
                rest = tail;
            }
            None => {
                dotted.push('[');
                rest = after;
            }
        }
    }
    dotted + rest
}

/// The override that sets a dotted key, as the command line gave it.
pub(crate) fn overridden(overrides: &[String], key: &str) -> Option<String> {
    let key = dotted(key);
    let sets = |text: &&String| {
        let set = dotted(text.split('=').next().unwrap_or_default().trim());
        let rest = key.strip_prefix(&set).filter(|_| !key.is_empty());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let text = overrides.iter().rev().find(sets)?;
    Some(format!("--set {text}"))
}

/// The key of a parse error, and what is wrong with it in a newcomer's words.
pub(crate) fn key_error(at: &str, message: &str) -> (String, String) {
    let message = message.lines().next().unwrap_or(message).trim();
    // serde: unknown field `x`, expected one of `a`, `b`
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| message.starts_with("unknown field `"));
    let Some(unknown) = unknown else {
        let key = if at.is_empty() { "recipe" } else { at };
        // A table, as of `--set train.phases.0.epochs=20` where there is no list whose entry it could change.
        let message = match message {
            "invalid type: map, expected a sequence" => {
                "must be a list, and there is none yet whose entries could be changed by number; set all of it".to_owned()
            }
            message => with_nearest_variant(message),
        };
        return (key.to_owned(), message);
    };
    let known: Vec<&str> = quoted.collect();
    // serde names the unknown key itself, or, in a table with a `kind`, the table around it.
    let key = match at {
        "" => unknown.to_owned(),
        at if at == unknown || at.ends_with(&format!(".{unknown}")) => at.to_owned(),
        at => format!("{at}.{unknown}"),
    };
    let near = suggest(unknown, known.iter().copied());
    let near = near.map_or(String::new(), |name| format!("did you mean `{name}`? "));
    (key, format!("unknown key; {near}keys here: {}", known.join(", ")))
}

/// `file:line` of a dotted key, as far as its line can be found; else the file.
pub(crate) fn locate(path: &Path, text: &str, key: &str) -> String {
    let key = dotted(key);
    let (mut section, mut best, mut lists) = (String::new(), None, Lists::default());
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            let name = match name.strip_prefix('[') {
                Some(list) => lists.next_entry(list),
                None => lists.numbered(name),
            };
            if name == key {
                best = Some(i + 1);
            }
            section = format!("{name}.");
        } else if let Some((left, _)) = line.split_once('=') {
            let full = format!("{section}{}", left.trim());
            // An inline table holds deeper keys on its own line.
            if full == key || key.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.')) {
                best = Some(i + 1);
                break;
            }
        }
    }
    let line = best.map_or(String::new(), |line| format!(":{line}"));
    format!("{}{line}", path.display())
}

/// The current entry of each list of tables (`[[train.phases]]`), by its key.
#[derive(Default)]
struct Lists(BTreeMap<String, usize>);

impl Lists {
    /// The key of a table in the current entries: `train.phases.schedule` is `train.phases.1.schedule` in the second phase.
    fn numbered(&self, name: &str) -> String {
        let mut full = String::new();
        for part in name.split('.') {
            full += if full.is_empty() { "" } else { "." };
            full += part.trim();
            if let Some(entry) = self.0.get(&full) {
                full += &format!(".{entry}");
            }
        }
        full
    }

    /// The key of a list's next entry.
    fn next_entry(&mut self, list: &str) -> String {
        let list = match list.rsplit_once('.') {
            Some((parent, last)) => format!("{}.{}", self.numbered(parent), last.trim()),
            None => list.trim().to_owned(),
        };
        let entry = self.0.get(&list).map_or(0, |entry| entry + 1);
        let key = format!("{list}.{entry}");
        self.0.insert(list, entry);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_value_is_named_as_a_mistyped_key_is() {
        let (key, message) = key_error(
            "data.layout",
            "unknown variant `folder`, expected `csv` or `folders`",
        );
        assert_eq!(key, "data.layout");
        assert!(
            message.ends_with("or `folders`; did you mean `folders`?"),
            "{message}"
        );
    }

    #[test]
    fn keys_are_located_by_line() {
        let text = "name = \"x\"\n[train]\nbatch = 3\nloss = { kind = \"a\" }\n";
        let at = |key| locate(Path::new("r.toml"), text, key);
        assert_eq!(at("train.batch"), "r.toml:3");
        assert_eq!(at("train.loss.kind"), "r.toml:4");
        assert_eq!(at("elsewhere"), "r.toml");
    }

    #[test]
    fn keys_of_list_entries_are_located() {
        let text = "[[train.phases]]\nepochs = 1\n[[train.phases.rates]]\nfactor = 1\n[[train.phases.rates]]\nfactor = 2\n\
                    [[train.phases]]\nepochs = 2\n[train.phases.schedule]\nkind = \"a\"\n[[train.phases.rates]]\nfactor = 3\n\
                    [augment]\nlist = [\n    { kind = \"b\" },\n]\n";
        let at = |key| locate(Path::new("r.toml"), text, key);
        for (key, line) in [
            ("train.phases[0].epochs", 2),
            ("train.phases.0.rates.1.factor", 6),
            ("train.phases[1]", 7),
            ("train.phases[1].epochs", 8),
            ("train.phases[1].schedule.kind", 10),
            ("train.phases[1].rates[0].factor", 12),
            ("augment.list[0].kind", 14),
        ] {
            assert_eq!(at(key), format!("r.toml:{line}"), "{key}");
        }
        assert_eq!(at("train.phases[2].epochs"), "r.toml");
    }

    #[test]
    fn an_override_of_an_entry_is_found_by_either_spelling() {
        let overrides = ["train.phases.1.epochs=0", "train.phases[0].steps=3"].map(String::from);
        let found = |key| overridden(&overrides, key);
        assert_eq!(
            found("train.phases[1].epochs").unwrap(),
            "--set train.phases.1.epochs=0"
        );
        assert_eq!(
            found("train.phases[0].steps").unwrap(),
            "--set train.phases[0].steps=3"
        );
        assert_eq!(found("train.phases[0].epochs"), None);
        assert_eq!(dotted("a[0].b[12][x].c["), "a.0.b.12[x].c[");
    }
}
