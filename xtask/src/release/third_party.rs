//! The licences of what the program is built from, as their terms want them handed on with it.

use crate::{cargo, output};
use anyhow::{Context, ensure};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// How the names of files with licences begin.
const NAMES: [&str; 5] = ["COPYING", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

const HEAD: &str = "earmark contains the libraries below, unchanged. Their sources are where the list says, and on \
                    crates.io under these names and versions.\n\n";

/// A library of others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    name: String,
    version: String,
    licence: String,
    repository: String,
}

/// All of them in the program of a target: a list, then each text once.
pub fn licences(target: &str) -> anyhow::Result<String> {
    let mut tree =
        cargo("tree --locked --package earmark-cli --features release --edges normal --prefix none");
    let tree = output(tree.args(["--target", target, "--format", "{p}|{l}|{r}"]))?;
    let libraries = libraries(&tree)?;
    ensure!(!libraries.is_empty(), "cargo tree: names no library");
    let mut texts = Vec::new();
    for library in &libraries {
        texts.push((library, texts_of(library)?));
    }
    Ok(page(&texts))
}

/// What `cargo tree` lists, each once, without the workspace's own.
fn libraries(tree: &str) -> anyhow::Result<BTreeSet<Library>> {
    let mut found = BTreeSet::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let parse = || {
            let mut parts = line.trim_end_matches(" (*)").split('|');
            let mut words = parts.next()?.split_whitespace();
            Some(Library {
                name: words.next()?.to_owned(),
                version: words.next()?.strip_prefix('v')?.to_owned(),
                licence: parts.next()?.to_owned(),
                repository: parts.next()?.to_owned(),
            })
        };
        let library = parse().with_context(|| format!("cargo tree: `{line}` is not a library"))?;
        if library.name != "earmark" && !library.name.starts_with("earmark-") {
            found.insert(library);
        }
    }
    Ok(found)
}

/// The texts that come with a library, by the names of their files.
fn texts_of(library: &Library) -> anyhow::Result<BTreeMap<String, String>> {
    let sources = super::cargo_home()?.join("registry/src");
    let name = format!("{}-{}", library.name, library.version);
    let registries = entries(&sources)?;
    let mut folders = registries.iter().map(|registry| registry.join(&name));
    let folder = folders.find(|folder| folder.is_dir());
    let folder = folder.with_context(|| format!("{}: has no {name}", sources.display()))?;
    let mut texts = BTreeMap::new();
    for path in entries(&folder)?.into_iter().filter(|path| path.is_file()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let upper = name.to_uppercase();
        if NAMES.iter().any(|begin| upper.starts_with(begin)) {
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
            texts.insert(name, text.trim().to_owned());
        }
    }
    Ok(texts)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        entries.push(entry?.path());
    }
    Ok(entries)
}

/// The list, and each text once, with the libraries that it is of.
fn page(all: &[(&Library, BTreeMap<String, String>)]) -> String {
    let mut page = HEAD.to_owned();
    let mut texts: Vec<(&str, Vec<String>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (library, own) in all {
        let named = format!("{} {}", library.name, library.version);
        let none = if own.is_empty() { " (no text)" } else { "" };
        // Writing to a String can't fail.
        let _ = writeln!(page, "{named}: {}{none}, {}", library.licence, library.repository);
        for text in own.values().map(String::as_str) {
            let at = *known.entry(text).or_insert_with(|| {
                texts.push((text, Vec::new()));
                texts.len() - 1
            });
            if !texts[at].1.contains(&named) {
                texts[at].1.push(named.clone());
            }
        }
    }
    for (text, libraries) in texts {
        let _ = write!(page, "\n{}\n{}\n\n{text}\n", "-".repeat(80), libraries.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_listed_once_and_without_our_own() {
        let tree = "earmark-cli v0.1.0 (/source/crates/earmark-cli)|MIT OR Apache-2.0|https://x\n\
                    b v1.2.3|MIT|https://b\nb v1.2.3|MIT|https://b (*)\n\na v0.1.0 (proc-macro)|Zlib|\n";
        let found = libraries(tree).unwrap();
        let names: Vec<String> = found
            .iter()
            .map(|l| format!("{} {} {}", l.name, l.version, l.licence))
            .collect();
        assert_eq!(names, ["a 0.1.0 Zlib", "b 1.2.3 MIT"]);
        assert!(libraries("b 1.2.3|MIT|x").is_err());
    }

    #[test]
    fn a_text_is_there_once() {
        let library = |name: &str| Library {
            name: name.into(),
            version: "1.0.0".into(),
            licence: "MIT".into(),
            repository: format!("https://{name}"),
        };
        let (a, b, c) = (library("a"), library("b"), library("c"));
        let text = |text: &str| BTreeMap::from([("LICENSE".to_owned(), text.to_owned())]);
        let page = page(&[(&a, text("x")), (&b, BTreeMap::new()), (&c, text("x"))]);
        let rule = "-".repeat(80);
        let wanted = format!(
            "{HEAD}a 1.0.0: MIT, https://a\nb 1.0.0: MIT (no text), https://b\nc 1.0.0: MIT, https://c\n\
             \n{rule}\na 1.0.0, c 1.0.0\n\nx\n"
        );
        assert_eq!(page, wanted);
    }
}
