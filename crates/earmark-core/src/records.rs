//! The one reader of tables in CSV: records, each with the line that it begins on.
//!
//! It reads what spreadsheets and programs write: a byte order mark, any line ends, spaces around cells, quoted cells (a quote in
//! one is written twice), blank rows, and semicolons or tabs where the first line has no comma. What could be meant in two ways is
//! refused: text that is not UTF-8, and a quote that is not closed, which would swallow the rows behind it.

use std::ops::Index;

/// Usual names of the column of audio files, the first one first.
pub const FILE_COLUMNS: [&str; 4] = ["file", "filename", "fname", "path"];

/// Usual names of the column of labels, the first one first.
pub const LABEL_COLUMNS: [&str; 4] = ["labels", "label", "category", "class"];

/// A row of a table. Cells are trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The line that it begins on, counted from 1.
    pub line: usize,
    /// The cells, one behind the other.
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
}

/// A text that is not a table: where and why, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RecordError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl RecordError {
    fn new(line: usize, problem: String) -> Self {
        Self { line, problem }
    }
}

impl Record {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell; `None` past the end.
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// A cell, empty past the end.
    pub fn cell(&self, column: usize) -> &str {
        self.get(column).unwrap_or_default()
    }

    /// The cells.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    fn push(&mut self, cell: &str) {
        self.text.push_str(cell.trim());
        self.ends.push(self.text.len());
    }

    /// Whether no cell has any text, as in the rows that spreadsheets leave at the end.
    fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

impl Index<usize> for Record {
    type Output = str;

    fn index(&self, column: usize) -> &str {
        self.get(column).expect("a column of the record")
    }
}

/// Reads all records, the header included; they may differ in length. The separator is `preferred` if the first line contains it, else
/// the first of comma, tab and semicolon that the first line contains.
///
/// # Errors
/// A text that is not UTF-8, a quote that is not closed, and text behind a closing quote.
pub fn read_records(bytes: &[u8], preferred: Option<u8>) -> Result<Vec<Record>, RecordError> {
    let text = decoded(bytes)?;
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        separator: separator_of(text, preferred),
        width: None,
    };
    let mut records = Vec::new();
    while let Some(record) = reader.record()? {
        if !record.is_blank() {
            reader.width.get_or_insert(record.len());
            records.push(record);
        }
    }
    Ok(records)
}

/// The text without its byte order mark.
fn decoded(bytes: &[u8]) -> Result<&str, RecordError> {
    const SAVE: &str = "save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")";
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(RecordError::new(
            1,
            format!("the text is UTF-16, not UTF-8; {SAVE}"),
        ));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        RecordError::new(1 + line_ends(&before), format!("the text is not UTF-8; {SAVE}"))
    })
}

/// Number of line ends of any kind.
fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_end = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(|&at| is_end(at)).count()
}

/// What separates the cells, by the first line that is not blank. Separators between quotes don't count.
fn separator_of(text: &str, preferred: Option<u8>) -> u8 {
    let first = text.split(['\r', '\n']).find(|line| !line.trim().is_empty());
    let outside: Vec<&str> = first.unwrap_or_default().split('"').step_by(2).collect();
    let is_there = |separator: &u8| outside.iter().any(|piece| piece.contains(char::from(*separator)));
    let mut known = preferred.into_iter().chain(*b",\t;");
    known.find(is_there).unwrap_or(preferred.unwrap_or(b','))
}

