//! The words of the field: what `words.toml` says is not to be used any more, looked for in file names, names of the
//! code, messages, comments, documents and snapshots.

use super::source::files;
use crate::Source;
use crate::root;
use anyhow::Context;
use proc_macro2::TokenTree;
use regex::Regex;
use std::ops::Range;

/// The list, next to this crate's manifest.
const LIST: &str = "xtask/words.toml";
/// Endings of the files that are read as text.
const TEXTS: [&str; 4] = [".md", ".snap", ".toml", ".py"];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct List {
    /// Paths, as regexes, that hold what is not ours to word.
    skip: Vec<Exception>,
    word: Vec<Entry>,
}

/// One old word.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// A regex over words in lower case; a space stands for any white space, also over the end of a line.
    find: String,
    /// What to write.
    instead: String,
    /// Names only, text only, or both.
    #[serde(default, rename = "in")]
    place: Place,
    #[serde(default)]
    except: Vec<Exception>,
}

#[derive(serde::Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Place {
    Names,
    Text,
    #[default]
    Both,
}

/// Where an old word may stay.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// A regex over paths.
    path: Option<String>,
    /// A regex over the word with its surroundings.
    near: Option<String>,
    /// Why.
    #[serde(rename = "why")]
    _why: String,
}

struct Rule {
    find: Regex,
    instead: String,
    place: Place,
    except: Vec<(Option<Regex>, Option<Regex>)>,
}

impl Rule {
    fn new(entry: Entry) -> anyhow::Result<Rule> {
        let find = Regex::new(&format!("(?i){}", entry.find.replace(' ', r"\s+")))?;
        Ok(Rule {
            find,
            instead: entry.instead,
            place: entry.place,
            except: exceptions(&entry.except)?,
        })
    }

    fn allows(&self, path: &str, text: &str, at: Range<usize>) -> bool {
        let near = surroundings(text, at);
        self.except.iter().any(|(path_rule, near_rule)| {
            path_rule.as_ref().is_none_or(|rule| rule.is_match(path))
                && near_rule.as_ref().is_none_or(|rule| rule.is_match(&near))
        })
    }
}

fn exceptions(list: &[Exception]) -> anyhow::Result<Vec<(Option<Regex>, Option<Regex>)>> {
    let regex = |text: &Option<String>| {
        text.as_deref()
            .map(|text| Regex::new(&format!("(?i){text}")))
            .transpose()
    };
    list.iter()
        .map(|entry| Ok((regex(&entry.path)?, regex(&entry.near)?)))
        .collect()
}

/// Up to 40 characters on both sides, with single spaces.
fn surroundings(text: &str, at: Range<usize>) -> String {
    let before: String = text[..at.start].chars().rev().take(40).collect();
    let around: String = before
        .chars()
        .rev()
        .chain(text[at.start..].chars().take(at.len() + 40))
        .collect();
    around.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line for each old word that is left.
pub fn findings(sources: &[Source]) -> anyhow::Result<Vec<String>> {
    let list = std::fs::read_to_string(root().join(LIST)).context(LIST)?;
    let list: List = toml::from_str(&list).context(LIST)?;
    let skipped = exceptions(&list.skip)?;
    let skips = |path: &str| {
        skipped
            .iter()
            .any(|(rule, _)| rule.as_ref().is_some_and(|rule| rule.is_match(path)))
    };
    let rules: Vec<Rule> = list.word.into_iter().map(Rule::new).collect::<Result<_, _>>()?;
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| !skips(&source.path)) {
        let (names, prose) = split(source);
        look(
            &rules,
            &source.path,
            &words_of_path(&source.path),
            Place::Names,
            &mut findings,
        );
        look(&rules, &source.path, &names, Place::Names, &mut findings);
        look(&rules, &source.path, &prose, Place::Text, &mut findings);
    }
    for path in files()?.iter().filter(|path| !skips(path)) {
        if TEXTS.iter().any(|ending| path.ends_with(ending)) {
            let text = std::fs::read_to_string(root().join(path))?;
            look(&rules, path, &text, Place::Text, &mut findings);
        }
    }
    Ok(findings)
}

