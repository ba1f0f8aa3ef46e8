//! What is shown to people: names of models, and texts in lines that fit the terminal.

use earmark::hub;
use std::env;
use std::path::Path;

/// Columns of a line where stdout is not a terminal, and at most.
const MOST_COLUMNS: usize = 100;

/// Columns of a line at least, however narrow the terminal is.
const FEWEST_COLUMNS: usize = 40;

/// Columns before the text of a fact.
const NAME_COLUMNS: usize = 12;

/// A model file as people know it: the name of an installed model; else the path, without the current folder.
pub fn model_name(path: &Path) -> String {
    name_of(
        path,
        hub::models_folder().as_deref(),
        env::current_dir().ok().as_deref(),
    )
}

fn name_of(path: &Path, models: Option<&Path>, here: Option<&Path>) -> String {
    let is_installed = path.parent().is_some_and(|folder| {
        let is_model = path.extension().is_some_and(|ending| ending == "safetensors");
        is_model && models.is_some_and(|models| is_same(folder, models))
    });
    let shown = match (is_installed, path.file_stem()) {
        (true, Some(name)) => Path::new(name),
        _ => here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path),
    };
    shown.display().to_string()
}

/// Whether two paths lead to the same folder.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b
        || a.canonicalize()
            .is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Names in a list; those with a comma or quotation marks are between quotation marks.
pub fn listed(names: &[String]) -> String {
    let shown = names.iter().map(|name| match name.contains([',', '"']) {
        true => format!("{name:?}"),
        false => name.clone(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A fact with its name, and a line break behind each line; further lines begin below the text.
pub fn fact(name: &str, text: &str) -> String {
    let columns = console::Term::stdout().size_checked();
    let columns = columns.map_or(MOST_COLUMNS, |(_, columns)| usize::from(columns));
    fact_in(name, text, columns.clamp(FEWEST_COLUMNS, MOST_COLUMNS))
}

fn fact_in(name: &str, text: &str, columns: usize) -> String {
    let mut out = format!("{name:<NAME_COLUMNS$}");
    let mut used = out.chars().count();
    for (k, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        match k {
            0 => {}
            _ if used + 1 + length > columns => {
                out += &format!("\n{:NAME_COLUMNS$}", "");
                used = NAME_COLUMNS;
            }
            _ => {
                out.push(' ');
                used += 1;
            }
        }
        out += word;
        used += length;
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_its_name_or_the_shortest_path() {
        let dir = tempfile::tempdir().unwrap();
        let (here, models) = (dir.path().join("here"), dir.path().join("models"));
        std::fs::create_dir_all(&here).unwrap();
        std::fs::create_dir_all(&models).unwrap();
        let name = |path: &Path| name_of(path, Some(&models), Some(&here));
        assert_eq!(name(&models.join("mn04.safetensors")), "mn04");
        // By another path to the same folder.
        let other = here.join("../models/mn04.safetensors");
        assert_eq!(name(&other), "mn04");
        assert_eq!(
            name(&here.join("runs/a/best.safetensors")),
            "runs/a/best.safetensors"
        );
        assert_eq!(
            name(Path::new("runs/a/best.safetensors")),
            "runs/a/best.safetensors"
        );
        let elsewhere = dir.path().join("b.safetensors");
        assert_eq!(name(&elsewhere), elsewhere.to_string_lossy());
        assert_eq!(name_of(&elsewhere, None, None), elsewhere.to_string_lossy());
    }

    #[test]
    fn names_with_commas_are_quoted() {
        let names = ["Dog", "chain, saw", "Röster \"Hahn\"", "rain o'clock"].map(str::to_owned);
        let wanted = "Dog, \"chain, saw\", \"Röster \\\"Hahn\\\"\", rain o'clock";
        assert_eq!(listed(&names), wanted);
        assert_eq!(listed(&[]), "");
    }

    #[test]
    fn long_facts_have_lines_that_fit() {
        assert_eq!(fact_in("step", "3000", 40), "step        3000\n");
        let words = "one two three four five six seven eight nine ten eleven";
        let text = fact_in("classes", words, 40);
        assert_eq!(
            text,
            "classes     one two three four five six\n            seven eight nine ten eleven\n"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 40));
        // A word that is too long is in one piece, and spaces stay as they are.
        let path = "x".repeat(60);
        assert_eq!(fact_in("file", &path, 40), format!("file        {path}\n"));
        assert_eq!(fact_in("a", "b  c", 40), "a           b  c\n");
    }
}
