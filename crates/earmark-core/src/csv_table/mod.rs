//! The one reader of tables in CSV: records, each with the line that it begins on.
//!
//! It reads what spreadsheets and programs write: a byte order mark, any line ends, spaces around cells, quoted cells
//! (a quote in one is written twice), blank rows, and tabs, semicolons or vertical bars where the first line has no
//! comma. What could be meant in two ways is refused: text that is not UTF-8, and a quote that is not closed, which
//! would swallow the rows behind it.

mod detect_separator;
mod encoding;
mod quote_errors;
mod record;
mod split_into_cells;

pub use record::{Record, RecordError};

use detect_separator::separator_of;
use encoding::decoded;
use split_into_cells::Reader;

/// Usual names of the column of audio files, the first one first.
pub const FILE_COLUMNS: [&str; 4] = ["file", "filename", "fname", "path"];

/// Usual names of the column of labels, the first one first.
pub const LABEL_COLUMNS: [&str; 4] = ["labels", "label", "category", "class"];

/// Columns of the beginning and the end of a label within its recording, as Raven, Audacity, BirdNET, DCASE and others
/// name them; those of `earmark tag` first, as its tables of scores have columns named after classes.
pub const START_COLUMNS: [&str; 8] = [
    "start_seconds",
    "start (s)",
    "start",
    "start_time",
    "begin time (s)",
    "onset",
    "start_s",
    "begin",
];
/// Those of the end.
pub const END_COLUMNS: [&str; 7] = [
    "end_seconds",
    "end (s)",
    "end",
    "end_time",
    "end time (s)",
    "offset",
    "end_s",
];

/// Reads all records, the header included; they may differ in length. The separator is `preferred` if the first line
/// contains it, else the first of comma, tab, semicolon and vertical bar that the first line contains.
///
/// # Errors
/// A text that is not UTF-8, a quote that is not closed, and text behind a closing quote.
pub fn read_records(bytes: &[u8], preferred: Option<u8>) -> Result<Vec<Record>, RecordError> {
    let text = decoded(bytes)?;
    let mut reader = Reader::new(text, separator_of(text, preferred));
    let mut records = Vec::new();
    while let Some(record) = reader.next_filled()? {
        records.push(record);
    }
    Ok(records)
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
            "file|label\na.wav|Dog, bark\nb.wav|cat\n",
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
    fn other_files_are_not_called_utf_16() {
        let wav = b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0";
        let error = read_records(wav, None).expect_err("a refusal");
        assert_eq!(
            error.problem,
            "this is a recording, not a table; give a table (CSV) that lists recordings"
        );
        let error = read_records(b"PK\x03\x04\0\0\0", None).expect_err("a refusal");
        assert!(error.problem.starts_with("this is not a text; "), "{error}");
    }

    #[test]
    fn quotes_that_would_swallow_rows_are_refused() {
        let head = "file,label,note\na.wav,x,fine\n";
        // Never closed; closed by the next one; closed by the mark of inches; closed by a quoted cell.
        for rest in [
            "b.wav,x,\"5 inch\nc.wav,x,fine\n",
            "b.wav,x,\"5 inch\nc.wav,x,\"7 inch\nd.wav,x,fine\n",
            "b.wav,x,\"5 inch\nc.wav,x,7\"\nd.wav,x,fine\n",
            "b.wav,x,\"5 inch\r\nc.wav,x,7\"\r\nd.wav,x,fine\r\n",
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
                "the quote in \"\\\"a\\\"b.wav,x\" closes before \"b.wav,x\"; quote the whole cell, and write each \
                 quote inside it twice (\"\")"
            )
        );
        // Line breaks that belong to a cell are read, of whichever kind.
        for cell in ["one\ntwo, three\nfour", "one\r\ntwo, three\rfour"] {
            assert_eq!(cells(&format!("f,note,n\na,\"{cell}\",1\n"))[1][1], *cell);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            rows in proptest::collection::vec(proptest::collection::vec("[ -~äß]{0,8}", 3), 1..6),
        ) {
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
