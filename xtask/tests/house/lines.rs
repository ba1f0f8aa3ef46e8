//! How long files are, and how much code a crate has.

use crate::Source;
use std::collections::BTreeMap;

const LONGEST_FILE: usize = 500;

/// Prints the code lines outside tests per crate.
pub fn print(sources: &[Source]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test) {
        let lines = source
            .code_lines()
            .into_iter()
            .filter(|&line| !source.in_test(line))
            .count();
        *counts.entry(source.crate_name()).or_default() += lines;
    }
    println!("code lines outside tests: {}", counts.values().sum::<usize>());
    for (name, count) in counts {
        println!("  {count:6} {name}");
    }
}

/// Files that are too long, tests included.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let long = sources
        .iter()
        .map(|source| (source.text.lines().count(), &source.path));
    long.filter(|(lines, _)| *lines > LONGEST_FILE)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect()
}
