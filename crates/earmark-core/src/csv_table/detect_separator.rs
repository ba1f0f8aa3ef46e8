//! Detects what separates the cells of a table: comma, tab, semicolon or vertical bar.

/// What separates the cells, by the first line that is not blank. Separators between quotes don't count.
pub(super) fn separator_of(text: &str, preferred: Option<u8>) -> u8 {
    let first = text.split(['\r', '\n']).find(|line| !line.trim().is_empty());
    let outside: Vec<&str> = first.unwrap_or_default().split('"').step_by(2).collect();
    let is_there = |separator: &u8| outside.iter().any(|piece| piece.contains(char::from(*separator)));
    let mut known = preferred.into_iter().chain(*b",\t;|");
    known.find(is_there).unwrap_or(preferred.unwrap_or(b','))
}
