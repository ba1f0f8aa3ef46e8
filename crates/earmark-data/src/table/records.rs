//! The one CSV reader: the records of a file, each with the line that it starts on.

/// A record with its line, counted from 1. Cells are trimmed.
pub(crate) struct Record {
    pub line: usize,
    pub cells: csv::StringRecord,
}

impl Record {
    /// The text of a cell, empty past the end of the record.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }
}

/// Bytes that are not CSV text.
pub(crate) struct CsvProblem {
    pub line: usize,
    pub problem: String,
}

/// What a file that is not text is refused with.
pub(crate) const NOT_UTF8: &str = "the text is not UTF-8";

/// Reads all records, the header included. Records may differ in length; a byte order mark and blank lines are passed over.
pub(crate) fn read_records(bytes: &[u8], delimiter: u8) -> Result<Vec<Record>, CsvProblem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(CsvProblem {
            line: 1 + newlines(&bytes[..error.valid_up_to()]),
            problem: NOT_UTF8.to_owned(),
        });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(bytes);
    // The `csv` crate counts a record from the end of the one before, so that its line numbers are too small with `\r\n` or blank
    // lines. Each byte is counted once here.
    let (mut counted, mut line) = (0, 1);
    let locate = |record: csv::Result<csv::StringRecord>| {
        let cells = record.map_err(|error| CsvProblem {
            line: 1,
            problem: error.to_string(),
        })?;
        let start = cells
            .position()
            .map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX))
            .min(bytes.len());
        let blank = bytes[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        if start + blank > counted {
            line += newlines(&bytes[counted..start + blank]);
            counted = start + blank;
        }
        Ok(Record { line, cells })
    };
    reader.records().map(locate).collect()
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b == b'\n').count()
}