/// A place in a text.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    separator: u8,
    /// Number of cells of the first record.
    width: Option<usize>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next record; none at the end of the text.
    fn record(&mut self) -> Result<Option<Record>, RecordError> {
        while let Some(b'\r' | b'\n') = self.peek() {
            self.pass_line_end();
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut record = Record {
            line: self.line,
            ..Record::default()
        };
        loop {
            self.pass_spaces();
            match self.peek() {
                Some(b'"') => record.push(&self.quoted()?),
                _ => record.push(self.plain()),
            }
            if self.peek() != Some(self.separator) {
                return Ok(Some(record));
            }
            self.at += 1;
        }
    }

    /// Passes `\n`, `\r` or `\r\n`.
    fn pass_line_end(&mut self) {
        self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
        self.line += 1;
    }

    fn pass_spaces(&mut self) {
        let is_space = |b: &u8| matches!(b, b' ' | b'\t') && *b != self.separator;
        self.at += self.rest().bytes().take_while(is_space).count();
    }

    fn ends_cell(&self, byte: u8) -> bool {
        byte == self.separator || matches!(byte, b'\r' | b'\n')
    }

    /// A cell without quotes around it.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.bytes().position(|b| self.ends_cell(b));
        let end = end.unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A cell that begins with a quote.
    fn quoted(&mut self) -> Result<String, RecordError> {
        let (line, opened) = (self.line, self.rest());
        let mut cell = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(['"', '\r', '\n']) else {
                return Err(never_closed(line, opened));
            };
            cell.push_str(&rest[..end]);
            self.at += end;
            if rest[end..].starts_with("\"\"") {
                cell.push('"');
                self.at += 2;
            } else if rest[end..].starts_with('"') {
                self.at += 1;
                break;
            } else {
                self.pass_line_end();
                cell.push('\n');
            }
        }
        self.pass_spaces();
        if self.peek().is_some_and(|byte| !self.ends_cell(byte)) {
            return Err(text_behind(line, opened, self.rest()));
        }
        match self.line - line {
            0 => Ok(cell),
            _ => self.without_rows(cell, line, opened),
        }
    }

    /// A cell of several lines; refused if one of them is as wide as a row: a quote was not closed where it should have been.
    fn without_rows(&self, cell: String, line: usize, opened: &str) -> Result<String, RecordError> {
        let width = self.width.filter(|width| *width > 1);
        let is_row = |line: &&str| {
            let pieces = line.split(char::from(self.separator)).count();
            Some(pieces) == width
        };
        let row = cell.split('\n').skip(1).find(is_row).map(str::to_owned);
        match row {
            None => Ok(cell),
            Some(row) => Err(RecordError::new(
                line,
                format!(
                    "the quote in {} closes behind other rows, such as {:?}; close it in its own row, or remove the line breaks \
                     from the cell",
                    beginning(opened),
                    row.trim()
                ),
            )),
        }
    }
}

/// The first words of a cell, in quotes.
fn beginning(opened: &str) -> String {
    const SHOWN: usize = 24;
    let line = opened.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(SHOWN).collect();
    match cut.len() < line.len() {
        true => format!("{:?}", cut + "..."),
        false => format!("{cut:?}"),
    }
}

fn never_closed(line: usize, opened: &str) -> RecordError {
    let begins = beginning(opened);
    RecordError::new(
        line,
        format!(
            "the quote in {begins} is never closed, so the rows behind it are not separated; close it, or write the quote twice \
             between two others (\"\"\"5 inch\" is \"5 inch)"
        ),
    )
}

