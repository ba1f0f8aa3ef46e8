//! Limits of the documents, and links that lead nowhere.

use super::source::files;
use crate::root;
use regex::Regex;
use std::path::Path;

/// Lines and their width, counted in characters.
const MOST_LINES: &[(&str, usize)] = &[("README.md", 150), ("ARCHITECTURE.md", 150)];
const WIDEST: usize = 100;

/// Documents that are too long, and their lines that are too wide; a line that is one link or address may be wider.
pub fn findings() -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in files()?.iter().filter(|path| path.ends_with(".md")) {
        let text = std::fs::read_to_string(root().join(path))?;
        findings.append(&mut of_document(path, &text));
        findings.append(&mut dead_links(path, &text)?);
    }
    Ok(findings)
}

/// Links to files that are not there, or to headings that they do not have.
fn dead_links(path: &str, text: &str) -> anyhow::Result<Vec<String>> {
    let link = Regex::new(r"(?m)\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)")?;
    let folder = root().join(Path::new(path).parent().unwrap_or(Path::new("")));
    let mut findings = Vec::new();
    for found in link.captures_iter(text) {
        let target = found.get(1).or(found.get(2)).map_or("", |target| target.as_str());
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() {
            root().join(path)
        } else {
            folder.join(file)
        };
        let is_there = file.exists()
            && (heading.is_empty()
                || anchors(&std::fs::read_to_string(&file)?)
                    .iter()
                    .any(|anchor| anchor == heading));
        if !is_there {
            let line = text[..found.get(0).map_or(0, |whole| whole.start())]
                .matches('\n')
                .count()
                + 1;
            findings.push(format!("{path}:{line}: {target} leads nowhere"));
        }
    }
    Ok(findings)
}

/// What GitHub makes of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let heading = |line: &str| {
        let kept = line
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .replace(' ', "-");
        kept.chars()
            .filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_')
            .collect()
    };
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(heading)
        .collect()
}

fn of_document(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if let Some((_, most)) = MOST_LINES
        .iter()
        .find(|(name, most)| *name == path && lines > *most)
    {
        findings.push(format!("{path}: {lines} lines, {most} at most"));
    }
    for (k, line) in text.lines().enumerate() {
        let width = line.chars().count();
        let unbreakable = !line.trim_start_matches(['-', ' ', '<']).contains(' ');
        if width > WIDEST && !unbreakable {
            findings.push(format!("{path}:{}: {width} characters wide", k + 1));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_for_text_and_length_for_the_two_front_pages() {
        let wide = "word ".repeat(30);
        assert_eq!(
            of_document("docs/a.md", &format!("{wide}\n- <{}>\n", "x".repeat(120))),
            ["docs/a.md:1: 150 characters wide"]
        );
        assert_eq!(
            of_document("README.md", &"a\n".repeat(151)),
            ["README.md: 151 lines, 150 at most"]
        );
    }

    #[test]
    fn headings_become_anchors() {
        assert_eq!(
            anchors("# A b\ntext\n## `[train.loss]`, 2\n"),
            ["a-b", "trainloss-2"]
        );
    }

    #[test]
    fn links_lead_somewhere() {
        let text = "[a](README.md) [b](nowhere.md)\n[c](#here)\n# Here\n[d]: README.md#no-such-heading\n";
        assert_eq!(
            dead_links("README.md", text).unwrap(),
            [
                "README.md:1: nowhere.md leads nowhere",
                "README.md:2: #here leads nowhere",
                "README.md:4: README.md#no-such-heading leads nowhere"
            ]
        );
    }
}
