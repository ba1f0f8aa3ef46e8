//! Cells of tables that people open in a spreadsheet.

use std::borrow::Cow;

/// A text cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an
/// apostrophe in front, which spreadsheets take for "this is text" (OWASP, "CSV Injection"). Numbers stay as they are.
///
/// For tables that people read. Tables that programs read back (scores, tags, folds, labels) keep their names exactly.
///
/// ```
/// use earmark_core::text::spreadsheet_text;
///
/// assert_eq!(spreadsheet_text("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
/// assert_eq!(spreadsheet_text("-12.5"), "-12.5");
/// ```
pub fn spreadsheet_text(cell: &str) -> Cow<'_, str> {
    // Leading spaces are skipped by some programs before they look for a formula.
    let first = cell.trim_start_matches(' ').chars().next();
    let runs = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
    );
    match runs && cell.parse::<f64>().is_err() {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for cell in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =1",
            "＝1",
            "-a.wav",
        ] {
            assert_eq!(spreadsheet_text(cell), format!("'{cell}"), "{cell:?}");
        }
    }

    #[test]
    fn names_and_numbers_stay() {
        for cell in [
            "",
            "a=b.wav",
            "Dog, bark",
            "-0.25",
            "+1e-7",
            "12",
            "'quoted'",
            "-inf",
        ] {
            assert_eq!(spreadsheet_text(cell), cell);
        }
    }
}
