//! Fold tables: which recording is in which fold, as a CSV file `file,fold`.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::item::Item;
use crate::layout::LineCounter;
use earmark_core::text::suggest;

/// A fold for each named recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldTable {
    /// File, as in [`Item::file`], to fold.
    pub folds: BTreeMap<String, u32>,
}

/// What is wrong with a fold table.
#[derive(Debug, thiserror::Error)]
pub enum FoldTableError {
    /// The file cannot be read.
    #[error("cannot read the fold table {path}: {source}; check the path and its permissions", path = path.display())]
    Read {
        /// The table.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// A line that cannot be used.
    #[error("{path}:{line}: {problem}; a fold table has the header `file,fold` and one line per recording", path = path.display())]
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
        "{count} recordings of the fold table are not in the data set, first {file:?}{}; make the table anew for this set",
        crate::class_map::hint(suggestion)
    )]
    NotInSet {
        /// How many.
        count: usize,
        /// The first.
        file: String,
        /// The most similar name in the data set, if close.
        suggestion: Option<String>,
    },
    /// A name that several parts of the data set use.
    #[error("{file:?} is in several parts of the data set; select one part before assigning folds")]
    Ambiguous {
        /// The name.
        file: String,
    },
}

impl FoldTable {
    /// The table of these items with these folds, item by item (as [`k_fold`](crate::folds::k_fold)
    /// gives them).
    pub fn new(items: &[Item], folds: &[u32]) -> Self {
        Self {
            folds: items
                .iter()
                .map(|i| i.file.clone())
                .zip(folds.iter().copied())
                .collect(),
        }
    }

    /// The table of the folds that the items already carry; items without one are left out.
    pub fn of_items(items: &[Item]) -> Self {
        Self {
            folds: items
                .iter()
                .filter_map(|i| Some((i.file.clone(), i.fold?)))
                .collect(),
        }
    }

    /// Writes the header `file,fold` and the rows, sorted by file.
    ///
    /// # Errors
    /// Whatever the writer reports.
    pub fn write(&self, writer: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(["file", "fold"])?;
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
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let fail = |line: usize, problem: String| FoldTableError::Line {
            path: path.into(),
            line,
            problem,
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let mut table = Self::default();
        let mut header = false;
        let mut lines = LineCounter::new(bytes);
        for record in reader.records() {
            let record = record.map_err(|e| fail(1, e.to_string()))?;
            let line = lines.line_of(record.position());
            if !header {
                header = true;
                if record.iter().ne(["file", "fold"]) {
                    return Err(fail(
                        line,
                        format!("the header is {:?}", record.iter().collect::<Vec<_>>().join(",")),
                    ));
                }
                continue;
            }
            if record.len() != 2 {
                return Err(fail(line, format!("expected 2 fields, found {}", record.len())));
            }
            let fold = record[1]
                .parse()
                .map_err(|_| fail(line, format!("the fold {:?} is no whole number", &record[1])))?;
            if table.folds.insert(record[0].to_owned(), fold).is_some() {
                return Err(fail(line, format!("{:?} is listed twice", &record[0])));
            }
        }
        if table.folds.is_empty() {
            return Err(fail(1, "there are no rows".into()));
        }
        Ok(table)
    }

    /// Assigns the folds to the items; items that are not listed get none. Returns how many those are.
    ///
    /// # Errors
    /// [`FoldTableError::NotInSet`] for a listed recording that is not among the items,
    /// [`FoldTableError::Ambiguous`] for one that is there several times. Nothing is changed then.
    pub fn apply(&self, items: &mut [Item]) -> Result<usize, FoldTableError> {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        items.iter().for_each(|i| *uses.entry(&i.file).or_default() += 1);
        let unknown: Vec<&String> = self
            .folds
            .keys()
            .filter(|f| !uses.contains_key(f.as_str()))
            .collect();
        if let Some(&file) = unknown.first() {
            return Err(FoldTableError::NotInSet {
                count: unknown.len(),
                file: file.clone(),
                suggestion: suggest(file, items.iter().map(|i| i.file.as_str())).map(str::to_owned),
            });
        }
        if let Some(file) = self.folds.keys().find(|f| uses[f.as_str()] > 1) {
            return Err(FoldTableError::Ambiguous { file: file.clone() });
        }
        items
            .iter_mut()
            .for_each(|i| i.fold = self.folds.get(&i.file).copied());
        Ok(items.iter().filter(|i| i.fold.is_none()).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
