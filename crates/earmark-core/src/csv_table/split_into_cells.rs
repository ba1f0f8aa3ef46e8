//! Splits the text of a table into records and cells; quotes may hold separators and line breaks.

use super::quote_errors::{beginning, never_closed, text_behind};
use super::record::{Record, RecordError};

/// A place in a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    separator: u8,
    /// Number of cells of the first record.
    width: Option<usize>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(text: &'a str, separator: u8) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            separator,
            width: None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next record that is not blank; none at the end of the text.
    pub fn next_filled(&mut self) -> Result<Option<Record>, RecordError> {
        while let Some(record) = self.record()? {
            if !record.is_blank() {
                self.width.get_or_insert(record.len());
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The next record; none at the end of the text.
    fn record(&mut self) -> Result<Option<Record>, RecordError> {
        while let Some(b'\r' | b'\n') = self.peek() {
            self.pass_line_end();
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut record = Record::begun_at(self.line);
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
                // As it is written: what has one in a name is read back as it was.
                let start = self.at;
                self.pass_line_end();
                cell.push_str(&self.text[start..self.at]);
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
        let row = cell.split(['\r', '\n']).skip(1).find(is_row).map(str::to_owned);
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