fn look(rules: &[Rule], path: &str, text: &str, place: Place, findings: &mut Vec<String>) {
    for rule in rules
        .iter()
        .filter(|rule| rule.place == Place::Both || rule.place == place)
    {
        for found in rule.find.find_iter(text) {
            if !rule.allows(path, text, found.range()) {
                let line = text[..found.start()].matches('\n').count() + 1;
                let word = found.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
                findings.push(format!("{path}:{line}: `{word}`: {}", rule.instead));
            }
        }
    }
}

/// A file's names as words (`ClipScores` is `clip scores`), and its comments and strings; both with the lines of the
/// file, so that a place in them is one in the file.
fn split(source: &Source) -> (String, String) {
    let mut names = vec![String::new(); source.text.lines().count() + 1];
    let mut prose = source.text.clone().into_bytes();
    for token in source.tokens() {
        let range = token.span().byte_range();
        match &token {
            TokenTree::Ident(name) => {
                let line = token.span().start().line - 1;
                names[line] += &format!("{} | ", words_of_name(&name.to_string()));
            }
            TokenTree::Literal(literal) if literal.to_string().contains('"') => continue,
            _ => {}
        }
        // Control characters are no white space, so that no pattern reaches over code.
        prose[range].fill(0x01);
    }
    let prose = String::from_utf8_lossy(&prose).into_owned();
    (names.join("\n"), unmarked(&prose))
}

/// Comment markers and the backslashes of broken strings as blanks.
fn unmarked(prose: &str) -> String {
    let blank = |line: &str| {
        let text = line.trim_start();
        let marker = text.len() - text.trim_start_matches(['/', '!']).len();
        let indent = line.len() - text.len();
        let line = if marker >= 2 {
            " ".repeat(indent + marker) + &text[marker..]
        } else {
            line.to_owned()
        };
        line.strip_suffix('\\')
            .map_or(line.clone(), |start| format!("{start} "))
    };
    prose.lines().map(blank).collect::<Vec<_>>().join("\n")
}

fn words_of_path(path: &str) -> String {
    path.split('/')
        .map(|part| words_of_name(part.trim_end_matches(".rs")))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn words_of_name(name: &str) -> String {
    let mut words = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            words.push(' ');
        }
        lower = c.is_lowercase() || c.is_ascii_digit();
        words.extend(if c == '_' || c == '-' {
            vec![' ']
        } else {
            c.to_lowercase().collect()
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(toml: &str) -> Rule {
        Rule::new(toml::from_str(toml).unwrap()).unwrap()
    }

    fn found(rule: Rule, text: &str) -> Vec<String> {
        let source = Source::parse("crates/earmark-x/src/a.rs", text).unwrap();
        let (names, prose) = split(&source);
        let (rules, mut findings) = ([rule], Vec::new());
        look(&rules, &source.path, &names, Place::Names, &mut findings);
        look(&rules, &source.path, &prose, Place::Text, &mut findings);
        findings
    }

    #[test]
    fn words_are_found_in_names_strings_and_comments_over_lines() {
        let text = "/// What lies\n/// in it.\nfn heard_clips() { say(\"is not \\\n    heard\") }\n";
        let heard = "find = '\\bheard\\b'\ninstead = 'scored'";
        assert_eq!(
            found(rule(heard), text),
            [
                "crates/earmark-x/src/a.rs:3: `heard`: scored",
                "crates/earmark-x/src/a.rs:4: `heard`: scored"
            ]
        );
        let lies = "find = '\\blies in\\b'\ninstead = 'is in'\nin = 'text'";
        assert_eq!(
            found(rule(lies), text),
            ["crates/earmark-x/src/a.rs:1: `lies in`: is in"]
        );
    }

    #[test]
    fn patterns_do_not_reach_over_code() {
        assert_eq!(
            found(
                rule("find = 'lies in'\ninstead = ''"),
                "const A: [&str; 2] = [\"lies\", \"in\"];\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn exceptions_look_at_the_path_and_the_surroundings() {
        let toml = "find = 'start'\ninstead = ''\n[[except]]\nnear = 'warm start'\nwhy = 'the field'";
        assert_eq!(found(rule(toml), "// A warm start.\n"), [""; 0]);
        assert_eq!(found(rule(toml), "// A cold start.\n").len(), 1);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words_of_name("ClipScores"), "clip scores");
        assert_eq!(words_of_name("their_name"), "their name");
        assert_eq!(words_of_name("map3Score"), "map3 score");
    }
}
