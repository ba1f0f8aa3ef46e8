//! Tables and bars for the terminal, aligned by what a terminal shows and not by bytes.

use earmark_core::text::one_line;
use unicode_width::UnicodeWidthStr;

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Names and words.
    #[default]
    Left,
    /// Numbers, so that their digits line up.
    Right,
}

/// A table as text: headers, a rule, one line per row, two spaces between columns, each line ended by a newline.
///
/// Widths count terminal columns (`水` takes two, a combining accent none). Rows may be shorter or longer than the
/// headers: missing cells are blank, further ones get a column without a name; columns without an alignment are
/// left-aligned. What a terminal would obey (line breaks, escape sequences out of a file name) is written out, so that
/// data cannot control it.
#[must_use]
pub fn text_table(headers: &[&str], rows: &[Vec<String>], alignments: &[Align]) -> String {
    let columns = rows.iter().map(Vec::len).fold(headers.len(), usize::max);
    if columns == 0 {
        return String::new();
    }
    let filled = |cells: Vec<&str>| -> Vec<String> {
        let cell = |c: usize| printable(cells.get(c).copied().unwrap_or(""));
        (0..columns).map(cell).collect()
    };
    let mut lines = vec![filled(headers.to_vec())];
    let row = |row: &Vec<String>| filled(row.iter().map(String::as_str).collect());
    lines.extend(rows.iter().map(row));
    let width = |c: usize| lines.iter().map(|line| line[c].width()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    lines.insert(1, widths.iter().map(|w| "─".repeat(*w)).collect());

    let mut out = String::new();
    for cells in &lines {
        let mut text = String::new();
        for (c, cell) in cells.iter().enumerate() {
            let gap = " ".repeat(widths[c] - cell.width());
            let (before, after) = match alignments.get(c).copied().unwrap_or_default() {
                Align::Left => ("", gap.as_str()),
                Align::Right => (gap.as_str(), ""),
            };
            text.extend([if c == 0 { "" } else { "  " }, before, cell, after]);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// A horizontal bar `width` columns wide, filled to `fraction` (clamped to 0 to 1) in eighths of a column; dots for
/// NaN.
#[must_use]
pub fn bar(fraction: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if fraction.is_nan() {
        return "·".repeat(width);
    }
    let eighths = (fraction.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut out = "█".repeat(eighths / 8);
    out.push_str(EIGHTHS[eighths % 8]);
    let used = eighths.div_ceil(8);
    out.push_str(&" ".repeat(width - used));
    out
}

/// At most `columns` wide, with `…` in place of what was cut off.
pub(crate) fn ellipsize(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if out.width() + 1 > columns {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

fn printable(text: &str) -> String {
    one_line(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_and_ragged_rows_line_up() {
        let rows = vec![
            vec!["Bark".to_owned(), "0.91".to_owned()],
            vec!["水の音".to_owned(), "0.7".to_owned(), "few clips".to_owned()],
            vec!["a\u{301}\n\u{1b}[31m".to_owned()],
        ];
        let table = text_table(&["class", "lwlrap"], &rows, &[Align::Left, Align::Right]);
        let expected = "\
class          lwlrap
─────────────  ──────  ─────────
Bark             0.91
水の音            0.7  few clips
a\u{301}\\n\\u{1b}[31m
";
        assert_eq!(table, expected);
        assert_eq!(text_table(&[], &[], &[]), "");
    }

    #[test]
    fn bars_count_eighths() {
        assert_eq!(bar(0.0, 4), "    ");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(0.53125, 4), "██▏ "); // 17 eighths of 32
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(f64::NAN, 3), "···");
        assert_eq!(bar(0.3, 0), "");
    }

    proptest! {
        #[test]
        fn bars_keep_their_width(fraction in any::<f64>(), width in 0usize..60) {
            prop_assert_eq!(bar(fraction, width).chars().count(), width);
        }

        #[test]
        fn cut_text_fits(text in any::<String>(), columns in 1usize..20) {
            prop_assert!(ellipsize(&text, columns).width() <= columns);
        }

        #[test]
        fn every_row_is_one_line(cells in prop::collection::vec(any::<String>(), 1..8)) {
            let rows: Vec<Vec<String>> = cells.into_iter().map(|c| vec![c]).collect();
            let table = text_table(&["name"], &rows, &[]);
            prop_assert_eq!(table.lines().count(), rows.len() + 2);
        }
    }
}
