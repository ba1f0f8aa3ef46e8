//! Messages about quotes that would swallow rows.

use super::record::RecordError;

/// The first words of a cell, in quotes.
pub(super) fn beginning(opened: &str) -> String {
    const SHOWN: usize = 24;
    let line = opened.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    match cut.len() < line.len() {
        true => format!("{:?}", cut + "..."),
        false => format!("{cut:?}"),
    }
}

pub(super) fn never_closed(line: usize, opened: &str) -> RecordError {
    let begins = beginning(opened);
    RecordError::new(
        line,
        format!(
            "the quote in {begins} is never closed, so the rows behind it are not separated; close it, or write the quote twice \
             between two others (\"\"\"5 inch\" is \"5 inch)"
        ),
    )
}

pub(super) fn text_behind(line: usize, opened: &str, rest: &str) -> RecordError {
    let (begins, behind) = (beginning(opened), beginning(rest));
    RecordError::new(
        line,
        format!(
            "the quote in {begins} closes before {behind}; quote the whole cell, and write each quote inside it twice (\"\")"
        ),
    )
}
