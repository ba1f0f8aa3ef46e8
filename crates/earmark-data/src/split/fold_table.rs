//! Fold tables: which recording is in which fold, as a CSV file `file,fold`.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use earmark_core::csv_table::read_records;

use crate::dataset::item::Item;
use crate::wording::hint;

/// A fold for each named recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldTable {
    /// File, as in [`Item::file`], to fold; of windows the recording.
    pub folds: BTreeMap<String, u32>,
}

/// What is wrong with a fold table.
#[derive(Debug, thiserror::Error)]
pub enum FoldTableError {
    /// The file cannot be read.
    #[error("cannot read the fold table {path}: {source}; check the path and its permissions")]
    Read {
        /// The table.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// A line that cannot be used.
    #[error("{path}:{line}: {problem}; a fold table has the header `file,fold` and one line per recording")]
    Line {
        /// The table.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Recordings that the data set does not have.
    #[error(
        "{count} recordings of the fold table are not in the data set, first {file:?}{hint}; make a new table for this \
         set"
    )]
    NotInSet {
        /// How many.
        count: usize,
        /// The first.
        file: String,
        /// The most similar name in the data set, if close, as a question.
        hint: String,
    },
    /// A name that several subsets use.
    #[error("{0:?} is in several subsets of the data set; choose one subset before assigning folds")]
    Ambiguous(String),
}

impl FoldTable {
    /// Its columns.
    pub const COLUMNS: [&str; 2] = ["file", "fold"];

    /// The table of these items with these folds, item by item (as [`Splitter::k_fold`](super::Splitter::k_fold)
    /// returns them).
    pub fn new(items: &[Item], folds: &[u32]) -> Self {
        let files = items.iter().map(|i| i.recording().to_owned());
        let folds = files.zip(folds.iter().copied()).collect();
        Self { folds }
    }

    /// The table of the folds that the items already carry; items without one are left out.
    pub fn of_items(items: &[Item]) -> Self {
        let assigned = items
            .iter()
            .filter_map(|i| Some((i.recording().to_owned(), i.fold?)));
        let folds = assigned.collect();
        Self { folds }
    }

    /// Writes the header `file,fold` and the rows, sorted by file.
    ///
    /// # Errors
    /// Whatever the writer reports.
    pub fn write(&self, writer: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(Self::COLUMNS)?;
        for (file, fold) in &self.folds {
            csv.write_record([file.as_str(), &fold.to_string()])?;
        }
        csv.flush()
    }

    /// Reads a table that [`FoldTable::write`] wrote, or one made by hand.
    ///
    /// # Errors
    /// [`FoldTableError::Read`], [`FoldTableError::Line`].
    pub fn read(path: &Path) -> Result<Self, FoldTableError> {
        let bytes = std::fs::read(path).map_err(|source| FoldTableError::Read {
            path: path.into(),
            source,
        })?;
        Self::parse(&bytes, path)
    }

