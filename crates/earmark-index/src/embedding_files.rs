//! Files of embeddings: `.npy` with a table, `.csv` and `.parquet`.

use crate::{Embeddings, EmbeddingsError, npy_of_embeddings, parquet};
use earmark_core::atomic::{self, Fill};
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::iter::once;
use std::path::{Path, PathBuf};

impl Embeddings {
    /// Writes `.npy` (with its table), `.csv` or `.parquet`, by the ending of the name, and returns the files written. Numbers and their
    /// table are replaced together, so that no recording goes by the name of another.
    ///
    /// # Errors
    ///
    /// For another ending, and a file that can't be written.
    pub fn save(&self, path: &Path) -> Result<Vec<PathBuf>, EmbeddingsError> {
        let failed = |path: &Path, cause: &dyn Display| {
            EmbeddingsError::new(path, format!("cannot be written: {cause}"))
        };
        let write = |path: &Path, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
            atomic::write(path, fill).map_err(|e| failed(&e.path, &e.cause))
        };
        let mut written = vec![path.to_owned()];
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => write(path, &|w| self.write_csv(w, true))?,
            Some("parquet") => {
                let bytes = parquet::write(self).map_err(|e| failed(path, &e))?;
                write(path, &|w| w.write_all(&bytes))?;
            }
            Some("npy") => {
                let table = table_of_npy(path);
                let names: Fill = &|w| self.write_csv(w, false);
                let numbers: Fill = &|w| npy_of_embeddings::write(self, w);
                let written_together = atomic::write_together(&[(&table, names), (path, numbers)]);
                written_together.map_err(|e| failed(&e.path, &e.cause))?;
                written.push(table);
            }
            _ => return Err(EmbeddingsError::new(path, NO_FORMAT)),
        }
        Ok(written)
    }

    fn write_csv(&self, out: &mut dyn Write, values: bool) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        let start = self.starts.as_ref().map(|_| "start_seconds".to_owned());
        let features = (0..if values { self.width } else { 0 }).map(|k| format!("e{k}"));
        csv.write_record(once("fname".to_owned()).chain(start).chain(features))?;
        for (row, file) in self.files.iter().enumerate() {
            let start = self.starts.as_ref().map(|s| s[row].to_string());
            let numbers = if values { self.row(row) } else { &[] };
            let numbers = numbers.iter().map(f32::to_string);
            csv.write_record(once(file.clone()).chain(start).chain(numbers))?;
        }
        csv.flush()
    }

    /// Reads what [`Self::save`] wrote as `.npy` or `.csv`.
    ///
    /// # Errors
    ///
    /// For a file that is missing or contains something else.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => Self::read_csv(path, true),
            Some("parquet") => {
                let problem = "parquet is for other programs; embed into .npy or .csv to search in it";
                Err(EmbeddingsError::new(path, problem))
            }
            Some("npy") => {
                let mut found = Self::read_csv(&table_of_npy(path), false)?;
                found.values = npy_of_embeddings::read(path, found.files.len())?;
                found.width = found.values.len() / found.files.len().max(1);
                Ok(found)
            }
            _ => Err(EmbeddingsError::new(path, NO_FORMAT)),
        }
    }

    fn read_csv(path: &Path, values: bool) -> Result<Self, EmbeddingsError> {
        let bad = |problem: String| EmbeddingsError::new(path, problem);
        let mut csv = csv::Reader::from_path(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
        let header = csv.headers().map_err(|e| bad(e.to_string()))?.clone();
        if header.get(0) != Some("fname") {
            let problem = "its first column is not `fname`; expected a table that `earmark embed` wrote";
            return Err(EmbeddingsError::new(path, problem));
        }
        let segments = header.get(1) == Some("start_seconds");
        let first = if segments { 2 } else { 1 };
        let mut found = Self::new(if values { header.len() - first } else { 0 }, segments);
        for (line, record) in csv.records().enumerate() {
            let record = record.map_err(|e| bad(e.to_string()))?;
            let number = |column: usize| -> Result<f64, EmbeddingsError> {
                let cell = record.get(column).unwrap_or_default();
                let value = cell.parse().ok().filter(|v: &f64| v.is_finite());
                value.ok_or_else(|| bad(format!("line {}: `{cell}` is not a number", line + 2)))
            };
            let start = segments.then(|| number(1)).transpose()?;
            let row = (first..first + found.width).map(|column| Ok(number(column)? as f32));
            let row = row.collect::<Result<Vec<f32>, EmbeddingsError>>()?;
            found.push(&record[0], start, &row);
        }
        Ok(found)
    }
}

/// What is wrong with another ending.
const NO_FORMAT: &str = "the ending names no format; choose .npy, .csv or .parquet";

/// The table of an `.npy` file.
fn table_of_npy(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".csv");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::tests::three;

    #[test]
    fn saved_embeddings_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        for (name, segments) in [
            ("a.npy", true),
            ("b.npy", false),
            ("c.csv", true),
            ("d.csv", false),
        ] {
            let path = dir.path().join(name);
            let saved = three(segments);
            saved.save(&path).unwrap();
            assert_eq!(Embeddings::read(&path).unwrap(), saved, "{name}");
        }
        let bytes = std::fs::read(dir.path().join("a.npy")).unwrap();
        assert_eq!((bytes.len() - 24) % 64, 0, "numbers begin at a multiple of 64");
        let error = three(false)
            .save(&dir.path().join("a.txt"))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("choose .npy, .csv or .parquet"), "{error}");
    }

    #[test]
    fn damaged_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npy");
        three(false).save(&path).unwrap();
        let refused = || Embeddings::read(&path).unwrap_err().to_string();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert!(
            refused().contains("as many rows as its table has recordings (3)"),
            "{}",
            refused()
        );
        std::fs::write(&path, b"no array").unwrap();
        assert!(refused().contains("is not a .npy file"), "{}", refused());
        std::fs::write(table_of_npy(&path), "name\n").unwrap();
        assert!(refused().contains("first column is not `fname`"), "{}", refused());
    }
}
