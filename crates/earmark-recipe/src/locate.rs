//! Finds the file, line or override that sets a key, for error messages.

use crate::RecipeError;
use earmark_core::text::suggest;
use std::path::Path;

/// Where the values of a recipe come from.
pub(crate) struct Origin<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    pub overrides: &'a [String],
}

impl Origin<'_> {
    /// The override that sets a dotted key, else `file:line`, else the file.
    pub fn locate(&self, key: &str) -> String {
        let sets = |text: &&String| {
            let set = text.split('=').next().unwrap_or_default().trim();
            !key.is_empty()
                && key
                    .strip_prefix(set)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self.overrides.iter().rev().find(sets) {
            Some(text) => format!("--set {text}"),
            None => locate(self.path, self.text, key),
        }
    }
}

/// A parse error in a newcomer's words.
pub(crate) fn key_error(origin: &Origin, at: &str, message: &str) -> RecipeError {
    let message = message.lines().next().unwrap_or(message).trim();
    let at = if at == "." { "" } else { at };
    // serde: unknown field `x`, expected one of `a`, `b`
    let unknown = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    let (key, message) = match unknown {
        Some(unknown) => {
            let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
            // serde names the unknown key itself, or, in a table with a `kind`, the table around it.
            let key = match at {
                "" => unknown.to_owned(),
                at if at == unknown || at.ends_with(&format!(".{unknown}")) => at.to_owned(),
                at => format!("{at}.{unknown}"),
            };
            let near = suggest(unknown, known.iter().copied())
                .map(|name| format!("did you mean `{name}`? "))
                .unwrap_or_default();
            let message = format!("unknown key; {near}keys here: {}", known.join(", "));
            (key, message)
        }
        None if at.is_empty() => ("recipe".to_owned(), message.to_owned()),
        None => (at.to_owned(), message.to_owned()),
    };
    RecipeError::Key {
        place: origin.locate(&key),
        key,
        message,
    }
}

/// `file:line` of a dotted key, as far as its line can be found; else the file.
pub(crate) fn locate(path: &Path, text: &str, key: &str) -> String {
    let mut section = String::new();
    let mut best = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            section = name.trim_matches('[').trim().to_owned();
            if section == key {
                best = Some(i + 1);
            }
            continue;
        }
        let Some((left, _)) = line.split_once('=') else {
            continue;
        };
        let full = if section.is_empty() {
            left.trim().to_owned()
        } else {
            format!("{section}.{}", left.trim())
        };
        // An inline table holds deeper keys on its own line.
        if full == key || key.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.')) {
            best = Some(i + 1);
            break;
        }
    }
    match best {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
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
