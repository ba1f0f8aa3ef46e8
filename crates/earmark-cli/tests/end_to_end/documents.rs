//! Every command that a document shows exists, with every flag it is shown with.

use std::path::{Path, PathBuf};
use std::process::Command;

/// All documents of the repository, at any depth of these.
const PLACES: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs",
    "crates/earmark-recipe/recipes",
    "bench",
    "Containerfile",
    "deploy",
];

#[test]
fn every_command_shown_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for place in PLACES {
        collect(&root.join(place), &mut files);
    }
    let (mut tried, mut wrong) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for shown in commands(&text) {
            // Commands of a feature, in programs that have it.
            let is_served = ["earmark serve", "earmark review serve"];
            if !cfg!(feature = "serve") && is_served.iter().any(|command| shown.starts_with(command)) {
                continue;
            }
            let Some(mut words) = shlex::split(&shown) else {
                wrong.push(format!("{}: quotes of: {shown}", file.display()));
                continue;
            };
            words[0] = "--help".to_owned();
            words.rotate_left(1);
            tried += 1;
            // Flags are read in order and refused where unknown; `--help` then ends it before anything is done.
            let output = Command::new(env!("CARGO_BIN_EXE_earmark"))
                .args(&words)
                .output()
                .unwrap();
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr);
                let first = error.lines().next().unwrap_or_default();
                wrong.push(format!("{}: {shown}: {first}", file.display()));
            }
        }
    }
    assert!(tried > 100, "only {tried} commands found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = path
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| collect(entry, files));
    } else {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let wanted = [".md", ".toml"].iter().any(|ending| name.ends_with(ending)) || name == "Containerfile";
        files.extend(wanted.then(|| path.to_owned()));
    }
}

/// The commands in a document: lines of code that begin with `earmark`, and code within text that is one with an
/// argument, without comments and redirections and with continued lines joined.
fn commands(text: &str) -> Vec<String> {
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    // One blank instead of the indentation: several end a command.
    let joined = parts.fold(first, |joined, part| {
        let part = part.trim_start_matches(['#', ' ']);
        format!("{} {part}", joined.trim_end_matches(' '))
    });
    let mut found = Vec::new();
    let mut in_code = false;
    for line in joined.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if let Some(rest) = line.trim_start_matches(['#', ' ']).strip_prefix("earmark ")
            && (in_code || line.starts_with("#  "))
        {
            let rest = rest.split(" #").next().unwrap_or_default();
            // Of a row of commands the first, without where its output goes; what follows four blanks is its meaning.
            let rest = rest.split(" && ").next().unwrap_or_default();
            let rest = rest.split(" > ").next().unwrap_or_default();
            let rest = rest.trim().split("    ").next().unwrap_or_default();
            found.push(format!("earmark {rest}"));
        }
        if !in_code {
            let pieces = line.split('`').skip(1).step_by(2);
            found.extend(
                pieces
                    .filter(|piece| piece.starts_with("earmark ") && piece.contains(" --"))
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn commands_are_found_in_code_and_in_text() {
    let text = "```sh\nearmark a --b \\\n    c   # why\nother\n```\nSay `earmark d --e` or `earmark`.\n\
                #   earmark f g > h\n";
    assert_eq!(
        commands(text),
        ["earmark a --b c", "earmark d --e", "earmark f g"]
    );
}