    /// Like [`FoldTable::read`], from bytes in memory; `path` only serves the error messages.
    ///
    /// # Errors
    /// [`FoldTableError::Line`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, FoldTableError> {
        if let Some(own) = Self::as_written(bytes) {
            return Ok(own);
        }
        let fail = |line: usize, problem: String| FoldTableError::Line {
            path: path.into(),
            line,
            problem,
        };
        let records = read_records(bytes, None).map_err(|e| fail(e.line, e.problem))?;
        let mut table = Self::default();
        let header = records.first();
        if let Some(header) = header.filter(|header| header.iter().ne(Self::COLUMNS)) {
            let names = header.iter().collect::<Vec<_>>().join(",");
            return Err(fail(header.line, format!("the header is {names:?}")));
        }
        for record in records.iter().skip(1) {
            let fail = |problem: String| fail(record.line, problem);
            if record.len() != 2 {
                return Err(fail(format!("expected 2 fields, found {}", record.len())));
            }
            let (file, fold) = (record.cell(0), record.cell(1));
            let wrong = |_| fail(format!("the fold {fold:?} is not a whole number"));
            let number = fold.parse::<u32>().map_err(wrong)?;
            if table.folds.insert(file.to_owned(), number).is_some() {
                return Err(fail(format!("{file:?} is listed twice")));
            }
        }
        if table.folds.is_empty() {
            return Err(fail(1, "there are no rows".into()));
        }
        Ok(table)
    }

    /// The table of which [`FoldTable::write`] writes exactly these bytes: its names are kept to the letter, with line
    /// breaks that would be those of rows, and spaces at the start. None for other tables, and for one with names that
    /// end in a space, which no recording's does: somebody has written it by hand.
    fn as_written(bytes: &[u8]) -> Option<Self> {
        let mut table = Self::default();
        for record in csv::Reader::from_reader(bytes).records() {
            let record = record.ok()?;
            let (file, fold) = (record.get(0)?, record.get(1)?.parse().ok()?);
            if file.ends_with(char::is_whitespace) {
                return None;
            }
            table.folds.insert(file.to_owned(), fold);
        }
        let mut written = Vec::with_capacity(bytes.len());
        table.write(&mut written).ok()?;
        (written == bytes && !table.folds.is_empty()).then_some(table)
    }

    /// Assigns the folds to the items, to all windows of a recording its own; items that are not listed get none.
    /// Returns how many those are.
    ///
    /// # Errors
    /// [`FoldTableError::NotInSet`] for a listed recording that is not among the items,
    /// [`FoldTableError::Ambiguous`] for one that is there several times. Nothing is changed then.
    pub fn apply(&self, items: &mut [Item]) -> Result<usize, FoldTableError> {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for item in items.iter() {
            let uses = uses.entry(item.recording()).or_default();
            *uses = if item.span.is_some() { 1 } else { *uses + 1 };
        }
        let unknown = self.folds.keys().filter(|f| !uses.contains_key(f.as_str()));
        if let Some(file) = unknown.clone().next() {
            return Err(FoldTableError::NotInSet {
                count: unknown.count(),
                file: file.clone(),
                hint: hint(file, items.iter().map(Item::recording)),
            });
        }
        if let Some(file) = self.folds.keys().find(|f| uses[f.as_str()] > 1) {
            return Err(FoldTableError::Ambiguous(file.clone()));
        }
        for item in items.iter_mut() {
            item.fold = self.folds.get(item.recording()).copied();
        }
        Ok(items.iter().filter(|i| i.fold.is_none()).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of folders may hold anything.
    #[test]
    fn every_name_is_read_back() {
        let names = [
            "dog\r/0.wav",
            "dog\n/0.wav",
            "dog\r\n/0.wav",
            "dog\nowl,2/0.wav",
            " dog/0.wav",
            "\tdog/0.wav",
            "\"dog\"/0.wav",
            "dog,/0.wav",
            "\u{1b}[2J/0.wav",
            "a.wav",
        ];
        let folds = names.iter().map(|name| (*name).to_owned()).zip(1..).collect();
        let table = FoldTable { folds };
        let mut text = Vec::new();
        table.write(&mut text).expect("a vector takes all");
        let read = FoldTable::parse(&text, Path::new("folds.csv")).expect("a table");
        assert_eq!(read, table);
        // By hand, spaces around names and numbers count for nothing.
        let by_hand = FoldTable::parse(b"file,fold\na.wav ,1\n\"b.wav\" , 2\n", Path::new("folds.csv"));
        let by_hand = by_hand.expect("a table").folds;
        assert_eq!((by_hand["a.wav"], by_hand["b.wav"]), (1, 2));
        let one = FoldTable::parse(b"file,fold\na.wav ,1\n", Path::new("folds.csv")).expect("a table");
        assert_eq!(one.folds["a.wav"], 1);
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let fault = |text: &str| {
            let error = FoldTable::parse(text.as_bytes(), Path::new("folds.csv")).expect_err("a refusal");
            error.to_string()
        };
        for text in ["file,fold\r\na,0\r\nb,x\r\n", "\u{feff}file,fold\n\nb,x\n"] {
            assert!(
                fault(text).starts_with("folds.csv:3: the fold \"x\""),
                "{}",
                fault(text)
            );
        }
        assert!(fault("file,fold\na,0\na,1\n").starts_with("folds.csv:3: \"a\" is listed twice"));
        assert!(fault("a,0\n").starts_with("folds.csv:1: the header"));
        assert!(fault("").contains("no rows"));
    }
}
