//! Limits of the documents.

use super::source::files;
use crate::root;

/// Lines and their width, counted in characters.
const MOST_LINES: &[(&str, usize)] = &[("README.md", 150), ("ARCHITECTURE.md", 150)];
const WIDEST: usize = 100;

/// Documents that are too long, and their lines that are too wide; a line that is one link or address may be wider.
pub fn findings() -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in files()?.iter().filter(|path| path.ends_with(".md")) {
        findings.append(&mut of_document(
            path,
            &std::fs::read_to_string(root().join(path))?,
        ));
    }
    Ok(findings)
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
}
