//! What is wrong with a key ("unknown key; did you mean ...?"), and the file and line, or the override, that sets it.

use earmark_core::text::suggest;
use std::path::Path;

/// The override that sets a dotted key, as the command line gave it.
pub(crate) fn overridden(overrides: &[String], key: &str) -> Option<String> {
    let sets = |text: &&String| {
        let set = text.split('=').next().unwrap_or_default().trim();
        let rest = key.strip_prefix(set).filter(|_| !key.is_empty());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let text = overrides.iter().rev().find(sets)?;
    Some(format!("--set {text}"))
}

/// The key of a parse error, and what is wrong with it in a newcomer's words.
pub(crate) fn key_error(at: &str, message: &str) -> (String, String) {
    let message = message.lines().next().unwrap_or(message).trim();
    let at = if at == "." { "" } else { at };
    // serde: unknown field `x`, expected one of `a`, `b`
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| message.starts_with("unknown field `"));
    let Some(unknown) = unknown else {
        let key = if at.is_empty() { "recipe" } else { at };
        return (key.to_owned(), message.to_owned());
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
    let (mut section, mut best) = (String::new(), None);
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            let name = name.trim_matches('[').trim();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_located_by_line() {
        let text = "name = \"x\"\n[train]\nbatch = 3\nloss = { kind = \"a\" }\n";
        let at = |key| locate(Path::new("r.toml"), text, key);
        assert_eq!(at("train.batch"), "r.toml:3");
        assert_eq!(at("train.loss.kind"), "r.toml:4");
        assert_eq!(at("elsewhere"), "r.toml");
    }
}