fn text_behind(line: usize, opened: &str, rest: &str) -> RecordError {
    let (begins, behind) = (beginning(opened), beginning(rest));
    RecordError::new(
        line,
        format!(
            "the quote in {begins} closes before {behind}; quote the whole cell, and write each quote inside it twice (\"\")"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let records = read_records(text.as_bytes(), None).expect("a table");
        records
            .iter()
            .map(|record| record.iter().map(str::to_owned).collect())
            .collect()
    }

    fn fault(text: &str) -> (usize, String) {
        let error = read_records(text.as_bytes(), None).expect_err("a refusal");
        (error.line, error.problem)
    }

    #[test]
    fn every_dialect_gives_the_same_cells() {
        let wanted = [["file", "label"], ["a.wav", "Dog, bark"], ["b.wav", "cat"]];
        for text in [
            "file,label\na.wav,\"Dog, bark\"\nb.wav,cat\n",
            "\u{feff}file,label\r\na.wav,\"Dog, bark\"\r\nb.wav,cat",
            "file,label\ra.wav,\"Dog, bark\"\rb.wav,cat\r",
            "\"file\",\"label\"\n\"a.wav\",\"Dog, bark\"\n\"b.wav\",\"cat\"\n",
            "\"file\", \"label\"\n\"a.wav\", \"Dog, bark\"\n\"b.wav\" , cat\n",
            "\n\nfile,label\n\n  \na.wav,\"Dog, bark\"\n,\nb.wav,cat\n\n",
            "file;label\na.wav;Dog, bark\nb.wav;cat\n",
            "file\tlabel\na.wav\tDog, bark\nb.wav\t cat\n",
        ] {
            assert_eq!(cells(text), wanted, "{text:?}");
        }
        assert_eq!(cells(",file\n0,a.wav\n"), [["", "file"], ["0", "a.wav"]]);
        assert_eq!(cells("file\n5\" disk.wav\n"), [["file"], ["5\" disk.wav"]]);
        assert_eq!(cells("a\n\"5\"\" disk\"\n"), [["a"], ["5\" disk"]]);
        // The header decides: the comma in quotes separates nothing.
        assert_eq!(cells("\"a,b\";c\n1;2\n"), [["a,b", "c"], ["1", "2"]]);
        // A tab file whose cells have commas; and one that has no tab at all.
        let read = |text: &str| read_records(text.as_bytes(), Some(b'\t')).expect("a table");
        assert_eq!(read("a,b\tc\n1\t2\n")[0].len(), 2);
        assert_eq!(read("a,b\n1,2\n")[0].len(), 2);
        assert!(read("").is_empty());
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        for text in ["a\r\n\r\nb\r\n", "a\n\nb", "a\r\rb\r", "\u{feff}a\n \nb"] {
            let records = read_records(text.as_bytes(), None).expect("a table");
            let lines: Vec<usize> = records.iter().map(|record| record.line).collect();
            assert_eq!(lines, [1, 3], "{text:?}");
        }
        let records = read_records(b"a,b\n\"x\ny\",1\nc,2\n", None).expect("a table");
        assert_eq!(records.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(&records[1][0], "x\ny");
    }

    #[test]
    fn other_encodings_are_named() {
        let utf16: Vec<u8> = "\u{feff}a,b\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [&utf16[..], &utf16[2..], &b"\xfe\xff\0a"[..]] {
            let error = read_records(bytes, None).expect_err("a refusal");
            assert!(error.problem.contains("UTF-16, not UTF-8"), "{error}");
        }
        let error = read_records(b"a,b\r\nx,1\r\nK\xe4uz,2\r\n", None).expect_err("a refusal");
        assert_eq!(error.line, 3);
        assert!(
            error.problem.starts_with("the text is not UTF-8; save"),
            "{error}"
        );
    }

    #[test]
    fn quotes_that_would_swallow_rows_are_refused() {
        let head = "file,label,note\na.wav,x,fine\n";
        // Never closed; closed by the next one; closed by the mark of inches; closed by a quoted cell.
        for rest in [
            "b.wav,x,\"5 inch\nc.wav,x,fine\n",
            "b.wav,x,\"5 inch\nc.wav,x,\"7 inch\nd.wav,x,fine\n",
            "b.wav,x,\"5 inch\nc.wav,x,7\"\nd.wav,x,fine\n",
            "b.wav,x,\"5 inch\nc.wav,x,\"fine\"\n",
        ] {
            let (line, problem) = fault(&format!("{head}{rest}"));
            assert_eq!(line, 3, "{problem}");
            assert!(problem.starts_with("the quote in \"\\\"5 inch"), "{problem}");
        }
        let (line, problem) = fault("file,label\n\"a\"b.wav,x\n");
        assert_eq!(
            (line, problem.as_str()),
            (
                2,
                "the quote in \"\\\"a\\\"b.wav,x\" closes before \"b.wav,x\"; quote the whole cell, and write each quote inside it twice (\"\")"
            )
        );
        // Line breaks that belong to a cell are read.
        assert_eq!(
            cells("f,note,n\na,\"one\ntwo, three\nfour\",1\n")[1][1],
            "one\ntwo, three\nfour"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in proptest::collection::vec(proptest::collection::vec("[ -~äß]{0,8}", 3), 1..6)) {
            let rows: Vec<Vec<String>> = rows
                .into_iter()
                .map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect())
                .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
                .collect();
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",");
            let text = rows.iter().map(line).collect::<Vec<_>>().join("\r\n");
            prop_assert_eq!(cells(&text), rows);
        }

        #[test]
        fn no_text_makes_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read_records(&bytes, None);
        }
    }
}
